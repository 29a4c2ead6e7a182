//! Pooling against loops over windows.

use proptest::prelude::*;

use super::naive::{Exact, lengths, numbers, odd, pixel, same, within};
use crate::pool;
use crate::shape::{Products, Shape, Window};

/// Windows of up to 256 places, whose border is smaller than they are; some of them have no place on the map.
fn shapes() -> impl Strategy<Value = Shape> {
    let kernel = prop_oneof![[1..5_usize, 1..5], Just([16, 16])];
    let sizes = (1..4_usize, 1..40_usize, [1..14_usize, 1..14]);
    (sizes, kernel, [1..4_usize, 1..4], [0..4_usize, 0..4, 0..4, 0..4]).prop_map(
        |((batch, channels, [height, width]), kernel, stride, padding)| {
            let limits = [kernel[0], kernel[0], kernel[1], kernel[1]];
            let padding = std::array::from_fn(|side| padding[side].min(limits[side] - 1));
            let window = Window { stride, padding, groups: channels, products: Products::F32 };
            Shape::new([batch, channels, height, width], [channels, 1, kernel[0], kernel[1]], window)
        },
    )
}

/// The greatest value and its place: the first one that is no number, or that none is greater than.
fn greatest(shape: &Shape, x: &[f32], output: usize) -> (f32, usize) {
    let (place, channel) = (output / shape.channels, output % shape.channels);
    let picture = place / shape.places() * shape.picture();
    let seen = (0..shape.kernel[0] * shape.kernel[1]).filter_map(|tap| {
        Some((x[picture + pixel(shape, place % shape.places(), tap)? * shape.channels + channel], tap))
    });
    seen.reduce(
        |best, next| if !best.0.is_nan() && (next.0.is_nan() || next.0 > best.0) { next } else { best },
    )
    .unwrap()
}

fn greatest_back(shape: &Shape, places: &[u8], gy: &[f32]) -> Vec<Exact> {
    let mut gx = vec![Exact::default(); lengths(shape)[0]];
    for (output, (&gradient, &tap)) in gy.iter().zip(places).enumerate() {
        let (place, channel) = (output / shape.channels, output % shape.channels);
        let pixel = pixel(shape, place % shape.places(), usize::from(tap)).unwrap();
        gx[place / shape.places() * shape.picture() + pixel * shape.channels + channel].add(gradient, 1.0);
    }
    gx
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_greatest_values_and_their_places_are_those_of_a_loop(shape in shapes(), seed: u64) {
        let [inputs, _, outputs] = lengths(&shape);
        let x = odd(inputs, seed);
        let (y, places) = pool::greatest(&shape, &x);
        prop_assert_eq!((y.len(), places.len()), (outputs, outputs));
        for (output, (&y, &place)) in y.iter().zip(&places).enumerate() {
            let theirs = greatest(&shape, &x, output);
            prop_assert!(same(y, theirs.0) && usize::from(place) == theirs.1, "{output}: {y} at {place}, not {theirs:?}");
        }
        let gy = numbers(outputs, seed ^ 5);
        within("gx", &pool::greatest_back(&shape, &places, &gy), &greatest_back(&shape, &places, &gy))?;
    }

    #[test]
    fn a_gradient_finds_its_input_where_all_are_minus_infinity(shape in shapes()) {
        let [inputs, _, outputs] = lengths(&shape);
        let (y, places) = pool::greatest(&shape, &vec![f32::NEG_INFINITY; inputs]);
        prop_assert!(y.iter().all(|&y| y == f32::NEG_INFINITY));
        let gx = pool::greatest_back(&shape, &places, &vec![1.0; outputs]);
        prop_assert_eq!(gx.iter().sum::<f32>(), outputs as f32);
    }

    #[test]
    fn means_are_those_of_a_loop(batch in 1..5_usize, channels in 1..40_usize, places in 1..200_usize, not: bool, seed: u64) {
        let len = batch * channels * places;
        let x = if not { odd(len, seed) } else { numbers(len, seed) };
        // Sums of the greatest numbers have no bound in single precision alone.
        let x: Vec<f32> = x.into_iter().map(|x| if x == f32::MAX { 1e6 } else { x }).collect();
        let mut sums = vec![Exact::default(); batch * channels];
        for (at, &x) in x.iter().enumerate() {
            sums[at / (channels * places) * channels + at % channels].add(x, 1.0);
        }
        let y = pool::means(channels, places, &x);
        // A division more, as the bound has room for.
        let sums_of: Vec<f32> = y.iter().map(|&y| y * places as f32).collect();
        sums.iter_mut().for_each(|sum| sum.add(0.0, 0.0));
        within("mean", &sums_of, &sums)?;
        let gx = pool::means_back(channels, places, &y);
        for (at, &gx) in gx.iter().enumerate() {
            let theirs = y[at / (channels * places) * channels + at % channels] / places as f32;
            prop_assert!(same(gx, theirs), "{at}: {gx}, not {theirs}");
        }
    }
}

//! What kernels are held to: convolutions as they are defined, in double precision, and numbers to try them with.

use proptest::prelude::*;

use crate::shape::{Products, Shape, Window};

/// A sum of products in double precision, and how far off one in single precision may be.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Exact {
    pub(super) sum: f64,
    size: f64,
    terms: usize,
}

impl Exact {
    pub(super) fn add(&mut self, a: f32, b: f32) {
        let product = f64::from(a) * f64::from(b);
        self.sum += product;
        self.size += product.abs();
        self.terms += 1;
    }

    /// A rounding for each term of the sum of their sizes, in whatever order they are added: Higham 2002, Accuracy and Stability
    /// of Numerical Algorithms, section 3.1. Two more for its terms of higher order, and the smallest number for underflow.
    pub(super) fn bound(&self) -> f64 {
        let rounding = f64::from(f32::EPSILON) / 2.0;
        (self.terms + 2) as f64 * rounding * self.size + f64::from(f32::MIN_POSITIVE)
    }
}

/// Every value is within the bound of its sum; what is not a number, or has no bound, is the same.
pub(super) fn within(what: &str, ours: &[f32], theirs: &[Exact]) -> Result<(), TestCaseError> {
    prop_assert_eq!(ours.len(), theirs.len(), "{}", what);
    for (at, (&ours, exact)) in ours.iter().zip(theirs).enumerate() {
        let same = f64::from(ours) == exact.sum || (ours.is_nan() && exact.sum.is_nan());
        let near = exact.sum.is_finite() && (f64::from(ours) - exact.sum).abs() <= exact.bound();
        prop_assert!(same || near, "{what} {at} is {ours}, not {exact:?}");
    }
    Ok(())
}

/// Every value is the sum, of whole numbers that nothing rounds.
pub(super) fn equal(what: &str, ours: &[f32], theirs: &[Exact]) -> Result<(), TestCaseError> {
    let theirs: Vec<f32> = theirs.iter().map(|exact| exact.sum as f32).collect();
    prop_assert_eq!(ours, theirs, "{}", what);
    Ok(())
}

/// A convolution, and its gradients towards input and weights.
pub(super) fn convolution(shape: &Shape, [x, w, gy]: [&[f32]; 3]) -> [Vec<Exact>; 3] {
    let [mut y, mut gx, mut gw] = [gy.len(), x.len(), w.len()].map(|len| vec![Exact::default(); len]);
    each_product(shape, |output, input, weight| {
        y[output].add(x[input], w[weight]);
        gx[input].add(gy[output], w[weight]);
        gw[weight].add(x[input], gy[output]);
    });
    [y, gx, gw]
}

/// The numbers of the output, the input and the weight of every product.
fn each_product(shape: &Shape, mut each: impl FnMut(usize, usize, usize)) {
    let [channels, outputs] = shape.of_group();
    let [down, right] = shape.kernel;
    for (place, tap) in
        (0..shape.batch * shape.places()).flat_map(|place| (0..down * right).map(move |tap| (place, tap)))
    {
        let (picture, place_of) = (place / shape.places(), place % shape.places());
        let Some(pixel) = pixel(shape, place_of, tap) else { continue };
        let input = (picture * shape.height * shape.width + pixel) * shape.channels;
        for output in 0..shape.outputs {
            for channel in 0..channels {
                let weight = (output * channels + channel) * down * right + tap;
                each(place * shape.outputs + output, input + output / outputs * channels + channel, weight);
            }
        }
    }
}

/// The pixel that a place of the output sees at a place of the window, unless it is one of the zeros around the map.
pub(super) fn pixel(shape: &Shape, place: usize, tap: usize) -> Option<usize> {
    let [top, _, left, _] = shape.window.padding;
    let [down, across] = shape.window.stride;
    let y = (place / shape.out_width * down + tap / shape.kernel[1]).checked_sub(top)?;
    let x = (place % shape.out_width * across + tap % shape.kernel[1]).checked_sub(left)?;
    (y < shape.height && x < shape.width).then_some(y * shape.width + x)
}

/// Shapes with channels of a group coming in, channels of a group going out, and groups; with one element, one-sided borders,
/// and windows that see nothing but the border among them.
pub(super) fn shapes(
    channels: impl Strategy<Value = [usize; 3]>,
    products: Products,
) -> impl Strategy<Value = Shape> {
    let pair = |sizes: std::ops::Range<usize>| [sizes.clone(), sizes];
    let window = (pair(1..5), pair(1..4), [0..4_usize, 0..4, 0..4, 0..4]);
    (channels, 1..4_usize, pair(1..14), window).prop_map(
        move |([channels, outputs, groups], batch, size, (kernel, stride, padding))| {
            let [top, bottom, left, right] = padding;
            // A window that is larger than map and border has no place.
            let height = size[0].max(kernel[0].saturating_sub(top + bottom));
            let width = size[1].max(kernel[1].saturating_sub(left + right));
            let window = Window { stride, padding, groups, products };
            let input = [batch, channels * groups, height, width];
            Shape::new(input, [outputs * groups, channels, kernel[0], kernel[1]], window)
        },
    )
}

/// Lengths of `x`, `w` and `y`.
pub(super) fn lengths(shape: &Shape) -> [usize; 3] {
    let weights = shape.outputs * shape.of_group()[0] * shape.kernel[0] * shape.kernel[1];
    [shape.batch * shape.picture(), weights, shape.batch * shape.out_picture()]
}

/// Numbers that look random, from -1 to 1.
pub(super) fn numbers(len: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(next).collect()
}

/// Whole numbers from -4 to 4: bfloat16 holds them, and f32 their sums of products, in whatever order.
pub(super) fn whole(len: usize, seed: u64) -> Vec<f32> {
    numbers(len, seed).into_iter().map(|value| (value * 4.0).round()).collect()
}

/// Numbers with some among them that kernels may trip over.
pub(super) fn odd(len: usize, seed: u64) -> Vec<f32> {
    const ODD: [f32; 8] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 6.0, f32::MAX, 1e-40];
    let which = numbers(len, seed ^ 0xabc);
    let both = numbers(len, seed).into_iter().zip(which);
    both.map(|(value, which)| ODD.get((which.abs() * 32.0) as usize).copied().unwrap_or(value * 8.0))
        .collect()
}

/// Equal, or both not a number.
pub(super) fn same(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

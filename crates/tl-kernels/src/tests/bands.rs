//! What bands of outputs see, and where they are put, against loops over the map; and weights in the order of use.

use proptest::prelude::*;

use super::naive::{lengths, shapes, whole};
use crate::band::{Band, View};
use crate::dense::targets;
use crate::panels::{Along, Panels, wide};
use crate::pass::{Pass, Taps};
use crate::registers::panel;
use crate::shape::{Maps, Products, Shape};

fn channels() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![[1..6_usize, 1..6, 1..4], [15..36_usize, 1..3, 1..2]]
}

fn products() -> impl Strategy<Value = Products> {
    prop_oneof![Just(Products::F32), Just(Products::Bf16)]
}

/// The number in a lane, or in half of one.
fn number(lanes: &[f32], products: Products, at: usize) -> f32 {
    match products {
        Products::F32 => lanes[at],
        Products::Bf16 if at.is_multiple_of(2) => f32::from_bits(lanes[at / 2].to_bits() << 16),
        Products::Bf16 => f32::from_bits(lanes[at / 2].to_bits() & !0xffff),
    }
}

/// A channel of a pixel, or of the zeros around the map.
fn at(maps: &Maps, values: &[f32], picture: usize, [y, x]: [isize; 2], channel: usize) -> f32 {
    let [height, width] = maps.size.map(usize::cast_signed);
    if !(0..height).contains(&y) || !(0..width).contains(&x) || channel >= maps.channels {
        return 0.0;
    }
    let pixel = (y * width + x).cast_unsigned();
    values[picture * maps.picture() + pixel * maps.pitch + maps.first + channel]
}

/// Looks at everything that the outputs of some bands see; returns where they are put.
fn look(
    pass: &Pass,
    bands: &[Band],
    products: Products,
    values: &[f32],
) -> Result<Vec<usize>, TestCaseError> {
    // Whatever was in the room before is not seen.
    let (mut all, mut room) = (Vec::new(), vec![f32::NAN; 5000]);
    for band in bands {
        let view = View::of(pass, band, products, values, &mut room);
        view.check(pass, band);
        let outputs: Vec<(usize, usize)> = view.offsets(pass, band).zip(targets(pass, band)).collect();
        prop_assert_eq!(outputs.len(), band.outputs(pass));
        all.extend(outputs.iter().map(|(_, to)| *to));
        let mut outputs = outputs.into_iter();
        for picture in band.pictures.clone() {
            for (y, x) in band.rows.clone().flat_map(|y| (0..pass.grid[1]).map(move |x| (y, x))) {
                let (seen, to) = outputs.next().unwrap();
                let target = &pass.target;
                let [down, right] = [pass.start[0] + y * pass.stride[0], pass.start[1] + x * pass.stride[1]];
                let pixel = (picture * target.size[0] + down) * target.size[1] + right;
                prop_assert_eq!(to, pixel * target.pitch + target.first);
                let corner = [y * pass.step[0], x * pass.step[1]].map(usize::cast_signed);
                window(pass, &view, products, [picture, seen], corner, values)?;
            }
        }
    }
    Ok(all)
}

/// One output's window.
fn window(
    pass: &Pass,
    view: &View<'_>,
    products: Products,
    [picture, seen]: [usize; 2],
    corner: [isize; 2],
    values: &[f32],
) -> Result<(), TestCaseError> {
    let each = if products == Products::Bf16 { 2 } else { 1 };
    for place in 0..pass.window[0] * pass.window[1] {
        let [down, right] = [place / pass.window[1], place % pass.window[1]];
        let lanes = &view.values[seen + down * view.row + right * view.pixel..][..view.channels];
        let pixel = [0, 1].map(|axis| corner[axis] + [down, right][axis].cast_signed() - pass.before[axis]);
        for channel in 0..each * view.channels {
            let theirs = at(&pass.source, values, picture, pixel, channel);
            prop_assert_eq!(
                number(lanes, products, channel),
                theirs,
                "{:?} at {:?}, {}",
                pass,
                pixel,
                channel
            );
        }
    }
    Ok(())
}

fn passes(shape: &Shape, forward: bool) -> Vec<Pass> {
    let of_group = |group| match forward {
        true => vec![Pass::forward(shape, group)],
        false => Pass::backward(shape, group),
    };
    (0..shape.window.groups).flat_map(of_group).map(|(pass, _)| pass).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_output_is_in_one_band_and_sees_its_window(
        shape in shapes(channels(), Products::F32), products in products(), outputs in 1..300_usize, forward: bool, seed: u64,
    ) {
        let [inputs, _, all] = lengths(&shape);
        let values = whole(if forward { inputs } else { all }, seed);
        for pass in passes(&shape, forward) {
            let mut put = look(&pass, &Band::all(&pass, 0..shape.batch, outputs), products, &values)?;
            put.sort_unstable();
            put.dedup();
            prop_assert_eq!(put.len(), shape.batch * pass.places());
        }
    }

    #[test]
    fn panels_hold_every_weight_at_its_lane(
        [inner, outer] in [1..40_usize, 1..80], kernel in 1..5_usize, step in 1..3_usize,
        products in products(), forward: bool, seed: u64,
    ) {
        let w = whole(inner * outer * kernel, seed);
        let apart = if forward { [kernel, inner * kernel] } else { [outer * kernel, kernel] };
        let taps = Taps { places: (0..kernel).rev().step_by(step).collect(), kernel };
        let [inside, outside] =
            [Along { count: inner, apart: apart[0] }, Along { count: outer, apart: apart[1] }];
        let panels = Panels::new(products, &taps, inside, outside, &w);
        let per_place = panels.depth / taps.places.len();
        let each = if products == Products::Bf16 { 2 } else { 1 };
        for output in 0..outer {
            let (panel_number, lane) = (output / panel(), output % panel());
            let wide = wide(outer - panel_number * panel());
            let weights = taps.places.iter().enumerate();
            for ((number_of, place), channel) in weights.flat_map(|tap| (0..each * per_place).map(move |channel| (tap, channel))) {
                let (lanes, count) = panels.at(panel_number, number_of * per_place + channel / each);
                prop_assert!(lane < count && lane < wide);
                let ours = number(&lanes[lane..=lane], products, channel % each);
                let theirs = if channel < inner { w[output * apart[1] + channel * apart[0] + place] } else { 0.0 };
                prop_assert_eq!(ours, theirs, "output {}, place {}, channel {}", output, place, channel);
            }
        }
    }
}

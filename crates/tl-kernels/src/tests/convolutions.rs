//! Dense and depthwise convolutions against their definition.

use proptest::prelude::*;

use super::naive::{convolution, equal, lengths, numbers, shapes, whole, within};
use crate::shape::{Products, Shape};
use crate::{dense, depthwise, weights};

/// Some channels in groups; a register of channels and more, so that matrix registers are used where there are any.
fn channels() -> impl Strategy<Value = [usize; 3]> {
    prop_oneof![[1..6_usize, 1..6, 1..4], [15..36_usize, 15..70, 1..2], [16..18_usize, 16..18, 2..3]]
}

fn depthwise_channels() -> impl Strategy<Value = [usize; 3]> {
    (1..40_usize).prop_map(|groups| [1, 1, groups])
}

type Towards = fn(&Shape, &[f32], &[f32], Option<&mut [f32]>) -> Option<Vec<f32>>;

/// The gradient towards the input, on its own and added to one that is one everywhere.
fn both_ways(shape: &Shape, towards: Towards, w: &[f32], gy: &[f32]) -> [Vec<f32>; 2] {
    let mut added = vec![1.0; lengths(shape)[0]];
    assert!(towards(shape, w, gy, Some(&mut added)).is_none());
    [towards(shape, w, gy, None).unwrap(), added]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn dense_ones_are_their_definition(shape in shapes(channels(), Products::F32), seed: u64) {
        let [x, w, gy] = lengths(&shape).map(|len| numbers(len, seed ^ len as u64));
        let [y, mut gx, gw] = convolution(&shape, [&x, &w, &gy]);
        within("y", &dense::forward(&shape, &x, &w), &y)?;
        within("gw", &weights::towards_weights(&shape, &x, &gy), &gw)?;
        let [alone, added] = both_ways(&shape, dense::towards_input, &w, &gy);
        within("gx", &alone, &gx)?;
        gx.iter_mut().for_each(|sum| sum.add(1.0, 1.0));
        within("gx added", &added, &gx)?;
    }

    #[test]
    fn rounded_dense_ones_are_their_definition(shape in shapes(channels(), Products::Bf16), seed: u64) {
        let [x, w, gy] = lengths(&shape).map(|len| whole(len, seed ^ len as u64));
        let [y, mut gx, gw] = convolution(&shape, [&x, &w, &gy]);
        equal("y", &dense::forward(&shape, &x, &w), &y)?;
        equal("gw", &weights::towards_weights(&shape, &x, &gy), &gw)?;
        let [alone, added] = both_ways(&shape, dense::towards_input, &w, &gy);
        equal("gx", &alone, &gx)?;
        gx.iter_mut().for_each(|sum| sum.add(1.0, 1.0));
        equal("gx added", &added, &gx)?;
    }

    #[test]
    fn depthwise_ones_are_their_definition(shape in shapes(depthwise_channels(), Products::F32), seed: u64) {
        let [x, w, gy] = lengths(&shape).map(|len| numbers(len, seed ^ len as u64));
        let [y, mut gx, gw] = convolution(&shape, [&x, &w, &gy]);
        within("y", &depthwise::forward(&shape, &x, &w), &y)?;
        within("gw", &depthwise::towards_weights(&shape, &x, &gy), &gw)?;
        let [alone, added] = both_ways(&shape, depthwise::towards_input, &w, &gy);
        within("gx", &alone, &gx)?;
        gx.iter_mut().for_each(|sum| sum.add(1.0, 1.0));
        within("gx added", &added, &gx)?;
    }

    #[test]
    fn one_value_that_is_no_number_reaches_what_sees_it_and_nothing_else(
        depthwise: bool, at: u64, value in prop_oneof![Just(f32::NAN), Just(f32::INFINITY)],
        both in (shapes(channels(), Products::F32), shapes(depthwise_channels(), Products::F32)), seed: u64,
    ) {
        let shape = if depthwise { both.1 } else { both.0 };
        let [mut x, w, gy] = lengths(&shape).map(|len| numbers(len, seed ^ len as u64));
        let at = (at % x.len() as u64) as usize;
        x[at] = value;
        let [y, ..] = convolution(&shape, [&x, &w, &gy]);
        let forward = if depthwise { depthwise::forward } else { dense::forward };
        within("y", &forward(&shape, &x, &w), &y)?;
    }
}

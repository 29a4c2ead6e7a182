//! What is done to every value on its own, and to every channel.

use rayon::prelude::*;

use crate::act::{Act, for_act};
use crate::lanes::vectorised;
use crate::strip::Strips;

/// Floats that a thread takes at a time.
const PIECE: usize = 1 << 15;

/// How Adam changes a value `x` with the running means `mean` of its gradients and `square` of their squares: `x * keep - rate *
/// mean * first / (sqrt(square * second) + epsilon)`. Kingma and Ba 2015, <https://arxiv.org/abs/1412.6980>, algorithm 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adapt {
    /// Share of the value that decoupled weight decay leaves; 1 without.
    pub keep: f32,
    /// Learning rate.
    pub rate: f32,
    /// What keeps the divisor from zero.
    pub epsilon: f32,
    /// What corrects the mean's beginning at zero, `1 / (1 - beta_1^t)`.
    pub first: f32,
    /// What corrects that of the squares, `1 / (1 - beta_2^t)`.
    pub second: f32,
}

/// Activates in place.
pub(crate) fn activate(x: &mut [f32], act: Act) {
    x.par_chunks_mut(PIECE).for_each(|x| piece(x, act));
}

/// The gradient in front of an activation, in place of that behind it; `y` is what came out.
pub(crate) fn activate_back(y: &[f32], gy: &mut [f32], act: Act) {
    gy.par_chunks_mut(PIECE).zip(y.par_chunks(PIECE)).for_each(|(gy, y)| piece_back(y, gy, act));
}

/// `to += from`
pub(crate) fn add(to: &mut [f32], from: &[f32]) {
    to.par_chunks_mut(PIECE).zip(from.par_chunks(PIECE)).for_each(|(to, from)| piece_add(to, from));
}

/// `to = to * keep + from * add`
pub(crate) fn blend(to: &mut [f32], from: &[f32], numbers: [f32; 2]) {
    to.par_chunks_mut(PIECE)
        .zip(from.par_chunks(PIECE))
        .for_each(|(to, from)| piece_blend(to, from, numbers));
}

/// `to = to * keep + from * from * add`
pub(crate) fn blend_square(to: &mut [f32], from: &[f32], numbers: [f32; 2]) {
    to.par_chunks_mut(PIECE)
        .zip(from.par_chunks(PIECE))
        .for_each(|(to, from)| piece_blend_square(to, from, numbers));
}

/// As [`Adapt`] says.
pub(crate) fn adapt(x: &mut [f32], mean: &[f32], square: &[f32], how: Adapt) {
    let moments = mean.par_chunks(PIECE).zip(square.par_chunks(PIECE));
    x.par_chunks_mut(PIECE).zip(moments).for_each(|(x, (mean, square))| piece_adapt(x, mean, square, how));
}

/// Adds to each channel its number.
pub(crate) fn add_bias(x: &mut [f32], bias: &[f32]) {
    let strips = Strips::new(bias.len(), x.len());
    let row = strips.repeat(bias);
    x.par_chunks_mut(strips.strip()).with_min_len(2).for_each(|x| {
        x.chunks_mut(row.len()).for_each(|x| piece_add(x, &row[..x.len()]));
    });
}

/// The sum of each channel.
pub(crate) fn sums(channels: usize, x: &[f32]) -> Vec<f32> {
    let strips = Strips::new(channels, x.len());
    let of_part = |part: std::ops::Range<usize>| {
        let (mut sums, mut row) = (vec![0.0; channels], vec![0.0; strips.row()]);
        for strip in x[part].chunks(strips.strip()) {
            row.fill(0.0);
            strip.chunks(row.len()).for_each(|x| piece_add(&mut row[..x.len()], x));
            strips.fold(&row, &mut sums);
        }
        sums
    };
    let parts = strips.each(of_part);
    (0..channels).map(|channel| parts.iter().map(|part| part[channel]).sum::<f64>() as f32).collect()
}

vectorised! {
    fn piece(x: &mut [f32], act: Act) {
        for_act!(act, ACT => x.iter_mut().for_each(|x| *x = ACT.of(*x)));
    }

    fn piece_back(y: &[f32], gy: &mut [f32], act: Act) {
        for_act!(act, ACT => gy.iter_mut().zip(y).for_each(|(gy, y)| *gy = ACT.back(*y, *gy)));
    }

    fn piece_blend(to: &mut [f32], from: &[f32], numbers: [f32; 2]) {
        let [keep, add] = numbers;
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *to * keep + from * add);
    }

    fn piece_blend_square(to: &mut [f32], from: &[f32], numbers: [f32; 2]) {
        let [keep, add] = numbers;
        to.iter_mut().zip(from).for_each(|(to, from)| *to = *to * keep + from * from * add);
    }

    fn piece_adapt(x: &mut [f32], mean: &[f32], square: &[f32], how: Adapt) {
        let Adapt { keep, rate, epsilon, first, second } = how;
        for ((x, mean), square) in x.iter_mut().zip(mean).zip(square) {
            *x = *x * keep - mean * (rate * first) / ((square * second).sqrt() + epsilon);
        }
    }

    fn piece_add(to: &mut [f32], from: &[f32]) {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
    }
}

//! Batch normalisation with what comes behind it, in two passes over memory where an operation at a time takes nine.
//!
//! Shapes: `x`, `y` and their gradients `gx`, `gy` are `[pixels, channels]`; everything else has a value for each channel.

#![allow(unsafe_code, reason = "memory that is written before it is read")]

use rayon::prelude::*;
use std::mem::MaybeUninit;

use crate::act::{Act, for_act};
use crate::lanes::vectorised;
use crate::room::written;
use crate::strip::Strips;

/// How each channel is normalised: `y = act((x - mean) * scale + shift)`, where `scale` is gamma over the deviation.
#[derive(Debug)]
pub(crate) struct Channels<'a> {
    pub(crate) mean: &'a [f32],
    /// One over the square root of variance plus epsilon.
    pub(crate) inverse: &'a [f32],
    pub(crate) gamma: &'a [f32],
    pub(crate) beta: &'a [f32],
}

impl Channels<'_> {
    /// Normalisation as a line, `x * scale + shift`, for a row.
    fn lines(&self, strips: &Strips) -> [Vec<f32>; 2] {
        let scale: Vec<f32> =
            self.gamma.iter().zip(self.inverse).map(|(gamma, inverse)| gamma * inverse).collect();
        let shifted = self.beta.iter().zip(self.mean).zip(&scale);
        let shift: Vec<f32> = shifted.map(|((beta, mean), scale)| beta - mean * scale).collect();
        [scale, shift].map(|numbers| strips.repeat(&numbers))
    }
}

/// Mean and biased variance of each channel, one after the other.
pub(crate) fn moments(channels: usize, x: &[f32]) -> Vec<f32> {
    let strips = Strips::new(channels, x.len());
    let mut total = Moments::new(channels);
    let of_part = |part: std::ops::Range<usize>| {
        let mut moments = Moments::new(channels);
        for strip in x[part].chunks(strips.strip()) {
            moments.add(&Moments::of(&strips, strip));
        }
        moments
    };
    strips.each(of_part).iter().for_each(|part| total.add(part));
    let variance = total.squares.iter().map(|squares| squares / total.count.max(1.0));
    total.mean.iter().copied().chain(variance).map(|value| value as f32).collect()
}

/// Count, mean and sum of squared distances from it.
struct Moments {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl Moments {
    fn new(channels: usize) -> Self {
        Self { count: 0.0, mean: vec![0.0; channels], squares: vec![0.0; channels] }
    }

    fn of(strips: &Strips, x: &[f32]) -> Self {
        let mut moments = Self::new(strips.channels);
        moments.count = (x.len() / strips.channels) as f64;
        let mut row = vec![0.0; strips.row()];
        sums(x, &mut row);
        strips.fold(&row, &mut moments.mean);
        moments.mean.iter_mut().for_each(|mean| *mean /= moments.count);
        let mean: Vec<f32> = moments.mean.iter().map(|&mean| mean as f32).collect();
        // What the distances are from, rounded.
        moments.mean = mean.iter().map(|&mean| f64::from(mean)).collect();
        let (mut first, mut second) = (vec![0.0; strips.row()], vec![0.0; strips.row()]);
        distances(x, &strips.repeat(&mean), &mut first, &mut second);
        strips.fold(&second, &mut moments.squares);
        let mut off = vec![0.0; strips.channels];
        strips.fold(&first, &mut off);
        for ((mean, squares), off) in moments.mean.iter_mut().zip(&mut moments.squares).zip(off) {
            *mean += off / moments.count;
            *squares -= off * off / moments.count;
        }
        moments
    }

    /// Chan et al. 1979, <http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf>, equation 2.1.
    fn add(&mut self, other: &Self) {
        let count = self.count + other.count;
        let share = if count > 0.0 { other.count / count } else { 0.0 };
        let weight = self.count * share;
        merge([&mut self.mean, &mut self.squares], [&other.mean, &other.squares], [share, weight]);
        self.count = count;
    }
}

/// `y`, of `x` and, where there is one, what is added before the activation.
pub(crate) fn forward(x: &[f32], channels: &Channels<'_>, other: Option<&[f32]>, act: Act) -> Vec<f32> {
    let strips = Strips::new(channels.mean.len(), x.len());
    let [scale, shift] = channels.lines(&strips);
    let fill = |y: &mut [MaybeUninit<f32>]| {
        let size = strips.strip();
        let all = y.par_chunks_mut(size).zip(x.par_chunks(size)).enumerate().with_min_len(2);
        all.for_each(|(number, (y, x))| match other {
            Some(other) => strip_joined(x, &other[number * size..][..x.len()], y, &scale, &shift, act),
            None => strip_forward(x, y, &scale, &shift, act),
        });
    };
    // SAFETY: `y` is as long as `x`, and its strips are written whole.
    unsafe { written(x.len(), fill) }
}

/// What comes of gradients of norms.
pub(crate) struct Slopes {
    pub(crate) gamma: Vec<f32>,
    pub(crate) beta: Vec<f32>,
}

/// Gradients towards gamma and beta. Where something was added before the activation, `y` is what came out, and `gy` becomes
/// the gradient in front of the activation.
pub(crate) fn slopes(
    x: &[f32],
    y: Option<&[f32]>,
    gy: &mut [f32],
    channels: &Channels<'_>,
    act: Act,
) -> Slopes {
    let count = channels.mean.len();
    let strips = Strips::new(count, x.len());
    let [scale, shift] = channels.lines(&strips);
    let mean = strips.repeat(channels.mean);
    let parts = strips.parts();
    let mut rest = gy;
    let cut = |part: &std::ops::Range<usize>| {
        let (first, behind) = std::mem::take(&mut rest).split_at_mut(part.len());
        rest = behind;
        first
    };
    let gradients: Vec<&mut [f32]> = parts.iter().map(cut).collect();
    let of_part = |(part, gy): (std::ops::Range<usize>, &mut [f32])| {
        let (mut gamma, mut beta) = (vec![0.0; count], vec![0.0; count]);
        let (mut above, mut all) = (vec![0.0; strips.row()], vec![0.0; strips.row()]);
        let size = strips.strip();
        let x = &x[part.clone()];
        for (number, (x, gy)) in x.chunks(size).zip(gy.chunks_mut(size)).enumerate() {
            above.fill(0.0);
            all.fill(0.0);
            let lines = [&scale[..], &shift, &mean];
            match y.map(|y| &y[part.start + number * size..][..x.len()]) {
                Some(y) => {
                    strip_mask(y, gy, act);
                    strip_slopes(x, gy, lines, [&mut above, &mut all], Act::None);
                }
                None => strip_slopes(x, gy, lines, [&mut above, &mut all], act),
            }
            strips.fold(&above, &mut gamma);
            strips.fold(&all, &mut beta);
        }
        [gamma, beta]
    };
    let sums: Vec<[Vec<f64>; 2]> = parts.into_par_iter().zip(gradients).map(of_part).collect();
    let total = |which: usize, channel: usize| sums.iter().map(|part| part[which][channel]).sum::<f64>();
    Slopes {
        gamma: (0..count).map(|c| (total(0, c) * f64::from(channels.inverse[c])) as f32).collect(),
        beta: (0..count).map(|c| total(1, c) as f32).collect(),
    }
}

/// The gradient towards x, in place of `gy`. With `train`, mean and variance are the
/// batch's own: Ioffe and Szegedy 2015, section 3, <https://arxiv.org/abs/1502.03167>; else they are constants.
pub(crate) fn towards_input(
    x: &[f32],
    gy: &mut [f32],
    channels: &Channels<'_>,
    slopes: &Slopes,
    (act, train): (Act, bool),
) {
    let (strips, [a, b, c]) = numbers(x.len(), channels, slopes, train);
    let [scale, shift] = channels.lines(&strips);
    let size = strips.strip();
    let all = gy.par_chunks_mut(size).zip(x.par_chunks(size)).with_min_len(2);
    all.for_each(|(gy, x)| strip_back(x, gy, [&scale, &shift], [&a, &b, &c], act));
}

/// The same without an activation, beside the gradient.
pub(crate) fn towards_input_beside(
    x: &[f32],
    g: &[f32],
    channels: &Channels<'_>,
    slopes: &Slopes,
    train: bool,
) -> Vec<f32> {
    let (strips, [a, b, c]) = numbers(x.len(), channels, slopes, train);
    let size = strips.strip();
    let fill = |gx: &mut [MaybeUninit<f32>]| {
        let all = gx.par_chunks_mut(size).zip(x.par_chunks(size)).zip(g.par_chunks(size)).with_min_len(2);
        all.for_each(|((gx, x), g)| strip_back_beside(x, g, gx, &a, &b, &c));
    };
    // SAFETY: as above.
    unsafe { written(x.len(), fill) }
}

/// `gx = a * g + b * x + c`, for a row.
fn numbers(len: usize, channels: &Channels<'_>, slopes: &Slopes, train: bool) -> (Strips, [Vec<f32>; 3]) {
    let strips = Strips::new(channels.mean.len(), len);
    let count = (len / channels.mean.len().max(1)) as f32;
    let numbers = |channel: usize| {
        let (inverse, mean) = (channels.inverse[channel], channels.mean[channel]);
        let scale = channels.gamma[channel] * inverse;
        if !train {
            return [scale, 0.0, 0.0];
        }
        // scale * (g - mean(g) - normalised * mean(g * normalised)), as a line in g and x.
        let slope = -scale * inverse * slopes.gamma[channel] / count;
        [scale, slope, -scale * slopes.beta[channel] / count - slope * mean]
    };
    let all: Vec<[f32; 3]> = (0..channels.mean.len()).map(numbers).collect();
    let of = |which: usize| strips.repeat(&all.iter().map(|numbers| numbers[which]).collect::<Vec<_>>());
    (strips, [of(0), of(1), of(2)])
}

vectorised! {
    fn merge(moments: [&mut [f64]; 2], others: [&[f64]; 2], numbers: [f64; 2]) {
        let ([mean, squares], [other_mean, other_squares], [share, weight]) = (moments, others, numbers);
        let sides = mean.iter_mut().zip(squares).zip(other_mean.iter().zip(other_squares));
        for ((mean, squares), (other_mean, other_squares)) in sides {
            let distance = other_mean - *mean;
            *mean += distance * share;
            *squares += other_squares + distance * distance * weight;
        }
    }

    fn sums(x: &[f32], sums: &mut [f32]) {
        for x in x.chunks(sums.len()) {
            sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
        }
    }

    /// Sums of distances from the mean, and of their squares.
    fn distances(x: &[f32], mean: &[f32], first: &mut [f32], second: &mut [f32]) {
        for x in x.chunks(mean.len()) {
            let sums = first.iter_mut().zip(second.iter_mut());
            for ((x, mean), (first, second)) in x.iter().zip(mean).zip(sums) {
                let distance = x - mean;
                *first += distance;
                *second = distance.mul_add(distance, *second);
            }
        }
    }

    fn strip_forward(x: &[f32], y: &mut [MaybeUninit<f32>], scale: &[f32], shift: &[f32], act: Act) {
        for_act!(act, ACT => for (x, y) in x.chunks(scale.len()).zip(y.chunks_mut(scale.len())) {
            for (((x, y), scale), shift) in x.iter().zip(y).zip(scale).zip(shift) {
                y.write(ACT.of(x.mul_add(*scale, *shift)));
            }
        });
    }

    fn strip_joined(x: &[f32], other: &[f32], y: &mut [MaybeUninit<f32>], scale: &[f32], shift: &[f32], act: Act) {
        let row = scale.len();
        for_act!(act, ACT => for ((x, other), y) in x.chunks(row).zip(other.chunks(row)).zip(y.chunks_mut(row)) {
            for ((((x, other), y), scale), shift) in x.iter().zip(other).zip(y).zip(scale).zip(shift) {
                y.write(ACT.of(x.mul_add(*scale, *shift) + other));
            }
        });
    }

    fn strip_mask(y: &[f32], gy: &mut [f32], act: Act) {
        for_act!(act, ACT => gy.iter_mut().zip(y).for_each(|(gy, y)| *gy = ACT.back(*y, *gy)));
    }

    /// Sums of gradients in front of the activation times what is above the mean, and of them alone.
    fn strip_slopes(x: &[f32], gy: &[f32], lines: [&[f32]; 3], sums: [&mut [f32]; 2], act: Act) {
        let ([scale, shift, mean], [above, all]) = (lines, sums);
        let row = mean.len();
        for_act!(act, ACT => for (x, gy) in x.chunks(row).zip(gy.chunks(row)) {
            let sums = above.iter_mut().zip(all.iter_mut());
            let lines = scale.iter().zip(shift).zip(mean);
            for (((x, gy), ((scale, shift), mean)), (above, all)) in x.iter().zip(gy).zip(lines).zip(sums) {
                let gradient = ACT.back(x.mul_add(*scale, *shift), *gy);
                *above = (x - mean).mul_add(gradient, *above);
                *all += gradient;
            }
        });
    }

    fn strip_back(x: &[f32], gy: &mut [f32], lines: [&[f32]; 2], numbers: [&[f32]; 3], act: Act) {
        let ([scale, shift], [a, b, c]) = (lines, numbers);
        for_act!(act, ACT => for (x, gy) in x.chunks(a.len()).zip(gy.chunks_mut(a.len())) {
            let lines = scale.iter().zip(shift);
            let numbers = a.iter().zip(b).zip(c);
            for (((x, gy), (scale, shift)), ((a, b), c)) in x.iter().zip(gy).zip(lines).zip(numbers) {
                let gradient = ACT.back(x.mul_add(*scale, *shift), *gy);
                *gy = gradient.mul_add(*a, x.mul_add(*b, *c));
            }
        });
    }

    fn strip_back_beside(x: &[f32], g: &[f32], gx: &mut [MaybeUninit<f32>], a: &[f32], b: &[f32], c: &[f32]) {
        let row = a.len();
        for ((x, g), gx) in x.chunks(row).zip(g.chunks(row)).zip(gx.chunks_mut(row)) {
            for (((((x, g), gx), a), b), c) in x.iter().zip(g).zip(gx).zip(a).zip(b).zip(c) {
                gx.write(g.mul_add(*a, x.mul_add(*b, *c)));
            }
        }
    }
}

//! Batch normalisation with the activation behind it, in two passes over memory where an operation at a time takes nine.
//!
//! Shapes: `x`, `y` and their gradients `gx`, `gy` are `[batch, channels, places]`; everything else has a value for each
//! channel.

use rayon::prelude::*;

use crate::lanes::{sum, sums, vectorised};

/// What comes behind the normalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    None,
    /// Negative values become zero.
    Relu,
    /// Values are kept within 0 and 6.
    Relu6,
}

/// Sizes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) places: usize,
}

/// How each channel is normalised: `y = act((x - mean) * scale + shift)`, where `scale` is gamma over the deviation.
pub(crate) struct Channels<'a> {
    pub(crate) mean: &'a [f32],
    /// One over the square root of variance plus epsilon.
    pub(crate) inverse: &'a [f32],
    pub(crate) gamma: &'a [f32],
    pub(crate) beta: &'a [f32],
}

impl Act {
    #[inline(always)]
    fn of(self, value: f32) -> f32 {
        match self {
            Self::None => value,
            // Not a number stays that, so that training which has come to nothing is noticed.
            Self::Relu if value < 0.0 => 0.0,
            Self::Relu => value,
            Self::Relu6 => value.clamp(0.0, 6.0),
        }
    }

    /// The gradient in front of the activation, from the one behind it and the value in front.
    #[inline(always)]
    fn back(self, value: f32, gradient: f32) -> f32 {
        let passes = match self {
            Self::None => true,
            Self::Relu => value > 0.0,
            Self::Relu6 => value > 0.0 && value < 6.0,
        };
        if passes { gradient } else { 0.0 }
    }
}

/// Calls `work` with the activation as a constant of the loop.
macro_rules! for_act {
    ($act:expr, $name:ident => $work:expr) => {
        match $act {
            Act::None => {
                const $name: Act = Act::None;
                $work
            }
            Act::Relu => {
                const $name: Act = Act::Relu;
                $work
            }
            Act::Relu6 => {
                const $name: Act = Act::Relu6;
                $work
            }
        }
    };
}

/// Mean and biased variance of each channel.
pub(crate) fn moments(sizes: Sizes, x: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let count = (sizes.batch * sizes.places) as f64;
    let of_channel = |channel: usize| {
        let planes = || planes(sizes, x, channel);
        let mean = (planes().map(|plane| f64::from(plane_sum(plane))).sum::<f64>() / count) as f32;
        let squares: f64 = planes().map(|plane| f64::from(plane_squares(plane, mean))).sum();
        (mean, (squares / count) as f32)
    };
    (0..sizes.channels).into_par_iter().map(of_channel).unzip()
}

/// `y`.
pub(crate) fn forward(sizes: Sizes, x: &[f32], channels: &Channels<'_>, act: Act) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    let planes = y.par_chunks_exact_mut(sizes.places.max(1)).zip(x.par_chunks_exact(sizes.places.max(1)));
    planes.enumerate().with_min_len(8).for_each(|(number, (y, x))| {
        let (scale, shift) = channels.line(number % sizes.channels);
        plane_forward(x, y, scale, shift, act);
    });
    y
}

/// Gradients towards x, gamma and beta, one after the other. With `train`, mean and variance are the batch's own: Ioffe and
/// Szegedy 2015, section 3, <https://arxiv.org/abs/1502.03167>; else they are constants.
pub(crate) fn backward(
    sizes: Sizes,
    x: &[f32],
    gy: &[f32],
    channels: &Channels<'_>,
    act: Act,
    train: bool,
) -> Vec<f32> {
    let (gamma, beta) = parameter_slopes(sizes, x, gy, channels, act);
    let count = (sizes.batch * sizes.places) as f32;
    let numbers = |channel: usize| {
        let (inverse, mean) = (channels.inverse[channel], channels.mean[channel]);
        let scale = channels.gamma[channel] * inverse;
        if !train {
            return [scale, 0.0, 0.0];
        }
        // scale * (g - mean(g) - normalised * mean(g * normalised)), as a line in g and x.
        let slope = -scale * inverse * gamma[channel] / count;
        [scale, slope, -scale * beta[channel] / count - slope * mean]
    };
    let mut all = vec![0.0; x.len() + gamma.len() + beta.len()];
    let (gx, parameters) = all.split_at_mut(x.len());
    towards_input(sizes, x, gy, channels, act, &numbers, gx);
    let (to_gamma, to_beta) = parameters.split_at_mut(gamma.len());
    to_gamma.copy_from_slice(&gamma);
    to_beta.copy_from_slice(&beta);
    all
}

/// `gx = a * g + b * x + c` with the three numbers of each channel; `g` is in front of the activation.
fn towards_input(
    sizes: Sizes,
    x: &[f32],
    gy: &[f32],
    channels: &Channels<'_>,
    act: Act,
    numbers: &(dyn Fn(usize) -> [f32; 3] + Sync),
    gx: &mut [f32],
) {
    let places = sizes.places.max(1);
    let planes =
        gx.par_chunks_exact_mut(places).zip(x.par_chunks_exact(places)).zip(gy.par_chunks_exact(places));
    planes.enumerate().with_min_len(8).for_each(|(number, ((gx, x), gy))| {
        let channel = number % sizes.channels;
        let ((scale, shift), [a, b, c]) = (channels.line(channel), numbers(channel));
        plane_back(gx, x, gy, [scale, shift], [a, b, c], act);
    });
}

/// Gradients of gamma and beta.
fn parameter_slopes(
    sizes: Sizes,
    x: &[f32],
    gy: &[f32],
    channels: &Channels<'_>,
    act: Act,
) -> (Vec<f32>, Vec<f32>) {
    let of_channel = |channel: usize| {
        let (scale, shift) = channels.line(channel);
        let (mean, inverse) = (channels.mean[channel], channels.inverse[channel]);
        let mut total = [0.0_f64; 2];
        for (x, gy) in planes(sizes, x, channel).zip(planes(sizes, gy, channel)) {
            let [gamma, beta] = plane_slopes(x, gy, [scale, shift], mean, act);
            total[0] += f64::from(gamma);
            total[1] += f64::from(beta);
        }
        ((total[0] * f64::from(inverse)) as f32, total[1] as f32)
    };
    (0..sizes.channels).into_par_iter().map(of_channel).unzip()
}

vectorised! {
    fn plane_sum(x: &[f32]) -> f32 {
        sum(x, |value| value)
    }

    fn plane_squares(x: &[f32], mean: f32) -> f32 {
        sum(x, |value| (value - mean) * (value - mean))
    }

    fn plane_forward(x: &[f32], y: &mut [f32], scale: f32, shift: f32, act: Act) {
        for_act!(act, ACT => {
            y.iter_mut().zip(x).for_each(|(y, x)| *y = ACT.of(x.mul_add(scale, shift)));
        });
    }

    fn plane_back(gx: &mut [f32], x: &[f32], gy: &[f32], line: [f32; 2], numbers: [f32; 3], act: Act) {
        let ([scale, shift], [a, b, c]) = (line, numbers);
        for_act!(act, ACT => for ((gx, &x), &gy) in gx.iter_mut().zip(x).zip(gy) {
            let gradient = ACT.back(x.mul_add(scale, shift), gy);
            *gx = gradient.mul_add(a, x.mul_add(b, c));
        });
    }

    /// Sums of the gradients in front of the activation times what is above the mean, and of them alone.
    fn plane_slopes(x: &[f32], gy: &[f32], line: [f32; 2], mean: f32, act: Act) -> [f32; 2] {
        let [scale, shift] = line;
        for_act!(act, ACT => sums(x, gy, |x, gy| {
            let gradient = ACT.back(x.mul_add(scale, shift), gy);
            [gradient * (x - mean), gradient]
        }))
    }
}

/// The planes of a channel, picture by picture.
fn planes(sizes: Sizes, values: &[f32], channel: usize) -> impl Iterator<Item = &[f32]> {
    let all = values.chunks_exact(sizes.places.max(1)).skip(channel);
    all.step_by(sizes.channels.max(1))
}

impl Channels<'_> {
    /// Normalisation as a line: `x * scale + shift`.
    #[inline(always)]
    fn line(&self, channel: usize) -> (f32, f32) {
        let scale = self.gamma[channel] * self.inverse[channel];
        (scale, self.beta[channel] - self.mean[channel] * scale)
    }
}

//! Sizes of a convolution, and of its maps.

use tl_simd::Vectors;

/// A convolution's window and how it moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Steps down and right.
    pub stride: [usize; 2],
    /// Rows and columns of zeros: top, bottom, left, right.
    pub padding: [usize; 4],
    /// Groups of channels that do not see each other.
    pub groups: usize,
    /// How it multiplies, forward and backward.
    pub products: Products,
}

/// What factors of dense convolutions are rounded to before they are multiplied. Sums, depthwise convolutions, small products
/// towards weights and everything that is kept stay in f32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Products {
    /// Nothing.
    #[default]
    F32,
    /// bfloat16, inputs, weights and gradients alike.
    Bf16,
}

impl Products {
    /// Has this processor instructions for it? Without, bfloat16 gives the same numbers, slowly.
    pub fn is_fast(self) -> bool {
        self == Self::F32 || Vectors::detect().multiplies_narrow()
    }
}

/// All sizes: `input` is `[batch, channels, height, width]`, `weight` `[outputs, channels / groups, kernel, kernel]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
    pub(crate) outputs: usize,
    pub(crate) kernel: [usize; 2],
    pub(crate) window: Window,
    /// Of the output.
    pub(crate) out_height: usize,
    pub(crate) out_width: usize,
}

impl Shape {
    pub(crate) fn new(input: [usize; 4], weight: [usize; 4], window: Window) -> Self {
        let [batch, channels, height, width] = input;
        let [outputs, _, down, right] = weight;
        let [top, bottom, left, last] = window.padding;
        let places =
            |size: usize, kernel: usize, stride: usize| (size + stride).saturating_sub(kernel) / stride;
        Self {
            batch,
            channels,
            height,
            width,
            outputs,
            kernel: [down, right],
            window,
            out_height: places(height + top + bottom, down, window.stride[0]),
            out_width: places(width + left + last, right, window.stride[1]),
        }
    }

    /// Values of one picture's input.
    pub(crate) fn picture(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// The same with all channels in one group.
    pub(crate) fn together(&self) -> Self {
        Self { window: Window { groups: 1, ..self.window }, ..*self }
    }

    pub(crate) fn input_maps(&self, first: usize, channels: usize) -> Maps {
        Maps { size: [self.height, self.width], pitch: self.channels, first, channels }
    }

    pub(crate) fn output_maps(&self, first: usize, channels: usize) -> Maps {
        Maps { size: [self.out_height, self.out_width], pitch: self.outputs, first, channels }
    }

    /// Do outputs see every input, or would if there were more of them?
    pub(crate) fn sees_all(&self) -> bool {
        self.kernel[0] >= self.window.stride[0] && self.kernel[1] >= self.window.stride[1]
    }

    /// Places of the window on one picture.
    pub(crate) fn places(&self) -> usize {
        self.out_height * self.out_width
    }

    /// Values of one picture's output.
    pub(crate) fn out_picture(&self) -> usize {
        self.outputs * self.places()
    }

    /// Channels of a group, coming in and going out.
    pub(crate) fn of_group(&self) -> [usize; 2] {
        [self.channels / self.window.groups.max(1), self.outputs / self.window.groups.max(1)]
    }

    pub(crate) fn is_depthwise(&self) -> bool {
        self.window.groups == self.channels && self.outputs == self.channels
    }

    pub(crate) fn output(&self) -> [usize; 4] {
        [self.batch, self.outputs, self.out_height, self.out_width]
    }
}

/// Some channels of maps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Maps {
    /// Height and width.
    pub(crate) size: [usize; 2],
    /// All channels: the floats from a pixel to the next.
    pub(crate) pitch: usize,
    /// The first channel.
    pub(crate) first: usize,
    /// How many channels.
    pub(crate) channels: usize,
}

impl Maps {
    /// Floats of one picture.
    pub(crate) fn picture(&self) -> usize {
        self.size[0] * self.size[1] * self.pitch
    }
}

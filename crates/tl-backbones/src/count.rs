//! Convolutions and linear layers that count the multiply-adds they run.
//!
//! Only the forward pass itself knows how large the maps inside a stage are, so the layers that multiply say it as they
//! run: every network of this crate applies them by [`Counted::apply`], and [`summary`](crate::summary()) reads the
//! counter before and after.

use burn::nn::Linear;
use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;
use std::cell::Cell;
use std::ops::Sub;

/// What layers did to one picture, whatever the batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Weights and biases of the layers.
    pub(crate) parameters: u64,
    /// A multiplication and the addition of its product are one; adding a bias is none.
    pub(crate) multiply_adds: u64,
    /// Values that the layers put out.
    pub(crate) outputs: u64,
}

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { parameters: 0, multiply_adds: 0, outputs: 0 }) };
}

/// What ran on this thread since it began; differences mean something.
pub(crate) fn counted() -> Count {
    COUNT.get()
}

impl Count {
    /// Adds a layer that uses each of its `weights` at so many `places` of the picture, and puts out so many values at each.
    fn layer(weights: usize, biases: usize, places: usize, outputs: usize) {
        let Self { parameters, multiply_adds, outputs: before } = COUNT.get();
        COUNT.set(Self {
            parameters: parameters.wrapping_add((weights + biases) as u64),
            multiply_adds: multiply_adds.wrapping_add(weights as u64 * places as u64),
            outputs: before.wrapping_add(outputs as u64 * places as u64),
        });
    }
}

impl Sub for Count {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            parameters: self.parameters.wrapping_sub(before.parameters),
            multiply_adds: self.multiply_adds.wrapping_sub(before.multiply_adds),
            outputs: self.outputs.wrapping_sub(before.outputs),
        }
    }
}

/// A layer that multiplies.
pub(crate) trait Counted<const D: usize> {
    /// The layer's `forward`, counted.
    fn apply(&self, input: Tensor<D>) -> Tensor<D>;
}

impl Counted<4> for Conv2d {
    fn apply(&self, input_bchw: Tensor<4>) -> Tensor<4> {
        let maps_bchw = tl_kernels::conv2d(self, input_bchw);
        let [_, channels, height, width] = maps_bchw.dims();
        let biases = self.bias.as_ref().map_or(0, |bias| bias.lazy_shape().num_elements());
        Count::layer(self.weight.lazy_shape().num_elements(), biases, height * width, channels);
        maps_bchw
    }
}

impl Counted<2> for Linear {
    fn apply(&self, input_bd: Tensor<2>) -> Tensor<2> {
        let biases = self.bias.as_ref().map_or(0, |bias| bias.lazy_shape().num_elements());
        let output_bd = self.forward(input_bd);
        Count::layer(self.weight.lazy_shape().num_elements(), biases, 1, output_bd.dims()[1]);
        output_bd
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::nn::LinearConfig;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::Device;

    #[test]
    fn a_convolution_uses_its_weights_at_every_place_of_its_output() {
        let device = Device::flex();
        let conv = Conv2dConfig::new([4, 6], [3, 3]).with_groups(2).with_stride([2, 2]).init(&device);
        let before = counted();
        conv.apply(Tensor::zeros([5, 4, 9, 7], &device));
        let (parameters, multiply_adds, outputs) = (6 * 2 * 9 + 6, 6 * 2 * 9 * (4 * 3), 6 * 4 * 3);
        assert_eq!(counted() - before, Count { parameters, multiply_adds, outputs });
    }

    #[test]
    fn a_linear_layer_uses_its_weights_once_per_picture() {
        let device = Device::flex();
        let before = counted();
        LinearConfig::new(7, 3).init(&device).apply(Tensor::<2>::zeros([5, 7], &device));
        assert_eq!(counted() - before, Count { parameters: 24, multiply_adds: 21, outputs: 3 });
    }
}

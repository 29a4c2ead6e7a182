//! First convolutions for images that are not RGB.

use burn::nn::conv::Conv2d;
use burn::tensor::Tensor;

/// Channels of the images that published weights were trained on.
const RGB: usize = 3;

/// Turns a first convolution for RGB into one for images of `channels` channels.
///
/// For one channel the three are summed; for more they are repeated in order and scaled by 3 / `channels`, which keeps
/// the scale of what comes out. A convolution that already fits, or is not for RGB, stays as it is. The rule is timm's
/// `adapt_input_conv`: <https://github.com/huggingface/pytorch-image-models/blob/main/timm/models/_manipulate.py>.
pub(crate) fn adapt_input_conv(conv: &mut Conv2d, channels: usize) {
    let [_, inputs, _, _] = conv.weight.dims();
    if inputs == RGB && channels != RGB && channels > 0 {
        conv.weight = conv.weight.clone().map(|weight_oikk| adapt(weight_oikk, channels));
    }
}

fn adapt(weight_oikk: Tensor<4>, channels: usize) -> Tensor<4> {
    if channels == 1 {
        return weight_oikk.sum_dim(1);
    }
    let repeated = weight_oikk.repeat_dim(1, channels.div_ceil(RGB)).narrow(1, 0, channels);
    repeated * (RGB as f64 / channels as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    #[test]
    fn weights_for_other_channels_are_those_of_timm() {
        let weight_oikk = Tensor::from_floats([[[[1.0]], [[2.0]], [[3.0]]]], &Device::flex());
        // timm.models.adapt_input_conv(channels, torch.tensor([[[[1.]], [[2.]], [[3.]]]]))
        let cases: [(usize, &[f32]); 4] = [
            (1, &[6.0]),
            (2, &[1.5, 3.0]),
            (4, &[0.75, 1.5, 2.25, 0.75]),
            (6, &[0.5, 1.0, 1.5, 0.5, 1.0, 1.5]),
        ];
        for (channels, expected) in cases {
            let adapted = adapt(weight_oikk.clone(), channels).into_data();
            assert_eq!(adapted.as_slice::<f32>().unwrap(), expected, "{channels} channels");
        }
    }
}

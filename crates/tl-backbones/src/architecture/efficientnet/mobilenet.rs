//! MobileNet v1, v2 and v3: tables for the module of `efficientnet.rs`, which is where timm has them too.
//!
//! Howard et al. 2017, <https://arxiv.org/abs/1704.04861>; Sandler et al. 2018, <https://arxiv.org/abs/1801.04381>;
//! Howard et al. 2019, <https://arxiv.org/abs/1905.02244>. The widths and activations are those of timm's block strings
//! (`timm/models/efficientnet.py`, `timm/models/mobilenetv3.py`).

use super::block_rows::{Activation, inverted, pointwise, separable};
use super::blocks::{Squeeze, Style};
use super::{EfficientNetConfig, Head};

const STYLE: Style =
    Style { activation: Activation::Relu6, squeeze: Squeeze::OfInner, same_padding: false, epsilon: 1e-5 };

/// Table 1 of the first paper, with timm's ReLU6.
pub(crate) const V1_100: EfficientNetConfig = EfficientNetConfig {
    stem: 32,
    stages: &[
        &[separable(3, 1, 64).plain()],
        &[separable(3, 2, 128).plain().times(2)],
        &[separable(3, 2, 256).plain().times(2)],
        &[separable(3, 2, 512).plain().times(6)],
        &[separable(3, 2, 1024).plain().times(2)],
    ],
    width: 1.0,
    depth: 1.0,
    head: Head::None,
    style: STYLE,
    torchvision_keys: false,
};

/// Table 2 of the second paper.
pub(crate) const V2_100: EfficientNetConfig = EfficientNetConfig {
    stages: &[
        &[separable(3, 1, 16)],
        &[inverted(6.0, 3, 2, 24).times(2)],
        &[inverted(6.0, 3, 2, 32).times(3)],
        &[inverted(6.0, 3, 2, 64).times(4)],
        &[inverted(6.0, 3, 1, 96).times(3)],
        &[inverted(6.0, 3, 2, 160).times(3)],
        &[inverted(6.0, 3, 1, 320)],
    ],
    head: Head::BeforePooling(1280),
    ..V1_100
};

/// The head does not get narrower than 1280.
pub(crate) const V2_050: EfficientNetConfig = EfficientNetConfig { stem: 16, width: 0.5, ..V2_100 };
pub(crate) const V2_140: EfficientNetConfig =
    EfficientNetConfig { stem: 48, width: 1.4, head: Head::BeforePooling(1792), ..V2_100 };

/// Table 2 of the third paper.
pub(crate) const V3_SMALL: EfficientNetConfig = EfficientNetConfig {
    stem: 16,
    stages: &[
        &[separable(3, 2, 16).squeezed().with_relu()],
        &[inverted(4.5, 3, 2, 24).with_relu(), inverted(3.67, 3, 1, 24).with_relu()],
        &[inverted(4.0, 5, 2, 40).squeezed(), inverted(6.0, 5, 1, 40).squeezed().times(2)],
        &[inverted(3.0, 5, 1, 48).squeezed().times(2)],
        &[inverted(6.0, 5, 2, 96).squeezed().times(3)],
        &[pointwise(576)],
    ],
    head: Head::AfterPooling(1024),
    style: Style { activation: Activation::HardSwish, ..STYLE },
    ..V1_100
};

/// Table 1 of the third paper.
pub(crate) const V3_LARGE: EfficientNetConfig = EfficientNetConfig {
    stages: &[
        &[separable(3, 1, 16).with_relu()],
        &[inverted(4.0, 3, 2, 24).with_relu(), inverted(3.0, 3, 1, 24).with_relu()],
        &[inverted(3.0, 5, 2, 40).squeezed().with_relu().times(3)],
        &[inverted(6.0, 3, 2, 80), inverted(2.5, 3, 1, 80), inverted(2.3, 3, 1, 80).times(2)],
        &[inverted(6.0, 3, 1, 112).squeezed().times(2)],
        &[inverted(6.0, 5, 2, 160).squeezed().times(3)],
        &[pointwise(960)],
    ],
    head: Head::AfterPooling(1280),
    ..V3_SMALL
};

/// The same network, from torchvision.
pub(crate) const TORCHVISION_V2: EfficientNetConfig = EfficientNetConfig { torchvision_keys: true, ..V2_100 };
/// As timm's but for TensorFlow's epsilon: `_mobilenet_v3`,
/// <https://github.com/pytorch/vision/blob/main/torchvision/models/mobilenetv3.py>.
pub(crate) const TORCHVISION_V3_SMALL: EfficientNetConfig = torchvision_v3(V3_SMALL);
pub(crate) const TORCHVISION_V3_LARGE: EfficientNetConfig = torchvision_v3(V3_LARGE);

const fn torchvision_v3(timm: EfficientNetConfig) -> EfficientNetConfig {
    EfficientNetConfig { style: Style { epsilon: 1e-3, ..timm.style }, torchvision_keys: true, ..timm }
}

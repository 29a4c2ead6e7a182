//! The keys of torchvision's MobileNet checkpoints, for the module that is named as timm names it.
//!
//! torchvision numbers all blocks in one list, and the layers of a block by their place
//! (<https://github.com/pytorch/vision/blob/main/torchvision/models/mobilenetv2.py> and `mobilenetv3.py`).

use super::block_rows::{BlockConfig, Kind};
use super::{EfficientNetConfig, Head};

impl EfficientNetConfig {
    /// Key and shape in the published checkpoint: `blocks.1.0.conv_dw.weight` is `features.2.conv.1.0.weight` for v2
    /// and `features.2.block.1.0.weight` for v3. `None` where they are the module's own.
    pub(crate) fn published(&self, key: &str, shape: &[usize]) -> Option<(String, Vec<usize>)> {
        let key = torchvision_key(self, key).filter(|_| self.torchvision_keys)?;
        // The head of v3 is a linear layer there.
        let rank = if key == "classifier.0.weight" { 2 } else { shape.len() };
        Some((key, shape.iter().take(rank).copied().collect()))
    }
}

fn torchvision_key(config: &EfficientNetConfig, key: &str) -> Option<String> {
    let (module, leaf) = key.rsplit_once('.')?;
    let v3 = matches!(config.head, Head::AfterPooling(_));
    let blocks = rows(config).count();
    let module = match (module, v3) {
        ("conv_stem", _) => "features.0.0".to_owned(),
        ("bn1", _) => "features.0.1".to_owned(),
        ("conv_head", false) => format!("features.{}.0", blocks + 1),
        ("bn2", false) => format!("features.{}.1", blocks + 1),
        ("conv_head", true) => "classifier.0".to_owned(),
        ("classifier", false) => "classifier.1".to_owned(),
        ("classifier", true) => "classifier.3".to_owned(),
        _ => block_module(config, v3, module)?,
    };
    Some(format!("{module}.{leaf}"))
}

fn block_module(config: &EfficientNetConfig, v3: bool, module: &str) -> Option<String> {
    let (index, row, layer) = block(config, module)?;
    let layer = if v3 { v3_layer(row, layer)? } else { v2_layer(row, layer)?.to_owned() };
    Some(format!("features.{}.{layer}", index + 1))
}

/// Of a layer's module, `blocks.2.1.conv_dw`: the place of its block in a list of all, the block's row, and `conv_dw`.
pub(crate) fn block<'a>(
    config: &EfficientNetConfig,
    module: &'a str,
) -> Option<(usize, &'static BlockConfig, &'a str)> {
    let mut parts = module.strip_prefix("blocks.")?.splitn(3, '.');
    let stage: usize = parts.next()?.parse().ok()?;
    let block: usize = parts.next()?.parse().ok()?;
    let layer = parts.next()?;
    let index = rows(config).position(|(row_stage, _)| row_stage == stage)? + block;
    let (_, row) = rows(config).nth(index)?;
    Some((index, row, layer))
}

/// The stage and the row of every block, in order.
fn rows(config: &EfficientNetConfig) -> impl Iterator<Item = (usize, &'static BlockConfig)> + use<'_> {
    let stages = config.stages.iter().enumerate();
    stages.flat_map(move |(stage, rows)| {
        rows.iter().flat_map(move |row| std::iter::repeat_n((stage, row), config.repeats(stage, row)))
    })
}

fn v2_layer(row: &BlockConfig, layer: &str) -> Option<&'static str> {
    Some(match (row.kind, layer) {
        (Kind::Separable, "conv_dw") | (Kind::Inverted, "conv_pw") => "conv.0.0",
        (_, "bn1") => "conv.0.1",
        (Kind::Separable, "conv_pw") => "conv.1",
        (Kind::Separable, "bn2") => "conv.2",
        (Kind::Inverted, "conv_dw") => "conv.1.0",
        (Kind::Inverted, "bn2") => "conv.1.1",
        (Kind::Inverted, "conv_pwl") => "conv.2",
        (Kind::Inverted, "bn3") => "conv.3",
        _ => return None,
    })
}

fn v3_layer(row: &BlockConfig, layer: &str) -> Option<String> {
    // Depthwise, then squeeze-and-excitation where there is one, then the projection.
    let depthwise = usize::from(row.kind == Kind::Inverted);
    let squeeze = depthwise + 1;
    let project = squeeze + usize::from(row.squeezed);
    Some(match (row.kind, layer) {
        (Kind::Conv, "conv") => "0".to_owned(),
        (Kind::Conv, "bn1") => "1".to_owned(),
        (Kind::Inverted, "conv_pw") => "block.0.0".to_owned(),
        (_, "conv_dw") => format!("block.{depthwise}.0"),
        (_, "bn1") => "block.0.1".to_owned(),
        (Kind::Inverted, "bn2") => "block.1.1".to_owned(),
        (_, "se.conv_reduce") => format!("block.{squeeze}.fc1"),
        (_, "se.conv_expand") => format!("block.{squeeze}.fc2"),
        (Kind::Separable, "conv_pw") | (Kind::Inverted, "conv_pwl") => format!("block.{project}.0"),
        (Kind::Separable, "bn2") | (Kind::Inverted, "bn3") => format!("block.{project}.1"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::mobilenet::{TORCHVISION_V2, TORCHVISION_V3_SMALL, V2_100};

    #[test]
    fn blocks_are_numbered_in_one_list_and_layers_by_place() {
        let cases = [
            (TORCHVISION_V2, "conv_stem.weight", "features.0.0.weight"),
            (TORCHVISION_V2, "blocks.0.0.conv_pw.weight", "features.1.conv.1.weight"),
            (TORCHVISION_V2, "blocks.6.0.bn3.running_var", "features.17.conv.3.running_var"),
            (TORCHVISION_V2, "bn2.bias", "features.18.1.bias"),
            (TORCHVISION_V2, "classifier.weight", "classifier.1.weight"),
            (TORCHVISION_V3_SMALL, "blocks.0.0.bn2.weight", "features.1.block.2.1.weight"),
            (TORCHVISION_V3_SMALL, "blocks.1.1.conv_pwl.weight", "features.3.block.2.0.weight"),
            (TORCHVISION_V3_SMALL, "blocks.2.0.se.conv_expand.bias", "features.4.block.2.fc2.bias"),
            (TORCHVISION_V3_SMALL, "blocks.5.0.conv.weight", "features.12.0.weight"),
        ];
        for (config, key, expected) in cases {
            assert_eq!(config.published(key, &[8]), Some((expected.to_owned(), vec![8])));
        }
    }

    #[test]
    fn the_head_of_v3_is_a_linear_layer() {
        let published = TORCHVISION_V3_SMALL.published("conv_head.weight", &[1024, 576, 1, 1]);
        assert_eq!(published, Some(("classifier.0.weight".to_owned(), vec![1024, 576])));
    }

    #[test]
    fn timms_keys_and_keys_of_no_tensor_stay_as_they_are() {
        assert_eq!(V2_100.published("conv_stem.weight", &[8]), None);
        for key in ["", "weight", "blocks.0", "blocks.9.0.conv_dw.weight", "blocks.0.0.conv_pwl.weight"] {
            assert_eq!(TORCHVISION_V2.published(key, &[8]), None, "{key}");
        }
    }
}

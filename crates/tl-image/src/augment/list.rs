//! A validated chain of operations, and the draw.

use std::fmt;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::drawing::Drawing;
use super::draws::{AugmentKey, Draws};
use super::frame::frame;
use super::ops::Border;
use super::{AugmentError, AugmentOp, AugmentParams, AugmentPreset};
use crate::Preprocess;

/// A chain of augmentations whose parameters are valid.
///
/// In TOML it is the name of a preset or a list of operations:
///
/// ```
/// #[derive(serde::Deserialize)]
/// struct AugmentFile {
///     augment: tl_image::Augment,
/// }
///
/// let by_name: AugmentFile = toml::from_str("augment = 'keras'")?;
/// assert_eq!(by_name.augment.ops().len(), 6);
/// let by_hand: AugmentFile = toml::from_str("
///     [[augment]]
///     op = 'rotation'
///     degrees = 20
///     [[augment]]
///     op = 'horizontal_flip'
/// ")?;
/// assert_eq!(by_hand.augment.ops().len(), 2);
/// # Ok::<(), toml::de::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Augment {
    ops: Vec<AugmentOp>,
}

impl Augment {
    /// Makes a chain of operations after checking every parameter.
    ///
    /// # Errors
    ///
    /// A parameter is out of its range, `random_resized_crop` comes after another geometric operation, or an operation
    /// that may come only once comes again.
    pub fn new(ops: Vec<AugmentOp>) -> Result<Self, AugmentError> {
        for op in &ops {
            op.op().limits().iter().try_for_each(|limit| limit.check(op.name()))?;
        }
        check_order(&ops)?;
        Ok(Augment { ops })
    }

    /// The operations of the chain, in their order.
    pub fn ops(&self) -> &[AugmentOp] {
        &self.ops
    }

    /// Does the chain leave every picture as it is?
    pub fn is_none(&self) -> bool {
        self.ops.is_empty()
    }

    /// What happens to one picture, as a pure function of the key, the size of the picture (width, height) and the
    /// settings.
    pub fn draw(&self, key: AugmentKey, source: (u32, u32), preprocess: &Preprocess) -> AugmentParams {
        let edge = self.border().edge(preprocess);
        let mut drawing = Drawing::new(preprocess, source, frame(preprocess, source), edge);
        for (i, op) in self.ops.iter().enumerate() {
            op.op().draw(&mut Draws::for_op(key, i), &mut drawing);
        }
        AugmentParams::new(drawing, preprocess)
    }

    fn border(&self) -> Border {
        let given = self
            .ops
            .iter()
            .find_map(|op| if let AugmentOp::Border(border) = op { Some(*border) } else { None });
        given.unwrap_or_default()
    }
}

fn check_order(ops: &[AugmentOp]) -> Result<(), AugmentError> {
    for once in ["border", "random_resized_crop", "aug_mix"] {
        if ops.iter().filter(|op| op.name() == once).count() > 1 {
            return Err(AugmentError::Twice { op: once });
        }
    }
    let crop = ops.iter().position(|op| matches!(op, AugmentOp::RandomResizedCrop(_)));
    match ops.iter().take(crop.unwrap_or(0)).find(|op| op.is_geometric()) {
        Some(op) => Err(AugmentError::CropNotFirst { before: op.name() }),
        None => Ok(()),
    }
}

impl From<AugmentPreset> for Augment {
    fn from(preset: AugmentPreset) -> Self {
        // Presets are valid; a test has it.
        Augment::new(preset.ops()).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Augment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrList)
    }
}

struct NameOrList;

impl<'de> Visitor<'de> for NameOrList {
    type Value = Augment;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a preset or a list of operations")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Augment, E> {
        name.parse::<AugmentPreset>().map(Augment::from).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Augment, A::Error> {
        let mut ops = Vec::new();
        while let Some(op) = list.next_element()? {
            ops.push(op);
        }
        Augment::new(ops).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, Serialize)]
    struct AugmentFile {
        augment: Augment,
    }

    fn refused(text: &str) -> String {
        toml::from_str::<AugmentFile>(text).unwrap_err().message().to_owned()
    }

    #[test]
    fn every_operation_reads_back_from_toml_as_written() {
        let ops = AugmentOp::all();
        // The crop goes first.
        let recipe = AugmentFile { augment: Augment::new(ops.clone()).unwrap() };
        let text = toml::to_string(&recipe).unwrap();
        assert_eq!(toml::from_str::<AugmentFile>(&text).unwrap().augment, recipe.augment, "{text}");
        assert_eq!(ops.iter().map(AugmentOp::name).collect::<Vec<_>>(), AugmentOp::NAMES);
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        for op in AugmentOp::all() {
            let text = format!("[[augment]]\nop = '{}'", op.name());
            assert_eq!(toml::from_str::<AugmentFile>(&text).unwrap().augment.ops(), [op]);
        }
    }

    #[test]
    fn mistakes_in_toml_are_named() {
        let in_list = |text: &str| refused(&format!("[[augment]]\n{text}"));
        for (message, parts) in [
            (
                in_list("op = 'rotation'\ndegrees = 400"),
                "rotation: degrees is 400, it must lie between 0 and 180",
            ),
            (
                in_list("op = 'zoom'\nrange = [1.2, 0.8]"),
                "zoom: range is [1.2, 0.8], the lower end comes first: [0.8, 1.2]",
            ),
            (in_list("op = 'gaussian_blur'\nkernel = 4"), "gaussian_blur: kernel is 4, it must be odd"),
            (in_list("op = 'rotation'\ndegree = 4"), "unknown field `degree`, expected `degrees` or `p`"),
            (
                in_list("op = 'rotate'"),
                "unknown variant `rotate`, expected one of `border`, `random_resized_crop`",
            ),
            (
                in_list("op = 'rotation'\n[[augment]]\nop = 'random_resized_crop'"),
                "random_resized_crop comes after rotation, put it first",
            ),
            (in_list("op = 'border'\n[[augment]]\nop = 'border'"), "border comes twice, once is all it can"),
            (
                in_list("op = 'rotation'\ndegrees = nan"),
                "rotation: degrees is NaN, it must lie between 0 and 180",
            ),
            (refused("augment = 'heavy'"), "`heavy` is not a preset, choose one of none, light"),
            (
                refused("augment = 3"),
                "invalid type: integer `3`, expected the name of a preset or a list of operations",
            ),
        ] {
            assert!(message.contains(parts), "{message}");
        }
    }
}

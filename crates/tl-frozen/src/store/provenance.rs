//! Everything that an output depends on besides the picture.

use tl_image::{Augment, Preprocess};

use super::Hex;
use crate::{Arithmetic, Frozen, Output};

/// Raised whenever decoding, resizing, the plan or the module give other bits than before: what older versions of this
/// program have kept is then not found any more.
const NUMERICS: u32 = 2;

/// Everything that an output of the frozen network depends on, besides the picture's content and the view's number.
#[derive(Debug, Clone, Copy)]
pub struct FeatureProvenance<'a> {
    /// SHA-256 of the file with the network's weights.
    pub weights_sha256: &'a str,
    /// The name of the network.
    pub architecture: &'a str,
    /// The output of the network that is wanted.
    pub output: Output,
    /// The preprocessing that a picture goes through.
    pub preprocess: &'a Preprocess,
    /// All that a picture was decoded for at once: it decides the resolution at which a JPEG is decoded.
    pub decoded_for: &'a [Preprocess],
    /// How the views from number 1 on are changed; view 0 never is.
    pub augmented: Option<Augmented<'a>>,
    /// The version of the code that computes: [`Frozen::numerics`].
    pub numerics: &'a str,
}

/// The augmentation of views.
#[derive(Debug, Clone, Copy)]
pub struct Augmented<'a> {
    /// The operations. What they draw must depend on the seed, the view and the picture's content alone.
    pub augment: &'a Augment,
    /// The seed of what is drawn.
    pub seed: u64,
}

/// The key of rows in a store: a hash of a [`FeatureProvenance`].
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StoreKey(pub(super) [u8; 32]);

impl FeatureProvenance<'_> {
    /// The derived form, which names every field, and whose numbers read back as they were: no field can be forgotten.
    fn spelling(&self) -> String {
        // Files of earlier versions have keys in which the type is called `Recipe`.
        format!("{self:?}").replacen("FeatureProvenance", "Recipe", 1)
    }
}

impl StoreKey {
    /// The key of a provenance. Provenances that differ in anything have different keys.
    pub fn of(provenance: &FeatureProvenance<'_>) -> Self {
        Self(*blake3::hash(provenance.spelling().as_bytes()).as_bytes())
    }
}

impl std::fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "StoreKey({})", Hex(&self.0))
    }
}

impl Frozen {
    /// The version of the code that computes, for [`FeatureProvenance::numerics`]: a number that is raised when its results change, this
    /// program's version, the device, the processor's vector instructions and how it multiplies.
    pub fn numerics(&self) -> String {
        let isa = crate::kernels::Isa::detect();
        let plain = format!("{NUMERICS}, tl {}, {:?}, {isa:?}", env!("CARGO_PKG_VERSION"), self.device());
        match self.arithmetic() {
            Arithmetic::F32 => plain,
            arithmetic => format!("{plain}, {arithmetic:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use tl_backbones::Boundary;
    use tl_image::{AugmentPreset, Interpolation, ResizeMode, ValueRange};

    #[test]
    fn whatever_changes_the_output_changes_the_key() {
        let plain = Preprocess::default();
        let (light, strong) =
            [AugmentPreset::Light, AugmentPreset::Strong].map(|p| Augment::new(p.ops())).into();
        let (light, strong) = (light.unwrap(), strong.unwrap());
        let provenance = FeatureProvenance {
            weights_sha256: "aa",
            architecture: "resnet18",
            output: Output::Features,
            preprocess: &plain,
            decoded_for: std::slice::from_ref(&plain),
            augmented: None,
            numerics: "1",
        };
        let other = [
            Preprocess { size: 225, ..plain.clone() },
            Preprocess { crop: 0.876, ..plain.clone() },
            Preprocess { interpolation: Interpolation::Bicubic, ..plain.clone() },
            Preprocess { mean: [0.485, 0.456, 0.406_000_05], ..plain.clone() },
            Preprocess { std: [0.229, 0.224, 0.226], ..plain.clone() },
            Preprocess { mode: ResizeMode::Squash, ..plain.clone() },
            Preprocess { fill: [254, 255, 255], ..plain.clone() },
            Preprocess { range: ValueRange::of_bits(12).unwrap_or_default(), ..plain.clone() },
        ];
        let both = [plain.clone(), other[0].clone()];
        let mut provenances = vec![
            provenance,
            FeatureProvenance { weights_sha256: "ab", ..provenance },
            FeatureProvenance { architecture: "resnet34", ..provenance },
            FeatureProvenance { output: Output::Logits, ..provenance },
            FeatureProvenance { output: Output::Maps(Boundary(2)), ..provenance },
            FeatureProvenance { output: Output::Maps(Boundary(3)), ..provenance },
            FeatureProvenance { decoded_for: &both, ..provenance },
            FeatureProvenance { augmented: Some(Augmented { augment: &light, seed: 0 }), ..provenance },
            FeatureProvenance { augmented: Some(Augmented { augment: &light, seed: 1 }), ..provenance },
            FeatureProvenance { augmented: Some(Augmented { augment: &strong, seed: 0 }), ..provenance },
            FeatureProvenance { numerics: "2", ..provenance },
        ];
        provenances.extend(other.iter().map(|preprocess| FeatureProvenance { preprocess, ..provenance }));
        let keys: HashSet<StoreKey> = provenances.iter().map(StoreKey::of).collect();
        assert_eq!(keys.len(), provenances.len());
        assert_eq!(StoreKey::of(&provenance), StoreKey::of(&provenance.clone()));
        let spelling = "Recipe { weights_sha256: \"aa\", architecture: \"resnet18\", output: Features, ";
        assert!(provenance.spelling().starts_with(spelling), "{}", provenance.spelling());
    }
}

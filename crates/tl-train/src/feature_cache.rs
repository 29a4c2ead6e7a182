//! Features kept from one run to the next.

use std::path::PathBuf;
use std::time::SystemTime;
use tl_frozen::{Augmented, CachedFeatures, FeatureProvenance, Frozen, Output, Store, StoreKey};
use tl_image::{Augment, Preprocess};

/// Features on the disk, and what they depend on besides pictures and preprocessing.
pub struct FeatureCache {
    store: Store,
    weights_sha256: String,
    architecture: &'static str,
}

impl FeatureCache {
    /// Opens the feature cache in a folder, of so many bytes at most, for a network of this architecture and weights.
    pub fn open(
        folder: PathBuf,
        limit_bytes: u64,
        architecture: &'static str,
        weights_sha256: String,
    ) -> Self {
        let store = Store::open(folder, limit_bytes, SystemTime::now());
        Self { store, weights_sha256, architecture }
    }

    /// The kept features of pictures that are prepared in one way, and perhaps changed at random with a seed.
    pub(crate) fn cached(
        &self,
        frozen: &Frozen,
        output: Output,
        preprocess: &Preprocess,
        changed: Option<(&Augment, u64)>,
    ) -> CachedFeatures {
        self.store.cached(StoreKey::of(&FeatureProvenance {
            weights_sha256: &self.weights_sha256,
            architecture: self.architecture,
            output,
            preprocess,
            decoded_for: std::slice::from_ref(preprocess),
            augmented: changed.map(|(augment, seed)| Augmented { augment, seed }),
            numerics: &frozen.numerics(),
        }))
    }

    /// The kept features for each way to prepare a picture; pictures are decoded for all of them together.
    pub fn cached_views(&self, frozen: &Frozen, output: Output, views: &[Preprocess]) -> Vec<CachedFeatures> {
        let numerics = frozen.numerics();
        let key = |preprocess| {
            StoreKey::of(&FeatureProvenance {
                weights_sha256: &self.weights_sha256,
                architecture: self.architecture,
                output,
                preprocess,
                decoded_for: views,
                augmented: None,
                numerics: &numerics,
            })
        };
        views.iter().map(|preprocess| self.store.cached(key(preprocess))).collect()
    }

    /// Why features are not kept, if some are not.
    pub fn not_kept(&self) -> Option<String> {
        self.store.not_kept().map(|reason| reason.to_string())
    }
}

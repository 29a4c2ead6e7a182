//! Features kept from one run to the next.

use std::time::SystemTime;
use tl_frozen::{Augmented, Frozen, Output, Recipe, Shelf, Store, StoreKey};
use tl_image::{Augment, Preprocess};
use tl_weights::Cache;

/// Features on the disk, and what they depend on besides pictures and preprocessing.
pub(crate) struct FeatureCache {
    store: Store,
    weights_sha256: String,
    architecture: &'static str,
}

impl FeatureCache {
    /// `features` in the cache's folder, of so many GiB at most, for a network of this architecture and weights; `None` if
    /// nothing is to be kept, or there is no such folder.
    pub(crate) fn open(
        most_gib: Option<u64>,
        architecture: &'static str,
        weights_sha256: &str,
    ) -> Option<Self> {
        let limit_bytes = most_gib?.saturating_mul(1 << 30);
        let folder = Cache::locate().ok()?.folder().join("features");
        let store = Store::open(folder, limit_bytes, SystemTime::now());
        Some(Self { store, weights_sha256: weights_sha256.to_owned(), architecture })
    }

    /// A shelf for pictures prepared in one way, and perhaps changed at random with a seed.
    pub(crate) fn shelf(
        &self,
        frozen: &Frozen,
        output: Output,
        preprocess: &Preprocess,
        changed: Option<(&Augment, u64)>,
    ) -> Shelf {
        self.store.shelf(StoreKey::of(&Recipe {
            weights_sha256: &self.weights_sha256,
            architecture: self.architecture,
            output,
            preprocess,
            decoded_for: std::slice::from_ref(preprocess),
            augmented: changed.map(|(augment, seed)| Augmented { augment, seed }),
            numerics: &frozen.numerics(),
        }))
    }

    /// A shelf for each way to prepare a picture; all are decoded for together.
    pub(crate) fn shelves(&self, frozen: &Frozen, output: Output, views: &[Preprocess]) -> Vec<Shelf> {
        let numerics = frozen.numerics();
        let key = |preprocess| {
            StoreKey::of(&Recipe {
                weights_sha256: &self.weights_sha256,
                architecture: self.architecture,
                output,
                preprocess,
                decoded_for: views,
                augmented: None,
                numerics: &numerics,
            })
        };
        views.iter().map(|preprocess| self.store.shelf(key(preprocess))).collect()
    }

    /// Why features are not kept, if some are not.
    pub(crate) fn not_kept(&self) -> Option<String> {
        self.store.not_kept().map(|reason| reason.to_string())
    }
}

//! Good files with bytes changed: they load or are refused, and never more than that.

use proptest::prelude::*;

use crate::tiny::{golden, load, tiny};

const FILES: [&str; 4] = ["zip.pth", "legacy.pth", "tar.pth", "f16.safetensors"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_file_loads_or_is_refused(
        file in prop::sample::select(&FILES[..]),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        early in any::<bool>(),
    ) {
        let mut bytes = golden(file);
        // What is at the beginning says what the rest is.
        let length = if early { bytes.len().min(600) } else { bytes.len() };
        for (place, byte) in changes {
            bytes[place.index(length)] = byte;
        }
        match load(&mut tiny(), &bytes) {
            Ok(report) => prop_assert_eq!(report.matched.len(), 8),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

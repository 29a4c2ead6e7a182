//! Weights are found in the catalogue by name.

use crate::published::CATALOGUE;
use crate::{Weights, WeightsError};

/// Finds weights by their name, or by an architecture's: the first row that fits.
///
/// # Errors
/// [`WeightsError::Unknown`], with the nearest known name.
pub fn find(name: &str) -> Result<&'static Weights, WeightsError> {
    let by = |field: fn(&Weights) -> &str| CATALOGUE.iter().find(|row| field(row) == name);
    by(|row| row.name)
        .or_else(|| by(|row| row.architecture))
        .ok_or_else(|| WeightsError::Unknown { name: name.to_owned(), nearest: nearest(name) })
}

fn nearest(name: &str) -> &'static str {
    let likeness = |row: &&str| strsim::jaro_winkler(row, name);
    let names = CATALOGUE.iter().flat_map(|row| [row.architecture, row.name]);
    names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(feature = "embedded")]
    use crate::weights::embedded;
    use std::collections::HashSet;

    #[test]
    fn every_row_names_an_architecture_and_agrees_with_it() {
        for row in CATALOGUE {
            let architecture = row.network().unwrap();
            assert_eq!(row.classes, architecture.classes, "{}", row.name);
            assert_eq!(row.preprocess.size as usize, architecture.input_size, "{}", row.name);
        }
    }

    #[test]
    fn every_architecture_has_weights() {
        let offered: HashSet<_> = CATALOGUE.iter().map(|row| row.architecture).collect();
        for architecture in tl_backbones::ARCHITECTURES {
            assert!(offered.contains(architecture.name), "{}", architecture.name);
        }
    }

    #[test]
    fn weights_are_found_by_their_name_and_the_default_by_the_networks() {
        assert_eq!(find("resnet50.tv2_in1k").unwrap().name, "resnet50.tv2_in1k");
        assert_eq!(find("resnet50").unwrap().name, "resnet50.tv_in1k");
        let error = find("resnet50.tv3_in1k").unwrap_err();
        let WeightsError::Unknown { nearest, .. } = &error else { panic!("{error:?}") };
        assert!(nearest.starts_with("resnet50.tv"), "{nearest}");
    }

    #[cfg(feature = "embedded")]
    #[test]
    fn the_embedded_file_has_the_recorded_hash_and_length() {
        let row = find("efficientnet_lite0").unwrap();
        assert!(row.is_embedded());
        assert_eq!(embedded().unwrap().len() as u64, row.bytes);
        assert_eq!(row.verified(embedded().unwrap()).unwrap(), row.sha256);
    }

    #[test]
    fn damaged_bytes_are_refused_by_hash() {
        let error = CATALOGUE[0].verified(b"not weights").unwrap_err();
        assert!(error.to_string().starts_with("the weights `efficientnet_lite0.in1k` are damaged: sha256 "));
    }
}

//! Numbers by name: what a checkpoint keeps of a network or an optimiser.

use safetensors::{SafeTensors, serialize};
use std::collections::{BTreeMap, HashMap};
use tl_weights::SavedTensor;

/// Flat tensors and counters by name. The order of their bytes does not depend on the run or the process.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) tensors: BTreeMap<String, Vec<f32>>,
    pub(crate) counters: BTreeMap<String, usize>,
}

const COUNTERS: &str = "counters";

impl State {
    /// Is every number one?
    pub(crate) fn is_finite(&self) -> bool {
        self.tensors.values().flatten().all(|value| value.is_finite())
    }

    /// As a safetensors file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let saved = |values: &Vec<f32>| SavedTensor::f32(vec![values.len()], values);
        let tensors = self.tensors.iter().map(|(name, values)| (name, saved(values)));
        let counters = serde_json::to_string(&self.counters).map_err(|e| e.to_string())?;
        serialize(tensors, Some(HashMap::from([(COUNTERS.to_owned(), counters)]))).map_err(|e| e.to_string())
    }

    /// From a file that [`to_bytes`](Self::to_bytes) made.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, String> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(|e| e.to_string())?;
        let counters = header.metadata().as_ref().and_then(|entries| entries.get(COUNTERS));
        let counters =
            serde_json::from_str(counters.ok_or("it has no counters")?).map_err(|e| e.to_string())?;
        let file = SafeTensors::deserialize(bytes).map_err(|e| e.to_string())?;
        let tensors = file.iter().map(|(name, view)| (name.to_owned(), floats(view.data())));
        Ok(Self { tensors: tensors.collect(), counters })
    }
}

/// Little-endian, four bytes each.
pub(crate) fn floats(bytes: &[u8]) -> Vec<f32> {
    let (fours, _) = bytes.as_chunks::<4>();
    fours.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_a_file_to_the_bit() {
        let tensors = [("b", vec![f32::MIN_POSITIVE, -0.0, 1.0 / 3.0]), ("a", vec![])];
        let state = State {
            tensors: tensors.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
            counters: [("b.time".to_owned(), 7)].into(),
        };
        let bytes = state.to_bytes().unwrap();
        assert_eq!(State::from_bytes(&bytes).unwrap(), state);
        assert!(State::from_bytes(&bytes[..20]).is_err());
    }
}

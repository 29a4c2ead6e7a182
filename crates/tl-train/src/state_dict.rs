//! State dicts: tensors by name, what a checkpoint keeps of a network or an optimiser.

use safetensors::tensor::Dtype;
use safetensors::{SafeTensors, View, serialize};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::error::TrainError;

/// Flat tensors and counters by name. The order of their bytes does not depend on the run or the process.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct StateDict {
    pub(crate) tensors: BTreeMap<String, Vec<f32>>,
    pub(crate) counters: BTreeMap<String, usize>,
}

const COUNTERS: &str = "counters";

impl StateDict {
    /// The tensors as a safetensors file.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, String> {
        let tensors =
            self.tensors.iter().map(|(name, values)| (name, Flat { values, shape: [values.len()] }));
        let counters = serde_json::to_string(&self.counters).map_err(|e| e.to_string())?;
        serialize(tensors, Some(HashMap::from([(COUNTERS.to_owned(), counters)]))).map_err(|e| e.to_string())
    }

    /// Refuses weights that are not finite, as they are in a phase after so many steps.
    pub(crate) fn check_finite(&self, (phase, step): (&str, usize)) -> Result<(), TrainError> {
        let broken = |(_, values): &(&String, &Vec<f32>)| values.iter().any(|value| !value.is_finite());
        match self.tensors.iter().find(broken) {
            None => Ok(()),
            Some((tensor, _)) => {
                Err(TrainError::NotFinite { phase: phase.to_owned(), step, tensor: tensor.clone() })
            }
        }
    }

    /// Reads tensors from a file that [`to_bytes`](Self::to_bytes) made.
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

/// A tensor whose bytes are made when it is written: a second copy of one tensor, not of all.
struct Flat<'a> {
    values: &'a [f32],
    shape: [usize; 1],
}

impl View for Flat<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        self.values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>().into()
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

/// Little-endian, four bytes each.
fn floats(bytes: &[u8]) -> Vec<f32> {
    let (fours, _) = bytes.as_chunks::<4>();
    fours.iter().map(|&four| f32::from_le_bytes(four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_survives_a_file_to_the_bit() {
        let tensors = [("b", vec![f32::MIN_POSITIVE, -0.0, 1.0 / 3.0]), ("a", vec![])];
        let state = StateDict {
            tensors: tensors.into_iter().map(|(name, values)| (name.to_owned(), values)).collect(),
            counters: [("b.time".to_owned(), 7)].into(),
        };
        let bytes = state.to_bytes().unwrap();
        assert_eq!(StateDict::from_bytes(&bytes).unwrap(), state);
        assert!(StateDict::from_bytes(&bytes[..20]).is_err());
    }

    #[test]
    fn a_value_that_is_not_finite_is_named_wherever_it_is() {
        let sound =
            StateDict { tensors: [("a.weight".to_owned(), vec![0.5; 9])].into(), ..StateDict::default() };
        assert!(sound.check_finite(("head", 7)).is_ok());
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..9 {
                let mut values = vec![0.5; 9];
                values[at] = value;
                let mut state = sound.clone();
                state.tensors.insert("b.bias".to_owned(), values);
                let error = state.check_finite(("head", 7)).unwrap_err();
                let expected = "training diverged: in phase head, after step 7, `b.bias` holds numbers that are not finite";
                assert_eq!(error.to_string(), expected);
            }
        }
    }
}

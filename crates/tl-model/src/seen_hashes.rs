//! Which pictures a model has seen: 8 bytes of the hash of each file that trained it, or chose between its versions.
//!
//! In the model file they are the tensor `training.hashes`, `[pictures, 8]` of bytes, in order. Other programs, and older
//! versions of this one, pass it over. What a model began from (`--init-from`, `--weights`) counts too.

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, Metadata};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use tl_data::{Dataset, SampleId};
use tl_image::ContentHash;
use tl_weights::SavedTensor;

const TENSOR: &str = "training.hashes";
const BYTES: usize = 8;
/// More than there are pictures in any public data set: half a GiB.
const MOST: u64 = 1 << 26;

/// The pictures that trained a model or chose between its versions, by the hashes of their files. A copy saved in another
/// way has another hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenHashes {
    /// The beginnings of the hashes, ascending, each once.
    hashes: Vec<[u8; BYTES]>,
    /// Are these all? Not if the model began from one that does not say what trained it.
    complete: bool,
}

/// What the header says about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenCount {
    /// How many different files the model has seen.
    pub pictures: u64,
    /// Whether these are all that the model has seen.
    pub complete: bool,
}

impl SeenHashes {
    /// The hashes of these pictures, and of no others.
    pub fn of(data: &Dataset, ids: &[SampleId]) -> Self {
        let hashes = ids.iter().map(|id| data.samples[id.0].content.short()).collect();
        Self { hashes, complete: true }.sorted()
    }

    /// Together with those of the model that this one began from, if that says them.
    pub fn and_of_start(self, start: Option<&Self>) -> Self {
        let Some(start) = start else { return Self { complete: false, ..self } };
        let hashes = [self.hashes, start.hashes.clone()].concat();
        Self { hashes, complete: self.complete && start.complete }.sorted()
    }

    fn sorted(mut self) -> Self {
        self.hashes.sort_unstable();
        self.hashes.dedup();
        self
    }

    /// Is a file with this content among them?
    pub fn has(&self, content: &ContentHash) -> bool {
        self.hashes.binary_search(&content.short()).is_ok()
    }

    /// Whether these are all pictures that the model has seen.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn count(&self) -> SeenCount {
        SeenCount { pictures: self.hashes.len() as u64, complete: self.complete }
    }

    /// The hashes as a tensor of the model file.
    pub(crate) fn tensor(&self) -> (String, SavedTensor) {
        (TENSOR.to_owned(), SavedTensor::bytes(vec![self.hashes.len(), BYTES], self.hashes.concat()))
    }

    /// Reads the hashes from a model file whose header says so many.
    pub(crate) fn from_tensors(tensors: &SafeTensors<'_>, count: SeenCount) -> Result<Self, String> {
        let tensor = tensors.tensor(TENSOR).map_err(|_| format!("its `{TENSOR}` are missing"))?;
        Self::from_bytes(tensor.dtype(), tensor.shape(), tensor.data(), count)
    }

    fn from_bytes(dtype: Dtype, shape: &[usize], bytes: &[u8], count: SeenCount) -> Result<Self, String> {
        let (hashes, _) = bytes.as_chunks::<BYTES>();
        let fits =
            dtype == Dtype::U8 && shape == [hashes.len(), BYTES] && hashes.len() as u64 == count.pictures;
        if !fits || !hashes.is_sorted() {
            return Err(format!("its `{TENSOR}` are not what its header says"));
        }
        Ok(Self { hashes: hashes.to_vec(), complete: count.complete })
    }

    /// Reads the hashes from a model file whose header was read, which is `start`; nothing else of the file is read.
    pub(crate) fn from_file(file: &mut File, start: &[u8], count: SeenCount) -> Result<Self, String> {
        let text = start.get(8..).unwrap_or_default();
        let metadata: Metadata = serde_json::from_slice(text).map_err(|e| e.to_string())?;
        let tensor = metadata.info(TENSOR).ok_or_else(|| format!("its `{TENSOR}` are missing"))?;
        let (from, to) = tensor.data_offsets;
        let length = (to.saturating_sub(from) as u64).min(room(Some(count)));
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start((start.len() + from) as u64)).map_err(|e| e.to_string())?;
        file.take(length).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        Self::from_bytes(tensor.dtype, &tensor.shape, &bytes, count)
    }
}

/// Bytes that so many may take in a model file.
pub(crate) fn room(count: Option<SeenCount>) -> u64 {
    count.map_or(0, |count| count.pictures.min(MOST) * BYTES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    fn seen(numbers: &[u64]) -> SeenHashes {
        let hashes = numbers.iter().map(|number| number.to_be_bytes()).collect();
        SeenHashes { hashes, complete: true }.sorted()
    }

    #[test]
    fn hashes_are_kept_once_and_a_start_adds_its_own() {
        let child = seen(&[5, 3, 3]).and_of_start(Some(&seen(&[4, 3])));
        assert_eq!(child, seen(&[3, 4, 5]));
        assert_eq!(child.count(), SeenCount { pictures: 3, complete: true });
        let orphan = seen(&[1]).and_of_start(None);
        assert!(!orphan.is_complete() && !seen(&[2]).and_of_start(Some(&orphan)).is_complete());
    }

    #[test]
    fn a_tensor_of_them_is_read_back_and_one_that_does_not_fit_is_refused() {
        let (name, tensor) = seen(&[7, 9]).tensor();
        let bytes = safetensors::serialize([(name, tensor)], Some(HashMap::new())).unwrap();
        let tensors = SafeTensors::deserialize(&bytes).unwrap();
        let count = |pictures| SeenCount { pictures, complete: true };
        assert_eq!(SeenHashes::from_tensors(&tensors, count(2)), Ok(seen(&[7, 9])));
        let refused = "its `training.hashes` are not what its header says";
        assert_eq!(SeenHashes::from_tensors(&tensors, count(3)), Err(refused.to_owned()));
        let unsorted = [seen(&[9]).hashes.concat(), seen(&[7]).hashes.concat()].concat();
        assert_eq!(SeenHashes::from_bytes(Dtype::U8, &[2, 8], &unsorted, count(2)), Err(refused.to_owned()));
    }
}

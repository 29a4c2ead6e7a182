//! What a reference gave, and how far a tensor is from it.

use burn::tensor::Tensor;
use safetensors::SafeTensors;
use std::path::{Path, PathBuf};

/// Values kept of a tensor, as in `xtask/reference/backbones.py`.
const SAMPLES: usize = 64;

/// The file of one variant.
pub(crate) struct Golden {
    bytes: Vec<u8>,
}

/// Where a file of the references is.
pub(crate) fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/parity").join(file)
}

impl Golden {
    pub(crate) fn read(architecture: &str) -> Result<Self, String> {
        let path = path(&format!("{architecture}.safetensors"));
        let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(Self { bytes })
    }

    /// The shape of the images.
    pub(crate) fn shape(&self) -> [usize; 4] {
        self.integers("shape").try_into().unwrap()
    }

    /// Number and shape of the image that the gradients are for.
    pub(crate) fn gradient_image(&self) -> (usize, [usize; 4]) {
        let integers = self.integers("gradients.image");
        (integers[0], integers[1..].try_into().unwrap())
    }

    pub(crate) fn has_gradients(&self) -> bool {
        !self.names("grad.").is_empty()
    }

    fn integers(&self, name: &str) -> Vec<usize> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let (words, []) = tensors.tensor(name).unwrap().data().as_chunks::<8>() else {
            panic!("whole words")
        };
        words.iter().map(|word| i64::from_le_bytes(*word) as usize).collect()
    }

    /// Names of the tensors that begin with `prefix`, without it.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let whole = tensors.names().into_iter().filter(|name| !name.ends_with(".stats"));
        whole.filter_map(|name| name.strip_prefix(prefix)).map(str::to_owned).collect()
    }

    fn floats(&self, name: &str) -> Result<Vec<f32>, String> {
        let tensors = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = tensors.tensor(name).map_err(|e| format!("{name}: {e}"))?;
        Ok(tensor.data().as_chunks::<4>().0.iter().map(|word| f32::from_le_bytes(*word)).collect())
    }

    /// The largest difference of the samples, of the mean and of the deviation, over the reference's largest value.
    pub(crate) fn error<const D: usize>(&self, name: &str, actual: Tensor<D>) -> Result<f64, String> {
        let dims = actual.dims();
        let values: Vec<f32> = actual.into_data().iter::<f32>().collect();
        let (expected, stats) = (self.floats(name)?, self.floats(&format!("{name}.stats"))?);
        if !values.iter().all(|value| value.is_finite()) {
            return Err(format!("{name} is not finite"));
        }
        let samples: Vec<f32> = values.iter().step_by(stride(&dims)).take(SAMPLES).copied().collect();
        if samples.len() != expected.len() {
            return Err(format!(
                "{name}: {dims:?} gives {} samples, expected {}",
                samples.len(),
                expected.len()
            ));
        }
        let pairs =
            samples.into_iter().chain(moments(&values)).zip(expected.into_iter().chain(stats.clone()));
        let difference = |(actual, expected): (f32, f32)| f64::from((actual - expected).abs());
        let worst = pairs.map(difference).fold(0.0, f64::max);
        Ok(worst / f64::from(stats[2]))
    }
}

/// The largest odd step that leaves `SAMPLES` values and meets every place of a row.
fn stride(dims: &[usize]) -> usize {
    let most = (dims.iter().product::<usize>() / SAMPLES).max(1);
    let row = dims[dims.len() - 1];
    (1..=most).rev().find(|step| step % 2 == 1 && gcd(*step, row) == 1).unwrap_or(1)
}

fn gcd(a: usize, b: usize) -> usize {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// Mean, population deviation, largest absolute value.
fn moments(values: &[f32]) -> [f32; 3] {
    let wide = || values.iter().map(|value| f64::from(*value));
    let count = values.len() as f64;
    let mean = wide().sum::<f64>() / count;
    let variance = wide().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    [mean as f32, variance.sqrt() as f32, wide().fold(0.0_f64, |most, value| most.max(value.abs())) as f32]
}

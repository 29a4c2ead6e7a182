//! What tl-weights reads: weights in files of both formats, into a network of three layers.

use crate::tiny::{load, tiny};

/// Weights in safetensors.
pub fn safetensors(bytes: &[u8]) {
    let _read_or_refused = tl_weights::load(&mut tiny(), bytes);
}

/// Weights in a file of any kind, told by its content: what PyTorch saves now and saved once, safetensors, and others' files.
pub fn checkpoint(bytes: &[u8]) {
    let _read_or_refused = load(&mut tiny(), bytes);
}

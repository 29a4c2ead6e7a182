//! What tl-model reads: the header of a model file.

use tl_model::ModelFile;

use super::file::with_file;

/// The header of a model file; the tensors behind it are read as weights are.
pub fn model(bytes: &[u8]) {
    with_file("model.safetensors", bytes, |path| {
        let _read_or_refused = ModelFile::header(path);
    });
}

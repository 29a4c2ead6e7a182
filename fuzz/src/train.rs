//! What tl-train reads: the header of a model file, and settings.

use tl_train::{ModelFile, TrainConfig, TrainError, read_settings};

use super::file::with_file;

/// The header of a model file; the tensors behind it are read as weights are.
pub fn model(bytes: &[u8]) {
    with_file("model.safetensors", bytes, |path| {
        let _read_or_refused = ModelFile::header(path);
    });
}

/// A `run.toml`.
pub fn settings(bytes: &[u8]) {
    with_file("run.toml", bytes, |path| {
        let _read_or_refused: Result<TrainConfig, TrainError> = read_settings(path);
    });
}

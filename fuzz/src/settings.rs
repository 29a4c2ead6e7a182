//! What tl-pipeline reads: settings.

use tl_pipeline::{PipelineError, TrainConfig, read_settings};

use super::file::with_file;

/// A `run.toml`.
pub fn settings(bytes: &[u8]) {
    with_file("run.toml", bytes, |path| {
        let _read_or_refused: Result<TrainConfig, PipelineError> = read_settings(path);
    });
}

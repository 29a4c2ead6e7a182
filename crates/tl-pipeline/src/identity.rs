//! The fingerprint of a run: what it is a function of, as one hash.

use tl_data::Dataset;
use tl_files::path_text;
use tl_image::ContentHash;
use tl_train::StepsConfig;

use crate::config::TrainConfig;
use crate::error::PipelineError;

/// A hash of the whole data set: classes, paths and contents.
pub(crate) fn fingerprint(data: &Dataset) -> String {
    let lines = data.samples.iter().map(|s| format!("{}\t{}\n", path_text(&s.path), s.content.to_hex()));
    ContentHash::of(lines.collect::<String>().as_bytes()).to_hex()
}

/// A hash of everything that training in steps is a function of: the settings, with the name of the network's weights, the
/// pictures and the content of the weights.
///
/// # Errors
/// As [`TrainConfig::to_toml`].
pub(crate) fn identity(
    config: &TrainConfig,
    backbone_name: String,
    data: &Dataset,
    weights_sha256: &str,
) -> Result<String, PipelineError> {
    let settings = TrainConfig {
        backbone: backbone_name,
        runs: Default::default(),
        name: None,
        threads: None,
        offline: false,
        slim: false,
        // A run that ran out of memory may go on in less of it: the bits are the same.
        steps: StepsConfig { checkpoint_activations: false, ..config.steps.clone() },
        ..config.clone()
    };
    let settings = settings.to_toml()?;
    let content = format!("{} {weights_sha256}\n{settings}", fingerprint(data));
    Ok(ContentHash::of(content.as_bytes()).to_hex())
}

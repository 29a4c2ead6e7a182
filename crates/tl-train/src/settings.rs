//! A run's name and its `run.toml`.

use std::path::Path;

use crate::{Pretrained, TrainConfig, TrainError};

impl TrainConfig {
    /// The settings in a file such as a run's `run.toml`.
    ///
    /// # Errors
    /// [`TrainError::Read`] if there is no such file; [`TrainError::Settings`] with line and column if something in it is
    /// not known or cannot be.
    pub fn read(path: &Path) -> Result<Self, TrainError> {
        let text = std::fs::read_to_string(path).map_err(|error| TrainError::read(path, error))?;
        let detail = |error: toml::de::Error| TrainError::Settings {
            path: path.to_owned(),
            detail: error.to_string().trim_end().to_owned(),
        };
        toml::from_str(&text).map_err(detail)
    }

    /// The run's name before its number: as asked for, else the data's.
    pub(crate) fn run_name(&self) -> String {
        let path = self.data.path();
        let of_data = || {
            let absolute = std::path::absolute(path).ok().filter(|_| path != Path::new("-"))?;
            let name = if path.is_file() { absolute.file_stem() } else { absolute.file_name() };
            Some(name?.to_string_lossy().into_owned())
        };
        self.name.clone().or_else(of_data).unwrap_or_else(|| "run".to_owned())
    }

    /// The network, by the name of its weights where they have one.
    pub(crate) fn backbone_name(&self, pretrained: &Pretrained) -> String {
        let weights = pretrained.listed().map(|weights| weights.name.to_owned());
        let of_model = self.init_from.as_ref().map(|_| pretrained.architecture.name.to_owned());
        weights.or(of_model).unwrap_or_else(|| self.backbone.clone())
    }

    /// The resolved settings: `tl train --config run.toml` repeats the run, also where a later version has other
    /// weights for the network.
    pub(crate) fn run_toml(&self, pretrained: &Pretrained, time: &str) -> String {
        let version = env!("CARGO_PKG_VERSION");
        let backbone = self.backbone_name(pretrained);
        let settings = toml::to_string(&Self { backbone, ..self.clone() }).unwrap_or_default();
        format!("# tl {version}, {time}: `tl train --config` with this file repeats the run\n{settings}")
    }
}

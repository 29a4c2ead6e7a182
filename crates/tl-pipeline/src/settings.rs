//! Files of settings, and a run's name.

use serde::de::DeserializeOwned;
use std::path::Path;
use tl_image::contained;
use tl_model::Pretrained;

use crate::config::TrainConfig;
use crate::error::PipelineError;

/// What is in a TOML file of settings, a run's `run.toml` for example.
///
/// # Errors
/// [`PipelineError::Read`] if there is no such file; [`PipelineError::Settings`] with line and column if something in it is not
/// known or cannot be.
pub fn read_settings<T: DeserializeOwned>(path: &Path) -> Result<T, PipelineError> {
    let text = std::fs::read_to_string(path).map_err(|error| PipelineError::read(path, error))?;
    let refused = |detail, nearest| PipelineError::Settings { path: path.to_owned(), detail, nearest };
    contained(|| toml::from_str(&text))
        .map_err(|panicked| refused(panicked.to_string(), None))?
        .map_err(|error| refused(error.to_string().trim_end().to_owned(), nearest(error.message())))
}

/// Where serde meets a name that it does not know, the most similar of those that it expects: ``unknown field `a`, expected
/// `b` or `c` ``.
fn nearest(message: &str) -> Option<String> {
    let names = message.strip_prefix("unknown field").or_else(|| message.strip_prefix("unknown variant"))?;
    let mut names = names.split('`').skip(1).step_by(2);
    let unknown = names.next()?;
    let likeness = |name: &&str| strsim::jaro_winkler(name, unknown);
    names.max_by(|a, b| likeness(a).total_cmp(&likeness(b))).map(str::to_owned)
}

impl TrainConfig {
    /// The run's name before its number: as asked for, else the data's.
    pub(crate) fn run_name(&self) -> String {
        let path = self.data.path();
        let of_data = || {
            let absolute = std::path::absolute(path).ok().filter(|_| path != Path::new("-"))?;
            let name = if path.is_file() { absolute.file_stem() } else { absolute.file_name() };
            Some(tl_files::name_text(name?).into_owned())
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
    ///
    /// # Errors
    /// As [`to_toml`](Self::to_toml).
    pub(crate) fn run_toml(&self, pretrained: &Pretrained, time: &str) -> Result<String, PipelineError> {
        let version = env!("CARGO_PKG_VERSION");
        let backbone = self.backbone_name(pretrained);
        let settings = Self { backbone, ..self.clone() }.to_toml()?;
        Ok(format!("# tl {version}, {time}: `tl train --config` with this file repeats the run\n{settings}"))
    }

    /// All settings as TOML, every one of them: what goes on with a run compares them.
    ///
    /// # Errors
    /// [`PipelineError::NotToml`] for a number that TOML has not got. Paths that are not UTF-8 are escaped as everywhere.
    pub(crate) fn to_toml(&self) -> Result<String, PipelineError> {
        let refused = |detail: String| PipelineError::NotToml { detail };
        let text = toml::to_string(self).map_err(|error| refused(error.to_string()))?;
        // What cannot be read back the same is not whole.
        let back: Self = toml::from_str(&text).map_err(|error| refused(error.message().to_owned()))?;
        match toml::to_string(&back) {
            Ok(again) if again == text => Ok(text),
            _ => Err(refused("they are others when they are read back".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told_from_serdes_message() {
        for (message, expected) in [
            ("unknown field `rat`, expected one of `name`, `rate`, `epochs`", Some("rate")),
            ("unknown field `k`, expected `kind` or `up`", Some("kind")),
            ("unknown variant `cosin`, expected `cosine`", Some("cosine")),
            ("unknown field `k`, there are no fields", None),
            ("invalid type: string \"`a` `b`\", expected f64", None),
        ] {
            assert_eq!(nearest(message).as_deref(), expected, "{message}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn paths_that_are_no_text_are_apart_and_read_back() {
        use crate::config::Data;
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        use std::path::PathBuf;
        use tl_data::{Columns, Source};

        let set = |bytes: &[u8]| {
            let path = || PathBuf::from(OsStr::from_bytes(bytes));
            let (data, sound) =
                (|data| TrainConfig { data, ..TrainConfig::new("data") }, TrainConfig::new("data"));
            let (root, columns) = (Some(path()), Columns::default());
            [
                data(Data::Path(path())),
                data(Data::Source(Source::Table { path: path(), root, columns })),
                data(Data::Source(Source::Shards { path: path() })),
                data(Data::Source(Source::List { path: "-".into(), root: Some(path()) })),
                TrainConfig { runs: path(), ..sound.clone() },
                TrainConfig { weights: Some(path()), ..sound.clone() },
                TrainConfig { init_from: Some(path()), ..sound.clone() },
                TrainConfig { split: Some(path()), ..sound },
            ]
        };
        for (one, other) in set(b"caf\xe9").into_iter().zip(set(b"caf\xe8")) {
            let text = one.to_toml().unwrap();
            assert_ne!(text, other.to_toml().unwrap());
            assert_eq!(toml::from_str::<TrainConfig>(&text).unwrap(), one, "{text}");
        }
    }

    #[test]
    fn the_largest_numbers_read_back() {
        let config = TrainConfig { seed: u64::MAX, val: f64::MIN_POSITIVE, ..TrainConfig::new("data") };
        assert_eq!(toml::from_str::<TrainConfig>(&config.to_toml().unwrap()).unwrap(), config);
    }
}

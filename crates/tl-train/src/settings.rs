//! Files of settings, and a run's name.

use serde::de::DeserializeOwned;
use std::path::Path;
use tl_data::{Source, contained};

use crate::{Data, Pretrained, TrainConfig, TrainError};

/// What is in a TOML file of settings, a run's `run.toml` for example.
///
/// # Errors
/// [`TrainError::Read`] if there is no such file; [`TrainError::Settings`] with line and column if something in it is not
/// known or cannot be.
pub fn read_settings<T: DeserializeOwned>(path: &Path) -> Result<T, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|error| TrainError::read(path, error))?;
    let refused = |detail, nearest| TrainError::Settings { path: path.to_owned(), detail, nearest };
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
            Some(tl_data::name_text(name?).into_owned())
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
    pub(crate) fn run_toml(&self, pretrained: &Pretrained, time: &str) -> Result<String, TrainError> {
        let version = env!("CARGO_PKG_VERSION");
        let backbone = self.backbone_name(pretrained);
        let settings = Self { backbone, ..self.clone() }.to_toml()?;
        Ok(format!("# tl {version}, {time}: `tl train --config` with this file repeats the run\n{settings}"))
    }

    /// All settings as TOML, every one of them: what goes on with a run compares them.
    ///
    /// # Errors
    /// [`TrainError::PathNotText`] naming the first path that TOML cannot hold, [`TrainError::NotToml`] for anything else.
    pub(crate) fn to_toml(&self) -> Result<String, TrainError> {
        if let Some((what, path)) = self.paths().into_iter().find(|(_, path)| path.to_str().is_none()) {
            return Err(TrainError::PathNotText { what, path: path.to_owned() });
        }
        toml::to_string(self).map_err(|error| TrainError::NotToml { detail: error.to_string() })
    }

    /// Every path of the settings, and what it is of.
    fn paths(&self) -> Vec<(&'static str, &Path)> {
        let root = match &self.data {
            Data::Source(Source::Table { root, .. } | Source::List { root, .. }) => root.as_deref(),
            Data::Source(_) | Data::Path(_) => None,
        };
        let needed = [("the pictures", self.data.path()), ("the runs", self.runs.as_path())];
        let optional = [
            ("the pictures' root", root),
            ("the weights", self.weights.as_deref()),
            ("the model to begin from", self.init_from.as_deref()),
            ("the split", self.split.as_deref()),
        ];
        let there = optional.into_iter().filter_map(|(what, path)| Some((what, path?)));
        needed.into_iter().chain(there).collect()
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
    fn a_path_that_is_no_text_is_an_error_that_names_it_whatever_it_is_of() {
        use std::ffi::OsStr;
        use std::os::unix::ffi::OsStrExt;
        use std::path::PathBuf;
        use tl_data::Columns;

        let path = || PathBuf::from(OsStr::from_bytes(b"caf\xe9"));
        let table = |path, root| Data::Source(Source::Table { path, root, columns: Columns::default() });
        let sound = TrainConfig::new("data");
        let cases: [(&str, TrainConfig); 9] = [
            ("the pictures", TrainConfig { data: Data::Path(path()), ..sound.clone() }),
            ("the pictures", TrainConfig { data: table(path(), None), ..sound.clone() }),
            (
                "the pictures",
                TrainConfig { data: Data::Source(Source::Shards { path: path() }), ..sound.clone() },
            ),
            (
                "the pictures' root",
                TrainConfig { data: table("t.csv".into(), Some(path())), ..sound.clone() },
            ),
            (
                "the pictures' root",
                TrainConfig {
                    data: Data::Source(Source::List { path: "-".into(), root: Some(path()) }),
                    ..sound.clone()
                },
            ),
            ("the runs", TrainConfig { runs: path(), ..sound.clone() }),
            ("the weights", TrainConfig { weights: Some(path()), ..sound.clone() }),
            ("the model to begin from", TrainConfig { init_from: Some(path()), ..sound.clone() }),
            ("the split", TrainConfig { split: Some(path()), ..sound.clone() }),
        ];
        for (what, config) in cases {
            let error = config.to_toml().unwrap_err();
            let expected = format!(
                "the path of {what}, `caf\\xe9`, is not UTF-8 text, and `run.toml` can hold no other"
            );
            assert_eq!(error.to_string(), expected);
            assert!(error.hint().is_some());
        }
        assert!(!sound.to_toml().unwrap().is_empty());
    }

    #[test]
    fn a_number_that_toml_has_not_got_is_an_error() {
        let error = TrainConfig { seed: u64::MAX, ..TrainConfig::new("data") }.to_toml().unwrap_err();
        assert!(matches!(error, TrainError::NotToml { .. }), "{error}");
    }
}

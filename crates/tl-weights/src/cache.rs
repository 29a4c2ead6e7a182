//! Where fetched weights lie.

use etcetera::BaseStrategy;
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::{Event, FetchConfig, Weights, WeightsError, check, fetch, import};

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

    /// Where the file lies, or would; `None` for weights inside the program.
    pub fn path_of(&self, weights: &Weights) -> Option<PathBuf> {
        let extension = Path::new(weights.urls().first()?).extension()?;
        let mut name = std::ffi::OsString::from(weights.name);
        name.push(".");
        name.push(extension);
        Some(self.folder.join("weights").join(name))
    }

    /// Whether the file is there, right or not. Weights inside the program always are.
    pub fn holds(&self, weights: &Weights) -> bool {
        self.path_of(weights).is_none_or(|path| path.exists())
    }

    /// Brings the file into the cache, if it is not there yet.
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
        Ok(fetch(&weights.download(&path), config, watch).map_err(Box::new)?)
    }

    /// Puts a user's own copy of the published file into the cache. For weights inside the program there is nothing
    /// to do.
    ///
    /// # Errors
    /// [`WeightsError::Fetch`] if it is another file, or cannot be copied.
    pub fn import(&self, weights: &Weights, file: &Path) -> Result<(), WeightsError> {
        let Some(path) = self.path_of(weights) else { return Ok(()) };
        Ok(import(&weights.download(&path), file).map_err(Box::new)?)
    }

    /// Checks length and hash of what is there.
    ///
    /// # Errors
    /// [`WeightsError::NotFetched`], or [`WeightsError::Damaged`] with what is wrong.
    pub fn verify(&self, weights: &Weights) -> Result<(), WeightsError> {
        let Some(path) = self.path_of(weights) else { return weights.bytes().map(drop) };
        if !path.exists() {
            return Err(not_fetched(weights, path));
        }
        let checked = check(&weights.download(&path), &path);
        checked.map_err(|fault| WeightsError::Damaged { name: weights.name, path, fault: Box::new(fault) })
    }

    /// The bytes of the file, their hash checked.
    ///
    /// # Errors
    /// [`WeightsError::NotFetched`]; [`WeightsError::Checksum`] if they are damaged; [`WeightsError::Read`].
    pub fn read(&self, weights: &Weights) -> Result<Cow<'static, [u8]>, WeightsError> {
        let Some(path) = self.path_of(weights) else { return weights.bytes() };
        match read(&path, weights.download(&path).limit) {
            Ok(bytes) => weights.verified(Cow::Owned(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(not_fetched(weights, path)),
            Err(error) => Err(WeightsError::Read { path, detail: error.to_string() }),
        }
    }
}

/// At most one byte more than `limit`, so that a wrong file costs no more memory than the right one.
fn read(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let mut bytes = Vec::with_capacity(file.metadata()?.len().min(limit) as usize);
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn not_fetched(weights: &Weights, path: PathBuf) -> WeightsError {
    let url = weights.urls().first().copied().unwrap_or_default();
    WeightsError::NotFetched { name: weights.name, url, path }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::published::PUBLISHED;
    use crate::{Source, catalogue};
    use std::fs;

    /// Weights whose file is `abc`.
    fn abc() -> Weights {
        Weights {
            name: "net.tv_in1k",
            source: Source::Published { urls: &["https://a.invalid/model-ba7816bf.pth"] },
            sha256: "ba7816bf",
            bytes: 3,
            ..PUBLISHED[0].clone()
        }
    }

    #[test]
    fn files_are_named_after_the_weights() {
        let cache = Cache::at("/c");
        assert_eq!(cache.path_of(&abc()), Some("/c/weights/net.tv_in1k.pth".into()));
        assert_eq!(cache.path_of(&catalogue()[0]), None);
        for row in PUBLISHED {
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
        for error in [cache.read(&abc()).unwrap_err(), cache.verify(&abc()).unwrap_err()] {
            let text = error.to_string();
            assert!(text.contains("https://a.invalid/model-ba7816bf.pth"), "{text}");
            assert!(text.contains(&path.display().to_string()), "{text}");
        }
    }

    #[test]
    fn a_users_own_file_can_be_read_once_it_is_imported_and_damage_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let own = folder.path().join("own");
        fs::write(&own, b"abd").unwrap();
        assert!(matches!(cache.import(&abc(), &own), Err(WeightsError::Fetch(_))));
        fs::write(&own, b"abc").unwrap();
        assert!(!cache.holds(&abc()));
        cache.import(&abc(), &own).unwrap();
        assert!(cache.holds(&abc()));
        assert_eq!(&*cache.read(&abc()).unwrap(), b"abc");
        cache.verify(&abc()).unwrap();
        fs::write(cache.path_of(&abc()).unwrap(), b"abcdefghijkl").unwrap();
        assert!(matches!(cache.read(&abc()), Err(WeightsError::Checksum { .. })));
        assert!(matches!(cache.verify(&abc()), Err(WeightsError::Damaged { .. })));
    }
}

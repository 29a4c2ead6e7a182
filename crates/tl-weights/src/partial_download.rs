//! The beginning of a file that is being fetched, and what it is the beginning of.
//!
//! Beside `NAME` lie `NAME.part`, the bytes so far, and `NAME.part.from`, three lines: the address, the validator the
//! server gave (an ETag or a date), the length it announced. The second is written before the first byte of the first,
//! so a process may be killed at any point. What a power failure may leave is found by the hash at the end.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::Fault;

/// A download that is not complete: its bytes, and beside them where they are from.
#[derive(Debug)]
pub(crate) struct PartialDownload {
    pub(crate) bytes: PathBuf,
    from: PathBuf,
}

/// What the bytes belong to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DownloadSource {
    pub(crate) url: String,
    pub(crate) validator: Option<String>,
    pub(crate) total: Option<u64>,
}

/// Where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResumePoint {
    pub(crate) at: u64,
    pub(crate) validator: String,
    /// Nothing is missing any more.
    pub(crate) complete: bool,
}

impl PartialDownload {
    pub(crate) fn of(path: &Path) -> Self {
        Self { bytes: beside(path, ".part"), from: beside(path, ".part.from") }
    }

    /// Where to go on fetching `url`; `None` to begin at the start.
    pub(crate) fn resume(&self, url: &str) -> Option<ResumePoint> {
        let from = DownloadSource::parse(&fs::read_to_string(&self.from).ok()?)?;
        let at = fs::metadata(&self.bytes).ok()?.len();
        let validator = from.validator.filter(|_| from.url == url && at > 0)?;
        Some(ResumePoint { at, validator, complete: from.total == Some(at) })
    }

    /// Begins the download anew.
    pub(crate) fn create(&self, from: &DownloadSource) -> Result<File, Fault> {
        // In this order: empty bytes that belong to something else do no harm, full ones would.
        let file = File::create(&self.bytes).map_err(|e| Fault::disk(&self.bytes, e))?;
        fs::write(&self.from, from.to_text()).map_err(|e| Fault::disk(&self.from, e))?;
        Ok(file)
    }

    /// Goes on at the end of what is there.
    pub(crate) fn append(&self) -> Result<File, Fault> {
        OpenOptions::new().append(true).open(&self.bytes).map_err(|e| Fault::disk(&self.bytes, e))
    }

    pub(crate) fn discard(&self) -> Result<(), Fault> {
        remove(&self.bytes)?;
        remove(&self.from)
    }

    /// Length of what is there.
    pub(crate) fn len(&self) -> u64 {
        fs::metadata(&self.bytes).map_or(0, |meta| meta.len())
    }

    /// Moves the finished file to its place.
    pub(crate) fn finish(&self, path: &Path) -> Result<(), Fault> {
        tl_files::settle(&self.bytes, path)?;
        remove(&self.from)
    }
}

impl DownloadSource {
    fn to_text(&self) -> String {
        let total = self.total.map(|total| total.to_string()).unwrap_or_default();
        format!("{}\n{}\n{total}\n", self.url, self.validator.as_deref().unwrap_or_default())
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (url, validator, total) = (lines.next()?, lines.next()?, lines.next()?);
        let validator = (!validator.is_empty()).then(|| validator.to_owned());
        Some(Self { url: url.to_owned(), validator, total: total.parse().ok() })
    }
}

/// `path` with `suffix` after its file name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

pub(crate) fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Fault::disk(path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_bytes_belong_to_survives_the_file() {
        for (validator, total) in [(Some("\"a1\"".to_owned()), Some(7)), (None, None)] {
            let from = DownloadSource { url: "https://x/y".into(), validator, total };
            assert_eq!(DownloadSource::parse(&from.to_text()), Some(from));
        }
        assert_eq!(DownloadSource::parse("https://x/y\n"), None);
    }
}

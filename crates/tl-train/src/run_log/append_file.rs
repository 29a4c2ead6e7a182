//! A file that is written from a position on.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::error::TrainError;

/// A file and a position in it. What an earlier process has left behind the position stays until something new is
/// appended or the file is made durable.
#[derive(Debug)]
pub(super) struct AppendFile {
    path: PathBuf,
    file: File,
    at: u64,
    /// Is nothing behind the position?
    cut: bool,
}

impl AppendFile {
    /// Opens a file at its beginning, and creates it if it is not there.
    ///
    /// # Errors
    /// [`TrainError::Write`] naming the file, here and below.
    pub(super) fn open(path: &Path) -> Result<Self, TrainError> {
        let file = File::options().create(true).truncate(false).write(true).open(path);
        let file = file.map_err(|error| TrainError::write(path, error))?;
        Ok(Self { path: path.to_owned(), file, at: 0, cut: false })
    }

    pub(super) fn is_at_beginning(&self) -> bool {
        self.at == 0
    }

    /// Moves to where the file was so long, or to its end if it is shorter by now. Returns whether it is not.
    pub(super) fn go_to(&mut self, length: u64) -> Result<bool, TrainError> {
        let actual = fs::metadata(&self.path).map_err(|error| TrainError::write(&self.path, error))?.len();
        (self.at, self.cut) = (length.min(actual), false);
        Ok(actual >= length)
    }

    /// Writes what an earlier process may have written here, too.
    pub(super) fn repeat(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let written = self.file.seek(SeekFrom::Start(self.at)).and_then(|_| self.file.write_all(bytes));
        written.map_err(|error| TrainError::write(&self.path, error))?;
        self.at += bytes.len() as u64;
        Ok(())
    }

    /// Writes something new.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        self.cut()?;
        self.repeat(bytes)
    }

    /// Makes the file durable, up to the position and no further; returns its length.
    pub(super) fn sync(&mut self) -> Result<u64, TrainError> {
        self.cut()?;
        self.file.sync_all().map_err(|error| TrainError::write(&self.path, error))?;
        Ok(self.at)
    }

    fn cut(&mut self) -> Result<(), TrainError> {
        if !self.cut {
            self.file.set_len(self.at).map_err(|error| TrainError::write(&self.path, error))?;
            self.cut = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_repeated_keeps_the_rest_and_what_is_new_cuts_it_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "one\ntwo\nthree\n").unwrap();
        let mut tail = AppendFile::open(&path).unwrap();
        tail.repeat(b"one\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\nthree\n");
        assert!(tail.go_to(8).unwrap());
        tail.append(b"3\n").unwrap();
        assert_eq!((fs::read(&path).unwrap(), tail.sync().unwrap()), (b"one\ntwo\n3\n".to_vec(), 10));
        assert!(!tail.go_to(11).unwrap(), "it is shorter");
        tail.append(b"4\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"one\ntwo\n3\n4\n");
    }
}

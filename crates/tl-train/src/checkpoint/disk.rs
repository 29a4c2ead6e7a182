//! The file system calls of a commit, and files that are replaced whole.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::TrainError;

/// Every file system call that a commit makes, so that tests can let each of them fail.
pub(super) trait Disk {
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// A file that must not be there yet.
    fn create(&self, path: &Path) -> io::Result<File>;
    fn write(&self, file: &mut File, path: &Path, content: &[u8]) -> io::Result<()>;
    /// Makes a file's content durable.
    fn sync(&self, file: &File, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable, where the system can.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    fn remove(&self, path: &Path) -> io::Result<()>;
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// The operating system's file system.
pub(super) struct Os;

impl Disk for Os {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        File::create_new(path)
    }

    fn write(&self, file: &mut File, _path: &Path, content: &[u8]) -> io::Result<()> {
        file.write_all(content)
    }

    fn sync(&self, file: &File, _path: &Path) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        // Elsewhere folders cannot be opened, and a rename is as durable as it gets.
        if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }
}

/// A call that failed.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) path: PathBuf,
    pub(super) reason: io::Error,
}

impl Fault {
    /// For `map_err`.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self { path: path.to_owned(), reason }
    }
}

/// Replaces the file at `path` by `content`, or creates it: a crash or a power loss at any moment leaves the old content
/// or the new one. Done, the new one is durable.
///
/// It is written beside the file, as `.NAME.unfinished`, which a later call takes over after a crash; so two processes
/// must not write the same file at the same time.
///
/// # Errors
/// [`TrainError::Write`] naming the file; the old content is untouched, unless it is the folder whose names could not be
/// made durable.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    replace(&Os, path, content).map_err(|Fault { path, reason }| TrainError::Write { path, reason })
}

/// A file that is written piece by piece, and replaces the one at its path only when it is whole: a crash or a power loss
/// at any moment leaves the old content or the new one.
///
/// It is written beside the file, as [`write_atomically`] does. A lock keeps other processes from it; what a process that
/// was killed has left is taken over, what is dropped is removed.
#[derive(Debug)]
pub(crate) struct Replacement {
    path: PathBuf,
    scratch: PathBuf,
    file: File,
    in_place: bool,
}

impl Replacement {
    /// An empty file, to become the one at `path`.
    pub(crate) fn begin(path: &Path) -> io::Result<Self> {
        let busy = || io::Error::new(io::ErrorKind::ResourceBusy, "another process is writing it");
        let scratch = beside(path)?;
        let file = File::options().create(true).truncate(false).write(true).open(&scratch)?;
        match file.try_lock() {
            // Another process may have put it in place between the two calls.
            Ok(()) if !scratch.exists() => return Err(busy()),
            Err(TryLockError::WouldBlock) => return Err(busy()),
            Ok(()) | Err(TryLockError::Error(_)) => file.set_len(0)?,
        }
        Ok(Self { path: path.to_owned(), scratch, file, in_place: false })
    }

    /// Makes what was written durable.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }

    /// Makes it durable and puts it in its place.
    pub(crate) fn commit(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.scratch, &self.path)?;
        self.in_place = true;
        Os.sync_folder(folder_of(&self.path))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.in_place {
            // There is nobody to tell.
            let _ = fs::remove_file(&self.scratch);
        }
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Replacement {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a file that must not be there yet, and makes its content durable.
///
/// # Errors
/// [`TrainError::Write`] naming the file.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> Result<(), TrainError> {
    write_durably(&Os, path, content).map_err(|Fault { path, reason }| TrainError::Write { path, reason })
}

/// Makes the names in a folder durable, where the system can.
///
/// # Errors
/// [`TrainError::Write`] naming the folder.
pub(crate) fn sync_folder(path: &Path) -> Result<(), TrainError> {
    Os.sync_folder(path).map_err(|error| TrainError::write(path, error))
}

pub(super) fn replace(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), Fault> {
    let scratch = beside(path).map_err(Fault::at(path))?;
    remove_leftover(disk, &scratch).map_err(Fault::at(&scratch))?;
    let written = write_durably(disk, &scratch, content)
        .and_then(|()| disk.rename(&scratch, path).map_err(Fault::at(path)));
    if let Err(fault) = written {
        // There is nobody to tell, and the fault matters more.
        let _ = disk.remove(&scratch);
        return Err(fault);
    }
    let folder = folder_of(path);
    disk.sync_folder(folder).map_err(Fault::at(folder))
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Left by a process that was killed.
fn remove_leftover(disk: &dyn Disk, scratch: &Path) -> io::Result<()> {
    disk.remove(scratch).or_else(|error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    })
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not the name of a file"));
    };
    let mut scratch = std::ffi::OsString::from(".");
    scratch.push(name);
    scratch.push(".unfinished");
    Ok(path.with_file_name(scratch))
}

/// Writes a file that must not be there yet, and makes its content durable.
pub(super) fn write_durably(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), Fault> {
    disk.create(path)
        .and_then(|mut file| {
            disk.write(&mut file, path, content)?;
            disk.sync(&file, path)
        })
        .map_err(Fault::at(path))
}

/// Creates a folder and those it is in, so that they are durable.
pub(super) fn create_folders(path: &Path) -> Result<(), Fault> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    let parent = path.parent().unwrap_or(Path::new(""));
    create_folders(parent)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(Fault::at(path)(error)),
        _ => {}
    }
    let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    Os.sync_folder(parent).map_err(Fault::at(parent))
}

//! The file system calls that writing makes.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::patience::patiently;

/// Every call that makes a file or a folder appear, so that tests can let each of them fail.
pub trait Disk: fmt::Debug {
    /// Creates a folder that must not be there yet.
    fn create_folder(&self, path: &Path) -> io::Result<()>;
    /// Creates a file that must not be there yet.
    fn create(&self, path: &Path) -> io::Result<File>;
    /// Writes all of `content` to a file that was created at `path`.
    fn write(&self, file: &mut File, path: &Path, content: &[u8]) -> io::Result<()>;
    /// Makes a file's content durable.
    fn sync(&self, file: &File, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable, where the system can.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;
    /// Gives something another name; a file may take the place of one, a folder only that of an empty one.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a folder and what is in it.
    fn remove_folder(&self, path: &Path) -> io::Result<()>;
}

/// The operating system's file system.
#[derive(Debug, Clone, Copy)]
pub struct Os;

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
        patiently(|| fs::rename(from, to).map_err(|error| named_if_taken(error, to)))
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        patiently(|| fs::remove_file(path))
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        patiently(|| fs::remove_dir_all(path))
    }
}

/// Windows denies access to the name of a folder, which is no reason to wait.
fn named_if_taken(error: io::Error, to: &Path) -> io::Error {
    let taken = cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied && to.is_dir();
    if taken { io::Error::new(io::ErrorKind::AlreadyExists, "a folder has this name") } else { error }
}

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{}`: {reason}", path.display())]
pub struct Fault {
    /// The file or folder.
    pub path: PathBuf,
    /// The system's reason.
    pub reason: io::Error,
}

impl Fault {
    /// Makes a [`Fault`] at a path, for `map_err`.
    pub fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |reason| Self { path: path.to_owned(), reason }
    }
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        fault.reason
    }
}

/// The operating system's words for an error, in lower case and without its number.
pub fn words(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Writes a file that must not be there yet, and makes its content durable; its name is durable when
/// [the folder's names](sync_folder) are.
///
/// # Errors
/// [`Fault`] naming the file.
pub(crate) fn write_durably(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), Fault> {
    disk.create(path)
        .and_then(|mut file| {
            disk.write(&mut file, path, content)?;
            disk.sync(&file, path)
        })
        .map_err(Fault::at(path))
}

/// Makes the names in a folder durable, where the system can.
///
/// # Errors
/// [`Fault`] naming the folder.
pub fn sync_folder(path: &Path) -> Result<(), Fault> {
    Os.sync_folder(path).map_err(Fault::at(path))
}

/// Creates a folder and those it is in, so that they are durable.
///
/// # Errors
/// [`Fault`] naming the folder.
pub fn create_folders(path: &Path) -> Result<(), Fault> {
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
    sync_folder(parent)
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

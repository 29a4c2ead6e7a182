//! A file that appears whole or not at all.

use std::fs::{self, File, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::device_name::is_device_name;
use crate::disk::folder_of;
use crate::sweep::{is_held, sweep_of};
use crate::{Disk, Fault, Os, name};

/// A file that is written piece by piece, and takes the place of the one at its path only when it is whole: a crash or a
/// power loss at any moment leaves the old content or the new one. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFile<'d, D: Disk + ?Sized = Os> {
    disk: &'d D,
    path: PathBuf,
    scratch: PathBuf,
    file: File,
    in_place: bool,
}

impl AtomicFile<'static> {
    /// An empty file, to become the one at `path`. What processes that are gone have left of the same file is removed.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn begin(path: &Path) -> Result<Self, Fault> {
        Self::begin_on(&Os, path)
    }

    /// Begins as [`begin`](Self::begin) does, for a file that no other process is writing: what took an hour is not
    /// overwritten by what took another hour.
    ///
    /// # Errors
    /// [`Fault`] of the kind `ResourceBusy` if another process is writing it.
    pub fn begin_alone(path: &Path) -> Result<Self, Fault> {
        if is_held(path) {
            let busy = io::Error::new(io::ErrorKind::ResourceBusy, "another process is writing it");
            return Err(Fault::at(path)(busy));
        }
        Self::begin(path)
    }

    /// Begins as [`begin`](Self::begin) does, in a folder of many files that is [swept](crate::sweep) by itself.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn begin_unswept(path: &Path) -> Result<Self, Fault> {
        Self::create(&Os, path)
    }
}

impl<'d, D: Disk + ?Sized> AtomicFile<'d, D> {
    /// [`begin`](AtomicFile::begin) on a disk.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn begin_on(disk: &'d D, path: &Path) -> Result<Self, Fault> {
        sweep_of(path);
        Self::create(disk, path)
    }

    fn create(disk: &'d D, path: &Path) -> Result<Self, Fault> {
        loop {
            let scratch = name::scratch(path).map_err(Fault::at(path))?;
            let file = match disk.create(&scratch) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created.map_err(Fault::at(path))?,
            };
            if claim(&file, &scratch) {
                return Ok(Self { disk, path: path.to_owned(), scratch, file, in_place: false });
            }
        }
    }

    /// The file as it is now, under another name than it will have.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The open file, for its times and permissions.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// Adds content behind what is there.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn add(&mut self, content: &[u8]) -> Result<(), Fault> {
        self.disk.write(&mut self.file, &self.scratch, content).map_err(Fault::at(&self.path))
    }

    /// Makes what was written durable.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn sync(&self) -> Result<(), Fault> {
        self.disk.sync(&self.file, &self.scratch).map_err(Fault::at(&self.path))
    }

    /// Makes it durable and puts it in its place.
    ///
    /// # Errors
    /// [`Fault`]: the old content is untouched, unless it names the folder, whose names could not be made durable.
    pub fn commit(mut self) -> Result<(), Fault> {
        self.sync()?;
        self.put_in_place()?;
        let folder = folder_of(&self.path);
        self.disk.sync_folder(folder).map_err(Fault::at(folder))
    }

    /// Puts it in its place without waiting for the disk: for what can be made again.
    ///
    /// # Errors
    /// [`Fault`]: the old content is untouched.
    pub fn commit_unsynced(mut self) -> Result<(), Fault> {
        self.put_in_place()
    }

    fn put_in_place(&mut self) -> Result<(), Fault> {
        self.disk.rename(&self.scratch, &self.path).map_err(Fault::at(&self.path))?;
        self.in_place = true;
        Ok(())
    }
}

/// Locks what was just created. Not if a sweep came between: it looks like something left then.
pub(crate) fn claim(file: &File, path: &Path) -> bool {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => false,
        // Where there are no locks, nobody sweeps by them.
        Ok(()) | Err(TryLockError::Error(_)) => path.exists(),
    }
}

impl<D: Disk + ?Sized> Drop for AtomicFile<'_, D> {
    fn drop(&mut self) {
        if !self.in_place {
            // There is nobody to tell.
            let _ = self.disk.remove(&self.scratch);
        }
    }
}

impl<D: Disk + ?Sized> Write for AtomicFile<'_, D> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl<D: Disk + ?Sized> Seek for AtomicFile<'_, D> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Replaces the file at `path` by `content`, or creates it: a crash or a power loss at any moment leaves the old content
/// or the new one. Done, the new one is durable. What is no file, such as `/dev/stdout` or, on Windows, `NUL`, is written to.
///
/// # Errors
/// [`Fault`]: the old content is untouched, unless it names the folder, whose names could not be made durable.
pub fn replace(path: &Path, content: &[u8]) -> Result<(), Fault> {
    let special = fs::metadata(path).is_ok_and(|there| !there.is_file() && !there.is_dir());
    if special || cfg!(windows) && is_device_name(path) {
        // Not as a new file: a device has no length to be cut to.
        let opened = fs::OpenOptions::new().write(true).open(path);
        opened.and_then(|mut device| device.write_all(content)).map_err(Fault::at(path))
    } else {
        replace_on(&Os, path, content)
    }
}

/// [`replace`] on a disk.
///
/// # Errors
/// As there.
fn replace_on(disk: &dyn Disk, path: &Path, content: &[u8]) -> Result<(), Fault> {
    let mut file = AtomicFile::begin_on(disk, path)?;
    file.add(content)?;
    file.commit()
}

/// Gives a file that is finished under another name its own, so that it is there as a whole or not at all, even after a
/// power loss.
///
/// # Errors
/// [`Fault`] naming the file or the folder.
pub fn settle(finished: &Path, path: &Path) -> Result<(), Fault> {
    let synced = fs::OpenOptions::new().write(true).open(finished).and_then(|file| file.sync_all());
    synced.map_err(Fault::at(finished))?;
    Os.rename(finished, path).map_err(Fault::at(path))?;
    crate::sync_folder(folder_of(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faulty::{FaultyDisk, Names, Trouble};
    use std::io::ErrorKind;
    use std::thread;

    fn entries(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_replaced_whole_whatever_happens() {
        let run = |at, trouble, then: &dyn Fn(&FaultyDisk)| {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("metrics.jsonl");
            replace(&path, b"old").unwrap();
            let disk = FaultyDisk::new(at, trouble);
            let result = replace_on(&disk, &path, b"new content");
            then(&disk);
            let found = fs::read(&path).unwrap();
            assert!(found == b"new content" || (found == b"old" && result.is_err()), "call {at}: {found:?}");
            replace(&path, b"newer").unwrap();
            assert_eq!(entries(folder.path()), ["metrics.jsonl"], "call {at}");
            (disk.calls(), result.err().map(|fault| fault.path.starts_with(folder.path())))
        };
        let (calls, fault) = run(usize::MAX, Trouble::Crash, &|_| ());
        assert_eq!(fault, None);
        for at in 0..calls {
            assert_eq!(run(at, Trouble::Error(ErrorKind::StorageFull), &|_| ()).1, Some(true), "call {at}");
        }
        for at in 0..=calls {
            run(at, Trouble::Crash, &|_| ());
            run(at, Trouble::Crash, &|disk| disk.lose_power(Names::Kept));
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_device_is_written_to_and_not_replaced() {
        let path = Path::new("/dev/null");
        replace(path, b"nothing").unwrap();
        assert!(!fs::metadata(path).unwrap().is_file());
    }

    #[test]
    fn writers_of_one_file_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let contents: Vec<Vec<u8>> = (0..8).map(|number| vec![number; 50_000]).collect();
        thread::scope(|scope| {
            for content in &contents {
                scope.spawn(|| (0..20).for_each(|_| replace(&path, content).unwrap()));
            }
        });
        assert!(contents.contains(&fs::read(&path).unwrap()));
        assert_eq!(entries(folder.path()), ["f"]);
    }

    #[test]
    fn what_a_process_has_left_goes_and_what_one_is_writing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        let alive = AtomicFile::begin(&path).unwrap();
        let left = folder.path().join(".f.0123456789abcdef.unfinished");
        let of_another = folder.path().join(".g.0123456789abcdef.unfinished");
        [&left, &of_another].into_iter().for_each(|path| fs::write(path, "half").unwrap());
        replace(&path, b"whole").unwrap();
        assert!(alive.scratch().exists() && of_another.exists() && !left.exists());
        let busy = AtomicFile::begin_alone(&path).unwrap_err();
        assert_eq!(busy.reason.to_string(), "another process is writing it");
        alive.commit().unwrap();
        drop(AtomicFile::begin_alone(&path).unwrap());
        assert_eq!(entries(folder.path()), [".g.0123456789abcdef.unfinished", "f"]);
    }
}

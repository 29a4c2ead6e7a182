//! A folder that appears whole or not at all.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::disk::write_durably;
use crate::file::claim;
use crate::name::LOCK;
use crate::{Disk, Fault, Os, name};

/// A folder that is filled under another name, and gets its own only when it is whole: a crash or a power loss at any
/// moment leaves none or all of it. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct AtomicFolder<'d> {
    disk: &'d dyn Disk,
    within: PathBuf,
    scratch: PathBuf,
    lock: Option<File>,
    in_place: bool,
}

impl AtomicFolder<'static> {
    /// An empty folder in `within`, to be called `name` or alike.
    ///
    /// # Errors
    /// [`Fault`] naming the folder.
    pub fn begin(within: &Path, name: &str) -> Result<Self, Fault> {
        Self::begin_on(&Os, within, name)
    }
}

impl<'d> AtomicFolder<'d> {
    /// [`begin`](AtomicFolder::begin) on a disk.
    ///
    /// # Errors
    /// [`Fault`] naming the folder.
    pub fn begin_on(disk: &'d dyn Disk, within: &Path, name: &str) -> Result<Self, Fault> {
        loop {
            let scratch = name::scratch(&within.join(name)).map_err(Fault::at(within))?;
            match disk.create_folder(&scratch) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created.map_err(Fault::at(&scratch))?,
            }
            let mut folder = Self { disk, within: within.to_owned(), scratch, lock: None, in_place: false };
            let path = folder.scratch.join(LOCK);
            let lock = File::create_new(&path).map_err(Fault::at(&path))?;
            if claim(&lock, &path) {
                folder.lock = Some(lock);
                return Ok(folder);
            }
        }
    }

    /// The folder as it is now, under another name than it will have.
    pub fn path(&self) -> &Path {
        &self.scratch
    }

    /// Writes a file in it that is not there yet, and makes its content durable.
    ///
    /// # Errors
    /// [`Fault`] naming the file.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<(), Fault> {
        write_durably(self.disk, &self.scratch.join(name), content)
    }

    /// Makes the names of its files durable and gives it its own, which nothing may have. If something has it
    /// ([`is_taken`](Self::is_taken)), another name may be tried.
    ///
    /// # Errors
    /// [`Fault`]: there is no such folder then, unless it names the one that it is in, whose names could not be made durable.
    pub fn commit(&mut self, name: &str) -> Result<PathBuf, Fault> {
        self.disk.sync_folder(&self.scratch).map_err(Fault::at(&self.scratch))?;
        let path = self.within.join(name);
        if cfg!(windows) {
            // Folders with open files in them have no other name there.
            self.lock = None;
        }
        self.disk.rename(&self.scratch, &path).map_err(Fault::at(&path))?;
        self.in_place = true;
        // It does no harm where it is left.
        let _ = std::fs::remove_file(path.join(LOCK));
        self.disk.sync_folder(&self.within).map_err(Fault::at(&self.within))?;
        Ok(path)
    }

    /// Whether a commit failed because something had the name: no rename replaces a folder with files in it.
    pub fn is_taken(fault: &Fault) -> bool {
        matches!(fault.reason.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
    }
}

impl Drop for AtomicFolder<'_> {
    fn drop(&mut self) {
        if !self.in_place {
            if cfg!(windows) {
                // Some disks keep folders with open files there.
                self.lock = None;
            }
            // There is nobody to tell, and the error that led here matters more.
            let _ = self.disk.remove_folder(&self.scratch);
        }
    }
}

/// Removes a folder, its name first: what has the name is never half removed.
///
/// # Errors
/// The system's; what was left has the name of something unfinished.
pub fn remove_folder(disk: &dyn Disk, path: &Path) -> io::Result<()> {
    let scratch = name::scratch(path)?;
    disk.rename(path, &scratch)?;
    disk.remove_folder(&scratch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faulty::{FaultyDisk, Names, Trouble};
    use crate::{sweep, sweep_mine};
    use std::collections::BTreeSet;
    use std::fs;
    use std::io::ErrorKind;
    use std::time::{Duration, SystemTime};

    fn commit(disk: &dyn Disk, within: &Path) -> Result<PathBuf, Fault> {
        let mut folder = AtomicFolder::begin_on(disk, within, "pets")?;
        folder.write("a", &[1; 100])?;
        folder.write("b", &[2; 100])?;
        folder.commit("pets-1")
    }

    fn names(folder: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_folder_is_there_whole_or_not_at_all_whatever_happens() {
        let run = |at, trouble, then: &dyn Fn(&FaultyDisk)| {
            let within = tempfile::tempdir().unwrap();
            let disk = FaultyDisk::new(at, trouble);
            let result = commit(&disk, within.path());
            then(&disk);
            sweep_mine(within.path()).unwrap();
            let found = names(within.path());
            let whole = || {
                let path = within.path().join("pets-1");
                fs::read(path.join("a")).unwrap() == [1; 100] && fs::read(path.join("b")).unwrap() == [2; 100]
            };
            assert!(
                found.is_empty() || (found == ["pets-1".to_owned()].into() && whole()),
                "{at}: {found:?}"
            );
            assert!(result.is_err() || !found.is_empty(), "call {at}");
            disk.calls()
        };
        let calls = run(usize::MAX, Trouble::Crash, &|_| ());
        for at in 0..=calls {
            for trouble in [Trouble::Error(ErrorKind::StorageFull), Trouble::ErrorsFrom(ErrorKind::Other)] {
                run(at, trouble, &|_| ());
            }
            run(at, Trouble::Crash, &|_| ());
            run(at, Trouble::Crash, &|disk| disk.lose_power(Names::Kept));
            run(at, Trouble::Crash, &|disk| disk.lose_power(Names::Lost));
        }
    }

    #[test]
    fn a_name_that_is_taken_leaves_another_to_try() {
        let within = tempfile::tempdir().unwrap();
        commit(&Os, within.path()).unwrap();
        let mut second = AtomicFolder::begin(within.path(), "pets").unwrap();
        second.write("a", b"second").unwrap();
        assert!(AtomicFolder::is_taken(&second.commit("pets-1").unwrap_err()));
        let path = second.commit("pets-2").unwrap();
        drop(second);
        assert_eq!(fs::read(path.join("a")).unwrap(), b"second");
        assert_eq!(names(&path), ["a".to_owned()].into());
        assert_eq!(names(within.path()), ["pets-1".to_owned(), "pets-2".to_owned()].into());
    }

    #[test]
    fn a_sweep_takes_what_has_no_process_and_nothing_else() {
        let within = tempfile::tempdir().unwrap();
        let at = |name: &str| within.path().join(name);
        let alive = AtomicFolder::begin(within.path(), "alive").unwrap();
        let left = ".left.0123456789abcdef.unfinished";
        fs::create_dir(at(left)).unwrap();
        fs::write(at(left).join(LOCK), "").unwrap();
        // A crash before there was a lock, and an earlier version, which had none.
        let unlocked = [".new.0123456789abcdef.unfinished", ".unfinished-4711"];
        unlocked.iter().for_each(|name| fs::create_dir(at(name)).unwrap());
        fs::create_dir(at(".mine.unfinished")).unwrap();
        let now = SystemTime::now();
        sweep(within.path(), now);
        assert!(alive.path().exists() && !at(left).exists() && at(".mine.unfinished").exists());
        assert!(unlocked.iter().all(|name| at(name).exists()), "it may be locked in a moment");
        sweep(within.path(), now + Duration::from_secs(25 * 60 * 60));
        assert!(alive.path().exists(), "a run of two days is alive");
        assert!(!unlocked.iter().any(|name| at(name).exists()));
        drop(alive);
        assert_eq!(names(within.path()), [".mine.unfinished".to_owned()].into());
    }
}

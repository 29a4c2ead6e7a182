//! A disk that fails at one of its calls, and that forgets what was not made durable when the power goes.
#![allow(clippy::unwrap_used, reason = "for tests alone")]

use std::cell::{RefCell, RefMut};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::{Disk, Os};

/// What happens at the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The call returns an error; a write has written half by then, a removal has removed one file.
    Error(ErrorKind),
    /// The call and every later one return an error.
    ErrorsFrom(ErrorKind),
    /// The process ends in the midst of it: it and later calls do no more than its half.
    Crash,
}

/// What a power loss does to the names of files and folders that were not made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Names {
    /// Renames happened nevertheless, before the content was written.
    Kept,
    /// Renames did not happen, new files are not there.
    Lost,
}

/// The system's disk, with trouble at the call `at`, counted from 0. It notes what is made durable instead of waiting for
/// the real disk.
#[derive(Debug)]
pub struct FaultyDisk {
    at: usize,
    trouble: Trouble,
    state: RefCell<State>,
}

#[derive(Debug, Default)]
struct State {
    calls: usize,
    dead: bool,
    /// Where the first trouble was.
    place: Option<PathBuf>,
    content: Vec<PathBuf>,
    created: Vec<PathBuf>,
    renamed: Vec<(PathBuf, PathBuf)>,
}

impl FaultyDisk {
    /// A disk with trouble at the call `at`.
    pub fn new(at: usize, trouble: Trouble) -> Self {
        Self { at, trouble, state: RefCell::default() }
    }

    /// A disk without trouble.
    pub fn sound() -> Self {
        Self::new(usize::MAX, Trouble::Crash)
    }

    /// The number of calls that were made.
    pub fn calls(&self) -> usize {
        self.state.borrow().calls
    }

    /// What the first call that went wrong was about.
    pub fn place(&self) -> Option<PathBuf> {
        self.state.borrow().place.clone()
    }

    /// Files that were not synced are cut to half, names that were not are treated as `names` says.
    pub fn lose_power(&self, names: Names) {
        let state = self.state.borrow();
        for path in state.content.iter().filter(|path| path.exists()) {
            let file = File::options().write(true).open(path).unwrap();
            file.set_len(file.metadata().unwrap().len() / 2).unwrap();
        }
        if names == Names::Kept {
            return;
        }
        for path in state.created.iter().filter(|path| path.is_file()) {
            fs::remove_file(path).unwrap();
        }
        for (from, to) in state.renamed.iter().rev() {
            // Removed in the meantime, or the old content is there again.
            let _ = fs::rename(to, from);
        }
    }

    /// The state, if the call is to be done; else half of it is done.
    fn call(&self, path: &Path, half: impl FnOnce()) -> io::Result<RefMut<'_, State>> {
        let mut state = self.state.borrow_mut();
        let now = state.calls == self.at;
        state.calls += 1;
        if now && !state.dead {
            half();
            state.place = Some(path.to_owned());
            state.dead = !matches!(self.trouble, Trouble::Error(_));
        }
        match self.trouble {
            Trouble::Error(kind) | Trouble::ErrorsFrom(kind) if now || state.dead => Err(kind.into()),
            Trouble::Crash if state.dead => Err(ErrorKind::Other.into()),
            _ => Ok(state),
        }
    }
}

impl Disk for FaultyDisk {
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        let _state = self.call(path, || ())?;
        Os.create_folder(path)
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let mut state = self.call(path, || ())?;
        let file = Os.create(path)?;
        state.content.push(path.to_owned());
        state.created.push(path.to_owned());
        Ok(file)
    }

    fn write(&self, file: &mut File, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut copy = file.try_clone().unwrap();
        let _state = self.call(path, || copy.write_all(&content[..content.len() / 2]).unwrap())?;
        Os.write(file, path, content)
    }

    fn sync(&self, _file: &File, path: &Path) -> io::Result<()> {
        let mut state = self.call(path, || ())?;
        state.content.retain(|unsynced| unsynced != path);
        Ok(())
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut state = self.call(path, || ())?;
        state.created.retain(|created| created.parent() != Some(path));
        state.renamed.retain(|(_, to)| to.parent() != Some(path));
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.call(to, || ())?;
        Os.rename(from, to)?;
        let State { content, created, renamed, .. } = &mut *state;
        for path in content.iter_mut().chain(created) {
            if let Ok(below) = path.strip_prefix(from) {
                // Joining nothing would add a slash.
                *path = if below.as_os_str().is_empty() { to.to_owned() } else { to.join(below) };
            }
        }
        renamed.push((from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let _state = self.call(path, || ())?;
        Os.remove(path)
    }

    fn remove_folder(&self, path: &Path) -> io::Result<()> {
        let _state = self.call(path, || {
            if let Some(Ok(entry)) = fs::read_dir(path).ok().and_then(|mut entries| entries.next()) {
                fs::remove_file(entry.path()).unwrap();
            }
        })?;
        Os.remove_folder(path)
    }
}

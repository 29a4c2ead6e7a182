//! A run is a folder. It appears whole or not at all, and never over another one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tl_files::{AtomicFolder, Disk, Os};
use tl_model::is_unfinished;
use tl_train::TrainError;

use crate::error::PipelineError;

/// A committed run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunFolder(PathBuf);

impl RunFolder {
    /// Writes `files` (name, content) into a new folder `runs/NAME-N`, with the first free number, and those that say what
    /// the folder is called: they are made anew if another process takes the number.
    ///
    /// The files are written and flushed to disk under another name, which is then renamed: a crash at any moment
    /// leaves either no run or the whole one.
    ///
    /// # Errors
    /// [`PipelineError::Write`] naming the file; what was written so far is removed.
    pub(crate) fn commit_naming_itself(
        runs: &Path,
        name: &str,
        files: &[(&str, &[u8])],
        naming: impl FnMut(&Path) -> Result<Vec<(&'static str, Vec<u8>)>, PipelineError>,
    ) -> Result<Self, PipelineError> {
        fs::create_dir_all(runs).map_err(|error| PipelineError::write(runs, error))?;
        tl_files::sweep(runs, SystemTime::now());
        let unfinished = AtomicFolder::begin(runs, name)?;
        for (file, content) in files {
            unfinished.write(file, content)?;
        }
        Ok(Self(commit_numbered(unfinished, runs, name, naming)?))
    }

    /// The path of the run's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Finds out whether a run can be written there, before there is anything to write.
    ///
    /// # Errors
    /// [`PipelineError::Setting`] if the name is none of a folder, [`PipelineError::Write`] if nothing can be written there.
    pub(crate) fn check(runs: &Path, name: &str) -> Result<(), PipelineError> {
        let wrong = |what: &str, value: String, rule: &str| {
            Err(PipelineError::Setting { what: what.to_owned(), value, rule: rule.to_owned() })
        };
        let plain = Path::new(name).file_name().is_some_and(|only| only == name) && !name.contains('\0');
        if !plain {
            return wrong(
                "the run's name",
                format!("`{name}`"),
                "the name of a folder, without folders above it",
            );
        }
        if runs.as_os_str().is_empty() {
            return wrong("the folder for runs", "empty".to_owned(), "named");
        }
        let there = runs.ancestors().find(|folder| folder.exists());
        // Removed again at once.
        AtomicFolder::begin(there.unwrap_or(Path::new(".")), name)?;
        Ok(())
    }
}

/// Replaces the file at `path` by `content`, or creates it: a crash or a power loss at any moment leaves the old content
/// or the new one. Done, the new one is durable.
///
/// # Errors
/// [`PipelineError::Write`] naming the file; the old content is untouched, unless it is the folder whose names could not be
/// made durable.
pub fn write_atomically(path: &Path, content: &[u8]) -> Result<(), PipelineError> {
    Ok(tl_files::replace(path, content)?)
}

/// A run that takes long: its folder is there from the start, with its settings and its checkpoints, and gets the other
/// files at the end. What lies there in between can be gone on from.
#[derive(Debug)]
pub(crate) struct UnfinishedRun {
    path: PathBuf,
    /// The lock that keeps the run for this process alone.
    lock: File,
}

const SETTINGS: &str = "run.toml";
const CHECKPOINTS: &str = "checkpoints";
/// Whatever a run has when it is finished and not before.
const RESULT: &str = "report.json";
const LOCK: &str = "run.lock";

impl UnfinishedRun {
    /// The newest unfinished run of this name with these settings, or a new one.
    ///
    /// # Errors
    /// [`PipelineError::Write`] naming the file.
    pub(crate) fn begin(runs: &Path, name: &str, settings: &str) -> Result<Self, PipelineError> {
        fs::create_dir_all(runs).map_err(|error| PipelineError::write(runs, error))?;
        let mut numbers = numbers(runs, name).map_err(|error| PipelineError::write(runs, error))?;
        numbers.sort_unstable_by(|a, b| b.cmp(a));
        let earlier = numbers.into_iter().map(|number| runs.join(format!("{name}-{number}")));
        let mut same = earlier.filter(|path| is_unfinished(path) && has_settings(path, settings));
        // One that is in use, or somebody else's, is left alone.
        if let Some(found) = same.find_map(|path| Self::lock(path).ok()) {
            return Ok(found);
        }
        tl_files::sweep(runs, SystemTime::now());
        let unfinished = AtomicFolder::begin(runs, name)?;
        unfinished.write(SETTINGS, settings.as_bytes())?;
        let folder = unfinished.path().join(CHECKPOINTS);
        fs::create_dir(&folder).map_err(|error| PipelineError::write(&folder, error))?;
        Self::lock(commit_numbered(unfinished, runs, name, |_| Ok(Vec::new()))?)
    }

    /// The run in this folder.
    ///
    /// # Errors
    /// [`PipelineError::Finished`] if there is nothing to go on from, [`TrainError::CheckpointsInUse`] if another process
    /// is at it.
    pub(crate) fn resume(path: &Path) -> Result<Self, PipelineError> {
        if !is_unfinished(path) {
            return Err(PipelineError::Finished { path: path.to_owned() });
        }
        Self::lock(path.to_owned())
    }

    /// Takes the run for this process. Where the file system has no locks, it is taken without.
    fn lock(path: PathBuf) -> Result<Self, PipelineError> {
        let file = path.join(CHECKPOINTS).join(LOCK);
        let lock = File::options().create(true).truncate(false).write(true).open(&file);
        let lock = lock.map_err(|error| PipelineError::write(&file, error))?;
        match lock.try_lock() {
            Err(fs::TryLockError::WouldBlock) => Err(TrainError::CheckpointsInUse { path }.into()),
            Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(Self { path, lock }),
        }
    }

    /// The path of the run's folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where a part of the run keeps its checkpoints.
    pub(crate) fn checkpoints(&self, part: &str) -> PathBuf {
        self.path.join(CHECKPOINTS).join(part)
    }

    /// Writes the files of the finished run, the one that says so last, and removes its checkpoints.
    ///
    /// # Errors
    /// [`PipelineError::Write`] naming the file; the checkpoints are still there then.
    pub(crate) fn finish(self, files: &[(&str, &[u8])]) -> Result<RunFolder, PipelineError> {
        let (last, others): (Vec<_>, Vec<_>) = files.iter().partition(|(name, _)| *name == RESULT);
        for (file, content) in others.into_iter().chain(last) {
            tl_files::replace(&self.path.join(file), content)?;
        }
        let Self { path, lock } = self;
        // The run is finished and needs no lock, whose open file some disks of Windows would not let go of.
        drop(lock);
        let folder = path.join(CHECKPOINTS);
        Os.remove_folder(&folder).map_err(|error| PipelineError::write(&folder, error))?;
        Ok(RunFolder(path))
    }
}

/// The first line says when the run was made, not how.
fn has_settings(path: &Path, settings: &str) -> bool {
    let body = |text: &str| text.split_once('\n').map(|(_, body)| body.to_owned());
    fs::read_to_string(path.join(SETTINGS)).is_ok_and(|text| body(&text) == body(settings))
}

/// Gives a folder in `runs` its name and the first free number, and the files in it that say so.
fn commit_numbered(
    mut unfinished: AtomicFolder<'_>,
    runs: &Path,
    name: &str,
    mut naming: impl FnMut(&Path) -> Result<Vec<(&'static str, Vec<u8>)>, PipelineError>,
) -> Result<PathBuf, PipelineError> {
    let mut number = next_number(runs, name).map_err(|error| PipelineError::write(runs, error))?;
    loop {
        let numbered = format!("{name}-{number}");
        for (file, content) in naming(&runs.join(&numbered))? {
            tl_files::replace(&unfinished.path().join(file), &content)?;
        }
        match unfinished.commit(&numbered) {
            // Another process took the number.
            Err(fault) if AtomicFolder::is_taken(&fault) => number += 1,
            committed => return Ok(committed?),
        }
    }
}

fn next_number(runs: &Path, name: &str) -> io::Result<u64> {
    Ok(numbers(runs, name)?.into_iter().max().unwrap_or(0).saturating_add(1))
}

/// Numbers of the runs of this name that are there.
fn numbers(runs: &Path, name: &str) -> io::Result<Vec<u64>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(runs)? {
        let entry = entry?.file_name();
        let number: Option<u64> =
            entry.to_str().and_then(|entry| entry.strip_prefix(name)?.strip_prefix('-')?.parse().ok());
        found.extend(number);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    impl RunFolder {
        fn commit(runs: &Path, name: &str, files: &[(&str, &[u8])]) -> Result<Self, PipelineError> {
            Self::commit_naming_itself(runs, name, files, |_| Ok(Vec::new()))
        }
    }

    #[test]
    fn runs_are_numbered_and_never_overwritten() {
        let runs = tempfile::tempdir().unwrap();
        for (number, content) in [(1, "one"), (2, "two")] {
            let run = RunFolder::commit(runs.path(), "pets", &[("a.txt", content.as_bytes())]).unwrap();
            assert_eq!(run.path(), runs.path().join(format!("pets-{number}")));
        }
        assert_eq!(fs::read(runs.path().join("pets-1/a.txt")).unwrap(), b"one");
        fs::remove_dir_all(runs.path().join("pets-1")).unwrap();
        let run = RunFolder::commit(runs.path(), "pets", &[("a.txt", b"three")]).unwrap();
        assert_eq!(run.path(), runs.path().join("pets-3"), "numbers are not used again");
    }

    #[test]
    fn where_no_run_can_be_written_that_is_said_before_there_is_one() {
        let folder = tempfile::tempdir().unwrap();
        let runs = folder.path().join("a/b");
        for (name, value) in [
            ("", "``"),
            (".", "`.`"),
            ("..", "`..`"),
            ("a/b", "`a/b`"),
            ("a/", "`a/`"),
            ("/", "`/`"),
            ("a\0", "`a\0`"),
        ] {
            let error = RunFolder::check(&runs, name).unwrap_err().to_string();
            let rule = "it must be the name of a folder, without folders above it";
            assert_eq!(error, format!("the run's name is {value}, {rule}"));
        }
        let error = RunFolder::check(Path::new(""), "pets").unwrap_err().to_string();
        assert_eq!(error, "the folder for runs is empty, it must be named");
        fs::write(folder.path().join("file"), "").unwrap();
        for inside in ["file", "file/runs"] {
            let error = RunFolder::check(&folder.path().join(inside), "pets").unwrap_err();
            assert!(matches!(error, PipelineError::Write { .. }), "{error}");
        }
        for name in ["pets", "\\xe9", "...", "a b", "é"] {
            RunFolder::check(&runs, name).unwrap();
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left");
    }

    #[test]
    fn what_names_the_folder_names_the_one_that_it_is_in() {
        let runs = tempfile::tempdir().unwrap();
        let mut tried = Vec::new();
        let naming = |path: &Path| {
            if tried.is_empty() {
                // Another process is quicker.
                fs::create_dir_all(path.join("theirs")).unwrap();
            }
            tried.push(path.to_owned());
            Ok(vec![("name.txt", path.display().to_string().into_bytes())])
        };
        let run = RunFolder::commit_naming_itself(runs.path(), "pets", &[("a.txt", b"x")], naming).unwrap();
        assert_eq!(tried, [runs.path().join("pets-1"), runs.path().join("pets-2")]);
        let said = fs::read_to_string(run.path().join("name.txt")).unwrap();
        assert_eq!(said, run.path().display().to_string());
    }

    #[test]
    fn a_run_with_a_date_for_a_number_costs_no_time() {
        let runs = tempfile::tempdir().unwrap();
        fs::create_dir(runs.path().join("pets-20240607120000")).unwrap();
        let begun = UnfinishedRun::begin(runs.path(), "pets", "# today\n").unwrap();
        assert!(begun.path().ends_with("pets-20240607120001"));
    }

    #[test]
    fn a_lock_that_cannot_be_made_is_named() {
        let runs = tempfile::tempdir().unwrap();
        let run = UnfinishedRun::begin(runs.path(), "pets", "# today\n").unwrap();
        let (path, lock) = (run.path().to_owned(), run.path().join(CHECKPOINTS).join(LOCK));
        drop(run);
        fs::remove_file(&lock).unwrap();
        fs::create_dir(&lock).unwrap();
        let message = UnfinishedRun::resume(&path).err().unwrap().to_string();
        assert!(message.starts_with(&format!("cannot write `{}`", lock.display())), "{message}");
    }

    #[test]
    fn an_unfinished_run_is_gone_on_with_by_one_process_and_a_finished_one_by_none() {
        let runs = tempfile::tempdir().unwrap();
        let begin = |settings| UnfinishedRun::begin(runs.path(), "pets", settings).unwrap();
        let first = begin("# today\nseed = 1\n");
        assert!(first.path().ends_with("pets-1"));
        assert!(begin("# today\nseed = 1\n").path().ends_with("pets-2"), "the first is in use");
        drop(first);
        assert!(begin("# today\nseed = 3\n").path().ends_with("pets-3"), "other settings");
        fs::remove_dir_all(runs.path().join("pets-2")).unwrap();
        let again = begin("# tomorrow\nseed = 1\n");
        assert!(again.path().ends_with("pets-1"));
        let path =
            again.finish(&[("report.json", b"{}"), ("model.safetensors", b"x")]).unwrap().path().to_owned();
        assert!(!path.join("checkpoints").exists());
        let message = UnfinishedRun::resume(&path).unwrap_err().to_string();
        assert_eq!(message, format!("the run `{}` is finished", path.display()));
    }

    #[test]
    fn a_failed_write_names_the_file_and_leaves_nothing() {
        let runs = tempfile::tempdir().unwrap();
        let error =
            RunFolder::commit(runs.path(), "pets", &[("a.txt", b"x"), ("no/such.txt", b"y")]).unwrap_err();
        let PipelineError::Write { path, .. } = &error else { panic!("{error:?}") };
        assert!(path.ends_with("no/such.txt"), "{error}");
        assert_eq!(fs::read_dir(runs.path()).unwrap().count(), 0);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_said() {
        let path = Path::new("/dev/full");
        let full =
            File::options().write(true).open(path).and_then(|mut file| file.write_all(b"x")).unwrap_err();
        let error = PipelineError::write(path, full);
        assert_eq!(error.to_string(), "cannot write `/dev/full`: no space left on device");
    }
}

//! Run folders: what one is told by.

use std::fs;
use std::path::{Path, PathBuf};

/// The file of a run's settings.
const SETTINGS: &str = "run.toml";
const CHECKPOINTS: &str = "checkpoints";
/// Whatever a run has when it is finished and not before.
const RESULT: &str = "report.json";

/// Is this the folder of a run, finished or not?
pub(crate) fn is_run(path: &Path) -> bool {
    path.join(SETTINGS).is_file()
}

/// Is this the folder of a run that can be gone on with?
pub fn is_unfinished(path: &Path) -> bool {
    path.join(CHECKPOINTS).is_dir() && is_run(path) && !path.join(RESULT).exists()
}

/// The newest run of this name, if nothing is at `path` and there are runs with a number behind it.
pub(crate) fn newest_run(path: &Path) -> Option<PathBuf> {
    let name = path.file_name().and_then(|name| name.to_str()).filter(|_| !path.exists())?;
    let runs = path.parent()?;
    let folder = if runs.as_os_str().is_empty() { Path::new(".") } else { runs };
    let number = |entry: fs::DirEntry| -> Option<u64> {
        entry.file_name().to_str()?.strip_prefix(name)?.strip_prefix('-')?.parse().ok()
    };
    let newest = fs::read_dir(folder).ok()?.flatten().filter_map(number).max()?;
    Some(runs.join(format!("{name}-{newest}"))).filter(|newest| is_run(newest))
}

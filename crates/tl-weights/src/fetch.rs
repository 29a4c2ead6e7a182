//! A published file, fetched once and checked before anybody sees it.
//!
//! The bytes arrive in `NAME.part`. Only when length and hash are right does it become `NAME`. A lock on `NAME.lock`
//! lets one process fetch while others wait for it. What a killed process leaves is gone on with, by `Range`.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;
use tl_files::AtomicFile;

use crate::address::mirrored;
use crate::partial_download::{PartialDownload, beside, remove};
use crate::transfer::transfer;
use crate::{Download, Event, Fault, FetchConfig, FetchError, ImportError, sha256};

/// Number of times that nobody may answer: without a network one should hear of it soon.
const KNOCKS: u32 = 3;

/// Gets a file into its place, if the right one is not there yet.
///
/// # Errors
/// [`FetchError`]. The place is then empty; a `.part` may lie beside it, with which the next call goes on.
pub fn fetch(download: &Download, config: &FetchConfig, watch: &dyn Fn(Event)) -> Result<(), FetchError> {
    let mut url = mirrored(download.urls.first().copied().unwrap_or_default(), config.mirror.as_deref());
    obtain(download, config, watch, &mut url).map_err(|fault| download.error(url, fault))
}

/// Puts a user's own copy into the place.
///
/// # Errors
/// [`ImportError`] if it is not the published file, or cannot be copied. The place is then as before.
pub fn import(download: &Download, file: &Path) -> Result<(), ImportError> {
    let refused = |fault| ImportError { name: download.name.into(), file: file.to_owned(), fault };
    copy(download, file).map_err(refused)
}

/// Whether a file is the published one; its SHA-256, 64 lower-case hexadecimal digits.
///
/// # Errors
/// [`Fault::Length`], [`Fault::Checksum`], or [`Fault::Disk`] if it cannot be read.
pub fn check(download: &Download, file: &Path) -> Result<String, Fault> {
    let actual = fs::metadata(file).map_err(|e| Fault::disk(file, e))?.len();
    match download.length {
        Some(expected) if actual != expected => return Err(Fault::Length { expected, actual }),
        _ if actual > download.limit => return Err(Fault::TooLong { limit: download.limit }),
        _ => {}
    }
    let actual = sha256::of_file(file).map_err(|e| Fault::disk(file, e))?;
    if download.sha256.admits(&actual) {
        return Ok(actual);
    }
    Err(Fault::Checksum { expected: download.sha256.to_string(), actual })
}

/// `url` is the address tried last.
fn obtain(
    download: &Download,
    config: &FetchConfig,
    watch: &dyn Fn(Event),
    url: &mut String,
) -> Result<(), Fault> {
    if is_here(download)? {
        return Ok(());
    }
    if config.offline {
        return Err(Fault::Offline);
    }
    let _lock = lock(download.path, watch)?;
    // Whoever held the lock may have fetched it meanwhile.
    if is_here(download)? {
        return Ok(());
    }
    remove(download.path)?;
    let mut result = Err(Fault::Insecure);
    for address in download.urls {
        *url = mirrored(address, config.mirror.as_deref());
        result = from_url(url, download, config, watch);
        if result.is_ok() {
            break;
        }
    }
    result
}

pub(crate) fn is_here(download: &Download) -> Result<bool, Fault> {
    match check(download, download.path) {
        Ok(_) => Ok(true),
        Err(fault @ Fault::Disk { .. }) if download.path.exists() => Err(fault),
        Err(_) => Ok(false),
    }
}

fn lock(path: &Path, watch: &dyn Fn(Event)) -> Result<File, Fault> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|e| Fault::disk(folder, e))?;
    }
    // Never removed: another process might already hold the file that would lose its name.
    let name = beside(path, ".lock");
    let options = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = options.map_err(|e| Fault::disk(&name, e))?;
    let locked = match file.try_lock() {
        Err(TryLockError::WouldBlock) => {
            watch(Event::Waiting);
            file.lock()
        }
        Err(TryLockError::Error(error)) => Err(error),
        Ok(()) => Ok(()),
    };
    match locked {
        // Some network file systems know no locks. Two processes then fetch twice; each checks what it has.
        Err(error) if error.kind() == std::io::ErrorKind::Unsupported => Ok(file),
        Err(error) => Err(Fault::disk(&name, error)),
        Ok(()) => Ok(file),
    }
}

fn from_url(
    url: &str,
    download: &Download,
    config: &FetchConfig,
    watch: &dyn Fn(Event),
) -> Result<(), Fault> {
    let part = PartialDownload::of(download.path);
    let mut backoff = config.backoff;
    for tried in 1..=config.attempts.max(1) {
        let Err((fault, passing)) = attempt(url, download, config, &part, watch) else { return Ok(()) };
        let pause = wanted_pause(&fault).unwrap_or(backoff);
        let most = if matches!(fault, Fault::Connect { .. }) { KNOCKS } else { u32::MAX };
        if tried >= most.min(config.attempts) || !passing || pause > config.patience {
            return Err(fault);
        }
        watch(Event::Retrying { fault: &fault, pause });
        sleep(pause);
        backoff = (backoff * 2).min(config.patience);
    }
    Ok(())
}

/// Makes one attempt; says what went wrong, and whether another can end differently.
fn attempt(
    url: &str,
    download: &Download,
    config: &FetchConfig,
    part: &PartialDownload,
    watch: &dyn Fn(Event),
) -> Result<(), (Fault, bool)> {
    let resumed = transfer(url, download, config, part, watch).map_err(passing)?;
    match check(download, &part.bytes) {
        Ok(_) => part.finish(download.path).map_err(passing),
        Err(fault) => {
            part.discard().map_err(passing)?;
            // The beginning may have been damaged since it was fetched: worth one more, from the start.
            Err((fault, resumed))
        }
    }
}

fn passing(fault: Fault) -> (Fault, bool) {
    let passing = fault.is_passing();
    (fault, passing)
}

fn wanted_pause(fault: &Fault) -> Option<Duration> {
    if let Fault::Status { retry_after, .. } = fault { *retry_after } else { None }
}

fn copy(download: &Download, file: &Path) -> Result<(), Fault> {
    let _lock = lock(download.path, &|_| {})?;
    check(download, file)?;
    // The copy is what will be used, so the copy is what must be right.
    let mut copy = AtomicFile::begin(download.path)?;
    let mut from = File::open(file).map_err(|e| Fault::disk(file, e))?;
    io::copy(&mut from, &mut copy).map_err(|e| Fault::disk(copy.scratch(), e))?;
    check(download, copy.scratch())?;
    Ok(copy.commit()?)
}

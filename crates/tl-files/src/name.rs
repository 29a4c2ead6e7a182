//! What files and folders are called while they are written.

use std::collections::hash_map::RandomState;
use std::ffi::OsStr;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// The file in an unfinished folder whose lock says that its process is alive.
pub(crate) const LOCK: &str = ".lock";
const ENDING: &str = ".unfinished";
/// Digits of the number in the middle.
const DIGITS: usize = 16;
/// Bytes of the target's name that the name keeps: most systems allow 255 in all.
const KEPT: usize = 200;

/// A name beside `path` for what is to become it: `.NAME.9f86d081884c7d65.unfinished`, another one each time.
pub(crate) fn scratch(path: &Path) -> io::Result<PathBuf> {
    let Some(name) = path.file_name() else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not the name of a file"));
    };
    Ok(path.with_file_name(format!("{}{:016x}{ENDING}", beginning(name), number())))
}

/// `.NAME.`, for what is to become NAME.
fn beginning(name: &OsStr) -> String {
    // The number alone has to differ: a few names that begin alike do no harm.
    let name = name.to_string_lossy();
    format!(".{}.", &name[..name.floor_char_boundary(KEPT)])
}

/// Is this the name of something unfinished that was to become `target`?
pub(crate) fn is_scratch_of(name: &OsStr, target: &OsStr) -> bool {
    let beginning = beginning(target);
    let rest = name.to_str().and_then(|name| name.strip_prefix(beginning.as_str()));
    // Version 0.1 had no number in a file's name.
    rest.is_some_and(|rest| is_end(rest) || rest == &ENDING[1..])
}

/// Is this the name of something unfinished?
pub(crate) fn is_scratch(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return false };
    let split = name.strip_prefix('.').and_then(|name| {
        let at = name.len().checked_sub(DIGITS + ENDING.len())?;
        Some((name.get(..at)?, name.get(at..)?))
    });
    // Version 0.1 named folders after its process.
    let of_a_process =
        |name: &str| name.strip_prefix(".unfinished-").is_some_and(|id| id.parse::<u32>().is_ok());
    split.is_some_and(|(target, end)| target.ends_with('.') && is_end(end)) || of_a_process(name)
}

/// The number and what comes behind it.
fn is_end(text: &str) -> bool {
    let digits = text.strip_suffix(ENDING).unwrap_or_default();
    digits.len() == DIGITS && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// A number that nobody else draws. The process's own number would not do: in each of two containers that share a folder,
/// the first process is number 1.
fn number() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Its keys are random, from the operating system.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    hasher.write_u32(process::id());
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    hasher.write_u128(since.as_nanos());
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_do_not_repeat_and_are_recognised() {
        let path = Path::new("runs/report.html");
        let names: BTreeSet<PathBuf> = (0..1000).map(|_| scratch(path).unwrap()).collect();
        assert_eq!(names.len(), 1000);
        for name in &names {
            assert_eq!(name.parent(), path.parent());
            let name = name.file_name().unwrap();
            assert!(is_scratch(name) && is_scratch_of(name, OsStr::new("report.html")), "{name:?}");
            assert!(
                !is_scratch_of(name, OsStr::new("report")) && !is_scratch_of(name, OsStr::new("eport.html"))
            );
        }
    }

    #[test]
    fn a_name_of_any_length_and_bytes_has_one() {
        for name in ["x".repeat(255), "\u{1f600}".repeat(60), "a b\n".to_owned()] {
            let scratch = scratch(Path::new(&name)).unwrap();
            assert!(
                scratch.as_os_str().len() <= 255 && is_scratch_of(scratch.as_os_str(), OsStr::new(&name))
            );
        }
        assert!(scratch(Path::new("..")).is_err() && scratch(Path::new("/")).is_err());
    }

    #[test]
    fn what_a_user_could_have_made_is_not_taken_for_one() {
        for name in [
            ".unfinished",
            "a.unfinished",
            ".a.unfinished",
            ".a.123.unfinished",
            ".a.0123456789ABCDEF.unfinished",
            ".a0123456789abcdef.unfinished",
            "a.0123456789abcdef.unfinished",
            ".a.0123456789abcdef.unfinished.txt",
            ".unfinished-",
            ".unfinished-x",
        ] {
            assert!(!is_scratch(OsStr::new(name)), "{name}");
        }
        assert!(is_scratch(OsStr::new(".unfinished-4711")));
        assert!(is_scratch_of(OsStr::new(".a.unfinished"), OsStr::new("a")));
    }
}

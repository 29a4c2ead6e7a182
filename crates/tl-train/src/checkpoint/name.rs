//! What the folders of checkpoints are called.

use std::path::Path;
use std::{fmt, fs, io};

/// The name of a checkpoint's folder: `step-000120`, or `step-000120.r1` after the step was repeated once.
///
/// A repeated step gets a name of its own because no rename replaces a folder that has files in it, and with two
/// renames there would be a moment without a checkpoint. The greatest name is the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Name {
    pub(super) step: u64,
    repeat: u32,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step-{:06}", self.step)?;
        if self.repeat > 0 { write!(f, ".r{}", self.repeat) } else { Ok(()) }
    }
}

impl Name {
    /// Reads the name of a checkpoint's folder; `None` for every name that this program would not have given.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let numbers = text.strip_prefix("step-")?;
        let (step, repeat) = numbers.split_once(".r").unwrap_or((numbers, "0"));
        let name = Self { step: step.parse().ok()?, repeat: repeat.parse().ok()? };
        (name.to_string() == text).then_some(name)
    }

    /// The name for `step` beside those that are there.
    pub(super) fn vacant(step: u64, there: &[Self]) -> Self {
        let last = there.iter().filter(|name| name.step == step).map(|name| name.repeat).max();
        Self { step, repeat: last.map_or(0, |repeat| repeat + 1) }
    }
}

/// Whether version 0.1 wrote a checkpoint under this name: `step-000120.tmp-PID-NUMBER`.
pub(super) fn is_scratch(text: &str) -> bool {
    let parts = text.split_once(".tmp-").and_then(|(name, rest)| Some((name, rest.split_once('-')?)));
    let Some((name, (process, number))) = parts else { return false };
    Name::parse(name).is_some() && is_number(process) && is_number(number)
}

fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

/// The checkpoints in a folder, newest first. Everything else that lies there is passed over.
pub(super) fn names(folder: &Path) -> io::Result<Vec<Name>> {
    let mut names: Vec<Name> = folders(folder)?.iter().filter_map(|name| Name::parse(name)).collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    Ok(names)
}

/// The names of the folders in a folder; links are none.
pub(super) fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

/// What is to go once `committed` is safe: its own step's earlier folders, and all but `keep` steps up to it.
///
/// Later steps stay: going on from before them means that they were damaged, and the run will pass or repeat them.
pub(super) fn outdated(newest_first: &[Name], committed: Name, keep: usize) -> Vec<Name> {
    let mut kept: Vec<u64> = Vec::new();
    let mut outdated = Vec::new();
    for name in newest_first.iter().filter(|name| name.step <= committed.step) {
        if kept.contains(&name.step) || kept.len() == keep {
            outdated.push(*name);
        } else {
            kept.push(name.step);
        }
    }
    outdated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_our_own_are_recognised() {
        for text in ["step-000000", "step-000120", "step-1234567", "step-000120.r1", "step-000120.r12"] {
            assert_eq!(Name::parse(text).unwrap().to_string(), text);
            assert!(!is_scratch(text), "{text}");
            assert!(is_scratch(&format!("{text}.tmp-17-0")), "{text}");
        }
        for text in [
            "step-",
            "step-120",
            "step-0000120",
            "step-+00120",
            "step-000120.r0",
            "step-000120.r01",
            "step-000120.bak",
            "step-000120 (copy)",
            "best",
            "step-000120.tmp-",
            "step-000120.tmp-1",
            "step-000120.tmp-1-",
            "x.tmp-1-2",
            "step-000120.tmp-1-2-3",
            "step-000120.tmp-01-2",
            "step-99999999999999999999",
        ] {
            assert_eq!(Name::parse(text), None, "{text}");
            assert!(!is_scratch(text), "{text}");
        }
    }

    #[test]
    fn what_goes_after_a_commit() {
        let cases: [(&[&str], &str, usize, &[&str]); 6] = [
            (&["step-000001"], "step-000001", 1, &[]),
            (&["step-000003", "step-000002", "step-000001"], "step-000003", 2, &["step-000001"]),
            (
                &["step-000003", "step-000002", "step-000001"],
                "step-000003",
                1,
                &["step-000002", "step-000001"],
            ),
            (&["step-000002.r1", "step-000002", "step-000001"], "step-000002.r1", 2, &["step-000002"]),
            (&["step-000009", "step-000002", "step-000001"], "step-000002", 1, &["step-000001"]),
            (&["step-000003", "step-000002.r1", "step-000002"], "step-000003", 2, &["step-000002"]),
        ];
        for (there, committed, keep, expected) in cases {
            let there: Vec<Name> = there.iter().map(|name| Name::parse(name).unwrap()).collect();
            let gone = outdated(&there, Name::parse(committed).unwrap(), keep);
            assert_eq!(gone.iter().map(Name::to_string).collect::<Vec<_>>(), expected, "{there:?}");
        }
    }
}

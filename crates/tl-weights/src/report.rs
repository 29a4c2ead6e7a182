//! The load report: what became of every key of a weights file.

use std::fmt;

/// What became of every key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoadReport {
    /// Keys of the parameters and statistics that were found and fit, as the file spells them.
    pub matched: Vec<String>,
    /// Keys that the network needs and the file lacks.
    pub missing: Vec<String>,
    /// Keys of the file that the network has no use for.
    pub unexpected: Vec<String>,
    /// Keys of the file that are known to be of no use: counters of batches, and the auxiliary head of Inception for
    /// a network without one.
    pub ignored: Vec<String>,
    /// Tensors of another shape than the network's.
    pub mismatched: Vec<Mismatch>,
    /// The classification head, if it is for another number of classes. The network keeps the one it has.
    pub dropped_head: Option<DroppedHead>,
    /// Whether the file ends at the last stage: the network keeps the whole of what makes logits.
    pub headless: bool,
}

/// A tensor of another shape than the network's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The tensor's key in the file.
    pub key: String,
    /// The shape that the network needs, as PyTorch has it.
    pub expected: Vec<usize>,
    /// The shape in the file.
    pub actual: Vec<usize>,
}

/// A classification head that was not loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedHead {
    /// Keys of its tensors.
    pub keys: Vec<String>,
    /// The number of classes of the network.
    pub expected: usize,
    /// The number of classes of the file.
    pub actual: usize,
}

impl LoadReport {
    /// Whether the network has every tensor it needs, but for a head of its own.
    pub fn fits(&self) -> bool {
        self.missing.is_empty() && self.mismatched.is_empty()
    }
}

impl fmt::Display for LoadReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} tensors matched", self.matched.len())?;
        counted(f, &self.missing, "missing")?;
        counted(f, &self.unexpected, "unexpected")?;
        match self.mismatched.as_slice() {
            [] => {}
            [only] => write!(f, ", 1 of another shape ({only})")?,
            [first, ..] => {
                write!(f, ", {} of another shape (the first: {first})", self.mismatched.len())?;
            }
        }
        if let Some(head) = &self.dropped_head {
            write!(f, "; {head}")?;
        }
        if self.headless {
            write!(f, "; the file has no head")?;
        }
        Ok(())
    }
}

fn counted(f: &mut fmt::Formatter<'_>, keys: &[String], what: &str) -> fmt::Result {
    match keys {
        [] => Ok(()),
        [only] => write!(f, ", 1 {what} (`{only}`)"),
        [first, ..] => write!(f, ", {} {what} (the first is `{first}`)", keys.len()),
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is {:?}, the network has {:?}", self.key, self.actual, self.expected)
    }
}

impl fmt::Display for DroppedHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<String> = self.keys.iter().map(|key| format!("`{key}`")).collect();
        let Self { expected, actual, .. } = self;
        write!(f, "the head is left out ({}): it is for {actual} classes, not {expected}", keys.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_reads_as_a_sentence() {
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>();
        let mut report = LoadReport { matched: keys(&["a", "b"]), ..LoadReport::default() };
        assert_eq!(report.to_string(), "2 tensors matched");
        report.missing = keys(&["c", "d"]);
        report.unexpected = keys(&["e"]);
        report.mismatched = vec![Mismatch { key: "f".to_owned(), expected: vec![2, 3], actual: vec![3] }];
        report.dropped_head =
            Some(DroppedHead { keys: keys(&["fc.weight", "fc.bias"]), expected: 10, actual: 1000 });
        assert_eq!(
            report.to_string(),
            "2 tensors matched, 2 missing (the first is `c`), 1 unexpected (`e`), 1 of another shape \
             (`f` is [3], the network has [2, 3]); the head is left out (`fc.weight`, `fc.bias`): it is for \
             1000 classes, not 10"
        );
    }
}

//! The three parts of a divided data set.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a picture is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The training set, to learn from.
    Train,
    /// The validation set, to choose settings by.
    Val,
    /// The test set, to evaluate on once, at the end.
    Test,
}

impl Part {
    /// All parts of a split.
    pub const ALL: [Part; 3] = [Part::Train, Part::Val, Part::Test];

    /// `train`, `val` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Val => "val",
            Part::Test => "test",
        }
    }

    /// The part meant by a folder's or a cell's text, in the spellings data sets use; capital letters do not matter.
    ///
    /// ```
    /// use tl_data::Part;
    /// assert_eq!(Part::spelt("Validation"), Some(Part::Val));
    /// assert_eq!(Part::spelt("extra"), None);
    /// ```
    pub fn spelt(text: &str) -> Option<Part> {
        match text.trim().to_ascii_lowercase().as_str() {
            "train" | "training" => Some(Part::Train),
            "val" | "valid" | "validation" => Some(Part::Val),
            "test" | "testing" => Some(Part::Test),
            _ => None,
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

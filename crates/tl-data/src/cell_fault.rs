//! Why a cell of a table cannot be understood, and what to do about it.

use crate::Part;
use crate::shell::shell;

/// What is wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellFault {
    /// The cell is neither 0 nor 1, in a column of 0 and 1.
    NotAnAnswer,
    /// The cell says "uncertain", in a column of 0 and 1.
    Uncertain,
    /// The cell says nothing, in a column of 0 and 1, and other cells of its row do.
    Blank,
    /// The cell says nothing, and other cells are lists.
    NotAList,
    /// The cell is written like a list and cannot be read as one.
    BadList,
    /// The cell is none of train, val and test, and others are.
    NotAPart,
    /// The cell is none of train, val and test, and neither are the others.
    UnclearParts {
        /// Words of the column.
        words: String,
    },
    /// The cell is neither yes nor no, in a column such as `is_test`.
    NotYesOrNo,
    /// The cell says yes or no, and its column may be about a part or about something else.
    UnclearAnswer {
        /// The part, if it is about one.
        part: Option<Part>,
    },
    /// The cell says that its row is not of a part, and no other column says which part it is of.
    NoPart,
    /// Another column puts the cell's row into another part.
    OtherPart {
        /// The other column's name.
        column: String,
        /// The part it names, or what it says.
        says: String,
    },
}

impl CellFault {
    /// What is wrong with this value.
    pub(crate) fn words(&self, value: &str) -> String {
        let shown =
            if value.is_empty() { "an empty cell".to_string() } else { format!("`{}`", visible(value)) };
        match self {
            CellFault::NotAnAnswer | CellFault::Blank => format!("{shown} is neither 0 nor 1"),
            CellFault::Uncertain => {
                format!("{shown} is neither 0 nor 1, it may mean that the label is uncertain")
            }
            CellFault::NotAList => format!("{shown} is not spelt as a list, and other cells are"),
            CellFault::BadList => format!("{shown} looks like a list and cannot be read as one"),
            CellFault::NotAPart => format!("{shown} is none of train, val and test, and other cells are"),
            CellFault::UnclearParts { words } => {
                format!("{shown} does not say train, val or test (the column has {})", visible(words))
            }
            CellFault::NotYesOrNo => format!("{shown} is neither 0 nor 1"),
            CellFault::UnclearAnswer { .. } => {
                format!("{shown} may say which part of a split the row is of, or something else")
            }
            CellFault::NoPart => format!("{shown}, and no other column says which part the row is of"),
            CellFault::OtherPart { column, says } => format!("{shown}, and `{column}` says {says}"),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self, column: &str) -> String {
        match self {
            CellFault::NotAnAnswer => "write 0 or 1 there, or leave the row out".into(),
            CellFault::Uncertain => {
                "say what such cells count as: --uncertain negative or --uncertain positive".into()
            }
            CellFault::Blank => "fill it in, or say that empty cells count as 0: --blank negative".into(),
            CellFault::NotAList => format!("write every cell of `{column}` in the same way, such as ['cat', 'dog']"),
            CellFault::BadList => {
                "write every label in quotes, with commas between them: ['cat', 'dog']; a name that has brackets itself \
                is written so too: ['[cat]']"
                    .into()
            }
            CellFault::NotAPart => format!(
                "correct the cell, or train on all rows as if there were no column `{column}`: --ignore-parts"
            ),
            CellFault::UnclearParts { .. } => format!(
                "write train, val and test into it, or take it for something else than a split: --ignore-parts; \
                another column is named by --part-column, and rows that belong together by --group-column {}",
                shell(&[column])
            ),
            CellFault::UnclearAnswer { part: Some(part) } => format!(
                "if 1 says that a row is of {part}: --part-column {}; if another column names the parts: \
                --part-column NAME; if none does: --ignore-parts",
                shell(&[column])
            ),
            CellFault::UnclearAnswer { part: None } => {
                "write train, val and test into a column, and name it: --part-column NAME; if it is no split: --ignore-parts"
                    .into()
            }
            CellFault::NoPart => {
                "write 1 into the column of its part, say which column to believe: --part-column NAME, or none: \
                --ignore-parts"
                    .into()
            }
            CellFault::NotYesOrNo => {
                "write 0 or 1 there, or go on as if there were no such column: --ignore-parts".into()
            }
            CellFault::OtherPart { .. } => {
                "correct one of them, say which column to believe: --part-column NAME, or neither: --ignore-parts"
                    .into()
            }
        }
    }
}

/// A cell may go over several lines.
fn visible(value: &str) -> String {
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    value.chars().map(escaped).collect()
}

//! What the cells of a table say of a picture's labels.
//!
//! Label columns hold names, or lists of names; or there are several of them and each is a class, with 0 and 1. All
//! cells are looked at before that is decided, and a cell that does not fit is refused by name.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::Path;

use crate::cell_label::{CellLabel, LabelNotation};
use crate::list_cell;
use crate::numbers::counted;
use crate::source::{Blank, Uncertain};
use crate::table::Row;
use crate::{CellFault, Columns, SourceError};

/// How label cells are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LabelFormat {
    /// Each cell holds a name, several with a separator between them, or nothing.
    Names,
    /// Each cell holds a list of names; a name alone is a list of one.
    Lists,
    /// Each cell says whether its column's class is there.
    Classes(LabelNotation),
}

/// How to read the label cells of one table.
pub(crate) struct LabelCells<'a> {
    path: &'a Path,
    columns: &'a Columns,
    /// Names of the label columns.
    names: Vec<String>,
    /// Where the label cells begin in a row's cells.
    first: usize,
    spelling: LabelFormat,
    /// What the cells may mean besides, for people.
    doubt: Option<String>,
    counted: CellCounts,
}

/// Cells that were read as an option says.
#[derive(Default)]
struct CellCounts {
    uncertain: Cell<usize>,
    blank: Cell<usize>,
    separated: Cell<usize>,
}

impl<'a> LabelCells<'a> {
    /// `first` is the place of the first label among a row's cells.
    pub(crate) fn new(
        path: &'a Path,
        columns: &'a Columns,
        names: Vec<String>,
        first: usize,
        rows: &[Row],
    ) -> Self {
        let cells = || rows.iter().flat_map(|row| row.cells.iter().skip(first)).map(String::as_str);
        let spelling = match names.len() {
            0 | 1 => None,
            _ => classes(cells()),
        };
        let spelling = spelling.or_else(|| lists(cells())).unwrap_or(LabelFormat::Names);
        let measured = spelling == LabelFormat::Names && names.len() > 1 && are_measured(cells());
        let spelling = if measured { LabelFormat::Classes(LabelNotation::InNumbers) } else { spelling };
        let plain = spelling == LabelFormat::Names && !columns.several_labels();
        let doubt = plain.then(|| separated(cells())).flatten();
        LabelCells { path, columns, names, first, spelling, doubt, counted: CellCounts::default() }
    }

    /// May a picture have several labels?
    pub(crate) fn several(&self) -> bool {
        self.columns.several_labels() || self.spelling == LabelFormat::Lists
    }

    /// The names of a row's labels, which may be none of all classes; nothing if the row does not say.
    ///
    /// Errors: [`SourceError::BadCell`].
    pub(crate) fn of(&self, row: &Row) -> Result<Option<Vec<String>>, SourceError> {
        let cells = row.cells.get(self.first..).unwrap_or_default();
        let blank = |cell: &String| match self.spelling {
            LabelFormat::Classes(how) => how.of(cell) == Some(CellLabel::Blank),
            LabelFormat::Names | LabelFormat::Lists => cell.trim().is_empty(),
        };
        let labels = match self.spelling {
            _ if cells.iter().all(blank) && self.columns.blank.is_none() => return Ok(None),
            LabelFormat::Classes(how) => return self.of_classes(row.number, cells, how).map(Some),
            LabelFormat::Lists => self.of_lists(row.number, cells)?,
            LabelFormat::Names => cells.iter().flat_map(|cell| self.split(cell)).collect(),
        };
        let says_none = self.spelling == LabelFormat::Lists && !cells.iter().all(blank);
        if labels.is_empty() && !says_none {
            // Nothing, or separators alone.
            self.counted.blank.update(|cells| cells + 1);
            return Ok(self.columns.blank.map(|_| labels));
        }
        Ok(Some(labels))
    }

    fn of_classes(&self, row: u64, cells: &[String], how: LabelNotation) -> Result<Vec<String>, SourceError> {
        let mut labels = Vec::new();
        for (name, cell) in self.names.iter().zip(cells) {
            if self.has(how, row, name, cell)? {
                labels.push(name.clone());
            }
        }
        Ok(labels)
    }

    fn of_lists(&self, row: u64, cells: &[String]) -> Result<Vec<String>, SourceError> {
        let lists = self.names.iter().zip(cells).map(|(name, cell)| self.listed(row, name, cell));
        Ok(lists.collect::<Result<Vec<_>, _>>()?.concat())
    }

    /// Does the picture have the class that the column is?
    fn has(&self, how: LabelNotation, row: u64, column: &str, cell: &str) -> Result<bool, SourceError> {
        let fault = match (how.of(cell), self.columns.uncertain, self.columns.blank) {
            (Some(CellLabel::Yes), ..) => return Ok(true),
            (Some(CellLabel::No), ..) => return Ok(false),
            (Some(CellLabel::Uncertain), Some(counts), _) => {
                self.counted.uncertain.update(|cells| cells + 1);
                return Ok(counts == Uncertain::Positive);
            }
            (Some(CellLabel::Blank), _, Some(Blank::Negative)) => {
                self.counted.blank.update(|cells| cells + 1);
                return Ok(false);
            }
            (Some(CellLabel::Uncertain), None, _) => CellFault::Uncertain,
            (Some(CellLabel::Blank), _, None) => CellFault::Blank,
            (None, ..) => CellFault::NotAnAnswer,
        };
        Err(self.bad(row, column, cell, fault))
    }

    fn listed(&self, row: u64, column: &str, cell: &str) -> Result<Vec<String>, SourceError> {
        let bracket = cell.starts_with(['[', '{']) || cell.ends_with([']', '}']);
        match list_cell::parse(cell) {
            Some(names) => Ok(names),
            None if list_cell::is_listlike(cell) || bracket => {
                Err(self.bad(row, column, cell, CellFault::BadList))
            }
            None if cell.trim().is_empty() => Ok(Vec::new()),
            // Names that programs write for nothing, as `nan`.
            None if LabelNotation::InNumbers.of(cell) == Some(CellLabel::Blank) => {
                Err(self.bad(row, column, cell, CellFault::NotAList))
            }
            None => Ok(self.split(cell)),
        }
    }

    fn split(&self, cell: &str) -> Vec<String> {
        let mut names: Vec<String> = match self.columns.separator {
            Some(separator) => {
                self.counted.separated.update(|cells| cells + usize::from(cell.contains(separator)));
                cell.split(separator).map(|name| name.trim().to_string()).collect()
            }
            None => vec![cell.to_string()],
        };
        names.retain(|name| !name.is_empty());
        names
    }

    fn bad(&self, row: u64, column: &str, value: &str, fault: CellFault) -> SourceError {
        SourceError::BadCell {
            path: self.path.to_path_buf(),
            row,
            column: column.to_string(),
            value: value.to_string(),
            fault: Box::new(fault),
        }
    }

    /// Names of the columns that are classes.
    pub(crate) fn classes(&self) -> &[String] {
        if matches!(self.spelling, LabelFormat::Classes(_)) { &self.names } else { &[] }
    }

    /// What was taken for what, for people, when all rows have been read.
    pub(crate) fn notes(&self) -> Vec<String> {
        let columns = quoted(&self.names);
        let (is, hold) = if self.names.len() == 1 { ("is", "holds") } else { ("are", "hold") };
        let mut notes = vec![match self.spelling {
            LabelFormat::Classes(LabelNotation::InNumbers) => {
                format!("{columns} {is} classes: 1 where a picture is of the class, else 0")
            }
            LabelFormat::Classes(LabelNotation::InWords) => {
                format!("{columns} {is} classes: yes where a picture is of the class, else no")
            }
            LabelFormat::Lists => format!("{columns} {hold} lists of labels"),
            LabelFormat::Names if self.names.len() > 1 => format!("{columns} {hold} names of classes"),
            LabelFormat::Names => format!("labels are in the column {columns}"),
        }];
        notes.extend(self.doubt.clone());
        notes.extend(self.options());
        notes
    }

    /// What the options came to: also that one found nothing to do, which may be a mistake.
    fn options(&self) -> impl Iterator<Item = String> {
        let counts = |cells: &Cell<usize>, kind: &str, as_what: &str| match cells.get() {
            0 => format!("no {kind} cell: there is nothing to be {as_what}"),
            cells => format!("{} {as_what}", counted(cells, &format!("{kind} cell"))),
        };
        let uncertain = self.columns.uncertain.map(|uncertain| {
            let as_what = match uncertain {
                Uncertain::Positive => "counted as 1",
                Uncertain::Negative => "counted as 0",
            };
            counts(&self.counted.uncertain, "uncertain", as_what)
        });
        let blank = self.columns.blank.map(|_| {
            let as_what = match self.spelling {
                LabelFormat::Classes(_) => "counted as 0",
                LabelFormat::Names | LabelFormat::Lists => "counted as a picture that is of no class",
            };
            counts(&self.counted.blank, "empty", as_what)
        });
        let nowhere = |_: &char| self.counted.separated.get() == 0;
        let separator = self.columns.separator.filter(nowhere);
        let separator = separator.map(|separator| format!("no label cell holds the separator `{separator}`"));
        [uncertain, blank, separator].into_iter().flatten()
    }
}

/// Are the columns classes? They are if at least half of the cells that are filled in say yes, no or perhaps, by numbers
/// or in words.
fn classes<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> Option<LabelFormat> {
    let most = |how: LabelNotation| {
        let answers =
            || cells.clone().map(|cell| how.of(cell)).filter(|answer| *answer != Some(CellLabel::Blank));
        let said = answers().flatten().count();
        said > 0 && said * 2 >= answers().count()
    };
    [LabelNotation::InNumbers, LabelNotation::InWords]
        .into_iter()
        .find(|how| most(*how))
        .map(LabelFormat::Classes)
}

/// Are these no names but numbers, some with decimals, as probabilities are?
fn are_measured<'c>(cells: impl Iterator<Item = &'c str>) -> bool {
    let mut fractions = 0;
    for cell in cells.filter(|cell| LabelNotation::InNumbers.of(cell) != Some(CellLabel::Blank)) {
        let Ok(number) = cell.trim().replacen(',', ".", 1).parse::<f64>() else { return false };
        fractions += usize::from(number.fract() != 0.0);
    }
    fractions > 0
}

/// Are the labels lists? They are if one cell is written like one: brackets are hardly ever part of a class's name.
fn lists<'c>(mut cells: impl Iterator<Item = &'c str>) -> Option<LabelFormat> {
    cells.any(list_cell::is_listlike).then_some(LabelFormat::Lists)
}

/// A label all of whose parts are labels themselves.
fn separated<'c>(cells: impl Iterator<Item = &'c str>) -> Option<String> {
    let labels: BTreeSet<&str> = cells.collect();
    let known = |part: &str| labels.contains(part.trim());
    labels.iter().find_map(|label| {
        let divides = |separator: &char| label.contains(*separator) && label.split(*separator).all(known);
        let separator = ['|', ';', ','].into_iter().find(divides)?;
        Some(format!("`{label}` is one label; --label-separator '{separator}' would make several of it"))
    })
}

fn quoted(names: &[String]) -> String {
    const NAMED: usize = 4;
    let named: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    match names.len().saturating_sub(NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

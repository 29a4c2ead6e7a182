//! Which part the rows of a table are of: the column that says so, found by its name or by its words.
//!
//! A column that seems to say it and does not is never passed over in silence: rows of an official test part would train.

use std::path::Path;

use crate::cell_label::{CellLabel, label_in_words};
use crate::numbers::counted;
use crate::part_words::{NamedLike, asked_by, meant};
use crate::table::Table;
use crate::words::{Word, Words};
use crate::{CellFault, Columns, Part, SourceError};

/// More different words than this, none of which names a part, are no spelling of parts that is not understood.
const FEW: usize = 10;
/// So many numbers, as 0, 1 and 2, may be.
const FEW_NUMBERS: usize = 3;

/// The part of each row, in the order in which they were read.
#[derive(Debug, Default)]
pub(crate) struct RowParts {
    pub(crate) parts: Vec<Option<Part>>,
    pub(crate) notes: Vec<String>,
}

/// Finds the parts of a table's rows.
///
/// Errors: [`SourceError::BadCell`], and [`SourceError::NoColumn`] if the column asked for is not there.
pub(crate) fn find_parts(path: &Path, columns: &Columns, table: &Table) -> Result<RowParts, SourceError> {
    let finder = Finder { path, table };
    match &columns.part {
        Some(name) => finder.asked(name),
        None if columns.ignore_parts => Ok(RowParts::default()),
        None => finder.guessed(),
    }
}

/// What a column that nobody asked for seems to be.
enum Seems {
    /// Every word names a part.
    Split,
    /// It seems to name parts, and a word does not.
    Muddled,
    /// It is called as if it did, and means something else.
    SomethingElse,
    /// It has nothing to do with parts.
    Nothing,
}

impl Seems {
    fn of(words: &Words) -> Self {
        let named = NamedLike::of(&words.name);
        let understood: Vec<Part> = words.words.iter().filter_map(|word| meant(&word.text)).collect();
        let several = understood.iter().any(|part| *part != understood[0]);
        let rows = |wanted: fn(&Word) -> bool| -> usize {
            words.words.iter().filter(|word| wanted(word)).map(|word| word.rows).sum()
        };
        let (known, all) = (rows(|word| meant(&word.text).is_some()), rows(|_| true));
        let numbers = words.words.iter().all(|word| word.text.parse::<f64>().is_ok());
        match named {
            _ if all == 0 || asked_by(&words.name).is_some() => Seems::Nothing,
            NamedLike::Other if !several || known * 2 < all || words.many => Seems::Nothing,
            _ if words.many && known * 2 < all => Seems::SomethingElse,
            _ if understood.len() == words.words.len() => Seems::Split,
            _ if known > 0 => Seems::Muddled,
            NamedLike::Split if words.words.len() <= FEW => Seems::Muddled,
            NamedLike::Perhaps if words.words.len() <= FEW_NUMBERS && numbers => Seems::Muddled,
            _ => Seems::SomethingElse,
        }
    }
}

struct Finder<'a> {
    path: &'a Path,
    table: &'a Table,
}

impl Finder<'_> {
    fn asked(&self, name: &str) -> Result<RowParts, SourceError> {
        let others = &self.table.others;
        let exact = others.iter().find(|words| words.name == name);
        let words = exact.or_else(|| others.iter().find(|words| words.name.eq_ignore_ascii_case(name)));
        let Some(words) = words else {
            return Err(SourceError::NoColumn {
                path: self.path.to_path_buf(),
                what: "parts",
                asked: Some(name.to_string()),
                found: self.table.names.clone(),
            });
        };
        match asked_by(&words.name) {
            Some(part) if says_yes_or_no(words) => self.by_answers(&[(words, part)]),
            _ => self.by_words(words),
        }
    }

    fn guessed(&self) -> Result<RowParts, SourceError> {
        let (mut splits, mut notes) = (Vec::new(), Vec::new());
        for words in &self.table.others {
            match Seems::of(words) {
                Seems::Split => splits.push(words),
                Seems::Muddled => return Err(self.unclear(words)),
                Seems::SomethingElse => notes.push(passed_over(words)),
                Seems::Nothing => {}
            }
        }
        splits.sort_by_key(|words| NamedLike::of(&words.name));
        let answers: Vec<(&Words, Part)> = self.table.others.iter().filter_map(asking).collect();
        let mut found = match splits.as_slice() {
            [] if answers.is_empty() => RowParts::default(),
            [] => self.by_answers(&answers)?,
            [first, others @ ..] => {
                let mut found = self.by_words(first)?;
                others.iter().try_for_each(|other| self.add_agreeing(first, &mut found, other))?;
                notes.extend(
                    answers.iter().map(|(words, _)| format!("the column `{}` is not used", words.name)),
                );
                found
            }
        };
        found.notes.extend(notes);
        Ok(found)
    }

    fn by_words(&self, words: &Words) -> Result<RowParts, SourceError> {
        let meaning: Vec<Option<Part>> = words.words.iter().map(|word| meant(&word.text)).collect();
        if words.many || meaning.contains(&None) {
            return Err(self.unclear(words));
        }
        let parts = words.rows().map(|word| word.and_then(|word| meaning.get(word).copied().flatten()));
        let mut notes = vec![format!("parts are in the column `{}`: {}", words.name, spelt(words, &meaning))];
        if words.empty() > 0 {
            let rows = counted(words.empty(), "row");
            notes.push(format!(
                "{rows} without a word in `{}`: they train, or are held out by chance",
                words.name
            ));
        }
        Ok(RowParts { parts: parts.collect(), notes })
    }

    /// Parts by columns such as `is_test`. A row that none of them claims trains; where `is_train` alone says so, it is
    /// of the test.
    fn by_answers(&self, columns: &[(&Words, Part)]) -> Result<RowParts, SourceError> {
        let alone = matches!(columns, [(_, Part::Train)]);
        let otherwise = if alone { Part::Test } else { Part::Train };
        let mut claimed: Vec<Option<(&Words, Part)>> = vec![None; self.table.rows.len()];
        for &(words, part) in columns {
            for (row, _) in self.answers(words)?.into_iter().enumerate().filter(|(_, yes)| *yes) {
                if let Some((first, other)) = claimed[row].filter(|(_, other)| *other != part) {
                    let says = format!("{other} too");
                    return Err(self.bad_row(
                        words,
                        row,
                        CellFault::OtherPart { column: first.name.clone(), says },
                    ));
                }
                claimed[row] = Some((words, part));
            }
        }
        let parts: Vec<Part> =
            claimed.into_iter().map(|claim| claim.map_or(otherwise, |(_, part)| part)).collect();
        let names: Vec<String> =
            columns.iter().map(|(words, part)| format!("1 in `{}` is {part}", words.name)).collect();
        let counts = Part::ALL.map(|part| (part, parts.iter().filter(|of_row| **of_row == part).count()));
        let counts: Vec<String> = counts.iter().map(|(part, rows)| format!("{part} {rows}")).collect();
        let note = format!("{}, all else is {otherwise}: {}", names.join(", "), counts.join(", "));
        Ok(RowParts { parts: parts.into_iter().map(Some).collect(), notes: vec![note] })
    }

    fn answers(&self, words: &Words) -> Result<Vec<bool>, SourceError> {
        let bad = words.words.iter().find(|word| yes(word).is_none());
        if let Some(word) = bad {
            return Err(self.bad_word(words, word, CellFault::NotYesOrNo));
        }
        let meaning: Vec<Option<bool>> = words.words.iter().map(yes).collect();
        let answer = |(row, word): (usize, Option<usize>)| {
            let answer = word.and_then(|word| meaning.get(word).copied().flatten());
            answer.ok_or_else(|| self.bad_row(words, row, CellFault::NotYesOrNo))
        };
        words.rows().enumerate().map(answer).collect()
    }

    /// Two columns that name parts have to name the same ones; where one says nothing, the other does.
    fn add_agreeing(&self, first: &Words, found: &mut RowParts, second: &Words) -> Result<(), SourceError> {
        let others = self.by_words(second)?;
        for (row, (part, other)) in found.parts.iter_mut().zip(others.parts).enumerate() {
            if let Some(says) = part.filter(|part| other.is_some_and(|other| other != *part)) {
                let says = says.to_string();
                return Err(self.bad_row(
                    second,
                    row,
                    CellFault::OtherPart { column: first.name.clone(), says },
                ));
            }
            *part = part.or(other);
        }
        found.notes.push(format!("the column `{}` names the same parts", second.name));
        Ok(())
    }

    /// The first word that names no part.
    fn unclear(&self, words: &Words) -> SourceError {
        let understood = words.words.iter().any(|word| meant(&word.text).is_some());
        let fault = match understood {
            true => CellFault::NotAPart,
            false => CellFault::UnclearParts { words: words.quoted() },
        };
        match words.words.iter().find(|word| meant(&word.text).is_none()) {
            Some(word) => self.bad_word(words, word, fault),
            None => self.bad_row(words, 0, fault),
        }
    }

    fn bad_word(&self, words: &Words, word: &Word, fault: CellFault) -> SourceError {
        let (column, value) = (words.name.clone(), word.text.clone());
        SourceError::BadCell {
            path: self.path.to_path_buf(),
            row: word.first_row,
            column,
            value,
            fault: Box::new(fault),
        }
    }

    fn bad_row(&self, words: &Words, row: usize, fault: CellFault) -> SourceError {
        let word = words.rows().nth(row).flatten().and_then(|word| words.words.get(word));
        let (column, value) = (words.name.clone(), word.map_or_else(String::new, |word| word.text.clone()));
        let row = self.table.rows.get(row).map_or(0, |row| row.number);
        SourceError::BadCell { path: self.path.to_path_buf(), row, column, value, fault: Box::new(fault) }
    }
}

fn asking(words: &Words) -> Option<(&Words, Part)> {
    asked_by(&words.name).filter(|_| !words.words.is_empty()).map(|part| (words, part))
}

fn says_yes_or_no(words: &Words) -> bool {
    words.words.iter().any(|word| yes(word).is_some())
}

fn yes(word: &Word) -> Option<bool> {
    match label_in_words(&word.text)? {
        CellLabel::Yes => Some(true),
        CellLabel::No => Some(false),
        CellLabel::Uncertain | CellLabel::Blank => None,
    }
}

fn passed_over(words: &Words) -> String {
    let (name, found) = (&words.name, words.quoted());
    format!("the column `{name}` has {found}, and not train, val or test: it divides nothing")
}

/// "`dev` is val, 30 rows; test 40 rows"
fn spelt(words: &Words, meaning: &[Option<Part>]) -> String {
    let word = |(word, part): (&Word, &Option<Part>)| {
        let (part, rows) = ((*part)?, counted(word.rows, "row"));
        let plain = word.text == part.name();
        Some(if plain { format!("{part} {rows}") } else { format!("`{}` is {part}, {rows}", word.text) })
    };
    words.words.iter().zip(meaning).filter_map(word).collect::<Vec<_>>().join("; ")
}

//! Which part the rows of a table are of: the column that says so, found by its name or by its words.
//!
//! A column that seems to say it and does not is never passed over in silence: rows of an official test part would train.

use std::path::Path;

use crate::categorical_column::{CategoricalColumn, Category};
use crate::cell_label::{CellLabel, label_in_words};
use crate::numbers::counted;
use crate::part_name::{Role, role};
use crate::part_words::{FlagColumn, SplitNameMatch, asked_by, meant};
use crate::table::Table;
use crate::{CellFault, Columns, Part, SourceError};

/// More different words than this, none of which names a part, are no spelling of parts that is not understood.
const FEW: usize = 10;
/// Most different numbers that a column of parts may have, such as 0, 1 and 2.
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
enum ColumnGuess {
    /// Every word names a part.
    Split,
    /// The column seems to name parts, and a word does not.
    Muddled,
    /// The column is called as if it named parts, and means something else.
    SomethingElse,
    /// The column has nothing to do with parts.
    Nothing,
}

impl ColumnGuess {
    fn of(column: &CategoricalColumn) -> Self {
        let named = SplitNameMatch::of(&column.name);
        let understood = column.categories.iter().filter(|word| meant(&word.text).is_some()).count();
        let roles: Vec<Role> = column.categories.iter().filter_map(spoken_of).collect();
        let several = roles.iter().any(|role| *role != roles[0]);
        let (known, all) = (column.rows_with(|word| meant(&word.text).is_some()), column.rows_with(|_| true));
        let spoken = column.rows_with(|word| spoken_of(word).is_some());
        let numbers = column.categories.iter().all(|word| word.text.parse::<f64>().is_ok());
        let few_numbers = column.categories.len() <= FEW_NUMBERS && numbers;
        let are_many = column.many || named == SplitNameMatch::Speaks && column.categories.len() > FEW;
        match named {
            _ if all == 0 => ColumnGuess::Nothing,
            SplitNameMatch::Other if !several || spoken * 2 < all || column.many => ColumnGuess::Nothing,
            SplitNameMatch::Speaks if are_many && known * 2 < all => ColumnGuess::Nothing,
            _ if column.many && known * 2 < all => ColumnGuess::SomethingElse,
            _ if understood == column.categories.len() => ColumnGuess::Split,
            _ if known > 0 || spoken * 2 >= all => ColumnGuess::Muddled,
            SplitNameMatch::Split if column.categories.len() <= FEW => ColumnGuess::Muddled,
            SplitNameMatch::Perhaps | SplitNameMatch::Speaks if few_numbers || answers_mostly(column) => {
                ColumnGuess::Muddled
            }
            _ => ColumnGuess::SomethingElse,
        }
    }
}

/// The part that a word means, or speaks of, as `train2017` does.
fn spoken_of(word: &Category) -> Option<Role> {
    meant(&word.text).map(Role::Part).or_else(|| role(&word.text))
}

struct Finder<'a> {
    path: &'a Path,
    table: &'a Table,
}

impl Finder<'_> {
    fn asked(&self, name: &str) -> Result<RowParts, SourceError> {
        let others = &self.table.others;
        let exact = others.iter().find(|column| column.name == name);
        let column = exact.or_else(|| others.iter().find(|column| column.name.eq_ignore_ascii_case(name)));
        let Some(column) = column else {
            return Err(SourceError::NoColumn {
                path: self.path.to_path_buf(),
                what: "parts",
                asked: Some(name.to_string()),
                found: self.table.names.clone(),
            });
        };
        match FlagColumn::of(&column.name).and_then(FlagColumn::part) {
            Some(part) if says_yes_or_no(column) => self.by_answers(&[(column, part)]),
            _ => self.by_words(column),
        }
    }

    fn guessed(&self) -> Result<RowParts, SourceError> {
        let mut columns = Guesses::default();
        for column in &self.table.others {
            match (asking(column), ColumnGuess::of(column)) {
                (Some(FlagColumn::Clearly(part)), _) => columns.clear.push((column, part)),
                (Some(asks), _) => columns.doubtful.push((column, asks)),
                (None, ColumnGuess::Split) => columns.splits.push(column),
                (None, ColumnGuess::Muddled) => columns.muddled.push(column),
                (None, ColumnGuess::SomethingElse) => columns.others.push(column),
                (None, ColumnGuess::Nothing) => {}
            }
        }
        columns.splits.sort_by_key(|column| SplitNameMatch::of(&column.name));
        columns.clear_up();
        let mut found = self.by_guesses(&columns)?;
        // What could be a split, and is not understood, may be left alone only where the parts are known without it.
        let mut known = found.parts.iter().flatten();
        let divided = known.next().is_some_and(|first| known.any(|part| part != first));
        for column in columns.muddled {
            let unlike = column.categories.iter().all(|word| spoken_of(word).is_none());
            let left = if divided && unlike { Ok(passed_over(column)) } else { Err(self.unclear(column)) };
            found.notes.push(left?);
        }
        for (column, asks) in columns.doubtful {
            let unused = || format!("the column `{}` is not used", column.name);
            let left = if divided { Ok(unused()) } else { Err(self.doubtful(column, asks.part())) };
            found.notes.push(left?);
        }
        found.notes.extend(columns.others.into_iter().map(passed_over));
        Ok(found)
    }

    fn by_guesses(&self, columns: &Guesses<'_>) -> Result<RowParts, SourceError> {
        let [first, others @ ..] = columns.splits.as_slice() else {
            return match columns.clear.as_slice() {
                [] => Ok(RowParts::default()),
                answers => self.by_answers(answers),
            };
        };
        let mut found = self.by_words(first)?;
        others.iter().try_for_each(|other| self.add_agreeing(first, &mut found, other))?;
        let answers = &mut columns.clear.iter();
        answers.try_for_each(|&(column, part)| self.add_answers(first, &mut found, column, part))?;
        Ok(found)
    }

    fn by_words(&self, column: &CategoricalColumn) -> Result<RowParts, SourceError> {
        let meaning: Vec<Option<Part>> = column.categories.iter().map(|word| meant(&word.text)).collect();
        if column.many || meaning.contains(&None) {
            return Err(self.unclear(column));
        }
        let parts = column.rows().map(|word| word.and_then(|word| meaning.get(word).copied().flatten()));
        let mut notes =
            vec![format!("parts are in the column `{}`: {}", column.name, spelt(column, &meaning))];
        if column.empty() > 0 {
            let rows = counted(column.empty(), "row");
            notes.push(format!(
                "{rows} without a word in `{}`: they train, or are held out by chance",
                column.name
            ));
        }
        Ok(RowParts { parts: parts.collect(), notes })
    }

    /// Parts by columns such as `is_test`. A row that none of them claims trains; where columns of train alone say so, it
    /// is of the test.
    fn by_answers(&self, columns: &[(&CategoricalColumn, Part)]) -> Result<RowParts, SourceError> {
        let alone = columns.iter().all(|(_, part)| *part == Part::Train);
        let otherwise = if alone { Part::Test } else { Part::Train };
        let answers: Vec<Vec<Option<bool>>> =
            columns.iter().map(|(column, _)| self.answers(column)).collect::<Result<_, _>>()?;
        let part = |row: usize| {
            let of_row = columns.iter().zip(&answers).map(|(&(column, part), answers)| {
                let answer = answers.get(row).copied().flatten();
                let answer = answer.ok_or_else(|| self.bad_row(column, row, CellFault::NotYesOrNo))?;
                Ok((column, part, answer))
            });
            let of_row: Vec<FlagValue<'_>> = of_row.collect::<Result<_, SourceError>>()?;
            self.part_of(row, &of_row, otherwise)
        };
        let parts: Vec<Part> = (0..self.table.rows.len()).map(part).collect::<Result<_, _>>()?;
        let names: Vec<String> =
            columns.iter().map(|(column, part)| format!("1 in `{}` is {part}", column.name)).collect();
        let counts = Part::ALL.map(|part| (part, parts.iter().filter(|of_row| **of_row == part).count()));
        let counts: Vec<String> = counts.iter().map(|(part, rows)| format!("{part} {rows}")).collect();
        let note = format!("{}, all else is {otherwise}: {}", names.join(", "), counts.join(", "));
        Ok(RowParts { parts: parts.into_iter().map(Some).collect(), notes: vec![note] })
    }

    /// The part that a row's answers give it together.
    fn part_of(&self, row: usize, answers: &[FlagValue<'_>], otherwise: Part) -> Result<Part, SourceError> {
        let contradicts = |column: &CategoricalColumn, says: String, other: &CategoricalColumn| {
            self.bad_row(other, row, CellFault::OtherPart { column: column.name.clone(), says })
        };
        let Some(&(first, part, _)) = answers.iter().find(|(.., yes)| *yes) else {
            // Somebody said that it does not train, and nobody what it does.
            let denied = answers.iter().find(|(_, part, _)| *part == otherwise);
            return match denied {
                Some((column, ..)) => Err(self.bad_row(column, row, CellFault::NoPart)),
                None => Ok(otherwise),
            };
        };
        for (column, other, yes) in answers.iter().filter(|(column, ..)| column.name != first.name) {
            match (other == &part, yes) {
                (false, true) => return Err(contradicts(first, format!("{part} too"), column)),
                (true, false) => return Err(contradicts(first, part.to_string(), column)),
                _ => {}
            }
        }
        Ok(part)
    }

    /// Yes or no for each row; nothing where the cell is empty.
    fn answers(&self, column: &CategoricalColumn) -> Result<Vec<Option<bool>>, SourceError> {
        let bad = column.categories.iter().find(|word| yes(word).is_none());
        if let Some(word) = bad {
            return Err(self.bad_word(column, word, CellFault::NotYesOrNo));
        }
        let meaning: Vec<Option<bool>> = column.categories.iter().map(yes).collect();
        let answer = |word: Option<usize>| word.and_then(|word| meaning.get(word).copied().flatten());
        Ok(column.rows().map(answer).collect())
    }

    /// A column such as `is_test` has to agree with one that names parts; where that says nothing, it does.
    fn add_answers(
        &self,
        first: &CategoricalColumn,
        found: &mut RowParts,
        column: &CategoricalColumn,
        part: Part,
    ) -> Result<(), SourceError> {
        let answers = self.answers(column)?;
        for (row, (of_row, answer)) in found.parts.iter_mut().zip(answers).enumerate() {
            match (*of_row, answer) {
                (Some(says), Some(yes)) if (says == part) != yes => {
                    let fault = CellFault::OtherPart { column: first.name.clone(), says: says.to_string() };
                    return Err(self.bad_row(column, row, fault));
                }
                (None, Some(true)) => *of_row = Some(part),
                _ => {}
            }
        }
        found.notes.push(format!("the column `{}` names the same parts", column.name));
        Ok(())
    }

    /// Two columns that name parts have to name the same ones; where one says nothing, the other does.
    fn add_agreeing(
        &self,
        first: &CategoricalColumn,
        found: &mut RowParts,
        second: &CategoricalColumn,
    ) -> Result<(), SourceError> {
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
    fn unclear(&self, column: &CategoricalColumn) -> SourceError {
        let understood = column.categories.iter().any(|word| meant(&word.text).is_some());
        let fault = match understood {
            true => CellFault::NotAPart,
            false => CellFault::UnclearParts { words: column.quoted() },
        };
        match column.categories.iter().find(|word| meant(&word.text).is_none()) {
            Some(word) => self.bad_word(column, word, fault),
            None => self.bad_row(column, 0, fault),
        }
    }

    /// A column of yes and no that may speak of a part or of something else.
    fn doubtful(&self, column: &CategoricalColumn, part: Option<Part>) -> SourceError {
        let fault = CellFault::UnclearAnswer { part };
        match column.categories.iter().find(|word| yes(word) == Some(true)).or(column.categories.first()) {
            Some(word) => self.bad_word(column, word, fault),
            None => self.bad_row(column, 0, fault),
        }
    }

    fn bad_word(&self, column: &CategoricalColumn, word: &Category, fault: CellFault) -> SourceError {
        let (column, value) = (column.name.clone(), word.text.clone());
        SourceError::BadCell {
            path: self.path.to_path_buf(),
            row: word.first_row,
            column,
            value,
            fault: Box::new(fault),
        }
    }

    fn bad_row(&self, column: &CategoricalColumn, row: usize, fault: CellFault) -> SourceError {
        let word = column.rows().nth(row).flatten().and_then(|word| column.categories.get(word));
        let (column, value) = (column.name.clone(), word.map_or_else(String::new, |word| word.text.clone()));
        let row = self.table.rows.get(row).map_or(0, |row| row.number);
        SourceError::BadCell { path: self.path.to_path_buf(), row, column, value, fault: Box::new(fault) }
    }
}

/// The columns of a table by what they seem to be.
#[derive(Default)]
struct Guesses<'a> {
    splits: Vec<&'a CategoricalColumn>,
    /// Columns of yes and no about a part.
    clear: Vec<(&'a CategoricalColumn, Part)>,
    /// Columns of yes and no that may be about something else.
    doubtful: Vec<(&'a CategoricalColumn, FlagColumn)>,
    muddled: Vec<&'a CategoricalColumn>,
    others: Vec<&'a CategoricalColumn>,
}

impl Guesses<'_> {
    /// Takes `valid` for clear where there are columns about other parts.
    fn clear_up(&mut self) {
        let clear: Vec<Part> = self.clear.iter().map(|(_, part)| *part).collect();
        let others = |part: Part| !clear.is_empty() && !clear.contains(&part);
        self.doubtful.retain(|&(column, asks)| match asks {
            FlagColumn::Barely(part) if others(part) => {
                self.clear.push((column, part));
                false
            }
            _ => true,
        });
    }
}

/// A column, the part it is about, and what it says of a row.
type FlagValue<'a> = (&'a CategoricalColumn, Part, bool);

/// What a column of yes and no asks. One that is called `is_test` has to answer; others are of this kind by their cells.
fn asking(column: &CategoricalColumn) -> Option<FlagColumn> {
    let named = || asked_by(&column.name).is_some();
    FlagColumn::of(&column.name)
        .filter(|_| !column.categories.is_empty() && (named() || answers_mostly(column)))
}

/// Do most of the cells that are filled in say yes or no?
fn answers_mostly(column: &CategoricalColumn) -> bool {
    !column.many && column.rows_with(|word| yes(word).is_some()) * 2 >= column.rows_with(|_| true)
}

fn says_yes_or_no(column: &CategoricalColumn) -> bool {
    column.categories.iter().any(|word| yes(word).is_some())
}

fn yes(word: &Category) -> Option<bool> {
    match label_in_words(&word.text)? {
        CellLabel::Yes => Some(true),
        CellLabel::No => Some(false),
        CellLabel::Uncertain | CellLabel::Blank => None,
    }
}

fn passed_over(column: &CategoricalColumn) -> String {
    let (name, found) = (&column.name, column.quoted());
    format!("the column `{name}` has {found}, and not train, val or test: it divides nothing")
}

/// "`dev` is val, 30 rows; test 40 rows"
fn spelt(column: &CategoricalColumn, meaning: &[Option<Part>]) -> String {
    let word = |(word, part): (&Category, &Option<Part>)| {
        let (part, rows) = ((*part)?, counted(word.rows, "row"));
        let plain = word.text == part.name();
        Some(if plain { format!("{part} {rows}") } else { format!("`{}` is {part}, {rows}", word.text) })
    };
    column.categories.iter().zip(meaning).filter_map(word).collect::<Vec<_>>().join("; ")
}

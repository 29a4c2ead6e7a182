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
    fn of(words: &CategoricalColumn) -> Self {
        let named = SplitNameMatch::of(&words.name);
        let understood = words.words.iter().filter(|word| meant(&word.text).is_some()).count();
        let roles: Vec<Role> = words.words.iter().filter_map(spoken_of).collect();
        let several = roles.iter().any(|role| *role != roles[0]);
        let (known, all) = (words.rows_with(|word| meant(&word.text).is_some()), words.rows_with(|_| true));
        let spoken = words.rows_with(|word| spoken_of(word).is_some());
        let numbers = words.words.iter().all(|word| word.text.parse::<f64>().is_ok());
        let few_numbers = words.words.len() <= FEW_NUMBERS && numbers;
        let are_many = words.many || named == SplitNameMatch::Speaks && words.words.len() > FEW;
        match named {
            _ if all == 0 => ColumnGuess::Nothing,
            SplitNameMatch::Other if !several || spoken * 2 < all || words.many => ColumnGuess::Nothing,
            SplitNameMatch::Speaks if are_many && known * 2 < all => ColumnGuess::Nothing,
            _ if words.many && known * 2 < all => ColumnGuess::SomethingElse,
            _ if understood == words.words.len() => ColumnGuess::Split,
            _ if known > 0 || spoken * 2 >= all => ColumnGuess::Muddled,
            SplitNameMatch::Split if words.words.len() <= FEW => ColumnGuess::Muddled,
            SplitNameMatch::Perhaps | SplitNameMatch::Speaks if few_numbers || answers_mostly(words) => {
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
        match FlagColumn::of(&words.name).and_then(FlagColumn::part) {
            Some(part) if says_yes_or_no(words) => self.by_answers(&[(words, part)]),
            _ => self.by_words(words),
        }
    }

    fn guessed(&self) -> Result<RowParts, SourceError> {
        let mut columns = Guesses::default();
        for words in &self.table.others {
            match (asking(words), ColumnGuess::of(words)) {
                (Some(FlagColumn::Clearly(part)), _) => columns.clear.push((words, part)),
                (Some(asks), _) => columns.doubtful.push((words, asks)),
                (None, ColumnGuess::Split) => columns.splits.push(words),
                (None, ColumnGuess::Muddled) => columns.muddled.push(words),
                (None, ColumnGuess::SomethingElse) => columns.others.push(words),
                (None, ColumnGuess::Nothing) => {}
            }
        }
        columns.splits.sort_by_key(|words| SplitNameMatch::of(&words.name));
        columns.clear_up();
        let mut found = self.by_guesses(&columns)?;
        // What could be a split, and is not understood, may be left alone only where the parts are known without it.
        let mut known = found.parts.iter().flatten();
        let divided = known.next().is_some_and(|first| known.any(|part| part != first));
        for words in columns.muddled {
            let unlike = words.words.iter().all(|word| spoken_of(word).is_none());
            let left = if divided && unlike { Ok(passed_over(words)) } else { Err(self.unclear(words)) };
            found.notes.push(left?);
        }
        for (words, asks) in columns.doubtful {
            let unused = || format!("the column `{}` is not used", words.name);
            let left = if divided { Ok(unused()) } else { Err(self.doubtful(words, asks.part())) };
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
        answers.try_for_each(|&(words, part)| self.add_answers(first, &mut found, words, part))?;
        Ok(found)
    }

    fn by_words(&self, words: &CategoricalColumn) -> Result<RowParts, SourceError> {
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

    /// Parts by columns such as `is_test`. A row that none of them claims trains; where columns of train alone say so, it
    /// is of the test.
    fn by_answers(&self, columns: &[(&CategoricalColumn, Part)]) -> Result<RowParts, SourceError> {
        let alone = columns.iter().all(|(_, part)| *part == Part::Train);
        let otherwise = if alone { Part::Test } else { Part::Train };
        let answers: Vec<Vec<Option<bool>>> =
            columns.iter().map(|(words, _)| self.answers(words)).collect::<Result<_, _>>()?;
        let part = |row: usize| {
            let of_row = columns.iter().zip(&answers).map(|(&(words, part), answers)| {
                let answer = answers.get(row).copied().flatten();
                let answer = answer.ok_or_else(|| self.bad_row(words, row, CellFault::NotYesOrNo))?;
                Ok((words, part, answer))
            });
            let of_row: Vec<FlagValue<'_>> = of_row.collect::<Result<_, SourceError>>()?;
            self.part_of(row, &of_row, otherwise)
        };
        let parts: Vec<Part> = (0..self.table.rows.len()).map(part).collect::<Result<_, _>>()?;
        let names: Vec<String> =
            columns.iter().map(|(words, part)| format!("1 in `{}` is {part}", words.name)).collect();
        let counts = Part::ALL.map(|part| (part, parts.iter().filter(|of_row| **of_row == part).count()));
        let counts: Vec<String> = counts.iter().map(|(part, rows)| format!("{part} {rows}")).collect();
        let note = format!("{}, all else is {otherwise}: {}", names.join(", "), counts.join(", "));
        Ok(RowParts { parts: parts.into_iter().map(Some).collect(), notes: vec![note] })
    }

    /// The part that a row's answers give it together.
    fn part_of(&self, row: usize, answers: &[FlagValue<'_>], otherwise: Part) -> Result<Part, SourceError> {
        let contradicts = |column: &CategoricalColumn, says: String, words: &CategoricalColumn| {
            self.bad_row(words, row, CellFault::OtherPart { column: column.name.clone(), says })
        };
        let Some(&(first, part, _)) = answers.iter().find(|(.., yes)| *yes) else {
            // Somebody said that it does not train, and nobody what it does.
            let denied = answers.iter().find(|(_, part, _)| *part == otherwise);
            return match denied {
                Some((words, ..)) => Err(self.bad_row(words, row, CellFault::NoPart)),
                None => Ok(otherwise),
            };
        };
        for (words, other, yes) in answers.iter().filter(|(words, ..)| words.name != first.name) {
            match (other == &part, yes) {
                (false, true) => return Err(contradicts(first, format!("{part} too"), words)),
                (true, false) => return Err(contradicts(first, part.to_string(), words)),
                _ => {}
            }
        }
        Ok(part)
    }

    /// Yes or no for each row; nothing where the cell is empty.
    fn answers(&self, words: &CategoricalColumn) -> Result<Vec<Option<bool>>, SourceError> {
        let bad = words.words.iter().find(|word| yes(word).is_none());
        if let Some(word) = bad {
            return Err(self.bad_word(words, word, CellFault::NotYesOrNo));
        }
        let meaning: Vec<Option<bool>> = words.words.iter().map(yes).collect();
        let answer = |word: Option<usize>| word.and_then(|word| meaning.get(word).copied().flatten());
        Ok(words.rows().map(answer).collect())
    }

    /// A column such as `is_test` has to agree with one that names parts; where that says nothing, it does.
    fn add_answers(
        &self,
        first: &CategoricalColumn,
        found: &mut RowParts,
        words: &CategoricalColumn,
        part: Part,
    ) -> Result<(), SourceError> {
        let answers = self.answers(words)?;
        for (row, (of_row, answer)) in found.parts.iter_mut().zip(answers).enumerate() {
            match (*of_row, answer) {
                (Some(says), Some(yes)) if (says == part) != yes => {
                    let fault = CellFault::OtherPart { column: first.name.clone(), says: says.to_string() };
                    return Err(self.bad_row(words, row, fault));
                }
                (None, Some(true)) => *of_row = Some(part),
                _ => {}
            }
        }
        found.notes.push(format!("the column `{}` names the same parts", words.name));
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
    fn unclear(&self, words: &CategoricalColumn) -> SourceError {
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

    /// A column of yes and no that may speak of a part or of something else.
    fn doubtful(&self, words: &CategoricalColumn, part: Option<Part>) -> SourceError {
        let fault = CellFault::UnclearAnswer { part };
        match words.words.iter().find(|word| yes(word) == Some(true)).or(words.words.first()) {
            Some(word) => self.bad_word(words, word, fault),
            None => self.bad_row(words, 0, fault),
        }
    }

    fn bad_word(&self, words: &CategoricalColumn, word: &Category, fault: CellFault) -> SourceError {
        let (column, value) = (words.name.clone(), word.text.clone());
        SourceError::BadCell {
            path: self.path.to_path_buf(),
            row: word.first_row,
            column,
            value,
            fault: Box::new(fault),
        }
    }

    fn bad_row(&self, words: &CategoricalColumn, row: usize, fault: CellFault) -> SourceError {
        let word = words.rows().nth(row).flatten().and_then(|word| words.words.get(word));
        let (column, value) = (words.name.clone(), word.map_or_else(String::new, |word| word.text.clone()));
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
        self.doubtful.retain(|&(words, asks)| match asks {
            FlagColumn::Barely(part) if others(part) => {
                self.clear.push((words, part));
                false
            }
            _ => true,
        });
    }
}

/// A column, the part it is about, and what it says of a row.
type FlagValue<'a> = (&'a CategoricalColumn, Part, bool);

/// What a column of yes and no asks. One that is called `is_test` has to answer; others are of this kind by their cells.
fn asking(words: &CategoricalColumn) -> Option<FlagColumn> {
    let named = || asked_by(&words.name).is_some();
    FlagColumn::of(&words.name).filter(|_| !words.words.is_empty() && (named() || answers_mostly(words)))
}

/// Do most of the cells that are filled in say yes or no?
fn answers_mostly(words: &CategoricalColumn) -> bool {
    !words.many && words.rows_with(|word| yes(word).is_some()) * 2 >= words.rows_with(|_| true)
}

fn says_yes_or_no(words: &CategoricalColumn) -> bool {
    words.words.iter().any(|word| yes(word).is_some())
}

fn yes(word: &Category) -> Option<bool> {
    match label_in_words(&word.text)? {
        CellLabel::Yes => Some(true),
        CellLabel::No => Some(false),
        CellLabel::Uncertain | CellLabel::Blank => None,
    }
}

fn passed_over(words: &CategoricalColumn) -> String {
    let (name, found) = (&words.name, words.quoted());
    format!("the column `{name}` has {found}, and not train, val or test: it divides nothing")
}

/// "`dev` is val, 30 rows; test 40 rows"
fn spelt(words: &CategoricalColumn, meaning: &[Option<Part>]) -> String {
    let word = |(word, part): (&Category, &Option<Part>)| {
        let (part, rows) = ((*part)?, counted(word.rows, "row"));
        let plain = word.text == part.name();
        Some(if plain { format!("{part} {rows}") } else { format!("`{}` is {part}, {rows}", word.text) })
    };
    words.words.iter().zip(meaning).filter_map(word).collect::<Vec<_>>().join("; ")
}

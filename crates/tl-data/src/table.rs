//! Tables as rows of text: CSV, TSV and Parquet.

use std::fs::File;
use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use tl_files::ending;
use tl_image::{Panicked, contained};

use crate::delimiter::{Layout, row_numbers};
use crate::encoding::{Decoded, decode_text};
use crate::numbers::counted;
use crate::table_limits::read_bounded;
use crate::words::Words;
use crate::{SourceError, reading};

/// What was read of a table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Of all columns.
    pub(crate) names: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The columns that were not asked for, as far as they could say something about their rows.
    pub(crate) others: Vec<Words>,
    /// What was found out to read it, for people.
    pub(crate) notes: Vec<String>,
}

/// A row: its number, and the wanted cells in the order they were asked for.
#[derive(Debug)]
pub(crate) struct Row {
    /// From 1; in CSV the header is row 1, as in a spreadsheet.
    pub(crate) number: u64,
    pub(crate) cells: Vec<String>,
}

/// Reads the columns that `choose` picks from the names of all, and the words of the others.
pub(crate) fn read_table(
    path: &Path,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    let read = || match ending(path).as_str() {
        "csv" => read_text(path, None, choose),
        "tsv" | "tab" => read_text(path, Some(b'\t'), choose),
        "parquet" => read_parquet(path, choose),
        _ => Err(SourceError::UnknownTable { path: path.to_path_buf() }),
    };
    contained(read).map_err(|panicked| stopped(path, &panicked))?
}

/// That a reader panicked: a defect of its own, on a file that is damaged.
pub(crate) fn stopped(path: &Path, panicked: &Panicked) -> SourceError {
    let detail = format!("it is damaged, its reader stopped: {}", panicked.message);
    SourceError::Unreadable { path: path.to_path_buf(), detail }
}

#[cfg(feature = "parquet")]
use crate::table_parquet::read_parquet;

#[cfg(not(feature = "parquet"))]
fn read_parquet(
    path: &Path,
    _: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    Err(SourceError::NoParquet { path: path.to_path_buf() })
}

/// Words the operating system's refusal.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    let text = error.to_string().to_lowercase();
    let detail = text.split(" (os error").next().unwrap_or(&text).to_string();
    SourceError::Unreadable { path: path.to_path_buf(), detail }
}

/// The file as text.
pub(crate) fn read_decoded(path: &Path) -> Result<Decoded, SourceError> {
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| unreadable(path, &error);
    let bytes = read_bounded(path, File::open(path).map_err(refused)?)?;
    decode_text(path, &bytes)
}

fn read_text(
    path: &Path,
    usual: Option<u8>,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    let Decoded { text, encoding } = read_decoded(path)?;
    let Layout { text, delimiter } = Layout::of(&text, usual);
    let bad = |row, detail| SourceError::BadRow { path: path.to_path_buf(), at: "row", row, detail };
    let numbers = row_numbers(text, delimiter).map_err(|(row, detail)| bad(row, detail.to_string()))?;
    let mut reader = ReaderBuilder::new();
    reader.delimiter(delimiter).trim(Trim::All).has_headers(false).flexible(true);
    let mut records = reader.from_reader(text.as_bytes()).into_records().zip(numbers);
    let mut next = || {
        let (record, row) = records.next()?;
        Some(record.map(|record| (row, record)).map_err(|error| bad(row, error.to_string().to_lowercase())))
    };
    let Some((_, header)) = next().transpose()? else {
        return Err(SourceError::NothingListed { path: path.to_path_buf() });
    };
    let names: Vec<String> = header.iter().map(str::to_string).collect();
    let mut table = Table::begin(&names, choose(&names)?);
    table.table.notes.extend(notes(encoding, delimiter, usual));
    while let Some((row, record)) = next().transpose()? {
        let cells: Vec<&str> = record.iter().collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            table.empty += 1;
            continue;
        }
        check_length(&record, names.len()).map_err(|detail| bad(row, detail))?;
        table.add(row, |column| cells.get(column).copied().unwrap_or_default().to_string());
    }
    Ok(table.finish())
}

fn notes(encoding: Option<&str>, delimiter: u8, usual: Option<u8>) -> Option<String> {
    let told = delimiter != usual.unwrap_or(b',');
    let cells = match delimiter {
        b'\t' => "cells with tabs between them".to_string(),
        other => format!("cells with `{}` between them", char::from(other)),
    };
    let parts: Vec<String> = encoding.map(str::to_string).into_iter().chain(told.then_some(cells)).collect();
    (!parts.is_empty()).then(|| format!("the table is read as {}", parts.join(", ")))
}

/// Cells that are empty may be missing from the end of the header, but no others.
fn check_length(row: &StringRecord, columns: usize) -> Result<(), String> {
    let beyond = row.iter().skip(columns).any(|cell| !cell.is_empty());
    if row.len() >= columns && !beyond {
        return Ok(());
    }
    let len = row.len();
    Err(format!(
        "it has {len} cells and the header has {columns}; a cell with a separator in it needs quotes around it"
    ))
}

/// A table whose rows are being read.
pub(crate) struct Begun {
    table: Table,
    wanted: Vec<usize>,
    /// Positions of the other columns.
    others: Vec<usize>,
    /// Rows without a cell that says anything.
    empty: usize,
}

impl Table {
    pub(crate) fn begin(names: &[String], wanted: Vec<usize>) -> Begun {
        let others: Vec<usize> = (0..names.len()).filter(|column| !wanted.contains(column)).collect();
        let words = others.iter().filter_map(|&column| names.get(column)).map(|name| Words::new(name));
        let table = Table { names: names.to_vec(), others: words.collect(), ..Table::default() };
        Begun { table, wanted, others, empty: 0 }
    }
}

impl Begun {
    /// Adds a row, given the text of each cell by its column's position.
    pub(crate) fn add(&mut self, number: u64, cell: impl Fn(usize) -> String) {
        for (words, &column) in self.table.others.iter_mut().zip(&self.others) {
            words.add(number, &cell(column));
        }
        self.table.rows.push(Row { number, cells: self.wanted.iter().map(|&column| cell(column)).collect() });
    }

    pub(crate) fn finish(mut self) -> Table {
        if self.empty > 0 {
            self.table.notes.push(format!("{} without any text passed over", counted(self.empty, "row")));
        }
        self.table
    }
}

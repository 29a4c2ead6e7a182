//! Tables as rows of text: CSV, TSV and Parquet.

use std::fs::File;
use std::path::Path;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use crate::source::ending;
use crate::table_limits::read_bounded;
use crate::{Panicked, SourceError, contained, reading};

/// A row: its number, and the wanted cells in the order they were asked for.
pub(crate) struct Row {
    /// From 1; in CSV the header is row 1, as in a spreadsheet.
    pub(crate) number: u64,
    pub(crate) cells: Vec<String>,
}

/// Reads the columns that `choose` picks from the names of all.
pub(crate) fn read_table(
    path: &Path,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Vec<Row>, SourceError> {
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
) -> Result<Vec<Row>, SourceError> {
    Err(SourceError::NoParquet { path: path.to_path_buf() })
}

/// Words the operating system's refusal.
pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> SourceError {
    let text = error.to_string().to_lowercase();
    let detail = text.split(" (os error").next().unwrap_or(&text).to_string();
    SourceError::Unreadable { path: path.to_path_buf(), detail }
}

fn read_text(
    path: &Path,
    delimiter: Option<u8>,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Vec<Row>, SourceError> {
    let text = read_utf8(path)?;
    let delimiter = delimiter.unwrap_or_else(|| delimiter_of(&text));
    let mut table = ReaderBuilder::new().delimiter(delimiter).trim(Trim::All).from_reader(text.as_bytes());
    let names: Vec<String> = match table.headers() {
        Ok(names) => names.iter().map(str::to_string).collect(),
        Err(error) => return Err(explain(path, &error, 1)),
    };
    let wanted = choose(&names)?;
    let mut rows = Vec::new();
    for (number, row) in (2..).zip(table.records()) {
        let row = row.map_err(|error| explain(path, &error, number))?;
        rows.push(Row { number, cells: cells(&row, &wanted) });
    }
    Ok(rows)
}

fn cells(row: &StringRecord, wanted: &[usize]) -> Vec<String> {
    wanted.iter().map(|&column| row.get(column).unwrap_or_default().to_string()).collect()
}

/// The file as text, without the byte order mark that spreadsheets put before it.
pub(crate) fn read_utf8(path: &Path) -> Result<String, SourceError> {
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| unreadable(path, &error);
    let bytes = read_bounded(path, File::open(path).map_err(refused)?)?;
    utf8(path, bytes)
}

/// Bytes as text, without a byte order mark.
pub(crate) fn utf8(path: &Path, bytes: Vec<u8>) -> Result<String, SourceError> {
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|b| **b == b'\n');
        let detail = format!("line {} is not UTF-8, save the file as UTF-8", line.count() + 1);
        SourceError::Unreadable { path: path.to_path_buf(), detail }
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_string).unwrap_or(text))
}

/// Spreadsheets of half the world write semicolons, because their decimal point is a comma.
fn delimiter_of(text: &str) -> u8 {
    let header = text.lines().next().unwrap_or_default();
    let count = |c: char| header.matches(c).count();
    match (count(','), count(';'), count('\t')) {
        (0, 1.., _) => b';',
        (0, 0, 1..) => b'\t',
        _ => b',',
    }
}

fn explain(path: &Path, error: &csv::Error, row: u64) -> SourceError {
    let detail = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => format!(
            "it has {len} cells and the header has {expected_len}; \
            a cell with a separator in it needs quotes around it"
        ),
        _ => error.to_string().to_lowercase(),
    };
    SourceError::BadRow { path: path.to_path_buf(), at: "row", row, detail }
}

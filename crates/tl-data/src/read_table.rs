//! Reading tables: CSV, TSV and Parquet.

use std::path::Path;

use csv::{ReaderBuilder, StringRecord, Trim};
use tl_files::ending;
use tl_image::contained;

use crate::SourceError;
use crate::delimiter::{DelimitedText, row_numbers, without_spaces_before_quotes};
use crate::encoding::Decoded;
use crate::table::Table;
#[cfg(feature = "parquet")]
use crate::table_parquet::read_parquet;
use crate::text_file::read_decoded;

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
    contained(read).map_err(|panicked| SourceError::stopped(path, &panicked))?
}

#[cfg(not(feature = "parquet"))]
fn read_parquet(
    path: &Path,
    _: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    Err(SourceError::NoParquet { path: path.to_path_buf() })
}

fn read_text(
    path: &Path,
    usual: Option<u8>,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    let Decoded { text, encoding } = read_decoded(path)?;
    let DelimitedText { text, delimiter } = DelimitedText::of(&text, usual);
    let text = &without_spaces_before_quotes(text, delimiter);
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
    table.note(notes(encoding, delimiter, usual));
    while let Some((row, record)) = next().transpose()? {
        let cells: Vec<&str> = record.iter().collect();
        if cells.iter().all(|cell| cell.is_empty()) {
            table.skip_empty();
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

//! Delimiters: what stands between the cells of a table of text, and where its rows begin.

use std::borrow::Cow;

use csv::ReaderBuilder;

/// What may stand between cells, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// Rows that are looked at to tell them apart.
const LOOKED_AT: usize = 50;

/// A table's text without the line that only says what stands between its cells, and that.
#[derive(Debug, PartialEq)]
pub(crate) struct DelimitedText<'a> {
    pub(crate) text: &'a str,
    pub(crate) delimiter: u8,
}

impl<'a> DelimitedText<'a> {
    /// `usual` is what the ending of the file's name says. A first line `sep=;`, as Excel writes it, has the last word;
    /// else it is what gives the first rows the same number of cells, two at least.
    pub(crate) fn of(text: &'a str, usual: Option<u8>) -> Self {
        if let Some((delimiter, text)) = said(text) {
            return DelimitedText { text, delimiter };
        }
        DelimitedText { text, delimiter: usual.unwrap_or_else(|| delimiter_of(text)) }
    }
}

fn said(text: &str) -> Option<(u8, &str)> {
    let end = text.find(['\n', '\r']).unwrap_or(text.len());
    let (line, rest) = text.split_at(end);
    let line = line.strip_prefix('"').and_then(|line| line.strip_suffix('"')).unwrap_or(line);
    let (word, delimiter) = line.split_at_checked(4)?;
    let rest = rest.strip_prefix('\r').unwrap_or(rest);
    match delimiter.as_bytes() {
        [one] if word.eq_ignore_ascii_case("sep=") => Some((*one, rest.strip_prefix('\n').unwrap_or(rest))),
        _ => None,
    }
}

fn delimiter_of(text: &str) -> u8 {
    // The number of rows that agree with the header, then of columns; the first of equals.
    let mut best = (b',', (0, 0));
    for delimiter in DELIMITERS {
        let lengths = lengths(text, delimiter);
        let columns = lengths.first().copied().unwrap_or(0);
        let fit = (lengths.iter().filter(|&&cells| cells == columns).count(), columns);
        if columns > 1 && fit > best.1 {
            best = (delimiter, fit);
        }
    }
    best.0
}

fn lengths(text: &str, delimiter: u8) -> Vec<usize> {
    let mut table = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    table.records().take(LOOKED_AT).flatten().map(|row| row.len()).collect()
}

/// The text without the spaces in front of a cell's first quote, as in `a.jpg, "cat"`: they would make the quotes a part
/// of the name.
pub(crate) fn without_spaces_before_quotes(text: &str, delimiter: u8) -> Cow<'_, str> {
    if !text.contains(" \"") && !text.contains("\t\"") {
        return Cow::Borrowed(text);
    }
    let is_space = |byte: &&u8| **byte == b' ' || **byte == b'\t' && delimiter != b'\t';
    let (mut out, mut copied) = (String::with_capacity(text.len()), 0);
    let (mut place, mut at) = (CellState::Start, 0);
    while let Some(&byte) = text.as_bytes().get(at) {
        let spaces = text.as_bytes()[at..].iter().take_while(is_space).count();
        if place == CellState::Start && spaces > 0 {
            let quoted = text.as_bytes().get(at + spaces) == Some(&b'"');
            if quoted {
                out.push_str(&text[copied..at]);
                copied = at + spaces;
            }
            place = if quoted { CellState::Start } else { CellState::Plain };
            at += spaces;
            continue;
        }
        place = match (place, byte) {
            // A doubled quote closes and opens again.
            (CellState::Quoted, b'"') => CellState::Closed,
            (CellState::Quoted, _) | (CellState::Start | CellState::Closed, b'"') => CellState::Quoted,
            (_, b'\n' | b'\r') => CellState::Start,
            (_, byte) if byte == delimiter => CellState::Start,
            _ => CellState::Plain,
        };
        at += 1;
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// A table's rows as numbered in a spreadsheet, those that are not blank. A row may go over several lines.
///
/// Errors: the number of a row, and what is wrong with its quotes, which would swallow the rows behind it.
pub(crate) fn row_numbers(text: &str, delimiter: u8) -> Result<Vec<u64>, (u64, &'static str)> {
    let mut rows = RowNumbers { numbers: Vec::new(), row: 1, blank: true };
    let mut bytes = text.bytes().peekable();
    let mut place = CellState::Start;
    while let Some(byte) = bytes.next() {
        rows.blank &= matches!(byte, b'\n' | b'\r');
        place = match (place, byte) {
            (CellState::Quoted, b'"') if bytes.next_if_eq(&b'"').is_some() => CellState::Quoted,
            (CellState::Quoted, b'"') => CellState::Closed,
            (CellState::Quoted, _) => CellState::Quoted,
            (CellState::Start, b'"') => CellState::Quoted,
            (_, b'\n' | b'\r') => {
                // `\r\n` is one end.
                let _ = byte == b'\r' && bytes.next_if_eq(&b'\n').is_some();
                rows.end();
                CellState::Start
            }
            (_, byte) if byte == delimiter => CellState::Start,
            (CellState::Closed, b' ') => CellState::Closed,
            (CellState::Closed, _) => {
                return Err((
                    rows.row,
                    "text follows a closing quote; a quote inside of a cell is written twice",
                ));
            }
            _ => CellState::Plain,
        };
    }
    if place == CellState::Quoted {
        return Err((rows.row, "a quote is opened and never closed"));
    }
    if !rows.blank {
        rows.end();
    }
    Ok(rows.numbers)
}

#[derive(Clone, Copy, PartialEq)]
enum CellState {
    /// Where a cell begins.
    Start,
    /// Inside of a cell without quotes.
    Plain,
    /// Inside of a quoted cell.
    Quoted,
    /// Behind the closing quote.
    Closed,
}

struct RowNumbers {
    numbers: Vec<u64>,
    row: u64,
    blank: bool,
}

impl RowNumbers {
    fn end(&mut self) {
        if !self.blank {
            self.numbers.push(self.row);
        }
        self.row += 1;
        self.blank = true;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn delimiters_are_told_by_the_rows_or_said_by_the_first_line() {
        for (text, delimiter, rest) in [
            ("path,label\n1.png,a|b\n2.png,c|d\n", b',', None),
            ("path;width;label\n1.png;1,5;a\n2.png;2,5;b\n", b';', None),
            ("path;size, mm;label\n1.png;1,5;a\n", b';', None),
            ("path\tlabel\r\n1.png\ta\r\n", b'\t', None),
            ("path|label\r1.png|a\r", b'|', None),
            ("sep=;\npath;label\n", b';', Some("path;label\n")),
            ("\"SEP=\t\"\r\npath\tlabel\n", b'\t', Some("path\tlabel\n")),
            ("path\n1.png\n", b',', None),
            ("sep", b',', None),
        ] {
            assert_eq!(
                DelimitedText::of(text, None),
                DelimitedText { text: rest.unwrap_or(text), delimiter }
            );
        }
        assert_eq!(DelimitedText::of("path,a\tlabel\n", Some(b'\t')).delimiter, b'\t');
    }

    #[test]
    fn rows_have_the_numbers_of_a_spreadsheet() {
        for (text, numbers) in [
            ("a,b\n\n1,\"x\ny\"\r\n\r\n2,z", Ok(vec![1, 3, 5])),
            ("a,b\r1,2\r\r3,4\r", Ok(vec![1, 2, 4])),
            ("", Ok(vec![])),
            ("a,b\n1,\"\"\"\"\n2,5\" disk\n", Ok(vec![1, 2, 3])),
            ("a,b\n1,\"x\n2,y\n", Err((2, "a quote is opened and never closed"))),
            (
                "a,b\n1,\"x\n2,\"y\"\n",
                Err((2, "text follows a closing quote; a quote inside of a cell is written twice")),
            ),
        ] {
            assert_eq!(row_numbers(text, b','), numbers, "{text}");
        }
    }

    #[test]
    fn spaces_before_quotes_are_taken_out_of_cells_alone() {
        for (text, delimiter, expected) in [
            ("a.jpg, \"cat\"\n", b',', "a.jpg,\"cat\"\n"),
            ("  \"a.jpg\" ,\t\"cat, big\"\r\n \"b\"", b',', "\"a.jpg\" ,\"cat, big\"\r\n\"b\""),
            ("a;  \"b\"; \"c\"", b';', "a;\"b\";\"c\""),
            // Between quotes, in the middle of a cell, and where a tab divides.
            ("\"a, \"\"b\"\", \"\"c\", \"d\"", b',', "\"a, \"\"b\"\", \"\"c\",\"d\""),
            ("a,the \"b\" one, b", b',', "a,the \"b\" one, b"),
            ("a\t\"b\"\t \"c\"", b'\t', "a\t\"b\"\t\"c\""),
            (" , \"b\"", b',', " ,\"b\""),
        ] {
            assert_eq!(without_spaces_before_quotes(text, delimiter), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_belong_to_the_rows_that_are_read(text in "[ab,\"\r\n ]{0,24}") {
            if let Ok(numbers) = row_numbers(&text, b',') {
                prop_assert_eq!(numbers.len(), lengths(&format!("{text}\n"), b',').len().min(LOOKED_AT), "{:?}", text);
            }
        }
    }
}

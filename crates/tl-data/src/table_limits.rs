//! Bounds on tables and lists, so that no file of them takes more memory than there is.

use std::io::Read;
use std::path::Path;

use crate::SourceError;
use crate::numbers::grouped;

/// Longest table or list, in bytes: ten million rows of a hundred letters.
const LONGEST: u64 = 1 << 30;
/// Longest line, in bytes: a header of 100,000 columns takes a megabyte.
const LONGEST_LINE: usize = 16 << 20;
/// Maximum number of rows of a table whose rows may take no bytes.
#[cfg(feature = "parquet")]
pub(crate) const MOST_ROWS: usize = 20_000_000;

/// All bytes of a table or list.
pub(crate) fn read_bounded(path: &Path, content: impl Read) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    let read = content.take(LONGEST + 1).read_to_end(&mut bytes);
    read.map_err(|error| SourceError::unreadable(path, &error))?;
    check(path, &bytes, LONGEST, LONGEST_LINE)?;
    Ok(bytes)
}

fn check(path: &Path, bytes: &[u8], longest: u64, longest_line: usize) -> Result<(), SourceError> {
    let refused = |detail| Err(SourceError::Unreadable { path: path.to_path_buf(), detail });
    if bytes.len() as u64 > longest {
        return refused(format!("it has more than {} bytes, too many for a table or list", grouped(longest)));
    }
    let mut start = 0;
    for (number, end) in (1_u64..).zip(memchr::memchr_iter(b'\n', bytes).chain([bytes.len()])) {
        if end - start > longest_line {
            let (number, longest) = (grouped(number), grouped(longest_line as u64));
            return refused(format!("line {number} has more than {longest} bytes: is it a table or list?"));
        }
        start = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_table_and_a_long_line_are_refused() {
        for (text, expected) in [
            ("ab\ncd\nefg\n", None),
            (
                "ab\ncdefghij\n",
                Some("cannot read t.csv: line 2 has more than 5 bytes: is it a table or list?"),
            ),
            ("abcdefgh", Some("cannot read t.csv: line 1 has more than 5 bytes: is it a table or list?")),
            (
                "ab\ncd\nef\ngh\nij\nk",
                Some("cannot read t.csv: it has more than 15 bytes, too many for a table or list"),
            ),
        ] {
            let found = check(Path::new("t.csv"), text.as_bytes(), 15, 5);
            assert_eq!(found.err().map(|error| error.to_string()).as_deref(), expected, "{text}");
        }
    }
}

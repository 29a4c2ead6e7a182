//! Splits of two parts, written and read as those of three are.

use tl_data::{DataError, Dataset, GivenSplit, Part, Parts, SampleId, Split, read_parts, write_parts};

pub(crate) fn write_csv(data: &Dataset, split: &Split) -> Vec<u8> {
    let part = |part: Part, ids: &[SampleId]| (part.name().to_owned(), ids.to_vec());
    let mut table = Vec::new();
    write_parts(data, &[part(Part::Train, &split.train), part(Part::Val, &split.val)], &mut table).unwrap();
    table
}

/// A split that lists every picture.
pub(crate) fn read_csv(data: &Dataset, table: &[u8]) -> Result<Split, DataError> {
    let (given, unlisted) = read_parts(data, table)?;
    assert!(unlisted.is_empty(), "{unlisted:?}");
    match given {
        GivenSplit::Parts(Parts { train, val, test }) if test.is_empty() => Ok(Split { train, val }),
        other => panic!("{other:?}"),
    }
}

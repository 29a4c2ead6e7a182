//! A split as a table: `path,class,part`, RFC 4180.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::Path;

use crate::{DataError, Dataset, SampleId, Split};

const HEADER: [&str; 3] = ["path", "class", "part"];

/// Writes one line for each picture of a split, in the order of the data set: [`write_parts`] of `train` and `val`.
///
/// Errors: [`DataError::SplitFile`] when `out` fails.
pub fn write_csv(data: &Dataset, split: &Split, out: impl Write) -> Result<(), DataError> {
    let part = |part: Part, ids: &Vec<SampleId>| (part.name().to_string(), ids.clone());
    write_parts(data, &[part(Part::Train, &split.train), part(Part::Val, &split.val)], out)
}

/// Writes one line for each picture that is in a part, in the order of the data set.
///
/// Paths are relative to the data set's root, with `/` on every system.
///
/// Errors: [`DataError::SplitFile`] when `out` fails.
pub fn write_parts(
    data: &Dataset,
    parts: &[(String, Vec<SampleId>)],
    out: impl Write,
) -> Result<(), DataError> {
    let mut part_of = vec![None; data.len()];
    for (name, ids) in parts {
        ids.iter().for_each(|id| part_of[id.0] = Some(name));
    }
    let mut table = csv::Writer::from_writer(out);
    table.write_record(HEADER).map_err(refused)?;
    for (sample, part) in data.samples.iter().zip(part_of) {
        if let Some(part) = part {
            let class = &data.classes[sample.class.0];
            table.write_record([&slashed(&sample.path), class, part]).map_err(refused)?;
        }
    }
    table.flush().map_err(|error| refused(error.into()))
}

/// Reads a split of this very data set back.
///
/// Errors: [`DataError::SplitFile`], with the line, for a table of another shape, a picture that is unknown, in
/// another class or listed twice, and a part other than `train` and `val`; and when pictures are missing.
pub fn read_csv(data: &Dataset, input: impl Read) -> Result<Split, DataError> {
    let mut unlisted: HashMap<String, SampleId> =
        data.samples.iter().enumerate().map(|(i, sample)| (slashed(&sample.path), SampleId(i))).collect();
    let mut split = Split { train: Vec::new(), val: Vec::new() };
    let mut table = csv::Reader::from_reader(input);
    if table.headers().map_err(refused)? != HEADER[..] {
        return Err(problem(format!("line 1 is not `{}`", HEADER.join(","))));
    }
    for row in table.records() {
        let row = row.map_err(refused)?;
        let line = row.position().map_or(0, csv::Position::line);
        let at_line = |detail| problem(format!("line {line}: {detail}"));
        let (id, part) = read_row(data, &mut unlisted, &row).map_err(at_line)?;
        match part {
            Part::Train => split.train.push(id),
            Part::Val => split.val.push(id),
        }
    }
    check_complete(&unlisted)?;
    split.train.sort_unstable();
    split.val.sort_unstable();
    Ok(split)
}

#[derive(Clone, Copy)]
enum Part {
    Train,
    Val,
}

impl Part {
    fn name(self) -> &'static str {
        match self {
            Part::Train => "train",
            Part::Val => "val",
        }
    }
}

fn read_row(
    data: &Dataset,
    unlisted: &mut HashMap<String, SampleId>,
    row: &csv::StringRecord,
) -> Result<(SampleId, Part), String> {
    let [path, class, part] = [0, 1, 2].map(|column| row.get(column).unwrap_or(""));
    let part = match part {
        "train" => Part::Train,
        "val" => Part::Val,
        other => return Err(format!("part `{other}` is neither train nor val")),
    };
    let id = unlisted
        .remove(path)
        .ok_or_else(|| format!("no readable picture `{path}`, or it is listed twice"))?;
    let actual = &data.classes[data.samples[id.0].class.0];
    if actual != class {
        return Err(format!("`{path}` is in class `{actual}`, not `{class}`"));
    }
    Ok((id, part))
}

fn check_complete(unlisted: &HashMap<String, SampleId>) -> Result<(), DataError> {
    match unlisted.iter().min_by_key(|(_, id)| **id) {
        None => Ok(()),
        Some((path, _)) => {
            Err(problem(format!("{} pictures are not listed, the first is `{path}`", unlisted.len())))
        }
    }
}

fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

fn refused(error: csv::Error) -> DataError {
    problem(error.to_string().to_lowercase())
}

fn problem(detail: String) -> DataError {
    DataError::SplitFile { detail }
}

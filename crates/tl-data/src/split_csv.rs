//! A split as a table: `path,class,content,part`, RFC 4180. The content is [`ContentHash`](tl_image::ContentHash) in 16
//! hexadecimal digits; a table without that column is read too.

use std::collections::{BTreeMap, HashMap};
use std::io::{Read, Write};

use crate::part_words::meant;
use crate::picture_location::slashed;
use crate::spelling::same_name;
use crate::{DataError, Dataset, Parts, Sample, SampleId, Split};

const HEADER: [&str; 4] = ["path", "class", "content", "part"];
/// The header without the column of contents, as of tables made by hand.
const SHORT_HEADER: [&str; 3] = ["path", "class", "part"];

/// Writes one line for each picture that is in a part, in the order of the data set.
///
/// Paths are relative to the data set's root, with `/` on every system. The part is the last column.
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
            let class = class_name(data, sample);
            let content = sample.content.to_string();
            table.write_record([slashed(&sample.path).as_str(), class, &content, part]).map_err(refused)?;
        }
    }
    table.flush().map_err(|error| refused(error.into()))
}

/// A split as a table gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GivenSplit {
    /// Training, validation and test.
    Parts(Parts),
    /// Folds, each held out once.
    Folds(Vec<Split>),
}

/// Reads back what [`write_parts`] wrote: parts in the usual spellings, or `fold-1` to `fold-k`. The second value is
/// the pictures the table does not list, which belong to no part: a run leaves out those it could not decode.
///
/// Errors: [`DataError::SplitFile`], with the line, for a table of another shape, a picture that is unknown, in
/// another class, of another content or listed twice, and another part; and when nothing is for training, or a fold is missing.
pub fn read_parts(data: &Dataset, input: impl Read) -> Result<(GivenSplit, Vec<SampleId>), DataError> {
    let mut parts = Parts::default();
    let mut folds: BTreeMap<usize, Vec<SampleId>> = BTreeMap::new();
    let unlisted = read_rows(data, input, |id, text| {
        match (meant(text), fold_number(text)) {
            (Some(part), _) if folds.is_empty() => parts.push(part, id),
            (_, Some(fold)) if parts == Parts::default() => folds.entry(fold).or_default().push(id),
            (Some(_), _) | (_, Some(_)) => return Err("parts and folds in one table".into()),
            _ => return Err(format!("part `{text}` is none of train, val, test and fold-1, fold-2, ..")),
        }
        Ok(())
    })?;
    parts.sort();
    match (folds.is_empty(), parts.train.is_empty()) {
        (false, _) => Ok((GivenSplit::Folds(complete(folds)?), unlisted)),
        (true, true) => Err(problem("no picture is in the part train".into())),
        (true, false) => Ok((GivenSplit::Parts(parts), unlisted)),
    }
}

fn fold_number(text: &str) -> Option<usize> {
    text.strip_prefix("fold-")?.parse().ok().filter(|number| *number > 0)
}

fn complete(mut folds: BTreeMap<usize, Vec<SampleId>>) -> Result<Vec<Split>, DataError> {
    let k = folds.keys().next_back().copied().unwrap_or(0);
    if let Some(missing) = (1..=k.max(2)).find(|fold| !folds.contains_key(fold)) {
        return Err(problem(format!("no picture is in fold-{missing}")));
    }
    folds.values_mut().for_each(|ids| ids.sort_unstable());
    let others = |fold| {
        let mut ids: Vec<SampleId> =
            folds.iter().filter(|(other, _)| **other != fold).flat_map(|(_, ids)| ids).copied().collect();
        ids.sort_unstable();
        ids
    };
    Ok(folds.iter().map(|(fold, val)| Split { train: others(*fold), val: val.clone() }).collect())
}

/// Hands each row's picture and part to `take`. The pictures that are not listed, ascending.
fn read_rows(
    data: &Dataset,
    input: impl Read,
    mut take: impl FnMut(SampleId, &str) -> Result<(), String>,
) -> Result<Vec<SampleId>, DataError> {
    let mut unlisted: HashMap<String, SampleId> =
        data.samples.iter().enumerate().map(|(i, sample)| (slashed(&sample.path), SampleId(i))).collect();
    let mut table = csv::Reader::from_reader(input);
    let headers = table.headers().map_err(refused)?;
    let has_contents = headers == HEADER[..];
    if !has_contents && headers != SHORT_HEADER[..] {
        return Err(problem(format!("line 1 is not `{}`", SHORT_HEADER.join(","))));
    }
    for row in table.records() {
        let row = row.map_err(refused)?;
        let line = row.position().map_or(0, csv::Position::line);
        let at_line = |detail| problem(format!("line {line}: {detail}"));
        let id = known(data, &mut unlisted, &row).map_err(at_line)?;
        if has_contents {
            check_content(&data.samples[id.0], row.get(2).unwrap_or_default()).map_err(at_line)?;
        }
        take(id, row.get(row.len() - 1).unwrap_or_default()).map_err(at_line)?;
    }
    let mut unlisted: Vec<SampleId> = unlisted.into_values().collect();
    unlisted.sort_unstable();
    Ok(unlisted)
}

fn known(
    data: &Dataset,
    unlisted: &mut HashMap<String, SampleId>,
    row: &csv::StringRecord,
) -> Result<SampleId, String> {
    let [path, class] = [0, 1].map(|column| row.get(column).unwrap_or(""));
    let id = unlisted
        .remove(path)
        .ok_or_else(|| format!("no readable picture `{path}`, or it is listed twice"))?;
    let actual = class_name(data, &data.samples[id.0]);
    if !same_name(actual, class) {
        return Err(format!("`{path}` is in class `{actual}`, not `{class}`"));
    }
    Ok(id)
}

/// Empty for a picture of no class.
fn class_name<'a>(data: &'a Dataset, sample: &Sample) -> &'a str {
    data.classes.get(sample.class.0).map_or("", String::as_str)
}

/// A file that is another picture now may have a copy on the other side.
fn check_content(sample: &Sample, content: &str) -> Result<(), String> {
    if content == sample.content.to_string() {
        return Ok(());
    }
    Err(format!(
        "`{}` is another file than when the split was made; without the column `content` paths alone count",
        slashed(&sample.path)
    ))
}

fn refused(error: csv::Error) -> DataError {
    problem(error.to_string().to_lowercase())
}

fn problem(detail: String) -> DataError {
    DataError::SplitFile { detail }
}

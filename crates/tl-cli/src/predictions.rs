//! Answers on standard output as they come: lines for people, CSV, or one JSON array.

use anyhow::{Context, Result};
use serde::Serialize;
use std::path::PathBuf;
use tl_data::{PictureLocation, SampleError};
use tl_files::{path_text, shown, shown_path};
use tl_model::ClassProbability;

use crate::args::PredictArgs;
use crate::stdout::{print, print_data};
use crate::text::percent;

/// What the model says about one picture.
#[derive(Debug, Serialize)]
pub(crate) struct PredictionRow {
    #[serde(serialize_with = "tl_files::path_as_text::serialize")]
    pub(crate) path: PathBuf,
    /// The labels that the picture is given, by a model that gives several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<Vec<ClassProbability>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) answers: Vec<ClassProbability>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<SampleError>,
}

/// Where the answers of a call go.
pub(crate) struct PredictionWriter {
    format: OutputFormat,
    multi_label: bool,
    /// Rows that are written.
    rows: usize,
}

enum OutputFormat {
    /// Lines for people; columns are as wide as the longest path, and the longest answer so far.
    Lines {
        longest: usize,
        width: usize,
    },
    Csv,
    Json,
}

impl PredictionWriter {
    /// A writer of predictions for these pictures.
    pub(crate) fn new(args: &PredictArgs, multi_label: bool, pictures: &[PictureLocation]) -> Self {
        let format = match args {
            PredictArgs { json: true, .. } => OutputFormat::Json,
            PredictArgs { csv: true, .. } => OutputFormat::Csv,
            _ => OutputFormat::Lines { longest: longest(pictures), width: 0 },
        };
        Self { format, multi_label, rows: 0 }
    }

    /// Writes the next rows.
    pub(crate) fn add(&mut self, rows: &[PredictionRow]) -> Result<()> {
        let first = self.rows == 0;
        self.rows += rows.len();
        match &mut self.format {
            OutputFormat::Json => print_data(json(rows, first)?.as_bytes()),
            OutputFormat::Csv => print_data(csv(rows, self.multi_label, first)?.as_bytes()),
            OutputFormat::Lines { longest, width } => {
                for row in rows {
                    if let Some(reason) = &row.error {
                        anstream::eprintln!(
                            "error: cannot use `{}`: {}",
                            shown_path(&row.path),
                            shown(reason.to_string())
                        );
                    }
                }
                print(lines(rows, *longest, width))
            }
        }
    }

    /// Has a row been written?
    pub(crate) fn has_begun(&self) -> bool {
        self.rows > 0
    }

    /// Writes what comes behind the last row.
    pub(crate) fn finish(self) -> Result<()> {
        match self.format {
            OutputFormat::Json => print_data(if self.rows == 0 { b"[]\n" } else { b"\n]\n" }),
            OutputFormat::Csv | OutputFormat::Lines { .. } => Ok(()),
        }
    }
}

/// The longest path, in characters.
fn longest(pictures: &[PictureLocation]) -> usize {
    pictures.iter().map(|place| shown_path(&place.file).to_string().chars().count()).max().unwrap_or(0)
}

/// One line per picture: its path, then classes with their probabilities, the most probable first; of several labels,
/// those it is given.
fn lines(rows: &[PredictionRow], longest: usize, width: &mut usize) -> Vec<String> {
    let good: Vec<(String, Vec<String>)> = rows.iter().filter(|row| row.error.is_none()).map(cells).collect();
    let widths = good.iter().flat_map(|(_, cells)| cells).map(|cell| cell.chars().count());
    *width = widths.max().unwrap_or(0).max(*width);
    let line = |(path, cells): &(String, Vec<String>)| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:<0$}", *width)).collect();
        format!("{path:<longest$}  {}", cells.join("  ")).trim_end().to_owned()
    };
    good.iter().map(line).collect()
}

fn cells(row: &PredictionRow) -> (String, Vec<String>) {
    let cell = |answer: &ClassProbability| {
        format!("{} {}", shown(&answer.class), percent(f64::from(answer.probability)))
    };
    let given = row.labels.as_ref().unwrap_or(&row.answers);
    let none = if given.is_empty() { vec!["no label".to_owned()] } else { Vec::new() };
    (shown_path(&row.path).to_string(), given.iter().map(cell).chain(none).collect())
}

/// Rows of an array that is written bit by bit, as it would be in one piece.
fn json(rows: &[PredictionRow], first: bool) -> Result<String> {
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        text.push_str(if first && number == 0 { "[" } else { "," });
        for line in serde_json::to_string_pretty(row)?.lines() {
            text.push_str("\n  ");
            text.push_str(line);
        }
    }
    Ok(text)
}

/// The most probable classes; of several labels, each that is given, too, and whether it is.
fn csv(rows: &[PredictionRow], multi_label: bool, first: bool) -> Result<String> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let label = if multi_label { Some("label") } else { None };
    if first {
        let names = ["path", "rank", "class", "probability"].into_iter().chain(label).chain(["error"]);
        table.write_record(names)?;
    }
    for row in rows {
        let path = path_text(&row.path);
        let given = row.labels.as_deref().unwrap_or_default();
        let more = given.iter().filter(|label| !row.answers.contains(label));
        for (rank, answer) in row.answers.iter().chain(more).enumerate() {
            let (rank, probability) = ((rank + 1).to_string(), answer.probability.to_string());
            let label = multi_label.then(|| if given.contains(answer) { "1" } else { "0" });
            let cells = [&*path, &rank, &answer.class, &probability];
            table.write_record(cells.into_iter().chain(label).chain([""]))?;
        }
        if let Some(reason) = &row.error {
            let cells = [&*path, "", "", ""].into_iter().chain(label.map(|_| ""));
            table.write_record(cells.chain([reason.to_string().as_str()]))?;
        }
    }
    String::from_utf8(table.into_inner()?).context("a class name is not text")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize) -> PredictionRow {
        let error = (number % 3 == 2).then_some(SampleError::Picture(tl_image::PictureError::Empty));
        let answers = if error.is_some() { Vec::new() } else { answers(number) };
        PredictionRow { path: format!("new/{number}\n\".png").into(), labels: None, answers, error }
    }

    fn answers(number: usize) -> Vec<ClassProbability> {
        let answer = |class: &str| ClassProbability {
            class: class.to_owned(),
            probability: 1.0 / (number + 1) as f32,
        };
        vec![answer("a, \"b\""), answer("long \n name")]
    }

    #[test]
    fn what_is_written_bit_by_bit_is_what_is_written_in_one_piece() {
        let rows: Vec<PredictionRow> = (0..7).map(row).collect();
        for together in 1..=7 {
            let mut parts = [String::new(), String::new()];
            for (number, rows) in rows.chunks(together).enumerate() {
                parts[0] += &json(rows, number == 0).unwrap();
                parts[1] += &csv(rows, false, number == 0).unwrap();
            }
            assert_eq!(parts[0].clone() + "\n]", serde_json::to_string_pretty(&rows).unwrap());
            assert_eq!(parts[1], csv(&rows, false, true).unwrap());
        }
    }
}

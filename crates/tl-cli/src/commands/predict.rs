//! `tl predict`

use anyhow::{Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tl_data::{PictureError, path_text, shown, shown_path};
use tl_train::{Answer, Classifier, Step, Watch, open_device, pictures};
use tl_weights::FetchConfig;

use super::{print, print_data, print_json, threads};
use crate::args::PredictArgs;
use crate::failure::FAILED;
use crate::progress::{Display, Verbosity};
use crate::slow::{SLOW, naming_slow_files};
use crate::text::percent;

/// What the model says about one picture.
#[derive(Debug, Serialize)]
struct Row {
    #[serde(serialize_with = "tl_data::path_as_text::serialize")]
    path: PathBuf,
    /// Those it is given, of a model that gives several.
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<Answer>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    answers: Vec<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<PictureError>,
}

pub(crate) fn run(args: &PredictArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let device = open_device(&args.device)?;
    let (classifier, places) = match (&args.model, args.inputs.as_slice()) {
        (Some(name), places) => {
            let fetch = FetchConfig { offline: args.offline, ..FetchConfig::from_env() };
            let display = Display::new(verbosity);
            let classifier = Classifier::pretrained(name, &device, &fetch, &display);
            display.finish();
            (classifier?, places)
        }
        (None, [_]) => bail!("there is a model, but no picture: `tl predict RUN PICTURE...`"),
        (None, [run, places @ ..]) => (Classifier::open(Path::new(run), &device)?, places),
        (None, []) => bail!("nothing to predict"),
    };
    let classifier = classifier.with_precision(args.precision)?;
    let files = pictures(places)?;
    let few = files.len() < 10;
    let display = Display::new(verbosity.unless(few));
    // Without a bar a slow file is still named.
    let words = if few { &Display::new(verbosity) } else { &display };
    display.step(Step::Extract);
    let progress = |progress| display.progress(progress);
    let job = || classifier.predict(&files, threads(), &progress);
    let answers = naming_slow_files(words, SLOW, job);
    display.finish();
    let rows: Vec<Row> = files
        .into_iter()
        .zip(answers?)
        .map(|(place, answer)| row(&classifier, place.file, answer, args.top))
        .collect();
    show(args, &rows, classifier.header.multi_label)?;
    let failed = rows.iter().any(|row| row.error.is_some());
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn row(classifier: &Classifier, path: PathBuf, answer: Result<Vec<f32>, PictureError>, top: usize) -> Row {
    match answer {
        Ok(probabilities) => {
            let labels = classifier.header.multi_label.then(|| classifier.labels(&probabilities));
            Row { path, labels, answers: classifier.top(&probabilities, top), error: None }
        }
        Err(reason) => Row { path, labels: None, answers: Vec::new(), error: Some(reason) },
    }
}

fn show(args: &PredictArgs, rows: &[Row], multi_label: bool) -> Result<()> {
    if args.json {
        return print_json(&rows);
    }
    if args.csv {
        return print_csv(rows, multi_label);
    }
    for row in rows {
        if let Some(reason) = &row.error {
            anstream::eprintln!(
                "error: cannot use `{}`: {}",
                shown_path(&row.path),
                shown(reason.to_string())
            );
        }
    }
    print(table(rows))
}

/// One line per picture: its path, then classes with their probabilities, the most probable first; of several labels,
/// those it is given.
fn table(rows: &[Row]) -> Vec<String> {
    let good: Vec<(String, Vec<String>)> = rows.iter().filter(|row| row.error.is_none()).map(cells).collect();
    let longest = good.iter().map(|(path, _)| path.chars().count()).max().unwrap_or(0);
    let width = good.iter().flat_map(|(_, cells)| cells).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let line = |(path, cells): &(String, Vec<String>)| {
        let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:<width$}")).collect();
        format!("{path:<longest$}  {}", cells.join("  ")).trim_end().to_owned()
    };
    good.iter().map(line).collect()
}

fn cells(row: &Row) -> (String, Vec<String>) {
    let cell =
        |answer: &Answer| format!("{} {}", shown(&answer.class), percent(f64::from(answer.probability)));
    let given = row.labels.as_ref().unwrap_or(&row.answers);
    let none = if given.is_empty() { vec!["no label".to_owned()] } else { Vec::new() };
    (shown_path(&row.path).to_string(), given.iter().map(cell).chain(none).collect())
}

/// The most probable classes; of several labels, each that is given, too, and whether it is.
fn print_csv(rows: &[Row], multi_label: bool) -> Result<()> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let label = if multi_label { Some("label") } else { None };
    table.write_record(["path", "rank", "class", "probability"].into_iter().chain(label).chain(["error"]))?;
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
    print_data(&table.into_inner()?)
}

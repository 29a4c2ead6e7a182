//! Commands that are worth typing after a run, ready for a shell.

use std::path::Path;
use tl_data::{Dataset, SampleId, folds, path_text};
use tl_report::shell;

/// How the same pictures are named to other commands, word by word; empty where they cannot be named once more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Again {
    /// `tl train` as it was typed, without what does not go with `--folds`.
    pub train: Vec<String>,
    /// What names the pictures and labels behind `tl eval RUN`.
    pub data: Vec<String>,
}

/// Folds of cross-validation, where classes have as many pictures.
const FOLDS: usize = 5;

/// The commands, each with a comment that says what for.
pub(crate) fn commands(
    run: &Path,
    picture: Option<&Path>,
    again: &Again,
    folds: Option<usize>,
) -> Vec<String> {
    let run = as_argument(run);
    let predict = picture.map(|picture| {
        let command = [words(["tl", "predict", &run]), vec![as_argument(picture)]].concat();
        (command, "what is on a picture; others in its place")
    });
    let judge = (!again.data.is_empty()).then(|| {
        let command = [words(["tl", "eval", &run]), again.data.clone()].concat();
        (command, "how good it is; pictures that it has not seen in their place")
    });
    let cross_validate = folds.filter(|_| !again.train.is_empty()).map(|folds| {
        let command = [again.train.clone(), words(["--folds", &folds.to_string()])].concat();
        (command, "a surer estimate, and a model trained on all pictures")
    });
    let commands = predict.into_iter().chain(cross_validate).chain(judge);
    commands.map(|(command, what_for)| format!("{}   # {what_for}", shell(&command))).collect()
}

/// Into how many folds the pictures can be divided, at most [`FOLDS`]; `None` where their source says what judges, or a
/// class is too small.
pub(crate) fn possible_folds(data: &Dataset, seed: u64) -> Option<usize> {
    let divided = data.samples.iter().any(|sample| sample.part.is_some());
    (2..=FOLDS).rev().find(|&k| !divided && folds(data, k, seed).is_ok())
}

/// The file of a picture, where it has one of its own that can be typed.
pub(crate) fn file_of(data: &Dataset, id: SampleId) -> Option<std::path::PathBuf> {
    let place = data.place_of(id);
    // A name that is not UTF-8 cannot be written down as a shell would take it.
    (place.span.is_none() && place.file.to_str().is_some()).then_some(place.file)
}

/// A path that no command takes for an option.
fn as_argument(path: &Path) -> String {
    let path = path_text(path).into_owned();
    if path.starts_with('-') { format!("./{path}") } else { path }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.map(str::to_owned).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_and_say_what_for() {
        let again = Again { train: words(["tl", "train", "my photos"]), data: words(["my photos"]) };
        let lines = commands(Path::new("-runs/a-1"), Some(Path::new("my photos/it's.jpg")), &again, Some(5));
        assert_eq!(
            lines,
            [
                r"tl predict ./-runs/a-1 'my photos/it'\''s.jpg'   # what is on a picture; others in its place",
                "tl train 'my photos' --folds 5   # a surer estimate, and a model trained on all pictures",
                "tl eval ./-runs/a-1 'my photos'   # how good it is; pictures that it has not seen in their place",
            ]
        );
        assert_eq!(commands(Path::new("r"), None, &Again::default(), Some(5)), Vec::<String>::new());
        assert_eq!(commands(Path::new("r"), None, &again, None).len(), 1);
    }
}

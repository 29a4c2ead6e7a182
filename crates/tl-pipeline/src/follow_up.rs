//! Commands that are worth typing after a run, ready for a shell.

use std::ffi::OsString;
use std::path::Path;
use tl_data::{Dataset, SampleId, folds, shell};

/// How the same pictures are named to other commands, word by word; empty where they cannot be named once more.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowUp {
    /// `tl train` as it was typed, without what does not go with `--folds`.
    pub train: Vec<OsString>,
    /// What names the pictures and labels behind `tl eval RUN`.
    pub data: Vec<OsString>,
}

/// Folds of cross-validation, where classes have as many pictures.
const FOLDS: usize = 5;

/// The commands, each with a comment that says what for.
pub(crate) fn commands(
    run: &Path,
    picture: Option<&Path>,
    follow_up: &FollowUp,
    folds: Option<usize>,
) -> Vec<String> {
    let run = as_argument(run);
    let tl = |name: &str| ["tl", name].map(OsString::from).to_vec();
    let predict = picture.map(|picture| {
        let command = [tl("predict"), vec![run.clone(), as_argument(picture)]].concat();
        (command, "what is on a picture; others in its place")
    });
    let judge = (!follow_up.data.is_empty()).then(|| {
        let command = [tl("eval"), vec![run.clone()], follow_up.data.clone()].concat();
        (command, "how good it is; pictures that it has not seen in their place")
    });
    let cross_validate = folds.filter(|_| !follow_up.train.is_empty()).map(|folds| {
        let command =
            [follow_up.train.clone(), ["--folds", &folds.to_string()].map(OsString::from).to_vec()].concat();
        (command, "a surer estimate, and a model trained on all pictures")
    });
    let commands = predict.into_iter().chain(cross_validate).chain(judge);
    commands.map(|(command, what_for)| format!("{}   # {what_for}", shell(&command))).collect()
}

/// Number of folds into which the pictures can be divided, at most [`FOLDS`]; `None` where their source says what
/// evaluates, or a class is too small.
pub(crate) fn possible_folds(data: &Dataset, seed: u64) -> Option<usize> {
    let divided = data.samples.iter().any(|sample| sample.part.is_some());
    (2..=FOLDS).rev().find(|&k| !divided && folds(data, k, seed).is_ok())
}

/// The file of a picture, where it has one of its own.
pub(crate) fn file_of(data: &Dataset, id: SampleId) -> Option<std::path::PathBuf> {
    let place = data.place_of(id);
    place.span.is_none().then_some(place.file)
}

/// A path that no command takes for an option.
fn as_argument(path: &Path) -> OsString {
    let dash = path.as_os_str().as_encoded_bytes().starts_with(b"-");
    if dash { Path::new(".").join(path).into() } else { path.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_quoted_and_say_what_for() {
        let words = |words: &[&str]| words.iter().map(OsString::from).collect();
        let follow_up = FollowUp { train: words(&["tl", "train", "my photos"]), data: words(&["my photos"]) };
        let lines =
            commands(Path::new("-runs/a-1"), Some(Path::new("my photos/it's.jpg")), &follow_up, Some(5));
        assert_eq!(
            lines,
            [
                r"tl predict ./-runs/a-1 'my photos/it'\''s.jpg'   # what is on a picture; others in its place",
                "tl train 'my photos' --folds 5   # a surer estimate, and a model trained on all pictures",
                "tl eval ./-runs/a-1 'my photos'   # how good it is; pictures that it has not seen in their place",
            ]
        );
        assert_eq!(commands(Path::new("r"), None, &FollowUp::default(), Some(5)), Vec::<String>::new());
        assert_eq!(commands(Path::new("r"), None, &follow_up, None).len(), 1);
    }
}

//! Words that name a part of a data set, in cells and in names of columns.

use crate::Part;

const TRAIN: &[&str] = &["train", "training", "trn", "tr", "learn", "learning", "trainval"];
const VAL: &[&str] =
    &["val", "valid", "validation", "validate", "vld", "dev", "devel", "development", "eval", "evaluation"];
const TEST: &[&str] = &["test", "testing", "tst", "holdout", "heldout"];
/// What may follow, as in `train_set`.
const FOLLOWING: &[&str] = &["set", "data", "split", "images", "image", "samples", "sample"];

/// The part that a cell means.
pub(crate) fn meant(text: &str) -> Option<Part> {
    let plain = plain(text);
    Part::spelt(text)
        .or_else(|| word(&plain))
        .or_else(|| FOLLOWING.iter().find_map(|ending| plain.strip_suffix(ending)).and_then(word))
}

/// The part that a column of yes and no is about, as `is_test`. A name such as `valid` alone is not clear: it may say
/// that a row is.
pub(crate) fn asked_by(name: &str) -> Option<Part> {
    meant(plain(name).strip_prefix("is")?)
}

fn word(plain: &str) -> Option<Part> {
    [(TRAIN, Part::Train), (VAL, Part::Val), (TEST, Part::Test)]
        .into_iter()
        .find(|(words, _)| words.contains(&plain))
        .map(|(_, part)| part)
}

/// How surely a column of this name is a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum NamedLike {
    /// It is called so.
    Split,
    /// It may be.
    Perhaps,
    /// Its name does not say so.
    Other,
}

impl NamedLike {
    pub(crate) fn of(name: &str) -> Self {
        const SPLIT: &[&str] = &[
            "split",
            "splits",
            "splitname",
            "splittype",
            "datasplit",
            "datasetsplit",
            "traintest",
            "trainval",
            "trainvaltest",
            "traintestsplit",
            "trainvalsplit",
            "trainvaltestsplit",
            "partition",
            "subset",
            "usage",
        ];
        const PERHAPS: &[&str] =
            &["part", "set", "fold", "phase", "stage", "dataset", "datatype", "mode", "purpose"];
        let plain = plain(name);
        match () {
            () if SPLIT.contains(&plain.as_str()) => NamedLike::Split,
            () if PERHAPS.contains(&plain.as_str()) => NamedLike::Perhaps,
            () => NamedLike::Other,
        }
    }
}

/// Small letters and digits alone.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_in_every_usual_spelling() {
        for (texts, part) in [
            (
                &["train", " Training ", "TRN", "learn", "train_set", "training-set", "TrainSet"][..],
                Some(Part::Train),
            ),
            (
                &["val", "VALID", "Validation", "dev", "Development", "eval", "dev set", "val_split"],
                Some(Part::Val),
            ),
            (&["test", "Testing", "tst", "holdout", "hold-out", "held out", "TEST SET"], Some(Part::Test)),
            (&["", "0", "tset", "trai", "extra", "public", "set", "train1", "contest", "retest"], None),
        ] {
            for text in texts {
                assert_eq!(meant(text), part, "{text:?}");
            }
        }
        for (name, part) in [
            ("is_test", Some(Part::Test)),
            ("IsValid", Some(Part::Val)),
            ("is training image", Some(Part::Train)),
            ("valid", None),
            ("test", None),
            ("island", None),
        ] {
            assert_eq!(asked_by(name), part, "{name}");
        }
        assert_eq!(NamedLike::of("Data_Set"), NamedLike::Perhaps);
        assert_eq!(NamedLike::of("train_test_split"), NamedLike::Split);
        assert_eq!(NamedLike::of("breed"), NamedLike::Other);
    }
}

//! Names of folders that speak of a split: `train`, `training_set`, `TestImages`, `my-val`, `hold-out`.

use crate::Part;

/// What a folder's name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The folder is this part.
    Part(Part),
    /// The folder is some part: the name speaks of several, or of evaluation, which may be by the validation or the test
    /// part.
    Some,
}

/// Words, the longest first where one begins another. Longer ones, which hardly begin another word, may have anything
/// behind them; the others only what [`BESIDE`] lists.
const WORDS: &[(&str, Role, bool)] = &[
    ("trainvalidation", Role::Part(Part::Train), true),
    ("trainvalid", Role::Part(Part::Train), true),
    ("trainval", Role::Part(Part::Train), true),
    ("training", Role::Part(Part::Train), true),
    ("train", Role::Part(Part::Train), false),
    ("trn", Role::Part(Part::Train), false),
    ("validation", Role::Part(Part::Val), true),
    ("valid", Role::Part(Part::Val), false),
    ("val", Role::Part(Part::Val), false),
    ("devel", Role::Part(Part::Val), false),
    ("dev", Role::Part(Part::Val), false),
    ("testing", Role::Part(Part::Test), true),
    ("tests", Role::Part(Part::Test), false),
    ("test", Role::Part(Part::Test), false),
    ("tst", Role::Part(Part::Test), false),
    ("holdout", Role::Part(Part::Test), true),
    ("heldout", Role::Part(Part::Test), true),
    ("evaluation", Role::Some, true),
    ("eval", Role::Some, false),
];

/// What stands directly before or behind such a word and does not make another one of it.
const BESIDE: &[&str] = &[
    "set",
    "sets",
    "data",
    "dataset",
    "datasets",
    "image",
    "images",
    "img",
    "imgs",
    "im",
    "ims",
    "pic",
    "pics",
    "picture",
    "pictures",
    "photo",
    "photos",
    "sample",
    "samples",
    "split",
    "splits",
    "subset",
    "part",
    "parts",
    "portion",
    "folder",
    "dir",
    "directory",
    "file",
    "files",
    "example",
    "examples",
    "class",
    "classes",
    "crop",
    "crops",
    "my",
    "our",
    "new",
    "old",
    "final",
    "full",
    "all",
    "small",
    "mini",
    "tiny",
    "big",
    "large",
    "raw",
    "clean",
    "cleaned",
    "orig",
    "original",
    "resized",
    "aug",
    "augmented",
    "x",
    "y",
    "a",
    "b",
    "v",
];

/// What a folder's name says of a split, if it says anything.
pub(crate) fn role(name: &str) -> Option<Role> {
    let mut roles: Vec<Role> = words(name).iter().filter_map(|word| role_of_word(word)).collect();
    roles.dedup();
    let [train, val] = [Part::Train, Part::Val].map(Role::Part);
    match roles.as_slice() {
        [] => None,
        [role] => Some(*role),
        // What would validate trains too.
        [a, b] if (*a, *b) == (train, val) || (*a, *b) == (val, train) => Some(train),
        _ => Some(Role::Some),
    }
}

/// Do these names speak of a split and of nothing else, but for what they have in common: `birds_train`, `birds_test`?
pub(crate) fn are_roles_only(names: &[&str]) -> bool {
    let words: Vec<Vec<String>> = names.iter().map(|name| words(name)).collect();
    let common = |word: &String| words.iter().all(|words| words.contains(word));
    let says_nothing = |word: &String| BESIDE.contains(&word.as_str()) || common(word);
    let only =
        |words: &Vec<String>| words.iter().all(|word| role_of_word(word).is_some() || says_nothing(word));
    names.iter().all(|name| role(name).is_some()) && words.iter().all(only)
}

/// The role of a name as [`role`] tells it, also where the word is a piece of another one: `birdstrain`. Only names beside
/// each other can tell that this is meant.
pub(crate) fn possible_role(name: &str) -> Option<Role> {
    let letters: String = name.chars().filter(|c| c.is_alphabetic()).collect::<String>().to_lowercase();
    let piece = || WORDS.iter().find(|(word, ..)| word.len() > 3 && letters.contains(word)).map(|row| row.1);
    role(name).or_else(piece)
}

fn role_of_word(word: &str) -> Option<Role> {
    let fits = |beside: &str| beside.is_empty() || BESIDE.contains(&beside);
    let matches = |row: &&(&str, Role, bool)| {
        let (text, _, long) = **row;
        let behind = word.strip_prefix(text).is_some_and(|rest| long || fits(rest));
        behind || word.strip_suffix(text).is_some_and(fits)
    };
    WORDS.iter().find(matches).map(|row| row.1)
}

/// The words of a name, in small letters: runs of letters, divided where small letters turn to capital ones; `hold out` is
/// one.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for run in name.split(|c: char| !c.is_alphabetic()).filter(|run| !run.is_empty()) {
        let whole = run.to_lowercase();
        let parts = divided(run);
        // `TESTset` is one word to the eye.
        let as_one = parts.len() > 1 && role_of_word(&whole).is_some();
        if as_one { words.push(whole) } else { words.extend(parts) }
    }
    joined(words)
}

/// `TrainImages` is `train` and `images`, `MNISTTest` is `mnist` and `test`.
fn divided(run: &str) -> Vec<String> {
    let chars: Vec<char> = run.chars().collect();
    let mut parts = vec![String::new()];
    for (at, c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| chars.get(at)).is_some_and(|c| c.is_lowercase());
        let after = at > 0 && chars.get(at + 1).is_some_and(|c| c.is_lowercase());
        if c.is_uppercase() && (before || after) {
            parts.push(String::new());
        }
        if let Some(part) = parts.last_mut() {
            part.extend(c.to_lowercase());
        }
    }
    parts
}

fn joined(words: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in words {
        match out.last_mut() {
            Some(last) if word.starts_with("out") && matches!(last.as_str(), "hold" | "held") => {
                last.push_str(&word);
            }
            _ => out.push(word),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_parts_are_known_in_any_spelling() {
        for (part, names) in [
            (
                Part::Train,
                "train Train TRAIN training Training_set trainset TrainImages train-2017 train2017 x_train my.train \
                 imgs_train trainimages traindata MNISTTrain Training-Data 01_train trainval train_val TRAINset mytrain \
                 train_a trn",
            ),
            (
                Part::Val,
                "val valid validation Val_Images my_val dev dev-set VALIDATION2 valset validset x-val imgVal val2017 \
                 validationimages",
            ),
            (
                Part::Test,
                "test testing TestSet test_images Test-1 testdata hold-out hold_out holdout HoldOut Holdout_set held-out \
                 TESTset imagestest testimages",
            ),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(role(name), Some(Role::Part(part)), "{name}");
            }
        }
        for name in ["eval", "Evaluation", "eval_set", "train_test", "test-val", "evalset", "EvalImages"] {
            assert_eq!(role(name), Some(Role::Some), "{name}");
        }
    }

    #[test]
    fn words_that_all_names_share_say_nothing() {
        for (names, expected) in [
            (&["train", "test"][..], true),
            (&["birds_train", "birds_test"], true),
            (&["train2017", "val2017", "test-1"], true),
            (&["train", "test_tube"], false),
            (&["train", "plane"], false),
        ] {
            assert_eq!(are_roles_only(names), expected, "{names:?}");
        }
    }

    #[test]
    fn other_words_are_not_taken_for_parts() {
        for name in [
            "cats",
            "validators",
            "contest",
            "latest",
            "strain",
            "trainers",
            "oval",
            "devices",
            "developer",
            "value",
            "testis",
            "carnival",
            "interval",
            "constraint",
            "brain",
            "invalid",
            "attestation",
            "hold",
            "out",
            "retrieval",
            "fastest",
            "medieval",
            "valley",
            "devil",
            "benign",
            "40X",
        ] {
            assert_eq!(role(name), None, "{name}");
        }
    }
}

//! Words that name a part of a data set, in cells and in names of columns.

use crate::Part;
use crate::part_name::{Role, possible_role, role, words};

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

/// The part that a column asks about by its whole name, as `is_test`, whatever its cells say.
pub(crate) fn asked_by(name: &str) -> Option<Part> {
    meant(plain(name).strip_prefix("is")?)
}

/// What a column of yes and no asks, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlagColumn {
    /// Is the row of this part? `is_test`, `train`, `in_val`, `test_flag`.
    Clearly(Part),
    /// The column asks whether the row is of this part, or something else: `valid` may say that the row is. Beside columns
    /// of the other parts it is clear.
    Barely(Part),
    /// The name has a part's word among others, as `test_result` and `test2`.
    Vaguely(Option<Part>),
}

impl FlagColumn {
    /// What a column asks by its name; none if that has nothing to do with parts, or is one of a whole split, as
    /// `train_test_split`.
    pub(crate) fn of(name: &str) -> Option<Self> {
        if let Some(part) = asked_by(name) {
            return Some(FlagColumn::Clearly(part));
        }
        let (speaks, of_split) =
            (part_words(name).next().is_some(), SplitNameMatch::of(name) < SplitNameMatch::Speaks);
        if !speaks || of_split {
            return None;
        }
        let (beside, rest): (Vec<String>, Vec<String>) =
            words(name).into_iter().partition(|word| SAYING_NOTHING.contains(&word.as_str()));
        let whole = rest.concat();
        let names_a_set = beside.iter().any(|word| ["in", "set", "split"].contains(&word.as_str()));
        let told = || match role(name) {
            Some(Role::Part(part)) => Some(part),
            _ => None,
        };
        Some(match meant(&whole) {
            _ if name.contains(|c: char| c.is_numeric()) => FlagColumn::Vaguely(told()),
            Some(Part::Val) if !names_a_set && !whole.starts_with("validation") => {
                FlagColumn::Barely(Part::Val)
            }
            Some(part) => FlagColumn::Clearly(part),
            None => FlagColumn::Vaguely(told()),
        })
    }

    pub(crate) fn part(self) -> Option<Part> {
        match self {
            FlagColumn::Clearly(part) | FlagColumn::Barely(part) => Some(part),
            FlagColumn::Vaguely(part) => part,
        }
    }
}

/// What may stand beside a part's name, in that of a column of yes and no.
const SAYING_NOTHING: &[&str] = &[
    "in",
    "for",
    "of",
    "the",
    "use",
    "used",
    "flag",
    "mask",
    "indicator",
    "member",
    "set",
    "split",
    "data",
    "dataset",
    "row",
    "rows",
    "image",
    "images",
    "img",
    "picture",
    "pictures",
    "sample",
    "samples",
];

fn word(plain: &str) -> Option<Part> {
    [(TRAIN, Part::Train), (VAL, Part::Val), (TEST, Part::Test)]
        .into_iter()
        .find(|(words, _)| words.contains(&plain))
        .map(|(_, part)| part)
}

/// How surely a column of this name is a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SplitNameMatch {
    /// The name is one of a split column.
    Split,
    /// The name may be one of a split column.
    Perhaps,
    /// The name has a word of it among others, as `image_set` or `test_result`.
    Speaks,
    /// The name says nothing of a split.
    Other,
}

impl SplitNameMatch {
    pub(crate) fn of(name: &str) -> Self {
        const SPLIT: &[&str] = &[
            "split",
            "splits",
            "splitname",
            "splittype",
            "splitid",
            "datasplit",
            "datasetsplit",
            "partition",
            "partitions",
            "subset",
            "subsets",
        ];
        const PERHAPS: &[&str] =
            &["part", "set", "fold", "phase", "stage", "dataset", "datatype", "mode", "purpose"];
        let (plain, words) = (plain(name), words(name));
        // `train_or_test`; one word may name both, as `trainval`.
        let mut roles: Vec<Role> = words.iter().filter_map(|word| role(word)).collect();
        roles.dedup();
        let split = words.iter().any(|word| SPLIT.contains(&word.as_str()) || names_several(word));
        match () {
            () if split || plain == "usage" || roles.len() > 1 => SplitNameMatch::Split,
            () if PERHAPS.contains(&plain.as_str()) => SplitNameMatch::Perhaps,
            () if part_words(name).next().is_some() || words.iter().any(|word| speaks_of_sets(word)) => {
                SplitNameMatch::Speaks
            }
            () => SplitNameMatch::Other,
        }
    }
}

/// Whether a word has the names of two parts: `traintest`, `trainvaltest`.
fn names_several(word: &str) -> bool {
    const SEVERAL: &[&str] = &["traintest", "trainval", "trainortest", "testtrain", "valtest"];
    SEVERAL.iter().any(|names| word.contains(names))
}

/// The words of a name that speak of a part, also as a piece of a longer word, but for ordinary ones.
fn part_words(name: &str) -> impl Iterator<Item = String> {
    words(name).into_iter().filter(|word| {
        possible_role(word).is_some() && !ORDINARY.iter().any(|ordinary| word.contains(ordinary))
    })
}

/// Words that have a part's name in them by chance.
const ORDINARY: &[&str] = &[
    "latest",
    "fastest",
    "greatest",
    "shortest",
    "brightest",
    "lightest",
    "tightest",
    "softest",
    "whitest",
    "contest",
    "protest",
    "attest",
    "testam",
    "testim",
    "testos",
    "testic",
    "testis",
    "intestin",
    "strain",
    "terrain",
    "trainer",
    "trainee",
    "medieval",
    "retrieval",
    "invalid",
];

/// Is this a word for a division of the data, in any of its forms: `imageset`, `folds`, `setid`, `splitting`?
fn speaks_of_sets(word: &str) -> bool {
    const WHOLE: &[&str] =
        &["set", "sets", "fold", "folds", "kfold", "usage", "phase", "dataset", "datasets"];
    const BEFORE_SET: &[&str] = &["data", "image", "images", "img", "imgs", "sample", "picture", "photo"];
    const BEHIND: &[&str] = &["id", "type", "name", "no", "nr", "num", "number", "idx", "index", "code"];
    let behind = ["set", "fold"]
        .iter()
        .any(|start| word.strip_prefix(start).is_some_and(|rest| BEHIND.contains(&rest)));
    let before = word.strip_suffix("set").is_some_and(|start| BEFORE_SET.contains(&start));
    let piece = ["split", "subset", "partition"].iter().any(|piece| word.contains(piece));
    WHOLE.contains(&word) || behind || before || piece
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
        assert_eq!(SplitNameMatch::of("Data_Set"), SplitNameMatch::Perhaps);
        assert_eq!(SplitNameMatch::of("train_test_split"), SplitNameMatch::Split);
        assert_eq!(SplitNameMatch::of("breed"), SplitNameMatch::Other);
    }

    #[test]
    fn what_a_name_asks_is_clear_or_not() {
        use FlagColumn::{Barely, Clearly, Vaguely};
        for (names, asks) in [
            (
                "is_test test in_test testing test_flag TestSet isTest used_for_test holdout test_mask",
                Some(Clearly(Part::Test)),
            ),
            ("train training Train trainset is_train in_train train_flag", Some(Clearly(Part::Train))),
            ("is_val in_val val_set validation validation_flag isValid", Some(Clearly(Part::Val))),
            ("val valid dev valid_image", Some(Barely(Part::Val))),
            ("test_result test2 test_1", Some(Vaguely(Some(Part::Test)))),
            ("tested testflag mytestcol", Some(Vaguely(None))),
            ("split train_test trainval usage breed latest contest strain invalid device value asset", None),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(FlagColumn::of(name), asks, "{name}");
            }
        }
    }

    #[test]
    fn names_speak_of_a_split_as_words_and_pieces() {
        for (names, like) in [
            (
                "split Splits split1 official_split split_id OfficialSplit subset my_subset train_or_test traintest usage",
                SplitNameMatch::Split,
            ),
            ("set fold phase dataset part", SplitNameMatch::Perhaps),
            (
                "set_id set_type image_set imageset setid fold_id kfold test train valid in_test test_flag testflag \
                training test_result usage_type mysplitcol holdout_rows",
                SplitNameMatch::Speaks,
            ),
            ("breed latest contest strain offset asset device setting part_of_body", SplitNameMatch::Other),
        ] {
            for name in names.split_whitespace() {
                assert_eq!(SplitNameMatch::of(name), like, "{name}");
            }
        }
    }
}

//! Names that are the same though their bytes differ: composed and decomposed characters, such as `é` as one character
//! or as `e` and an accent. File systems and programs change one into the other.
//! <https://www.unicode.org/reports/tr15/>

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tl_files::shown;
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// The composed spelling (NFC) of a name.
fn composed(name: &str) -> Cow<'_, str> {
    if is_nfc(name) { Cow::Borrowed(name) } else { Cow::Owned(name.nfc().collect()) }
}

/// Whether two texts are the same name, in one spelling or two.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    a == b || composed(a) == composed(b)
}

/// Where a name is among others: the one with the same bytes, else one in another spelling.
pub fn position_of_name(names: &[String], name: &str) -> Option<usize> {
    let exact = names.iter().position(|known| known == name);
    exact.or_else(|| names.iter().position(|known| same_name(known, name)))
}

/// A key that spellings and capital letters do not change.
pub(crate) fn folded(name: &str) -> String {
    composed(&composed(name).to_lowercase()).into_owned()
}

/// A key that spellings, capital letters, and spaces and characters that do not show leave as it is.
pub(crate) fn looks(name: &str) -> String {
    printed(&folded(name))
}

/// The name as it prints: a space of any kind is a space, those at the ends do not show.
fn printed(name: &str) -> String {
    let visible: String = name.chars().filter(|c| !is_unseen(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Characters without a width of their own: <https://www.unicode.org/reports/tr44/#General_Category_Values>, Cf.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{fe0e}' | '\u{fe0f}')
}

/// Sentences about classes whose names print alike and are not the same.
pub(crate) fn alike(classes: &[String]) -> Vec<String> {
    let mut by_print: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    classes.iter().for_each(|name| by_print.entry(printed(&composed(name))).or_default().push(name));
    let several = by_print.into_values().filter(|names| names.len() > 1);
    let quoted = |name: &&String| format!("`{}`", spelt_out(name));
    several
        .map(|names| {
            let names: Vec<String> = names.iter().map(quoted).collect();
            format!(
                "the classes {} differ only in spaces or in characters that do not show",
                names.join(", ")
            )
        })
        .collect()
}

fn spelt_out(name: &str) -> String {
    let one = |c: char| match c {
        ' ' => " ".to_string(),
        c if c.is_whitespace() || is_unseen(c) => c.escape_unicode().to_string(),
        c => shown(c.to_string()).to_string(),
    };
    name.chars().map(one).collect()
}

/// Names of which some are spelt in several ways.
pub(crate) struct Spellings {
    /// The composed spelling of each of those.
    united: BTreeMap<String, String>,
}

impl Spellings {
    /// Names that are spelt in one way keep their spelling, whichever it is.
    pub(crate) fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut by_name: BTreeMap<Cow<'a, str>, BTreeSet<&'a str>> = BTreeMap::new();
        for name in names.into_iter().filter(|name| !name.is_ascii()) {
            by_name.entry(composed(name)).or_default().insert(name);
        }
        let several = by_name.into_iter().filter(|(_, spellings)| spellings.len() > 1);
        let pair = |(name, spellings): (Cow<'a, str>, BTreeSet<&'a str>)| {
            spellings.into_iter().map(move |spelling| (spelling.to_string(), name.to_string()))
        };
        Spellings { united: several.flat_map(pair).collect() }
    }

    /// Gives the name the spelling that all its spellings share.
    pub(crate) fn unite(&self, name: &mut String) {
        if let Some(united) = self.united.get(name) {
            name.clone_from(united);
        }
    }

    /// What was united, for people: one sentence for each name.
    pub(crate) fn notes(&self, what: &str) -> impl Iterator<Item = String> {
        let names: BTreeSet<&String> = self.united.values().collect();
        let note = move |name| {
            let name = shown(name);
            format!("`{name}` is spelt with composed and with decomposed characters: taken as one {what}")
        };
        names.into_iter().map(String::as_str).map(note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_in_two_spellings_is_the_same_and_capital_letters_are_not() {
        assert!(same_name("caf\u{e9}", "cafe\u{301}"));
        assert!(!same_name("cafe", "caf\u{e9}"));
        assert!(!same_name("Cats", "cats"));
    }

    #[test]
    fn spellings_of_a_name_become_the_composed_one_and_single_ones_stay() {
        let [composed, decomposed, other] = ["caf\u{e9}", "cafe\u{301}", "u\u{308}ber"];
        let spellings = Spellings::of([composed, decomposed, decomposed, other, "cat"]);
        for (name, expected) in [(composed, composed), (decomposed, composed), (other, other), ("cat", "cat")]
        {
            let mut name = name.to_string();
            spellings.unite(&mut name);
            assert_eq!(name, expected);
        }
        let notes: Vec<String> = spellings.notes("class").collect();
        assert_eq!(
            notes,
            ["`café` is spelt with composed and with decomposed characters: taken as one class"]
        );
    }

    #[test]
    fn classes_that_print_alike_are_pointed_out() {
        for (names, note) in [
            (&["cat", "cat "][..], Some("`cat`, `cat `")),
            (&["c at", "c\u{a0}at", "dog"], Some("`c at`, `c\\u{a0}at`")),
            (&["cat", "c\u{200b}at"], Some("`cat`, `c\\u{200b}at`")),
            (&["a  b", "a b"], Some("`a  b`, `a b`")),
            (&["cat", "Cat", "cats", "c at"], None),
        ] {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let note = note.map(|names| {
                format!("the classes {names} differ only in spaces or in characters that do not show")
            });
            assert_eq!(alike(&names), note.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_name_is_found_in_its_own_spelling_first() {
        let names = ["cafe\u{301}", "caf\u{e9}"].map(String::from);
        assert_eq!(position_of_name(&names, "caf\u{e9}"), Some(1));
        assert_eq!(position_of_name(&names[..1], "caf\u{e9}"), Some(0));
        assert_eq!(position_of_name(&names, "cafe"), None);
    }
}

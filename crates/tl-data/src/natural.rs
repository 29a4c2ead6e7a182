//! Natural order of names: `img2` before `img10`, capital letters among small ones.

use std::cmp::Ordering;
use std::path::Path;

use tl_files::name_text;

/// A maximal run of digits or of other characters. Numbers compare by value, before texts.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Chunk {
    /// Number of digits without leading zeros, then those digits: compares like the value, at any length.
    Number(usize, String),
    Text(String),
}

/// Sort key of a name: its chunks, and the name itself so that only equal names are equal.
pub(crate) fn name_key(name: &str) -> (Vec<Chunk>, String) {
    (chunks(name), name.to_string())
}

/// Sort key of a path: part by part, so that a folder's files stay together.
pub(crate) fn path_key(path: &Path) -> Vec<(Vec<Chunk>, String)> {
    path.components().map(|part| name_key(&name_text(part.as_os_str()))).collect()
}

/// Compares two names in natural order. A total order; only equal names are equal.
///
/// ```
/// let mut names = vec!["img10", "img2", "Img1"];
/// names.sort_by(|a, b| tl_data::natural_cmp(a, b));
/// assert_eq!(names, ["Img1", "img2", "img10"]);
/// ```
pub fn natural_cmp(a: &str, b: &str) -> Ordering {
    // As by `name_key`, without keys: sorting 100,000 paths asks for millions of comparisons.
    let (mut left, mut right) = (a, b);
    loop {
        let of_runs = match (next_run(&mut left), next_run(&mut right)) {
            (None, None) => return a.cmp(b),
            (Some(left), Some(right)) => cmp_runs(left, right),
            (left, right) => left.is_some().cmp(&right.is_some()),
        };
        if of_runs.is_ne() {
            return of_runs;
        }
    }
}

fn cmp_runs(a: &str, b: &str) -> Ordering {
    let is_number = |run: &str| run.starts_with(|c: char| c.is_ascii_digit());
    match (is_number(a), is_number(b)) {
        (true, true) => {
            let [a, b] = [a, b].map(|run| run.trim_start_matches('0'));
            a.len().cmp(&b.len()).then_with(|| a.cmp(b))
        }
        (false, false) if a.is_ascii() && b.is_ascii() => {
            let lower = |byte: u8| byte.to_ascii_lowercase();
            a.bytes().map(lower).cmp(b.bytes().map(lower))
        }
        (false, false) => a.to_lowercase().cmp(&b.to_lowercase()),
        // Numbers come first.
        (left, right) => right.cmp(&left),
    }
}

/// Takes the next run of digits or of other characters off the beginning.
fn next_run<'a>(rest: &mut &'a str) -> Option<&'a str> {
    let digits = rest.chars().next()?.is_ascii_digit();
    let end = rest.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(rest.len());
    let (run, tail) = rest.split_at(end);
    *rest = tail;
    Some(run)
}

fn chunks(name: &str) -> Vec<Chunk> {
    let mut out = Vec::new();
    let mut rest = name;
    while let Some(run) = next_run(&mut rest) {
        let digits = run.starts_with(|c: char| c.is_ascii_digit());
        out.push(if digits { number(run) } else { Chunk::Text(run.to_lowercase()) });
    }
    out
}

fn number(run: &str) -> Chunk {
    let digits = run.trim_start_matches('0');
    Chunk::Number(digits.len(), digits.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_compare_by_value() {
        for (a, b) in [
            ("img2", "img10"),
            ("img02", "img10"),
            ("Cat", "dog"),
            ("a", "B"),
            ("1", "a"),
            ("a1b2", "a1b10"),
            ("9", "18446744073709551616"),
            ("a01", "a1"),
        ] {
            assert_eq!(natural_cmp(a, b), Ordering::Less, "{a} {b}");
        }
    }

    #[test]
    fn a_folder_comes_before_what_follows_its_name() {
        assert!(path_key(Path::new("a/z")) < path_key(Path::new("a 2/b")));
    }

    proptest! {
        #[test]
        fn comparing_is_as_by_keys(names in prop::collection::vec("[aAzÉé019_./]{0,7}", 2)) {
            let [a, b] = [&names[0], &names[1]];
            prop_assert_eq!(natural_cmp(a, b), name_key(a).cmp(&name_key(b)));
        }

        #[test]
        fn natural_order_is_total(names in prop::collection::vec("[aAbé019_.]{0,6}", 3)) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            prop_assert_eq!(natural_cmp(a, b), natural_cmp(b, a).reverse());
            prop_assert_eq!(natural_cmp(a, b) == Ordering::Equal, a == b);
            if natural_cmp(a, b).is_le() && natural_cmp(b, c).is_le() {
                prop_assert!(natural_cmp(a, c).is_le());
            }
        }
    }
}

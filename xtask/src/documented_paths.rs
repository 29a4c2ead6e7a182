//! Paths of this repository that its pages name.

use std::fs;
use std::path::PathBuf;

use crate::root;

/// README, CONTRIBUTING and the pages in `docs/`.
fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let docs = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    ["README.md", "CONTRIBUTING.md"].map(|page| root().join(page)).into_iter().chain(docs).collect()
}

/// What stands between backquotes and begins with a folder of source code; every word of a block of code that does.
fn paths(page: &str) -> Vec<&str> {
    let blocks = page.split("```").enumerate();
    let words = blocks.flat_map(|(number, text)| -> Box<dyn Iterator<Item = &str>> {
        match number % 2 {
            0 => Box::new(text.split('`').skip(1).step_by(2)),
            _ => Box::new(text.split_whitespace()),
        }
    });
    words.filter(|word| word.starts_with("crates/") || word.starts_with("xtask/")).collect()
}

#[test]
fn paths_that_pages_name_exist() {
    let mut missing = Vec::new();
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        let absent = paths(&text).into_iter().filter(|path| !root().join(path).exists());
        missing.extend(absent.map(|path| format!("{}: {path}", page.display())));
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn paths_are_found_between_backquotes_and_in_blocks() {
    let page = "See `crates/a` and crates/b, `docs/c`.\n```text\ncrates/d.rs | 3 +\n```\nand `xtask/e`.";
    assert_eq!(paths(page), ["crates/a", "crates/d.rs", "xtask/e"]);
}

//! Every command that README, docs and helps show is one that this program takes.

use clap::{CommandFactory, Parser};
use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Args;

fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    pages.chain([root.join("README.md"), root.join("datasets/README.md")]).collect()
}

/// Commands in a page: lines of its shell blocks, and code between words that begins with `tl`.
fn commands(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, part) in page.split("```").enumerate() {
        match (number % 2, part.strip_prefix("sh\n")) {
            // Code between words that names nothing to work on is a part of a command.
            (0, _) => {
                let code = part.split('`').skip(1).step_by(2).filter(|code| code.contains('/'));
                found.extend(code.map(|code| code.replace('\n', " ")));
            }
            (_, Some(block)) => found.extend(block.lines().map(str::to_owned)),
            _ => {}
        }
    }
    let run = |line: String| match line.split_once("-p tl-cli ") {
        Some((_, rest)) => rest.split_once("-- ").map_or(line.clone(), |(_, words)| format!("tl {words}")),
        None => line,
    };
    found.into_iter().map(run).filter(|line| line.starts_with("tl ")).collect()
}

/// Examples in the help of a command and of those below it.
fn examples(command: &clap::Command) -> Vec<String> {
    let help = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    let own = help.lines().map(|line| line.trim().to_owned()).filter(|line| line.starts_with("tl "));
    own.chain(command.get_subcommands().flat_map(examples)).collect()
}

/// The words of a line as a shell has them, without its comment, and without what a help says behind three spaces.
fn words(line: &str) -> Vec<String> {
    let line = line.split("   ").next().unwrap_or(line);
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for c in line.chars().chain([' ']) {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.extend((!word.is_empty()).then(|| std::mem::take(&mut word))),
            c => word.push(c),
        }
    }
    let end = words.iter().position(|word| ["#", ">", "<"].contains(&word.as_str())).unwrap_or(words.len());
    words.truncate(end);
    words
}

/// Words in capitals stand for something, and three dots for more of it.
fn is_a_form(line: &str) -> bool {
    let capitals = |word: &str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    words(line).iter().any(|word| word == "..." || capitals(word))
}

#[test]
fn every_command_that_is_shown_is_taken() {
    let shown = pages().into_iter().flat_map(|page| commands(&fs::read_to_string(page).unwrap()));
    let all: Vec<String> = shown.chain(examples(&Args::command())).collect();
    assert!(all.len() > 60, "only {} commands were found", all.len());
    for line in all.iter().filter(|line| !is_a_form(line)) {
        let words = words(line);
        // A command's name alone is a word for it.
        if words.len() > 2 {
            let parsed = Args::try_parse_from(&words);
            assert!(parsed.is_ok(), "`{line}`: {}", parsed.err().unwrap());
        }
    }
}

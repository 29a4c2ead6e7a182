//! Every argument of every command, given bytes that are no UTF-8.

use clap::{Arg, Command};
use std::ffi::OsStr;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::*;
use crate::commands;

/// `caf\xe9` below a folder that is not there: in Latin-1, a coffee.
fn no_text(folder: &Path) -> OsString {
    folder.join("nowhere").join(OsStr::from_bytes(b"caf\xe9")).into_os_string()
}

/// Every command without commands below it, and the words that lead to it.
fn all(command: &Command, path: &[String]) -> Vec<(Vec<String>, Command)> {
    let below: Vec<&Command> = command.get_subcommands().filter(|below| below.get_name() != "help").collect();
    if below.is_empty() {
        return vec![(path.to_vec(), command.clone())];
    }
    let name = |below: &Command| [path, &[below.get_name().to_owned()]].concat();
    below.into_iter().flat_map(|below| all(below, &name(below))).collect()
}

/// A value that an argument takes, or a path at which there is nothing.
fn some_value(argument: &Arg, folder: &Path) -> OsString {
    let possible = argument.get_possible_values();
    let named = possible.first().map(|value| value.get_name().to_owned().into());
    named.unwrap_or_else(|| folder.join("nowhere/there").into_os_string())
}

/// The words of a call with a value for one argument, and something for the others that it may need.
fn call(path: &[String], command: &Command, argument: &Arg, value: &OsStr, folder: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["tl".into()];
    words.extend(path.iter().map(OsString::from));
    for other in command.get_arguments().filter(|other| !other.is_positional()) {
        let asked = other.get_id() == argument.get_id();
        if asked || other.is_required_set() {
            words.push(format!("--{}", other.get_long().unwrap()).into());
            words.push(if asked { value.to_owned() } else { some_value(other, folder) });
        }
    }
    for other in command.get_positionals() {
        let asked = other.get_id() == argument.get_id();
        words.push(if asked { value.to_owned() } else { some_value(other, folder) });
    }
    words
}

#[test]
fn bytes_that_are_no_text_are_refused_by_name_or_used_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let value = no_text(folder.path());
    let (mut refused, mut used) = (0, 0);
    for (path, command) in all(&Args::command(), &[]) {
        for argument in command.get_arguments().filter(|argument| argument.get_action().takes_values()) {
            let words = call(&path, &command, argument, &value, folder.path());
            let context = format!("tl {} with {}", path.join(" "), argument.get_id());
            match parse(words.clone()) {
                Ok(args) => {
                    used += 1;
                    let ended = catch_unwind(AssertUnwindSafe(|| {
                        commands::run(&args).map_err(|error| error.to_string())
                    }));
                    assert!(ended.is_ok(), "{context} panicked");
                }
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    assert_eq!(error.exit_code(), 2, "{context}: {text}");
                    assert!(text.contains("caf\\xe9") || text.contains("caf\u{fffd}"), "{context}: {text}");
                }
            }
        }
    }
    // As many as there are today, or nothing is proved.
    assert!(refused > 50 && used > 15, "{refused} refused, {used} used");
}

#[test]
fn the_word_that_is_no_text_is_the_one_that_is_named() {
    let bytes = |bytes: &[u8]| OsString::from_vec(bytes.to_vec());
    for (words, expected) in [
        (
            vec![bytes(b"train"), bytes(b"data\xff"), bytes(b"--name"), bytes(b"na\xffme")],
            "error: the argument `na\\xffme` after `--name` has to be UTF-8 text, and is not\n",
        ),
        (
            vec![bytes(b"predict"), bytes(b"run\xfe"), bytes(b"a.png"), bytes(b"--device=c\xffpu")],
            "error: the argument `--device=c\\xffpu` has to be UTF-8 text, and is not\n",
        ),
    ] {
        let words = [OsString::from("tl")].into_iter().chain(words).collect();
        let text = parse(words).unwrap_err().to_string();
        assert!(text.starts_with(expected), "{text}");
    }
}

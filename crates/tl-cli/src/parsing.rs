//! Parsing of the command line: from the words that were typed to what they mean.

use clap::error::ErrorKind;
use clap::{CommandFactory, Error, Parser};
use std::ffi::OsString;
use tl_files::name_text;

use crate::args::Args;

/// What was typed, or what is wrong with it.
///
/// Words need not be UTF-8, as the names of files need not. Where text is wanted, the word that is none is named.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Args, Error> {
    Args::try_parse_from(&words).map_err(|error| match error.kind() {
        ErrorKind::InvalidUtf8 => not_text(&words).unwrap_or(error),
        _ => error,
    })
}

/// Names the word that has to be text and is none.
fn not_text(words: &[OsString]) -> Option<Error> {
    let text = |word: &OsString| OsString::from(name_text(word).into_owned());
    let refused = |at: usize| {
        let others = words.iter().enumerate();
        let but_one = others.map(|(i, word)| if i == at { word.clone() } else { text(word) });
        let parsed = Args::try_parse_from(but_one.collect::<Vec<_>>());
        parsed.is_err_and(|error| error.kind() == ErrorKind::InvalidUtf8)
    };
    let at = (1..words.len()).find(|&at| words[at].to_str().is_none() && refused(at))?;
    let word = name_text(&words[at]);
    let before = words.get(at - 1).and_then(|word| word.to_str()).filter(|word| word.starts_with('-'));
    let what = match before {
        Some(option) if !word.starts_with('-') => format!("`{word}` after `{option}`"),
        _ => format!("`{word}`"),
    };
    let message = format!("the argument {what} has to be UTF-8 text, and is not\n");
    Some(Args::command().error(ErrorKind::InvalidUtf8, message))
}

#[cfg(unix)]
#[cfg(test)]
mod tests;

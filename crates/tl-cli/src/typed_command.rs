//! Words of a command that was typed, for other commands on the same pictures.

use clap::{Arg, ArgAction, ArgMatches, Args as _, Command, CommandFactory, parser::ValueSource};
use std::ffi::{OsStr, OsString};

use tl_pipeline::FollowUp;

use crate::args::Args;
use crate::source_args::SourceArgs;

/// Options of `tl train` that do not go with cross-validation, or are about the output alone.
const NOT_WITH_FOLDS: [&str; 6] = ["val", "test", "split", "folds", "json", "tui"];

/// Options of every command, about what is said.
const OUTPUT: [&str; 3] = ["quiet", "verbose", "color"];

/// A command as it was typed, taken apart.
pub(crate) struct TypedCommand {
    command: Command,
    matches: ArgMatches,
}

impl TypedCommand {
    /// `words` with the program's name first; `None` if they are no command.
    pub(crate) fn of(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut program = Args::command();
        let mut matches = program.try_get_matches_from_mut(words).ok()?;
        let (name, matches) = matches.remove_subcommand()?;
        let command = program.find_subcommand(&name)?.clone();
        Some(Self { command, matches })
    }

    /// The command's name.
    pub(crate) fn name(&self) -> &str {
        self.command.get_name()
    }

    /// What was typed of the arguments that `keep` wants, by their ids, in the order of the help.
    pub(crate) fn words(&self, keep: impl Fn(&str) -> bool) -> Vec<OsString> {
        let typed = |arg: &&Arg| {
            let id = arg.get_id().as_str();
            !OUTPUT.contains(&id)
                && keep(id)
                && self.matches.value_source(id) == Some(ValueSource::CommandLine)
        };
        self.command.get_arguments().filter(typed).flat_map(|arg| self.words_of(arg)).collect()
    }

    fn words_of(&self, arg: &Arg) -> Vec<OsString> {
        let option = arg.get_long().map(|long| format!("--{long}"));
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return option.into_iter().map(OsString::from).collect();
        }
        let values = self.matches.get_raw(arg.get_id().as_str()).into_iter().flatten();
        values.flat_map(|value| with_value(option.as_deref(), value)).collect()
    }

    /// How the same pictures are named to other commands; a run that is resumed has them in its settings.
    pub(crate) fn follow_up(&self) -> FollowUp {
        if !self.names_pictures() {
            return FollowUp::default();
        }
        let source = SourceArgs::augment_args(Command::new("pictures"));
        let is_source = |id: &str| source.get_arguments().any(|arg| arg.get_id() == id);
        let command = ["tl", "train"].map(OsString::from).into_iter();
        let train = command.chain(self.words(|id| !NOT_WITH_FOLDS.contains(&id))).collect();
        let typed = self.matches.value_source("data").is_some();
        let data = if typed {
            self.words(|id| id == "data" || id == "max_bad" || is_source(id))
        } else {
            Vec::new()
        };
        FollowUp { train, data }
    }

    /// A list on standard input has been read and is gone.
    fn names_pictures(&self) -> bool {
        let is_list = || self.matches.get_raw("data").into_iter().flatten().any(|data| data == "-");
        self.name() == "train" && !is_list()
    }
}

/// An option and its value; a value that looks like an option stays joined to it.
fn with_value(option: Option<&str>, value: &OsStr) -> Vec<OsString> {
    let dash = value.as_encoded_bytes().starts_with(b"-");
    let joined = |before: &str| [OsStr::new(before), value].into_iter().collect();
    match option {
        Some(option) if dash => vec![joined(&format!("{option}="))],
        Some(option) => vec![option.into(), value.into()],
        // A path that no command takes for an option.
        None if dash => vec![joined("./")],
        None => vec![value.into()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(words: &[&str]) -> TypedCommand {
        TypedCommand::of(words.iter().map(OsString::from)).unwrap()
    }

    #[test]
    fn follow_ups_are_about_the_same_pictures_and_labels() {
        for (train, folds, eval) in [
            (&["tl", "train", "photos"][..], "tl train photos", "photos"),
            (
                &["tl", "train", "my photos/it's", "--val=0.3", "--json", "-q"],
                r"tl train 'my photos/it'\''s'",
                r"'my photos/it'\''s'",
            ),
            (
                &[
                    "tl",
                    "train",
                    "--label-column",
                    "a",
                    "d/l.csv",
                    "--label-column=b",
                    "--label-separator",
                    "|",
                ],
                "tl train d/l.csv --label-column a --label-column b --label-separator '|'",
                "d/l.csv --label-column a --label-column b --label-separator '|'",
            ),
            (
                &["tl", "train", "--slim", "x", "--split", "s.csv", "--path-column=-p", "--max-bad", "5%"],
                "tl train x --max-bad 5% --slim --path-column=-p",
                "x --max-bad 5% --path-column=-p",
            ),
            (&["tl", "train", "--config", "r.toml"], "tl train --config r.toml", ""),
            (&["tl", "train", "--", "-odd"], "tl train ./-odd", "./-odd"),
            (&["tl", "train", "-"], "", ""),
            (&["tl", "resume", "runs/a"], "", ""),
        ] {
            let follow_up = typed(train).follow_up();
            assert_eq!(tl_data::shell(&follow_up.train), folds, "{train:?}");
            assert_eq!(tl_data::shell(&follow_up.data), eval, "{train:?}");
        }
    }
}

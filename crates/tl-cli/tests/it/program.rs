//! Running the program.

use std::path::Path;
use std::process::{Command, Output};

/// What a run printed, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, in a folder, with nothing of the caller's settings.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tl"));
    command.args(arguments).current_dir(folder).env("TL_CACHE", folder.join("cache"));
    for variable in ["NO_COLOR", "CLICOLOR_FORCE", "TL_WEIGHTS_MIRROR"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) fn tl(folder: &Path, arguments: &[&str]) -> Ended {
    ended(command(folder, arguments).output().unwrap())
}

/// Like [`tl`], and it must succeed.
pub(crate) fn tl_ok(folder: &Path, arguments: &[&str]) -> Ended {
    let ended = tl(folder, arguments);
    assert_eq!(ended.code, 0, "tl {arguments:?}: {}", ended.stderr);
    ended
}

pub(crate) fn ended(output: Output) -> Ended {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

//! How the program behaves among others: streams, colours, help, exit codes.

use std::io::Read;
use std::process::Stdio;

use crate::folders::two_classes;
use crate::program::{command, tl, tl_ok};

#[test]
fn off_a_terminal_nothing_is_printed_but_text() {
    let folder = two_classes(4);
    let ended = tl_ok(folder.path(), &["train", "data"]);
    for text in [&ended.stdout, &ended.stderr] {
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    }
}

#[test]
fn quiet_leaves_results_alone_on_stdout() {
    let folder = two_classes(4);
    let ended = tl_ok(folder.path(), &["train", "data", "--quiet"]);
    assert_eq!(ended.stderr, "");
    assert!(ended.stdout.starts_with("accuracy  "), "{}", ended.stdout);
}

#[test]
fn a_full_screen_needs_a_terminal_and_is_not_for_data_alone() {
    let folder = two_classes(4);
    for (arguments, message) in [
        (&["train", "data", "--tui"][..], "error: --tui needs a terminal; leave it out\n"),
        (&["resume", "runs/data-1", "--tui"], "error: --tui needs a terminal; leave it out\n"),
        (&["train", "data", "--tui", "--json"], "error: the argument '--tui' cannot be used with '--json'\n"),
        (&["train", "data", "--tui", "-q"], "error: the argument '--tui' cannot be used with '--quiet'\n"),
        (&["-q", "train", "data", "--tui"], "error: the argument '--tui' cannot be used with '--quiet'\n"),
    ] {
        let ended = tl(folder.path(), arguments);
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.starts_with(message), "{arguments:?}: {}", ended.stderr);
    }
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn verbose_says_what_was_tried() {
    let folder = two_classes(4);
    let ended = tl_ok(folder.path(), &["train", "data", "--verbose"]);
    // Three resize modes and the chosen one once more, six strengths each.
    assert_eq!(ended.stderr.matches("\ntried     ").count(), 24, "{}", ended.stderr);
}

#[test]
fn colour_comes_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, colour) in [
        (&["train", "none"][..], false),
        (&["train", "none", "--color", "always"], true),
        (&["train", "none", "--color", "never"], false),
    ] {
        assert_eq!(tl(folder.path(), arguments).stderr.contains('\x1b'), colour, "{arguments:?}");
    }
}

#[test]
fn help_begins_with_examples() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["--help"][..],
        &["train", "--help"],
        &["predict", "--help"],
        &["eval", "--help"],
        &["extract", "--help"],
        &["info", "--help"],
        &["weights", "--help"],
        &["data", "--help"],
        &["backbones", "--help"],
    ] {
        let ended = tl_ok(folder.path(), arguments);
        assert!(ended.stdout.starts_with("Examples:\n  tl "), "{arguments:?}: {}", ended.stdout);
    }
    let help = tl_ok(folder.path(), &["train", "--help"]).stdout;
    let words: Vec<&str> = help.split_whitespace().collect();
    assert!(words.join(" ").contains("[default: 1%, but never fewer than one file]"), "{help}");
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(folder.path(), &["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""));
}

#[test]
fn completions_exist_for_every_shell() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(tl_ok(folder.path(), &["completions", shell]).stdout.contains("predict"), "{shell}");
    }
}

#[test]
fn models_are_described() {
    let folder = two_classes(4);
    let at = folder.path();
    assert!(tl_ok(at, &["info", "efficientnet_lite0"]).stdout.contains("Apache-2.0"));
    tl_ok(at, &["train", "data"]);
    let info = tl_ok(at, &["info", "runs/data-1"]).stdout;
    assert!(info.starts_with("classes   2: cold, warm\n"), "{info}");
    let json: serde_json::Value =
        serde_json::from_str(&tl_ok(at, &["info", "runs/data-1", "--json"]).stdout).unwrap();
    assert_eq!(json["classes"], serde_json::json!(["cold", "warm"]));
}

#[cfg(unix)]
#[test]
fn a_signal_ends_what_cannot_be_gone_on_with_at_once() {
    use std::io::Write;
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    for (name, number) in [("INT", 2), ("TERM", 15)] {
        let mut train = command(folder.path(), &["train", "-"]);
        let mut child = train.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        // More than a pipe holds: when all of it is written, the program is reading its list, and signals are taken over.
        child.stdin.as_mut().unwrap().write_all("data/a/1.png\n".repeat(20_000).as_bytes()).unwrap();
        let kill = std::process::Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
        assert!(kill.unwrap().success());
        assert_eq!(child.wait().unwrap().signal(), Some(number), "{name}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_standard_output_is_named_and_so_is_what_is_written_all_the_same() {
    let folder = two_classes(4);
    for (arguments, expected) in [
        (
            &["train", "data", "--name", "full", "--quiet"][..],
            "error: the run is written, to `runs/full-1`, but not shown\n  cannot write to standard output\n  No space left",
        ),
        (&["backbones"], "error: cannot write to standard output\n  No space left"),
        (
            &["eval", "runs/full-1", "data", "-q", "--json"],
            "error: cannot write to standard output\n  No space left",
        ),
    ] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = command(folder.path(), arguments).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let said = String::from_utf8(ended.stderr).unwrap();
        assert!(said.starts_with(expected) && ended.status.code() == Some(1), "{arguments:?}: {said}");
    }
    assert!(folder.path().join("runs/full-1/model.safetensors").exists());
}

#[test]
fn settings_that_name_no_pictures_say_so() {
    let folder = two_classes(4);
    std::fs::write(folder.path().join("e.toml"), "seed = 3\n").unwrap();
    let ended = tl(folder.path(), &["train", "--config", "e.toml"]);
    let expected = "error: `data` in the settings is empty, it must be where the pictures are: a folder, a table or a list, ";
    assert!(ended.code != 0 && ended.stderr.starts_with(expected), "{}", ended.stderr);
}

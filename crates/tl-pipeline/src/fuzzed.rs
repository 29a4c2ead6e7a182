//! What the fuzzer is given, replayed and changed without it; see `docs/reliability.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

use std::time::Duration;

use replay::replay;

#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../fuzz/src/file.rs"]
mod file;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;
#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../fuzz/src/settings.rs"]
mod settings;

/// Time for each target of the fuzzer.
const TIME: Duration = Duration::from_millis(1500);

const RUNS: &[&str] =
    &["crates/tl-pipeline/tests/golden/versions", "crates/tl-pipeline/tests/golden/versions/outputs"];

#[test]
fn settings_are_read_or_refused_whatever_is_in_them() {
    replay("settings", settings::settings, RUNS, TIME);
}

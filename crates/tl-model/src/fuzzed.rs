//! What the fuzzer is given, replayed and changed without it; see `docs/reliability.md`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails should say so at once")]

use std::time::Duration;

use replay::replay;

#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../fuzz/src/file.rs"]
mod file;
#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../fuzz/src/model.rs"]
mod model;
#[path = "../../../fuzz/src/replay.rs"]
mod replay;

/// Time for each target of the fuzzer.
const TIME: Duration = Duration::from_millis(1500);

const VERSIONS: &[&str] = &["crates/tl-pipeline/tests/golden/versions"];

#[test]
fn the_header_of_a_model_is_read_or_refused_whatever_is_in_it() {
    replay("model", model::model, VERSIONS, TIME);
}

//! What the fuzzer is given, replayed and changed without it; see `docs/reliability.md`.

use std::time::Duration;

use replay::replay;

#[path = "../../../../fuzz/src/replay.rs"]
mod replay;
#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../../fuzz/src/weights.rs"]
mod weights;

/// For each target.
const TIME: Duration = Duration::from_millis(1500);

const GOLDEN: &[&str] = &["crates/tl-weights/tests/golden"];

#[test]
fn safetensors_are_read_or_refused_whatever_is_in_them() {
    replay("safetensors", weights::safetensors, GOLDEN, TIME);
}

#[test]
fn a_checkpoint_is_read_or_refused_whatever_is_in_it() {
    replay("checkpoint", weights::checkpoint, GOLDEN, TIME);
}

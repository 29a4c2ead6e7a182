//! What the fuzzer is given, replayed and changed without it; see `docs/reliability.md`.

use std::time::Duration;

use replay::replay;

#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../../fuzz/src/image.rs"]
mod image;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

/// For each target.
const TIME: Duration = Duration::from_millis(2500);

const PICTURES: [&str; 2] = ["crates/tl-image/tests/golden/decode", "datasets/hostile"];

#[test]
fn our_jpeg_decoder_reads_or_refuses_whatever_it_is_given() {
    replay("jpeg", image::jpeg, &["crates/tl-image/tests/golden/jpeg"], TIME);
}

#[test]
fn a_picture_is_read_or_refused_whatever_is_in_it() {
    replay("picture", image::picture, &PICTURES, TIME);
}

//! What the fuzzer is given, replayed and changed without it; see `docs/reliability.md`.

use std::time::Duration;

use replay::replay;

#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../../fuzz/src/data.rs"]
mod data;
#[allow(unreachable_pub, reason = "the fuzzer is another crate")]
#[path = "../../../../fuzz/src/file.rs"]
mod file;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

/// For each target.
const TIME: Duration = Duration::from_millis(2500);

#[test]
fn a_table_is_read_or_refused_whatever_is_in_it() {
    replay("table", data::table, &[], TIME);
}

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_table_is_read_or_refused_whatever_is_in_it() {
    replay("parquet", data::parquet, &[], TIME);
}

#[test]
fn a_shard_is_read_or_refused_whatever_is_in_it() {
    replay("shards", data::shards, &[], TIME);
}

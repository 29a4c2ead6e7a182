//! What tl-data reads: tables and shards.

use std::path::Path;

use tl_data::{Portion, ReadOptions, Source, read_portion};
use tl_image::Limits;

use super::file::with_file;

/// Small enough to try many.
fn limits() -> Limits {
    Limits { side: 2048, pixels: 1 << 20, alloc: 64 << 20, ..Limits::default() }
}

/// A table of text: its encoding, its separators, its columns, the answers in them.
pub fn table(bytes: &[u8]) {
    with_file("t.csv", bytes, |path| listed(&Source::of_path(path)));
}

/// A table of Parquet.
pub fn parquet(bytes: &[u8]) {
    with_file("t.parquet", bytes, |path| listed(&Source::of_path(path)));
}

/// A tar of pictures, as WebDataset has them.
pub fn shards(bytes: &[u8]) {
    with_file("t.tar", bytes, |path: &Path| listed(&Source::Shards { path: path.to_path_buf() }));
}

fn listed(source: &Source) {
    let _read_or_refused = read_portion(source, &ReadOptions::default(), Portion::ALL, &limits(), &|_| {});
}

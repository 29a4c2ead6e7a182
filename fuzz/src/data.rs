//! What tl-data reads: pictures, tables and shards.

use std::path::Path;
use tl_data::{
    Limits, Portion, Preprocess, ReadOptions, Source, decode, decode_jpeg, decode_part, read_header,
    read_portion,
};

use super::file::with_file;

/// Small enough to try many.
fn limits() -> Limits {
    Limits { side: 2048, pixels: 1 << 20, alloc: 64 << 20, ..Limits::default() }
}

/// Our JPEG decoder, in which nothing contains a panic.
pub fn jpeg(bytes: &[u8]) {
    let _read_or_refused = decode_jpeg(bytes, &limits());
}

/// The header, the whole picture and a part of it, which agree about its size.
pub fn picture(bytes: &[u8]) {
    let limits = limits();
    let header = read_header(bytes, &limits);
    if let Ok(picture) = decode(bytes, &limits, [255; 3]) {
        let size = header.map(|header| header.upright_size());
        assert_eq!(size, Ok(picture.dimensions()), "the header says another size");
    }
    let preprocess = Preprocess { size: 32, ..Preprocess::default() };
    if let Ok(part) = decode_part(bytes, &limits, [255; 3], |full| preprocess.wanted(full)) {
        preprocess.picture_of(&part);
    }
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

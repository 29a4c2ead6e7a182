//! Files with bytes changed at random: whatever a decoder does with them, the caller gets a picture or a reason.

#[cfg(feature = "parquet")]
use std::path::Path;

use tl_data::Source;
use tl_image::Limits;

/// Numbers that look random (<https://prng.di.unimi.it/splitmix64.c>).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

/// A few bytes are others, or a part is twice there, or missing.
fn changed(bytes: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    // Most of what a decoder looks at is at the beginning.
    let end = if numbers.below(2) == 0 { bytes.len().min(256) } else { bytes.len() };
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(end);
        bytes[at] = match numbers.below(4) {
            0 => 0,
            1 => 0xff,
            2 => bytes[at] ^ 1 << numbers.below(8),
            _ => numbers.next() as u8,
        };
    }
    let (from, to) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
    match numbers.below(8) {
        0 if from < to => drop(bytes.drain(from..to)),
        1 if from < to => bytes = [&bytes[..to], &bytes[from..]].concat(),
        2 => bytes.truncate(to),
        _ => {}
    }
    bytes
}

#[test]
fn a_changed_shard_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in
        [("a.jpg", &b"\xff\xd8\xff"[..]), ("a.cls", b"cat"), ("b.jpg", b"x"), ("b.cls", b"dog")]
    {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, format!("{}{name}", "long/".repeat(30)), content).unwrap();
    }
    let bytes = tar.into_inner().unwrap();
    let (path, mut numbers) = (folder.path().join("x.tar"), Numbers(1));
    for _ in 0..500 {
        std::fs::write(&path, changed(&bytes, &mut numbers)).unwrap();
        let source = Source::Shards { path: path.clone() };
        let options = tl_data::ReadOptions::default();
        let portion = tl_data::Portion::ALL;
        let _read_or_refused = tl_data::read_portion(&source, &options, portion, &Limits::default(), &|_| {});
    }
}

#[cfg(feature = "parquet")]
mod parquet_tables {
    use super::*;
    use parquet::data_type::{ByteArray, ByteArrayType};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;
    use std::sync::Arc;

    /// Paths and labels of three pictures.
    fn table() -> Vec<u8> {
        let schema = "message m { required binary path (UTF8); optional binary label (UTF8); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut bytes = Vec::new();
        let properties = Arc::new(WriterProperties::default());
        let mut file = SerializedFileWriter::new(&mut bytes, schema, properties).unwrap();
        let mut group = file.next_row_group().unwrap();
        for (values, levels) in
            [(["a/1.png", "a/2.png", "b/1.png"], None), (["a", "a", "b"], Some([1_i16; 3]))]
        {
            let values = values.map(ByteArray::from);
            let mut column = group.next_column().unwrap().unwrap();
            let levels = levels.as_ref().map(|levels| &levels[..]);
            column.typed::<ByteArrayType>().write_batch(&values, levels, None).unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
        file.close().unwrap();
        bytes
    }

    fn read(path: &Path) -> Result<tl_data::Dataset, tl_data::DataError> {
        let source = Source::of_path(path);
        let (options, portion) = (tl_data::ReadOptions::default(), tl_data::Portion::ALL);
        tl_data::read_portion(&source, &options, portion, &Limits::default(), &|_| {})
    }

    #[test]
    fn a_changed_table_is_read_or_refused_and_never_ends_the_program() {
        let folder = tempfile::tempdir().unwrap();
        let (path, bytes) = (folder.path().join("t.parquet"), table());
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(read(&path).unwrap().rejected.len(), 3, "the pictures are not there, the rows are");
        let mut numbers = Numbers(2);
        let versions = std::env::var("VERSIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(400);
        for _ in 0..versions {
            std::fs::write(&path, changed(&bytes, &mut numbers)).unwrap();
            let _read_or_refused = read(&path);
        }
        // The footer alone, where all that is promised stands.
        let footer =
            bytes.len() - 8 - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize;
        for _ in 0..versions {
            let mut bytes = bytes.clone();
            for _ in 0..=numbers.below(3) {
                let at = footer + numbers.below(bytes.len() - 8 - footer);
                bytes[at] = numbers.next() as u8;
            }
            std::fs::write(&path, &bytes).unwrap();
            let _read_or_refused = read(&path);
        }
    }
}

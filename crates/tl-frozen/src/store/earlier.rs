//! Rows that an earlier version kept are found.

use std::fs;
use std::path::Path;
use std::time::SystemTime;
use tl_image::ContentHash;

use super::{Store, StoreKey};

const KEY: &str = "a58a01ed9a7daa9977e4dff8d37ccb722dc37be7467929c440a10216ad2f59a5";
/// The content of a picture among those that were kept.
const PICTURE: &str = "0b208be0ec0d038ae3594fa68a69011153d28348cb4ad768ff7c8ecc6fdec63f";

fn bytes(hexadecimal: &str) -> [u8; 32] {
    std::array::from_fn(|i| u8::from_str_radix(&hexadecimal[2 * i..2 * i + 2], 16).unwrap())
}

#[test]
fn a_file_of_rows_from_an_earlier_version_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tl-pipeline/tests/golden/versions/features");
    for entry in fs::read_dir(golden).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    let store = Store::open(folder.path(), 1 << 30, SystemTime::UNIX_EPOCH);
    let cache = store.cached(StoreKey(bytes(KEY)));
    assert_eq!(cache.len(), 16);
    let row = cache.get(ContentHash(bytes(PICTURE)), 0).unwrap();
    assert_eq!((row.len(), &row[..3]), (1280, &[0.0, 0.241_108_55, 0.0][..]));
}

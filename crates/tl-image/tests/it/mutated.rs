//! Files with bytes changed at random: whatever a decoder does with them, the caller gets a picture or a reason.

use std::path::{Path, PathBuf};

use tl_image::{Interpolation, Limits, Preprocess, decode, decode_part, read_header, resize};

/// Changed versions of each file; a thousand times as many were tried by hand.
const VERSIONS: u64 = 40;

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

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.is_file() && path.metadata().unwrap().len() < 100_000).collect();
    files.sort();
    files
}

#[test]
fn a_changed_picture_is_read_or_refused_and_never_ends_the_program() {
    let limits = Limits { side: 4096, pixels: 1 << 22, alloc: 64 << 20, ..Limits::default() };
    let preprocess = Preprocess { size: 32, ..Preprocess::default() };
    let versions = std::env::var("VERSIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(VERSIONS);
    for path in files("tests/golden/decode") {
        let bytes = std::fs::read(&path).unwrap();
        let mut numbers = Numbers(bytes.len() as u64);
        for _ in 0..versions {
            let bytes = changed(&bytes, &mut numbers);
            let header = read_header(&bytes, &limits);
            if let Ok(picture) = decode(&bytes, &limits, [255; 3]) {
                let upright = header.map(|header| header.upright_size());
                assert_eq!(upright, Ok(picture.dimensions()), "{}", path.display());
                resize(&picture, 9, 9, Interpolation::Bilinear);
            }
            if let Ok(part) = decode_part(&bytes, &limits, [255; 3], |full| preprocess.wanted(full)) {
                preprocess.picture_of(&part);
            }
        }
    }
}

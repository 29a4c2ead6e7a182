//! The corpus of a target and changes of it, without a fuzzer: a module of ordinary tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// For one input; the slowest of them takes a fiftieth of it.
const LONGEST: Duration = Duration::from_secs(10);
/// Larger files are slow to change and show no more.
const LARGEST: u64 = 100_000;

/// Gives the target every file of its corpus and of these folders, then changed ones until the time is up.
///
/// What is changed how is always the same; how far it gets depends on the machine. `FUZZ_SECONDS` gives it more time.
pub(crate) fn replay(name: &str, target: fn(&[u8]), golden: &[&str], time: Duration) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut files = files(&root.join("fuzz/corpus").join(name));
    assert!(!files.is_empty(), "{name} has no corpus");
    files.extend(golden.iter().flat_map(|folder| self::files(&root.join(folder))));
    let inputs: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for (path, bytes) in files.iter().zip(&inputs) {
        try_one(&path.display().to_string(), target, bytes);
    }
    let seconds = std::env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let (begun, time) = (Instant::now(), seconds.map_or(time, Duration::from_secs));
    let mut numbers = Numbers(name.len() as u64);
    let mut number = 0;
    while begun.elapsed() < time {
        let input = changed(&inputs, &mut numbers);
        try_one(&format!("{name}-{number}"), target, &input);
        number += 1;
    }
    println!("{name}: {} files and {number} changed ones", files.len());
}

/// An input that fails is kept, to be looked at and to be committed to the corpus.
fn try_one(what: &str, target: fn(&[u8]), bytes: &[u8]) {
    let begun = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| target(bytes)));
    if outcome.is_err() || begun.elapsed() > LONGEST {
        let name = what.replace(['/', '\\'], "_");
        let kept = std::env::temp_dir().join(format!("tl-fuzz-{name}"));
        std::fs::write(&kept, bytes).unwrap();
        panic!("{what} panicked or took {:?}; the input is {}", begun.elapsed(), kept.display());
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let small = |path: &PathBuf| path.is_file() && path.metadata().unwrap().len() < LARGEST;
    let mut files: Vec<PathBuf> = entries.filter(small).collect();
    files.sort();
    files
}

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

/// One of the inputs, changed in one to four places.
fn changed(inputs: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let mut bytes = inputs[numbers.below(inputs.len())].clone();
    for _ in 0..=numbers.below(4) {
        let other = &inputs[numbers.below(inputs.len())];
        change(&mut bytes, other, numbers);
    }
    bytes
}

/// A bit is turned, a byte or a length is another, a piece is missing, twice there or from another file, or the end is.
fn change(bytes: &mut Vec<u8>, other: &[u8], numbers: &mut Numbers) {
    // Most of what a reader looks at is at the beginning.
    let end = if numbers.below(2) == 0 { bytes.len().min(256) } else { bytes.len() };
    let (at, to) = (numbers.below(end), numbers.below(bytes.len()));
    match numbers.below(12) {
        0 => bytes.truncate(to),
        1 if at < to => drop(bytes.drain(at..to)),
        2 if at < to => *bytes = [&bytes[..to], &bytes[at..]].concat(),
        3 => *bytes = [&bytes[..at], &other[numbers.below(other.len())..]].concat(),
        4..7 => write_length(&mut bytes[at..], numbers),
        7 if at < bytes.len() => bytes[at] = numbers.next() as u8,
        _ if at < bytes.len() => bytes[at] ^= 1 << numbers.below(8),
        _ => {}
    }
}

/// A number that lengths, counts and offsets have trouble with, in any width and order.
fn write_length(place: &mut [u8], numbers: &mut Numbers) {
    let hard = [0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff, i64::MAX as u64, u64::MAX];
    let near = place.len() as u64 + numbers.next() % 3;
    let value = if numbers.below(3) == 0 { near } else { hard[numbers.below(hard.len())] };
    let width = [1, 2, 4, 8][numbers.below(4)].min(place.len());
    let (little, big) = (value.to_le_bytes(), value.to_be_bytes());
    let bytes = if numbers.below(2) == 0 { &little[..width] } else { &big[8 - width..] };
    place[..width].copy_from_slice(bytes);
}

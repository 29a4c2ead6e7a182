//! What it takes to find the pictures that belong together, where most are nearly equal.
//! `cargo run --release -p tl-data --example duplicate_groups_speed -- 100000`

use std::time::Instant;

use peak_alloc::PeakAlloc;
use tl_data::{ClassId, Dataset, Sample, duplicate_groups};
use tl_image::{ColorMode, ContentHash, Format, PerceptualHash, PictureHeader};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    fn flip(&mut self, hash: u64, most: u64) -> u64 {
        (0..self.bits() % (most + 1)).fold(hash, |hash, _| hash ^ (1 << (self.bits() % 64)))
    }
}

fn data(hashes: Vec<u64>) -> Dataset {
    let header =
        PictureHeader { format: Format::Png, width: 9, height: 9, color: ColorMode::Rgb, orientation: 1 };
    let sample = |(at, hash): (usize, u64)| {
        let content = ContentHash::of(&at.to_le_bytes());
        let sample = Sample::new(format!("frames/{at}.png"), ClassId(0), header, content, 1);
        Sample { perceptual_hash: Some(PerceptualHash(hash)), ..sample }
    };
    let samples = hashes.into_iter().enumerate().map(sample).collect();
    Dataset { classes: vec!["frames".to_string()], samples, ..Dataset::default() }
}

fn main() {
    let count: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let mut random = Random(1);
    let mut film = 0;
    let kinds: [(&str, Vec<u64>); 5] = [
        ("a camera that stands still", (0..count).map(|_| random.flip(0x5555_0f0f_3333_00ff, 5)).collect()),
        (
            "a camera that moves slowly",
            (0..count)
                .map(|_| {
                    film = random.flip(film, 2);
                    film
                })
                .collect(),
        ),
        ("halves that are equal", (0..count).map(|_| random.bits() >> 32).collect()),
        ("frames far from each other", (0..count).map(|_| random.flip(0x5555_0f0f_3333_00ff, 30)).collect()),
        ("different pictures", (0..count).map(|_| random.bits()).collect()),
    ];
    for (name, hashes) in kinds {
        let data = data(hashes);
        let before = MEMORY.current_usage_as_mb();
        MEMORY.reset_peak_usage();
        let begun = Instant::now();
        let found = duplicate_groups(&data);
        println!(
            "{name}: {count} pictures, {} groups, {:.1} s, {:.0} MiB; {}",
            found.count(),
            begun.elapsed().as_secs_f64(),
            MEMORY.peak_usage_as_mb() - before,
            found.tightened.map_or_else(String::new, |tightened| tightened.to_string())
        );
    }
}

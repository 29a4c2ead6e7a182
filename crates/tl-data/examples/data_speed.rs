//! Pictures per second, from files to batches for a network: `cargo xtask bench data` runs it beside other programs.
//!
//! Run: `cargo run --release -p tl-data --example data_speed -- FOLDER [EPOCHS]`. Each line of its output is a JSON
//! object: what was measured, threads, pictures per second of the fastest epoch and the least processor time per picture
//! (on Linux); at last where the milliseconds go.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tl_data::{Dataset, PictureLocation, SampleId, Sampler, Sampling, load_groups, scan};
use tl_image::{Crop, Limits, PictureError, Preprocess, RegionRequest, decode_part};

const SIDE: u32 = 224;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: data_speed FOLDER [EPOCHS]")?;
    let epochs = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let data = scan(Path::new(&folder), &Limits::default(), &|_| {})?;
    let measure = |what: &str, threads: usize, run: &dyn Fn(u64) -> usize| {
        let (mut best, mut least) = (0.0_f64, f64::INFINITY);
        for epoch in 0..epochs {
            let (begun, processor) = (Instant::now(), processor_seconds());
            let pictures = run(epoch) as f64;
            best = best.max(pictures / begun.elapsed().as_secs_f64());
            least = least.min((processor_seconds() - processor) * 1e3 / pictures);
        }
        println!(
            "{}",
            json!({
                "program": "tl", "what": what, "threads": threads,
                "pictures_per_second": best, "processor_milliseconds": least
            })
        );
    };
    measure("decode", 1, &|_| decode_all(&data));
    for threads in [1, 2] {
        measure("augment", threads, &|epoch| load(&data, threads, epoch));
    }
    println!("{}", json!({"program": "tl", "what": "milliseconds", "parts": split(&data)?}));
    Ok(())
}

/// User and system time of this process, all threads: fields 14 and 15 of Linux' `/proc/self/stat`, in hundredths.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / 100.0
}

fn decode_all(data: &Dataset) -> usize {
    let files = (0..data.len()).map(|i| data.file_of(SampleId(i)));
    files
        .filter(|file| PictureLocation::from(file.clone()).decode(&Limits::default(), [255; 3]).is_ok())
        .count()
}

/// Pictures of a batch.
const BATCH: usize = 32;

/// One epoch in batches: number of pictures.
fn load(data: &Dataset, threads: usize, epoch: u64) -> usize {
    let labels: Vec<_> = data.samples.iter().map(|sample| sample.class).collect();
    let sampler = Sampler::new(&labels, Sampling::Natural, 0, epoch);
    let ids: Vec<usize> = (0..sampler.len()).map(|i| sampler.at(i)).collect();
    let values = 3 * (SIDE * SIDE) as usize;
    let render = |id: usize| -> Result<Vec<f32>, PictureError> {
        let bytes = std::fs::read(data.file_of(SampleId(id))).map_err(|_| PictureError::Empty)?;
        let mut pixels = vec![0.0; values];
        Steps::default().render(&bytes, epoch << 32 | id as u64, &mut pixels)?;
        Ok(pixels)
    };
    let (mut pictures, mut pixels_bchw) = (0, Vec::with_capacity(BATCH * values));
    let batches = ids.chunks(BATCH).map(|ids| ((), ids.to_vec()));
    let _ = load_groups(batches, threads, (threads + 2) * BATCH, render, |(), rendered| {
        pixels_bchw.clear();
        rendered.iter().flatten().for_each(|pixels| pixels_bchw.extend_from_slice(pixels));
        pictures += pixels_bchw.len() / values;
        ControlFlow::<()>::Continue(())
    });
    pictures
}

/// Where the time of a picture goes, on one thread.
fn split(data: &Dataset) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let (mut steps, mut out) = (Steps::default(), vec![0.0; 3 * (SIDE * SIDE) as usize]);
    for id in 0..data.len() {
        let begun = Instant::now();
        let bytes = std::fs::read(data.file_of(SampleId(id)))?;
        steps.read += begun.elapsed();
        steps.render(&bytes, id as u64, &mut out)?;
    }
    let each = |time: Duration| time.as_secs_f64() * 1e3 / data.len().max(1) as f64;
    Ok(json!({
        "read": each(steps.read), "decode": each(steps.decode),
        "resample, flip and normalise": each(steps.resample)
    }))
}

/// Time taken by the steps.
#[derive(Default)]
struct Steps {
    read: Duration,
    decode: Duration,
    resample: Duration,
}

impl Steps {
    /// RandomResizedCrop, horizontal flip, normalisation, as torchvision has them.
    fn render(&mut self, bytes: &[u8], key: u64, out: &mut [f32]) -> Result<(), PictureError> {
        let (preprocess, mut random) = (Preprocess::default(), Random(key));
        let begun = Instant::now();
        let mut region = [0.0; 4];
        // As in training, which has read every picture in full before.
        let limits = Limits { checked: true, ..Limits::default() };
        let part = decode_part(bytes, &limits, [255; 3], |full| {
            region = random_region(full, &mut random);
            RegionRequest { region, output: (SIDE, SIDE) }
        })?;
        self.decode += begun.elapsed();
        let begun = Instant::now();
        preprocess.write_crop(&part, &Crop { region, mirrored: random.next() < 0.5 }, out);
        self.resample += begun.elapsed();
        Ok(())
    }
}

/// 8 % to all of the area, 3:4 to 4:3:
/// <https://docs.pytorch.org/vision/stable/generated/torchvision.transforms.RandomResizedCrop.html>
fn random_region((width, height): (u32, u32), random: &mut Random) -> [f64; 4] {
    let (w, h) = (f64::from(width), f64::from(height));
    for _ in 0..10 {
        let area = w * h * (0.08 + 0.92 * random.next());
        let aspect = (0.75_f64.ln() + (4.0 / 3.0 / 0.75_f64).ln() * random.next()).exp();
        let (part_w, part_h) = ((area * aspect).sqrt().round(), (area / aspect).sqrt().round());
        if part_w <= w && part_h <= h {
            let left = ((w - part_w + 1.0) * random.next()).floor();
            let top = ((h - part_h + 1.0) * random.next()).floor();
            return [left, top, left + part_w, top + part_h];
        }
    }
    [0.0, 0.0, w, h]
}

/// splitmix64: <https://prng.di.unimi.it/splitmix64.c>
struct Random(u64);

impl Random {
    /// From 0 to below 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

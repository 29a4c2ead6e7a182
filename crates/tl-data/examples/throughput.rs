//! How many pictures a second are decoded, resized and normalised.
//!
//! `cargo run --release -p tl-data --example throughput -- FOLDER [THREADS]`; without a folder, on 500 x 375 JPEG
//! pictures made up here.

use std::error::Error;
use std::io::Cursor;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use tl_data::{load_ordered, scan};
use tl_image::{Limits, Preprocess, decode};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let files = match args.next() {
        Some(folder) => read_all(Path::new(&folder))?,
        None => made_up(400)?,
    };
    let threads = args.next().map_or(Ok(2), |text| text.parse())?;
    let (limits, preprocess) = (Limits::default(), Preprocess::default());
    let start = Instant::now();
    let decoded: Vec<RgbImage> =
        files.iter().filter_map(|file| decode(file, &limits, preprocess.fill).ok()).collect();
    report("decode, 1 thread", files.len(), start);

    let mut out = vec![0.0; 3 * (preprocess.size * preprocess.size) as usize];
    let start = Instant::now();
    decoded.iter().for_each(|picture| preprocess.write_chw(picture, &mut out));
    report("resize and normalise, 1 thread", files.len(), start);

    let start = Instant::now();
    let work = |file: &Vec<u8>| {
        decode(file, &limits, preprocess.fill).map(|picture| preprocess.tensor_chw(&picture))
    };
    let _ = load_ordered(files.iter(), threads, 4 * threads, work, |_| ControlFlow::<()>::Continue(()));
    report(&format!("all, {threads} threads"), files.len(), start);
    Ok(())
}

fn report(what: &str, pictures: usize, start: Instant) {
    println!("{what}: {:.0} pictures/s", pictures as f64 / start.elapsed().as_secs_f64());
}

fn read_all(folder: &Path) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let data = scan(folder, &Limits::default(), &|_| {})?;
    data.samples.iter().map(|sample| Ok(std::fs::read(folder.join(&sample.path))?)).collect()
}

fn made_up(count: usize) -> Result<Vec<Vec<u8>>, Box<dyn Error>> {
    let mut state = 1_u32;
    let mut noise = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as u8
    };
    let picture = RgbImage::from_fn(500, 375, |x, y| {
        let wave = (f64::from(x) / 17.0).sin() + (f64::from(y) / 23.0).cos();
        image::Rgb([(110.0 + 50.0 * wave) as u8 + noise(), (x / 2) as u8 ^ noise(), (y / 2) as u8 + noise()])
    });
    let mut file = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut file, 85).encode_image(&picture)?;
    println!("500 x 375 JPEG of {} bytes", file.get_ref().len());
    Ok(vec![file.into_inner(); count])
}

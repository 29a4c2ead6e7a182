//! How far apart the perceptual hashes of pictures are: of different ones, and of a picture and its changed copies.
//! `cargo run --release -p tl-data --example near_duplicates -- FOLDER`: what the threshold for near-duplicates is chosen by.

use std::error::Error;
use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::{RgbImage, imageops};
use tl_data::{SampleId, scan};
use tl_image::{Interpolation, Limits, PerceptualHash, decode, resize};

/// A picture changed as copies are.
type Change = fn(&RgbImage) -> RgbImage;

const CHANGES: &[(&str, Change)] = &[
    ("JPEG quality 30", |picture| saved(picture, 30)),
    ("half the size", |p| resize(p, p.width() / 2, p.height() / 2, Interpolation::Bicubic)),
    ("a third, JPEG 60", |p| saved(&resize(p, p.width() / 3, p.height() / 3, Interpolation::Bilinear), 60)),
    ("brighter by 25", |picture| imageops::brighten(picture, 25)),
    ("contrast + 20 %", |picture| imageops::contrast(picture, 20.0)),
    ("1 % cut off each side", |picture| inner(picture, 0.01)),
    ("2 % cut off each side", |picture| inner(picture, 0.02)),
    ("5 % cut off each side", |picture| inner(picture, 0.05)),
    ("10 % cut off each side", |picture| inner(picture, 0.10)),
    ("gray", |picture| image::DynamicImage::from(imageops::grayscale(picture)).into_rgb8()),
    ("mirrored", |picture| imageops::flip_horizontal(picture)),
];

fn saved(picture: &RgbImage, quality: u8) -> RgbImage {
    let mut jpeg = Cursor::new(Vec::new());
    let done = JpegEncoder::new_with_quality(&mut jpeg, quality).encode_image(picture);
    debug_assert!(done.is_ok(), "memory does not refuse: {done:?}");
    decode(jpeg.get_ref(), &Limits::default(), [255; 3]).unwrap_or_else(|_| picture.clone())
}

fn inner(picture: &RgbImage, border: f64) -> RgbImage {
    let cut = |length: u32| (f64::from(length) * border).round() as u32;
    let (x, y) = (cut(picture.width()), cut(picture.height()));
    imageops::crop_imm(picture, x, y, picture.width() - 2 * x, picture.height() - 2 * y).to_image()
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let limits = Limits::default();
    let data = scan(folder.as_ref(), &limits, &|_| {})?;
    let mut hashes = Vec::new();
    let mut changed = vec![Vec::new(); CHANGES.len()];
    for id in (0..data.len()).map(SampleId) {
        let picture = data.place_of(id).decode(&limits, [255; 3])?;
        let Some(hash) = PerceptualHash::of(&picture) else { continue };
        hashes.push(hash);
        for ((_, change), distances) in CHANGES.iter().zip(&mut changed) {
            distances.extend(PerceptualHash::of(&change(&picture)).map(|copy| hash.distance(copy)));
        }
    }
    println!("{} pictures; share of copies within 0, 2, 4, 6, 8, 10 bits:", hashes.len());
    for ((name, _), distances) in CHANGES.iter().zip(&changed) {
        let within = |bits: &u32| distances.iter().filter(|d| **d <= *bits).count() as f64;
        let shares = [0, 2, 4, 6, 8, 10].map(|bits| within(&bits) / distances.len() as f64);
        println!("{name:>24} {}", shares.map(|share| format!("{:6.1} %", share * 100.0)).join(" "));
    }
    let mut pairs = [0_usize; 65];
    for (at, a) in hashes.iter().enumerate() {
        hashes.iter().take(at).for_each(|b| pairs[a.distance(*b) as usize] += 1);
    }
    println!("pairs of different pictures at each distance: {:?}", &pairs[..40]);
    Ok(())
}

//! The pictures of `docs/augmentation.md`, and how long augmentation takes.
//!
//! `cargo run --release -p tl-image --example augmentation_sheets -- docs/augmentation` writes the sheets;
//! `.. -- --time` prints milliseconds a picture of 500 x 375, on one thread.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use tl_image::{Augment, AugmentKey, AugmentOp, AugmentPreset, Limits, Preprocess, ResizeMode, SourcePixels};
use tl_image::{contact_sheet, decode, resize};

/// Texture, colours, and an upright subject.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../datasets/stamps/birds/rooster.jpg");

fn main() -> Result<(), Box<dyn Error>> {
    let picture = decode(&std::fs::read(PICTURE)?, &Limits::default(), [255; 3])?;
    match std::env::args().nth(1).as_deref() {
        None => Err("give the folder for the sheets, or --time".into()),
        Some("--time") => time(&resize(&picture, 500, 375, Default::default())),
        Some(folder) => sheets(&picture, Path::new(folder)),
    }
}

fn sheets(picture: &RgbImage, folder: &Path) -> Result<(), Box<dyn Error>> {
    std::fs::create_dir_all(folder)?;
    let preprocess = Preprocess { size: 112, mode: ResizeMode::Crop, crop: 1.0, ..Preprocess::default() };
    for preset in AugmentPreset::ALL {
        let sheet = contact_sheet(picture, &Augment::from(preset), &preprocess, 11, 6, 1);
        save(&sheet, &folder.join(format!("preset-{preset}.jpg")))?;
    }
    for op in AugmentOp::all() {
        let name = op.name();
        let sheet = contact_sheet(picture, &Augment::new(shown(op))?, &preprocess, 5, 6, 1);
        save(&sheet, &folder.join(format!("{name}.jpg")))?;
    }
    Ok(())
}

/// The operation with its defaults, but always; a border is seen only when something moves.
fn shown(op: AugmentOp) -> Vec<AugmentOp> {
    let by_name = |fields: &str| serde_json::from_str::<AugmentOp>(fields);
    let certain = by_name(&format!(r#"{{"op": "{}", "p": 1.0}}"#, op.name())).unwrap_or(op);
    let turn = by_name(r#"{"op": "rotation", "degrees": 40}"#);
    match (&certain, turn) {
        (AugmentOp::Border(_), Ok(turn)) => vec![certain, turn],
        _ => vec![certain],
    }
}

fn save(sheet: &RgbImage, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = Vec::new();
    JpegEncoder::new_with_quality(&mut file, 85).encode_image(sheet)?;
    std::fs::write(path, &file)?;
    println!("{}: {} bytes", path.display(), file.len());
    Ok(())
}

fn time(picture: &RgbImage) -> Result<(), Box<dyn Error>> {
    let preprocess = Preprocess::default();
    const COUNT: u32 = 500;
    for preset in AugmentPreset::ALL {
        measure(&format!("preset {preset}"), picture, &Augment::from(preset), &preprocess, COUNT);
    }
    for op in AugmentOp::all() {
        let name = op.name();
        measure(name, picture, &Augment::new(shown(op))?, &preprocess, COUNT);
    }
    Ok(())
}

fn measure(what: &str, picture: &RgbImage, augment: &Augment, preprocess: &Preprocess, count: u32) {
    let start = Instant::now();
    for sample in 0..count {
        let key = AugmentKey { seed: 1, epoch: 0, sample: sample.into() };
        let plan = augment.draw(key, picture.dimensions(), preprocess);
        std::hint::black_box(plan.render(&SourcePixels::whole(picture)));
    }
    println!("{what}: {:.2} ms", start.elapsed().as_secs_f64() * 1000.0 / f64::from(count));
}

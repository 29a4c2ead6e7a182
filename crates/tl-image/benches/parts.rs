//! Where the time of a picture goes: `cargo bench -p tl-data`.
#![allow(missing_docs, clippy::unwrap_used, reason = "criterion's macros and a benchmark's set-up")]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use tl_image::{Interpolation, Limits, Preprocess, RegionRequest, decode, decode_part};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_jpeg::JpegDecoder;

/// The middle ninth of a picture, to be enlarged; and all of it, to be shrunk six times.
fn wanted(part: f64) -> impl Fn((u32, u32)) -> RegionRequest {
    move |(width, height)| {
        let (w, h) = (f64::from(width), f64::from(height));
        let edge = (1.0 - part) / 2.0;
        let region = [w * edge, h * edge, w * (1.0 - edge), h * (1.0 - edge)];
        RegionRequest { region, output: if part < 1.0 { (224, 224) } else { (width / 6, height / 6) } }
    }
}

fn parts(criterion: &mut Criterion) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg/photo_420.jpg");
    let (bytes, limits) = (std::fs::read(file).unwrap(), Limits::default());
    let picture = decode(&bytes, &limits, [0; 3]).unwrap();
    let preprocess = Preprocess::default();
    let square = preprocess.picture(&picture);
    let mut tensor = vec![0.0; square.len()];
    criterion.bench_function("decode", |b| b.iter(|| decode(black_box(&bytes), &limits, [0; 3])));
    criterion.bench_function("decode with zune-jpeg", |b| {
        let rgb = DecoderOptions::default().jpeg_set_out_colorspace(ColorSpace::RGB);
        let decode = |bytes| JpegDecoder::new_with_options(ZCursor::new(bytes), rgb).decode();
        b.iter(|| decode(black_box(&bytes)));
    });
    criterion.bench_function("decode the middle ninth", |b| {
        b.iter(|| decode_part(black_box(&bytes), &limits, [0; 3], wanted(1.0 / 3.0)));
    });
    criterion.bench_function("decode at half the resolution", |b| {
        b.iter(|| decode_part(black_box(&bytes), &limits, [0; 3], wanted(1.0)));
    });
    criterion.bench_function("resize and crop", |b| b.iter(|| preprocess.picture(black_box(&picture))));
    criterion.bench_function("enlarge", |b| {
        let part = [60.0, 60.0, 160.0, 150.0];
        b.iter(|| tl_image::resize_box(black_box(&picture), part, 224, 224, Interpolation::Bilinear));
    });
    criterion.bench_function("normalise", |b| {
        b.iter(|| preprocess.normalise_into(black_box(&square), &mut tensor));
    });
}

criterion_group!(benches, parts);
criterion_main!(benches);

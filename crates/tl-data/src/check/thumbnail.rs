//! Small pictures inside the report, so that it is one file.

use std::path::Path;

use base64::Engine;
use image::RgbImage;
use image::codecs::jpeg::JpegEncoder;
use rayon::prelude::*;
use tl_image::{Interpolation, Limits, contained, decode_forgivingly, resize};

use crate::picture_location::slashed;
use crate::{Dataset, PictureLocation, SampleId};

use super::CheckReport;

/// Longest side, in pixels.
const SIDE: u32 = 128;
/// Examples of all classes together, and of one.
const EXAMPLES: usize = 96;
const EXAMPLES_OF_CLASS: usize = 4;
/// DisjointSets of duplicates with pictures, and pictures of one.
const SETS: usize = 24;
const OF_SET: usize = 4;
/// Number of damaged pictures that are shown.
pub(super) const DAMAGED: usize = 12;

/// Puts thumbnails to the first duplicates and to a few pictures of each class, evenly spaced in their order.
pub(super) fn add(report: &mut CheckReport, data: &Dataset, limits: &Limits) {
    let each = (EXAMPLES / data.classes.len().max(1)).clamp(1, EXAMPLES_OF_CLASS);
    let mut by_class: Vec<Vec<SampleId>> = vec![Vec::new(); data.classes.len()];
    let mut number = std::collections::HashMap::new();
    for (at, sample) in data.samples.iter().enumerate() {
        by_class.get_mut(sample.class.0).into_iter().for_each(|ids| ids.push(SampleId(at)));
        number.insert(slashed(&sample.path), SampleId(at));
    }
    report.classes.par_iter_mut().zip(by_class).take(EXAMPLES).for_each(|(class, ids)| {
        let spaced = (0..each.min(ids.len())).map(|i| ids[i * ids.len() / each.min(ids.len())]);
        class.examples = spaced.filter_map(|id| of_place(&data.place_of(id), limits)).collect();
    });
    report.duplicates.par_iter_mut().take(SETS).for_each(|set| {
        for twin in set.pictures.iter_mut().take(OF_SET) {
            twin.thumbnail = number.get(&twin.path).and_then(|id| of_place(&data.place_of(*id), limits));
        }
    });
}

fn of_place(place: &PictureLocation, limits: &Limits) -> Option<String> {
    contained(|| encode(&place.decode(limits, [255; 3]).ok()?)).ok().flatten()
}

/// What a program that forgives errors shows of a file.
pub(super) fn of_damaged(file: &Path, limits: &Limits) -> Option<String> {
    let bytes = PictureLocation::from(file.to_path_buf()).read(limits).ok()?;
    encode(&decode_forgivingly(&bytes, limits, [255; 3])?)
}

fn encode(picture: &RgbImage) -> Option<String> {
    let (width, height) = picture.dimensions();
    let scale = (f64::from(SIDE) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let small = resize(picture, side(width), side(height), Interpolation::Bilinear);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 75).encode_image(&small).ok()?;
    Some(format!("data:image/jpeg;base64,{}", base64::engine::general_purpose::STANDARD.encode(jpeg)))
}

//! The record of a run, put together from what the job knows.

use base64::Engine;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::{FilterType, resize};
use tl_backbones::Backbone;
use tl_data::{Dataset, PictureLocation, SampleId};
use tl_files::path_text;
use tl_heads::FittedHead;
use tl_image::{Limits, Preprocess, contained};
use tl_model::Header;
use tl_report::{ClassCount, Count, DataCard, ModelCard, RejectedFile, Setting, Summary};

use crate::identity::fingerprint;
use crate::metrics::Metrics;

/// Longest side of a thumbnail, in pixels.
const THUMBNAIL: u32 = 160;

/// The pictures, as the report shows them.
pub(crate) fn data_card(data: &Dataset, classes: Vec<ClassCount>) -> DataCard {
    let summary = data.summary();
    let sizes: Vec<(f64, f64)> =
        data.samples.iter().map(|sample| upright(sample.header.upright_size())).collect();
    let rejected = data.rejected.iter().map(|file| RejectedFile {
        path: path_text(&file.path).into_owned(),
        reason: file.reason.to_string(),
    });
    DataCard {
        root: path_text(&data.root).into_owned(),
        classes,
        files: data.files(),
        rejected: rejected.collect(),
        ignored: data.ignored,
        notes: data.notes.clone(),
        duplicates: summary.duplicates,
        oriented: summary.oriented,
        formats: counts(summary.formats),
        colors: counts(summary.colors),
        width: Summary::of(sizes.iter().map(|size| size.0)),
        height: Summary::of(sizes.iter().map(|size| size.1)),
        aspect: Summary::of(sizes.iter().map(|(w, h)| w.max(*h) / w.min(*h).max(1.0))),
        fingerprint: Some(fingerprint(data)),
        across_parts: None,
        seen_before: None,
        tightened: None,
    }
}

fn upright((width, height): (u32, u32)) -> (f64, f64) {
    (f64::from(width), f64::from(height))
}

fn counts(named: impl IntoIterator<Item = (String, usize)>) -> Vec<Count> {
    named.into_iter().map(|(name, count)| Count { name, count }).collect()
}

/// The network and the head, as the report shows them.
pub(crate) fn model_card(
    header: &Header,
    licence: &str,
    backbone: &Backbone,
    head: &FittedHead,
    trained_stages: u64,
    device: &str,
) -> ModelCard {
    let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
    let preprocess = &header.preprocess;
    let of_head: usize = head.tensors().iter().map(|(_, _, values)| values.len()).sum();
    ModelCard {
        backbone: header.backbone.clone(),
        weights: header.weights.clone(),
        weights_sha256: header.weights_sha256.clone(),
        licence: licence.to_owned(),
        features: head.features(),
        parameters: tl_weights::parameter_count(backbone),
        trained_parameters: of_head as u64 + trained_stages,
        head: header.head.clone(),
        preprocess: vec![
            setting(
                "resize",
                format!("{} to {size} x {size} pixels", preprocess.mode, size = preprocess.size),
            ),
            setting("interpolation", preprocess.interpolation.to_string()),
            setting("mean", format!("{:?}", preprocess.mean)),
            setting("std", format!("{:?}", preprocess.std)),
        ]
        .into_iter()
        .chain(
            (!preprocess.range.is_full()).then(|| setting("range of values", preprocess.range.to_string())),
        )
        .collect(),
        device: device.to_owned(),
    }
}

/// Puts thumbnails to the worst pictures; one that cannot be made is left out.
pub(crate) fn add_thumbnails(figures: &mut Metrics, data: &Dataset, preprocess: &Preprocess) {
    let limits = preprocess.limits(&Limits::default());
    for mistake in &mut figures.evaluation.worst_pictures {
        mistake.thumbnail = thumbnail_of(&mistake.path, data, &limits);
    }
    for mistake in figures.multi_label.iter_mut().flat_map(|found| &mut found.worst_pictures) {
        mistake.thumbnail = thumbnail_of(&mistake.path, data, &limits);
    }
}

fn thumbnail_of(path: &str, data: &Dataset, limits: &Limits) -> Option<String> {
    let sample = data.samples.iter().position(|sample| path_text(&sample.path) == path);
    sample.and_then(|index| contained(|| thumbnail(&data.place_of(SampleId(index)), limits)).ok().flatten())
}

fn thumbnail(place: &PictureLocation, limits: &Limits) -> Option<String> {
    let picture = place.decode(limits, [255; 3]).ok()?;
    let (width, height) = picture.dimensions();
    let scale = (f64::from(THUMBNAIL) / f64::from(width.max(height).max(1))).min(1.0);
    let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
    let small = resize(&picture, side(width), side(height), FilterType::Triangle);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&small).ok()?;
    Some(format!("data:image/jpeg;base64,{}", base64::engine::general_purpose::STANDARD.encode(jpeg)))
}

/// The most memory this process has held, in bytes, where the system says.
pub(crate) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

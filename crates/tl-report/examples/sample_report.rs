//! Writes a report over made-up flowers, to look at: `sample_report PAGE.html [CLASSES
//! [PICTURES_PER_CLASS]]`.

use std::error::Error;
use std::f64::consts::TAU;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tl_report::{
    Candidate, Choice, ClassCount, Count, CurvePoint, DataCard, Evaluation, EvaluationSet, Folds, ModelCard,
    Prediction, Record, RejectedFile, SCHEMA, Setting, StageTime, Summary, html, json,
};

const FLOWERS: [&str; 10] =
    ["daisy", "dandelion", "rose", "sunflower", "tulip", "cornflower", "iris", "lily", "poppy", "snowdrop"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("usage: sample_report PAGE.html [CLASSES [PICTURES_PER_CLASS]]")?;
    let classes = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let per_class = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let record = record(classes, per_class)?;
    std::fs::write(&path, html(&record))?;
    std::fs::write(format!("{path}.json"), json(&record)?)?;
    Ok(())
}

/// A linear congruential generator (Knuth's MMIX): enough to look random.
struct Dice(u64);

impl Dice {
    /// Uniform in [0, 1).
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

fn record(classes: usize, per_class: usize) -> Result<Record, tl_report::Error> {
    let names: Vec<String> = (0..classes).map(class_name).collect();
    let evaluation = evaluation(&names, per_class)?;
    let (correct, total) = (evaluation.correct, evaluation.total);
    Ok(Record {
        schema: SCHEMA,
        tl_version: "0.1.0".into(),
        created: "2026-11-21T14:03:27Z".into(),
        command: words(&["tl", "train", "/home/ada/pictures/wild flowers", "--seed", "7", "--folds", "5"]),
        seed: 7,
        settings: settings(&[
            ("Recipe", "head, then fine-tune from stage 4"),
            ("Epochs", "12 + 8"),
            ("Learning rate", "1e-2, then 1e-5"),
            ("Batch size", "32"),
        ]),
        versions: settings(&[("burn", "0.22.1"), ("System", "Linux x86_64, 2 cores, AVX2")]),
        timings: timings(),
        peak_memory_bytes: Some(612 << 20),
        data: data(&names, per_class),
        model: model(),
        choices: choices(),
        phases: vec![],
        candidates: vec![
            candidate("Head only", correct.saturating_sub(2), total, (0.412, 6.4), false),
            candidate("Fine-tuned from stage 4", correct, total, (0.287, 24.1), true),
        ],
        evaluation,
        multi_label: None,
        folds: Some(Folds::new(vec![0.9211, 0.8947, 0.9474, 0.8684, 0.9211])),
        solver: None,
        curve: curve(),
        next: words(&[
            "tl predict runs/wild-flowers-7 new.jpg",
            "tl data check '/home/ada/pictures/wild flowers'",
        ]),
    })
}

fn class_name(index: usize) -> String {
    match index / FLOWERS.len() {
        0 => FLOWERS[index].into(),
        round => format!("{} variety {}", FLOWERS[index % FLOWERS.len()], round + 1),
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

fn settings(settings: &[(&str, &str)]) -> Vec<Setting> {
    settings.iter().map(|&(name, value)| Setting { name: name.into(), value: value.into() }).collect()
}

fn candidate(name: &str, correct: usize, total: usize, (loss, seconds): (f64, f64), kept: bool) -> Candidate {
    Candidate { name: name.into(), correct, total, log_loss: Some(loss), seconds, kept }
}

fn evaluation(names: &[String], per_class: usize) -> Result<Evaluation, tl_report::Error> {
    let mut dice = Dice(3);
    let mut predictions = Vec::new();
    for truth in 0..names.len() {
        // Uneven classes, as real folders are.
        let pictures = per_class.saturating_sub(truth % 3);
        for index in 0..pictures {
            predictions.push(Prediction {
                path: format!("{}/IMG_{:04}.jpg", names[truth], 17 * index + truth),
                truth,
                group: None,
                probabilities: probabilities(&mut dice, truth, names.len()),
            });
        }
    }
    let mut evaluation = Evaluation::new(EvaluationSet::Val, names.to_vec(), &predictions, 12)?;
    for (index, mistake) in evaluation.worst_pictures.iter_mut().enumerate() {
        mistake.thumbnail = (index != 6).then(|| thumbnail(&mut dice));
    }
    Ok(evaluation)
}

/// Softmax over noise with a bonus for the truth, or now and then for its neighbour.
fn probabilities(dice: &mut Dice, truth: usize, classes: usize) -> Vec<f64> {
    let favourite = if dice.roll() < 0.1 {
        (truth + 1 + (dice.roll().powi(3) * classes as f64) as usize) % classes
    } else {
        truth
    };
    let bonus = 1.0 + 5.0 * dice.roll() + (classes as f64).ln();
    let scores: Vec<f64> = (0..classes)
        .map(|class| (2.0 * dice.roll() + if class == favourite { bonus } else { 0.0 }).exp())
        .collect();
    let sum: f64 = scores.iter().sum();
    scores.into_iter().map(|score| score / sum).collect()
}

/// A flower on a meadow as a 24-bit BMP: the one format that needs no encoder.
fn thumbnail(dice: &mut Dice) -> String {
    const WIDTH: u32 = 96;
    let height = if dice.roll() < 0.5 { 96 } else { 72 };
    let petals = (4.0 + 6.0 * dice.roll()).floor();
    let petal = [60.0 + 180.0 * dice.roll(), 60.0 + 150.0 * dice.roll(), 120.0 + 135.0 * dice.roll()];
    let mut bmp = b"BM".to_vec();
    for word in [54 + 3 * WIDTH * height, 0, 54, 40, WIDTH, height, 1 | 24 << 16, 0, 0, 0, 0, 0, 0] {
        bmp.extend(word.to_le_bytes());
    }
    for pixel in 0..WIDTH * height {
        let (x, y) = (f64::from(pixel % WIDTH) - 48.0, f64::from(pixel / WIDTH) - f64::from(height) / 2.0);
        let edge = 26.0 + 8.0 * (petals * y.atan2(x)).cos();
        let colour = match x.hypot(y) {
            distance if distance < 9.0 => [40.0, 190.0, 235.0],
            distance if distance < edge => petal.map(|channel| channel * (0.75 + distance / 4.0 / edge)),
            _ => [60.0, 110.0 + 30.0 * (y / 20.0 + x / 45.0 * TAU).sin(), 70.0],
        };
        bmp.extend(colour.map(|channel| (channel + 12.0 * dice.roll()) as u8));
    }
    format!("data:image/bmp;base64,{}", STANDARD.encode(bmp))
}

fn data(names: &[String], per_class: usize) -> DataCard {
    let count = |name: &str, count| Count { name: name.into(), count };
    let class = |(index, name): (usize, &String)| {
        let val = per_class.saturating_sub(index % 3);
        ClassCount { name: name.clone(), train: 4 * val + index % 5, val, test: 0 }
    };
    let classes: Vec<_> = names.iter().enumerate().map(class).collect();
    let used: usize = classes.iter().map(ClassCount::total).sum();
    DataCard {
        root: "/home/ada/pictures/wild flowers".into(),
        classes,
        files: used + 6,
        rejected: vec![
            rejected("rose/IMG_0031.jpg", "ends after 4,096 of about 81,920 bytes"),
            rejected("tulip/IMG_0007 (copy).png", "not a picture: starts with `<!DOCTYPE html>`"),
        ],
        ignored: 4,
        duplicates: 3,
        oriented: used / 5,
        formats: vec![count("JPEG", used.saturating_sub(9)), count("PNG", 6), count("WebP", 3)],
        colors: vec![count("RGB", used.saturating_sub(5)), count("grey", 4), count("CMYK", 1)],
        width: Some(Summary { min: 240.0, median: 1024.0, max: 4032.0 }),
        height: Some(Summary { min: 180.0, median: 768.0, max: 4032.0 }),
        aspect: Some(Summary { min: 0.563, median: 1.333, max: 1.778 }),
        fingerprint: Some("blake3 6f1d0c8a52b7e94f3a1c9be0d2477f5e8c0b6a193de4f7025b8ac61d9e30f4a7".into()),
        ..DataCard::default()
    }
}

fn rejected(path: &str, reason: &str) -> RejectedFile {
    RejectedFile { path: path.into(), reason: reason.into() }
}

fn model() -> ModelCard {
    ModelCard {
        backbone: "mobilenet_v3_large".into(),
        weights: "timm/mobilenetv3_large_100.ra_in1k".into(),
        weights_sha256: "8427d04e9f1c7b33d5a6e2f0c14b98a7d3206f5be1947ac80d62f3b9e5107c4d".into(),
        licence: "Apache-2.0".into(),
        features: 1280,
        parameters: 4_208_437,
        trained_parameters: 1_236_485,
        head: "dropout 0.2, linear 1280 → 5".into(),
        preprocess: settings(&[
            ("Upright", "EXIF orientation applied"),
            ("Resize", "shorter side to 256, bicubic, antialiased"),
            ("Crop", "centre 224 × 224"),
            ("Normalise", "mean 0.485 0.456 0.406, deviation 0.229 0.224 0.225"),
        ]),
        device: "cpu (burn-flex, 2 threads)".into(),
    }
}

fn choices() -> Vec<Choice> {
    let choice = |what: &str, chosen: &str, why: &str| Choice {
        what: what.into(),
        chosen: chosen.into(),
        why: why.into(),
    };
    vec![
        choice(
            "Backbone",
            "mobilenet_v3_large",
            "The most accurate network that trains in under a minute on 2 cores.",
        ),
        choice(
            "Split",
            "80 % train, 20 % validation",
            "Stratified by class; copies of a picture stay on one side.",
        ),
        choice("Class weights", "none", "The largest class has 1.3 times the pictures of the smallest."),
        choice("Freeze boundary", "after stage 3", "186 pictures are too few to move the early layers."),
    ]
}

fn timings() -> Vec<StageTime> {
    let stage = |name: &str, seconds| StageTime { name: name.into(), seconds };
    vec![
        stage("scan and check", 0.8),
        stage("decode", 2.9),
        stage("frozen prefix", 5.1),
        stage("train head", 6.4),
        stage("fine-tune", 24.1),
        stage("evaluate", 1.2),
        stage("report", 0.09),
    ]
}

fn curve() -> Vec<CurvePoint> {
    let mut dice = Dice(11);
    let point = |epoch: usize| {
        let progress = epoch as f64;
        let tuned = if epoch > 12 { (progress - 12.0) * 0.012 } else { 0.0 };
        let fall = 1.45 * (-progress / 3.5).exp();
        let wobble = 0.05 * (dice.roll() - 0.5);
        CurvePoint {
            epoch: progress,
            phase: Some(if epoch > 12 { "fine-tune" } else { "head" }.into()),
            train_loss: Some(fall + 0.22 - 1.6 * tuned),
            val_loss: Some(fall + 0.38 - tuned + wobble),
            val_accuracy: Some((0.88 - 0.55 * (-progress / 2.5).exp() + 0.6 * tuned - wobble).min(0.9474)),
        }
    };
    (1..=20).map(point).collect()
}

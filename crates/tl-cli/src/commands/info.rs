//! `tl info`

use anyhow::Result;
use serde_json::{Value, json};
use std::path::Path;
use std::process::ExitCode;
use tl_train::{Classifier, Header, open_device};
use tl_weights::{CATALOGUE, Weights, WeightsError};

use super::{print, print_json};
use crate::args::InfoArgs;
use crate::failure::FAILED;
use crate::text::row;

pub(crate) fn run(args: &InfoArgs) -> Result<ExitCode> {
    match &args.what {
        None if args.json => print_json(&CATALOGUE.iter().map(pretrained_json).collect::<Vec<_>>())?,
        None => return list(),
        Some(what) => show(what, args.json)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Every pretrained network, its weights verified.
fn list() -> Result<ExitCode> {
    let verdicts = CATALOGUE.iter().map(|weights| (weights, weights.bytes().map(drop)));
    let verdicts: Vec<_> = verdicts.collect();
    print(verdicts.iter().map(|(weights, verdict)| pretrained_line(weights, verdict)))?;
    let damaged = verdicts.iter().any(|(_, verdict)| verdict.is_err());
    Ok(if damaged { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn show(what: &str, as_json: bool) -> Result<()> {
    if Path::new(what).exists() {
        let header = Classifier::open(Path::new(what), &open_device("cpu")?)?.header;
        return if as_json { print_json(&header) } else { print(model_lines(&header)) };
    }
    let architecture = tl_backbones::architecture(what).map_err(tl_train::TrainError::from)?;
    let weights = tl_weights::default_for(architecture.name).map_err(tl_train::TrainError::from)?;
    if as_json { print_json(&pretrained_json(weights)) } else { print(pretrained_lines(weights)) }
}

fn model_lines(header: &Header) -> Vec<String> {
    let preprocess = &header.preprocess;
    let size = preprocess.size;
    vec![
        row("classes", &format!("{}: {}", header.classes.len(), header.classes.join(", "))),
        row("backbone", &format!("{}{}", header.weights, if header.slim { ", by reference" } else { "" })),
        row("head", &header.head),
        row("pictures", &format!("{} to {size} x {size}, {}", preprocess.mode, preprocess.interpolation)),
        row("made by", &format!("tl {}", header.tl_version)),
    ]
}

fn pretrained_line(weights: &Weights, verdict: &Result<(), WeightsError>) -> String {
    let verdict = verdict.as_ref().map_or_else(ToString::to_string, |()| "verified".to_owned());
    let (name, megabytes) = (weights.architecture, weights.bytes / 1_000_000);
    format!("{name}  {} classes, {megabytes} MB, {}, {verdict}", weights.classes, weights.licence)
}

fn pretrained_lines(weights: &Weights) -> Vec<String> {
    let preprocess = &weights.preprocess;
    vec![
        row("weights", &format!("{}, {} bytes, sha256 {}", weights.name, weights.bytes, weights.sha256)),
        row("from", weights.origin),
        row("licence", weights.licence),
        row("classes", &format!("{}, ImageNet's", weights.classes)),
        row("pictures", &format!("{0} x {0} pixels, {1}", preprocess.size, preprocess.interpolation)),
    ]
}

fn pretrained_json(weights: &Weights) -> Value {
    json!({"architecture": weights.architecture, "weights": weights.name, "sha256": weights.sha256,
        "bytes": weights.bytes, "licence": weights.licence, "classes": weights.classes,
        "preprocess": weights.preprocess, "origin": weights.origin})
}

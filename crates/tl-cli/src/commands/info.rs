//! The command `tl info`.

use anyhow::Result;
use std::path::Path;
use std::process::ExitCode;
use tl_files::path_text;
use tl_model::{Classifier, Header, ModelError, open_device};
use tl_weights::{Cache, Weights};

use super::weights::described;
use crate::args::InfoArgs;
use crate::stdout::{print, print_json};
use crate::text::row;

pub(crate) fn run(args: &InfoArgs) -> Result<ExitCode> {
    if Path::new(&args.what).exists() {
        let header = Classifier::open(Path::new(&args.what), &open_device("cpu")?)?.header;
        if args.json { print_json(&header)? } else { print(model_lines(&header))? }
    } else {
        let name = path_text(Path::new(&args.what)).into_owned();
        let weights = tl_weights::find(&name).map_err(ModelError::from)?;
        let cache = Cache::locate().map_err(ModelError::from)?;
        if args.json {
            print_json(&described(weights, &cache))?
        } else {
            print(weights_lines(weights, &cache))?
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn model_lines(header: &Header) -> Vec<String> {
    let preprocess = &header.preprocess;
    let size = preprocess.size;
    let (backbone, weights) = (&header.backbone, &header.weights);
    let range = match preprocess.range.is_full() {
        true => String::new(),
        false => format!("; of 16 bits a colour the values {}", preprocess.range),
    };
    vec![
        row("classes", &format!("{}: {}", header.classes.len(), header.classes.join(", "))),
        row("backbone", &format!("{backbone}, {weights}{}", if header.slim { ", by reference" } else { "" })),
        row("head", &header.head),
        row("labels", &labels(header)),
        row(
            "pictures",
            &format!("{} to {size} x {size}, {}{range}", preprocess.mode, preprocess.interpolation),
        ),
        row("made by", &format!("tl {}", header.tl_version)),
    ]
}

/// Number of labels that a picture may be given, and their decision thresholds.
fn labels(header: &Header) -> String {
    let threshold = |(class, threshold): (&String, &f64)| format!("{class} from {threshold:.2}");
    let thresholds = header.classes.iter().zip(&header.thresholds).map(threshold);
    if !header.multi_label {
        return "one for each picture".to_owned();
    }
    format!("several for each picture: {}", thresholds.collect::<Vec<_>>().join(", "))
}

fn weights_lines(weights: &Weights, cache: &Cache) -> Vec<String> {
    let (preprocess, about) = (&weights.preprocess, if weights.exact { "" } else { "about " });
    let mut lines = vec![
        row("weights", &format!("{} of {}", weights.name, weights.architecture)),
        row("file", &format!("{about}{} bytes, sha256 {}", weights.bytes, weights.hash())),
        row("from", &weights.place()),
        row("origin", weights.origin),
        row("licence", weights.licence),
        row("classes", &format!("{}, ImageNet's", weights.classes)),
        row(
            "pictures",
            &format!(
                "{0} x {0} pixels, the middle {1:.1} %, {2}; mean {3:?}, std {4:?}",
                preprocess.size,
                preprocess.crop * 100.0,
                preprocess.interpolation,
                preprocess.mean,
                preprocess.std
            ),
        ),
    ];
    lines.extend(weights.top1.map(|top1| row("top-1", &format!("{top1:.1} % on ImageNet, as published"))));
    lines.extend((!weights.note.is_empty()).then(|| row("note", weights.note)));
    let fetched = cache.path_of(weights).filter(|path| path.exists());
    lines.extend(fetched.map(|path| row("fetched", &path_text(&path))));
    lines
}

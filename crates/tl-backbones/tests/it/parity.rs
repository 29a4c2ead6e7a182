//! Every stage, the pooled features and the logits of every variant.

use burn::tensor::Device;
use std::fmt::Write as _;
use std::path::Path;
use tl_backbones::{ARCHITECTURES, Architecture};

use crate::formula::{filled, images};
use crate::golden::Golden;

/// 6e-6 is measured (`docs/parity.md`), f32 sums in another order.
const TOLERANCE: f64 = 1e-4;
/// If this is set to a path, the table of measured errors is written there.
const TABLE: &str = "TL_PARITY_TABLE";

const HEADING: &str = "\
# Parity

The largest difference between this program and the reference implementation, over the reference's largest value, at
every stage, in the pooled features and in the logits; weights and images drawn by one formula on both sides, batch
normalisation with statistics that are not trivial. f32, CPU. The test that measures it fails above 1e-4; this file is
written by

    TL_PARITY_TABLE=$PWD/docs/parity.md cargo test -p tl-backbones parity

| network | input | stages | worst stage | pooled | logits |
|---|---|---:|---:|---:|---:|
";

struct Measured {
    shape: [usize; 4],
    stages: Vec<(String, f64)>,
    pooled: f64,
    logits: f64,
}

#[test]
fn every_variant_computes_what_its_reference_computes() {
    let (mut table, mut failures) = (HEADING.to_owned(), Vec::new());
    for row in ARCHITECTURES {
        match measure(row) {
            Ok(measured) => {
                let line = measured.line(row.name);
                print!("{line}");
                table.push_str(&line);
                failures.extend(measured.failures().map(|failure| format!("{}: {failure}", row.name)));
            }
            Err(reason) => failures.push(format!("{}: {reason}", row.name)),
        }
    }
    if let Some(path) = std::env::var_os(TABLE) {
        std::fs::write(path, table).unwrap();
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_page_lists_every_variant() {
    let page =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/parity.md")).unwrap();
    let (_, rows) = page.split_once(HEADING.lines().last().unwrap()).unwrap();
    let listed: Vec<_> = rows.lines().filter_map(|row| row.split('|').nth(1)).map(str::trim).collect();
    assert_eq!(listed, ARCHITECTURES.iter().map(|row| row.name).collect::<Vec<_>>());
}

fn measure(row: &Architecture) -> Result<Measured, String> {
    let golden = Golden::read(row.name)?;
    let device = Device::flex();
    let backbone = filled(row, &device);
    let images_bchw = images(golden.shape(), &device);
    assert_eq!(golden.error("input", images_bchw.clone())?, 0.0, "the formula draws other images");
    let maps = backbone.maps(images_bchw);
    let last = maps[maps.len() - 1].clone();
    let stage =
        |(name, maps_bchw): (String, _)| golden.error::<4>(&name, maps_bchw).map(|error| (name, error));
    let pooled_bd = backbone.pool(last.clone());
    assert_eq!(pooled_bd.dims()[1], row.features, "{}", row.name);
    Ok(Measured {
        shape: golden.shape(),
        stages: backbone.stage_names().into_iter().zip(maps).map(stage).collect::<Result<_, _>>()?,
        pooled: golden.error("pooled", pooled_bd)?,
        logits: golden.error("logits", backbone.classify(last))?,
    })
}

impl Measured {
    fn worst_stage(&self) -> f64 {
        self.stages.iter().map(|(_, error)| *error).fold(0.0, f64::max)
    }

    fn failures(&self) -> impl Iterator<Item = String> {
        let ends = [("pooled".to_owned(), self.pooled), ("logits".to_owned(), self.logits)];
        let all = self.stages.iter().cloned().chain(ends);
        all.filter(|(_, error)| *error > TOLERANCE)
            .map(|(name, error)| format!("{name} is off by {error:.1e}"))
    }

    fn line(&self, name: &str) -> String {
        let [batch, channels, height, width] = self.shape;
        let mut line = format!("| {name} | {batch}x{channels}x{height}x{width} | {} |", self.stages.len());
        for error in [self.worst_stage(), self.pooled, self.logits] {
            write!(line, " {error:.1e} |").unwrap();
        }
        line + "\n"
    }
}

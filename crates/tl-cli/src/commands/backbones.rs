//! The command `tl backbones`.

use anyhow::Result;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::process::ExitCode;
use tl_backbones::{ARCHITECTURES, Architecture, Summary, architecture, summary, summary_at};

use tl_model::ModelError;
use tl_weights::{CATALOGUE, Cache, Weights};

use super::weights::described;
use crate::args::BackbonesArgs;
use crate::stdout::{print, print_json};
use crate::text::{row, table, thousands};

pub(crate) fn run(args: &BackbonesArgs) -> Result<ExitCode> {
    let cache = Cache::locate().map_err(ModelError::from)?;
    let Some(name) = &args.name else {
        return list(&cache, args.json);
    };
    let architecture = architecture(name).map_err(ModelError::from)?;
    let summary = match args.size {
        Some(size) => summary_at(&architecture, [size; 2])?,
        None => summary(&architecture),
    };
    if args.json {
        print_json(&described_network(&architecture, &summary, &cache))?;
    } else {
        print(lines(&architecture, &summary, &cache))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn list(cache: &Cache, as_json: bool) -> Result<ExitCode> {
    if as_json {
        let describe = |row| described_network(row, &summary(row), cache);
        print_json(&ARCHITECTURES.iter().map(describe).collect::<Vec<_>>())?;
    } else {
        let head = [
            "network",
            "parameters",
            "GFLOPs",
            "input",
            "features",
            "stages",
            "weights, top-1 in %",
            "licence",
        ];
        let rows: Vec<_> = ARCHITECTURES.iter().map(|row| cells(row, cache)).collect();
        print(table(&head, &rows))?;
        print([
            "* is here. One FLOP is a multiplication and an addition, as torchvision counts them.".to_owned()
        ])?;
    }
    Ok(ExitCode::SUCCESS)
}

fn cells(architecture: &Architecture, cache: &Cache) -> Vec<String> {
    let (summary, weights) = (summary(architecture), weights_of(architecture));
    let licences: BTreeSet<&str> = weights.iter().map(|row| row.licence).collect();
    vec![
        architecture.name.to_owned(),
        millions(summary.parameters),
        billions(summary.multiply_adds),
        architecture.input_size.to_string(),
        architecture.features.to_string(),
        summary.stages.len().to_string(),
        weights.iter().map(|row| tag(row, cache)).collect::<Vec<_>>().join(", "),
        licences.into_iter().collect::<Vec<_>>().join(", "),
    ]
}

fn weights_of(architecture: &Architecture) -> Vec<&'static Weights> {
    CATALOGUE.iter().filter(|row| row.architecture == architecture.name).collect()
}

/// What comes behind the network's name, with the accuracy: `tv_in1k 76.1`.
fn tag(weights: &Weights, cache: &Cache) -> String {
    let tag = weights.name.split_once('.').map_or(weights.name, |(_, tag)| tag);
    let top1 = weights.top1.map_or_else(String::new, |top1| format!(" {top1:.1}"));
    format!("{tag}{top1}{}", if cache.holds(weights) { "*" } else { "" })
}

fn lines(architecture: &Architecture, summary: &Summary, cache: &Cache) -> Vec<String> {
    let stage = |name: &str, output, parameters, multiply_adds| {
        vec![name.to_owned(), shape(output), thousands(parameters), billions(multiply_adds)]
    };
    let mut rows = vec![vec!["images".to_owned(), shape(summary.input)]];
    rows.extend(summary.stages.iter().map(|s| stage(&s.name, s.output, s.parameters, s.multiply_adds)));
    let head = &summary.head;
    let logits = format!("{} classes", head.classes);
    rows.push(vec!["head".to_owned(), logits, thousands(head.parameters), billions(head.multiply_adds)]);
    let auxiliary = summary.auxiliary_parameters();
    if auxiliary > 0 {
        rows.push(vec!["auxiliary head".to_owned(), String::new(), thousands(auxiliary)]);
    }
    let total = [thousands(summary.parameters), billions(summary.multiply_adds)];
    rows.push(["in all".to_owned(), String::new()].into_iter().chain(total).collect());
    let mut lines = table(&["stage", "output", "parameters", "GFLOPs"], &rows);
    lines.push(row("features", &format!("{}, pooled from the last stage", architecture.features)));
    let weights = weights_of(architecture).into_iter().enumerate();
    lines.extend(weights.map(|(i, weights)| {
        let top1 = weights.top1.map_or_else(String::new, |top1| format!(", top-1 {top1:.1} %"));
        let here = if cache.holds(weights) { ", here" } else { "" };
        let text = format!("{}{top1}, {}{here}", weights.name, weights.licence);
        row(if i == 0 { "weights" } else { "" }, &text)
    }));
    lines
}

fn described_network(architecture: &Architecture, summary: &Summary, cache: &Cache) -> Value {
    let stages = summary.stages.iter().map(|stage| {
        json!({"name": stage.name, "output": stage.output, "parameters": stage.parameters,
            "multiply_adds": stage.multiply_adds})
    });
    let head = &summary.head;
    let weights = weights_of(architecture);
    json!({"name": architecture.name, "input": summary.input, "smallest_input": architecture.smallest_input,
        "features": architecture.features, "parameters": summary.parameters,
        "multiply_adds": summary.multiply_adds, "stages": stages.collect::<Vec<_>>(),
        "head": {"classes": head.classes, "parameters": head.parameters, "multiply_adds": head.multiply_adds},
        "weights": weights.iter().map(|row| described(row, cache)).collect::<Vec<_>>()})
}

fn shape([channels, height, width]: [usize; 3]) -> String {
    format!("{channels} x {height} x {width}")
}

/// `25.6 M`
fn millions(count: u64) -> String {
    format!("{:.1} M", count as f64 / 1e6)
}

/// A count in billions, such as `4.089`.
fn billions(count: u64) -> String {
    format!("{:.3}", count as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use crate::text::thousands;

    #[test]
    fn digits_are_grouped_by_three() {
        for (count, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (25_557_032, "25,557,032")] {
            assert_eq!(thousands(count), text);
        }
    }
}

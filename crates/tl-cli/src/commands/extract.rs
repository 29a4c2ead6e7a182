//! The command `tl extract`.

use anyhow::Result;
use serde_json::json;
use std::process::ExitCode;
use tl_files::path_text;
use tl_pipeline::{EmbedConfig, FeatureFiles, embed};

use super::threads;
use crate::args::ExtractArgs;
use crate::failure::FAILED;
use crate::progress::Display;
use crate::signals::Stop;
use crate::slow_files::{SLOW, naming_slow_files};
use crate::stdout::{print, print_json};
use crate::text::{row, thousands};
use crate::verbosity::Verbosity;

pub(crate) fn run(args: &ExtractArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let config = config(args)?;
    let display = Display::new(verbosity.unless(args.json)).stopped_by(Stop::on_signals()?);
    let result = naming_slow_files(&display, SLOW, || embed(&config, &display));
    display.finish();
    let embedded = result?;
    if args.json {
        print_json(&summary(&embedded))?;
    } else {
        print(lines(&embedded))?;
    }
    let failed = !embedded.rejected.is_empty();
    Ok(if failed { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn config(args: &ExtractArgs) -> Result<EmbedConfig> {
    let defaults = EmbedConfig::new(&args.data, &args.out);
    Ok(EmbedConfig {
        data: args.source.data(&args.data)?,
        read: args.source.over(defaults.read),
        portion: args.shard,
        backbone: args.backbone.clone(),
        weights: args.weights.clone(),
        model: args.model.clone(),
        resize: args.resize,
        at: args.at.clone(),
        out: args.out.clone(),
        max_bad: args.max_bad,
        offline: args.offline,
        cache_gib: (!args.no_cache).then_some(args.cache_gib),
        precision: args.precision,
        device: args.device.clone(),
        threads: args.threads.unwrap_or_else(threads).max(1),
    })
}

fn summary(embedded: &FeatureFiles) -> serde_json::Value {
    let FeatureFiles { rows, shape, kept, rejected, .. } = embedded;
    let files: Vec<_> = embedded.files.iter().map(|file| path_text(file)).collect();
    json!({"files": files, "rows": rows, "shape": shape, "from_cache": kept, "skipped": rejected})
}

fn lines(embedded: &FeatureFiles) -> Vec<String> {
    let sides: Vec<String> = embedded.shape.iter().map(|&side| thousands(side as u64)).collect();
    let rows = thousands(embedded.rows as u64);
    let mut lines = vec![row("rows", &format!("{rows} of {} numbers, float32", sides.join(" x ")))];
    if !embedded.rejected.is_empty() {
        let (bad, all) = (embedded.rejected.len(), embedded.rows + embedded.rejected.len());
        lines.push(row("skipped", &format!("{bad} of {all} files cannot be used")));
    }
    let files: Vec<String> = embedded.files.iter().map(|file| path_text(file).into_owned()).collect();
    let instead = if embedded.replaced { ", in the place of an earlier one" } else { "" };
    lines.push(row("file", &format!("{}{instead}", files.join(", "))));
    lines
}

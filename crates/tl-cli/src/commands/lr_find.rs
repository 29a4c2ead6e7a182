//! The command `tl lr-find`.

use anyhow::{Context, Result};
use std::ffi::OsString;
use std::process::ExitCode;
use tl_files::path_text;
use tl_pipeline::{HeadKind, Observer, TrainConfig, find_rate, read_settings, write_atomically};
use tl_report::{RateCurve, RateSuggestion};
use tl_train::{RateSearch, Recipe};

use super::watched;
use crate::args::LrFindArgs;
use crate::stdout::{print, print_json};
use crate::text;
use crate::typed_command::TypedCommand;
use crate::verbosity::Verbosity;

/// Rows of the table, about.
const ROWS: usize = 20;
/// Options of this command alone, the rate, which is what it finds, and how it is shown.
const OWN: [&str; 7] = ["start", "end", "steps", "plot", "lr", "json", "tui"];

pub(crate) fn run(args: &LrFindArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let base = args.train.config.as_deref().map_or_else(|| Ok(TrainConfig::default()), read_settings)?;
    let mut config = args.train.over(base)?;
    let recipe = needed_recipe(&config);
    config.steps.recipe = recipe.unwrap_or(config.steps.recipe);
    let search = RateSearch { start: args.start, end: args.end, steps: args.steps };
    let job = |watch: &dyn Observer| find_rate(&config, &search, watch);
    let curve = watched(args.train.tui, verbosity.unless(args.train.json), job)??;
    let typed = TypedCommand::of(std::env::args_os()).context("the command cannot be taken apart")?;
    let command = train_command(&typed, recipe, curve.suggestions.first().map(|found| found.rate));
    let root = path_text(config.data.path()).into_owned();
    let page = tl_report::rates_html(&root, &config.backbone, &curve, &command);
    write_atomically(&args.plot, page.as_bytes()).context("the plot is not written")?;
    if args.train.json {
        print_json(&serde_json::json!({"curve": curve, "plot": path_text(&args.plot), "command": command}))?;
    } else {
        print(lines(&curve, &command, &path_text(&args.plot)))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Nobody looks for the rate of a head that is solved at once: without a recipe, it is the one that goes on from there.
fn needed_recipe(config: &TrainConfig) -> Option<Recipe> {
    let steps = &config.steps;
    let nothing = steps.recipe == Recipe::Auto && steps.phases.is_empty() && config.head != HeadKind::Layers;
    nothing.then_some(Recipe::LpFt)
}

fn lines(curve: &RateCurve, command: &str, plot: &str) -> Vec<String> {
    let every = curve.points.len().div_ceil(ROWS).max(1);
    let shown = curve.points.iter().step_by(every);
    let rows: Vec<Vec<String>> = shown
        .map(|point| {
            let loss = |loss: f64| format!("{loss:>8.4}");
            vec![format!("{:.1e}", point.rate), loss(point.loss), loss(point.smoothed)]
        })
        .collect();
    let mut lines = text::table(&["rate   ", "    loss", "smoothed"], &rows);
    lines.extend(curve.stopped.as_ref().map(|why| text::row("stopped", why)));
    let found = |found: &RateSuggestion| {
        vec![found.name.to_owned(), format!("{:.1e}", found.rate), found.why.to_owned()]
    };
    let found: Vec<Vec<String>> = curve.suggestions.iter().map(found).collect();
    if !found.is_empty() {
        lines.extend(text::table(&["rule", "rate", "what it is"], &found));
    }
    lines.extend(curve.caution.as_ref().map(|caution| text::row("mind", caution)));
    if curve.suggestions.is_empty() {
        lines.push(text::row(
            "no rate",
            "there are too few steps to tell: try a lower `--start`, or more `--steps`",
        ));
    }
    lines.push(text::row("plot", plot));
    lines.extend((!curve.suggestions.is_empty()).then(|| text::row("next", command)));
    lines
}

/// What was typed, as a command that trains at a rate.
fn train_command(typed: &TypedCommand, recipe: Option<Recipe>, rate: Option<f64>) -> String {
    let mut words = ["tl", "train"].map(OsString::from).to_vec();
    words.extend(typed.words(|id| !OWN.contains(&id)));
    words.extend(recipe.into_iter().flat_map(|recipe| ["--recipe".into(), recipe.to_string().into()]));
    words.extend(rate.into_iter().flat_map(|rate| ["--lr".into(), format!("{rate:.1e}").into()]));
    tl_data::shell(&words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_to_train_with_is_what_was_typed_at_the_rate_that_was_found() {
        for (typed, recipe, command) in [
            ("lr-find photos --unfreeze 2", None, "tl train photos --unfreeze 2 --lr 1.4e-3"),
            ("lr-find photos --lr 5 --steps=50 --plot x.html --json", None, "tl train photos --lr 1.4e-3"),
            ("lr-find --start 1e-5 -q a*b", Some(Recipe::LpFt), "tl train 'a*b' --recipe lp-ft --lr 1.4e-3"),
        ] {
            let typed = TypedCommand::of(["tl"].into_iter().chain(typed.split(' ')).map(Into::into)).unwrap();
            assert_eq!(train_command(&typed, recipe, Some(1.4e-3)), command);
        }
    }
}

//! The resize mode, compared on training pictures where it may matter.

use tl_data::{Dataset, SampleId};
use tl_image::ResizeMode;
use tl_report::Choice;

use crate::config::Resize;
use crate::error::PipelineError;
use crate::features::{FeatureTable, MODES, ensure_features};
use crate::journal::Journal;
use crate::setup::Setup;
use crate::split::thin;
use crate::strength::{Comparison, Score, TOO_SMALL, scores};

/// Training pictures that resize modes are compared on, at most: each costs three passes through the network.
const COMPARED: usize = 400;
/// Longer side over shorter side from which on the middle crop loses something worth a comparison.
const NEARLY_SQUARE: f64 = 1.1;

/// How these training pictures become square, and why.
pub(crate) fn choose_mode(
    setup: &Setup<'_>,
    table: &mut FeatureTable<'_>,
    journal: &mut Journal,
    train: &[SampleId],
) -> Result<(ResizeMode, Choice), PipelineError> {
    let standard = table.source.preprocess.mode;
    let choice = |mode: ResizeMode, why| (mode, Choice::new("resize", mode.to_string(), why));
    if let Resize::Fixed(mode) = setup.config.resize {
        return Ok(choice(mode, "asked for".to_owned()));
    }
    if setup.warm.is_some() {
        return Ok(choice(standard, "as the model that this one begins from".to_owned()));
    }
    let Some(reason) = reason_to_compare(table.source.data, table.source.preprocess.size) else {
        let why = "pictures are nearly square and not small: prepared as the weights were evaluated";
        return Ok(choice(standard, why.to_owned()));
    };
    let compared = thin(table.source.data, train, COMPARED);
    ensure_features(setup, table, journal, &compared, &MODES)?;
    let compared = table.readable(&compared);
    let mut ranked = Vec::new();
    for mode in MODES {
        let comparison = Comparison { mode, scores: scores(setup, &table.at(mode), journal, &compared)? };
        ranked.extend(comparison.best().map(|best| (mode, best)));
    }
    ranked.sort_by(|(_, a), (_, b)| a.log_loss.total_cmp(&b.log_loss));
    let Some(&(mode, _)) = ranked.first() else {
        return Ok(choice(standard, format!("{reason}, but {TOO_SMALL}: as the weights were evaluated")));
    };
    let results: Vec<String> = ranked.iter().map(|(mode, best)| describe(*mode, best)).collect();
    let why = format!(
        "{reason}; lowest loss in cross-validation on {} training pictures: {}",
        compared.len(),
        results.join(", ")
    );
    Ok(choice(mode, why))
}

/// Why the middle crop may not be best for pictures before a network of inputs this wide; `None` if there is no reason.
fn reason_to_compare(data: &Dataset, size: u32) -> Option<String> {
    let summary = data.summary();
    let small = summary.share_smaller_than(size);
    if summary.median_aspect > NEARLY_SQUARE {
        return Some(format!("the median picture is {:.2} times as long as wide", summary.median_aspect));
    }
    (small > 0.5).then(|| format!("{:.0} % of the pictures are smaller than {size} pixels", small * 100.0))
}

fn describe(mode: ResizeMode, best: &Score) -> String {
    format!("{mode} {:.3} ({:.1} % right)", best.log_loss, best.accuracy * 100.0)
}

//! Metrics, charts and one self-contained HTML page, from a run's [`Record`] alone.
//!
//! [`Evaluation::new`] turns predictions into figures, as does [`MultiLabel::new`] for pictures with several labels, [`json`] writes the record, [`html`] draws it. Nothing
//! here reads a file, a clock or a picture. [`check_html`] draws what [`tl_data::check`](tl_data::check()) found.

mod bootstrap;
mod calibration;
mod card;
mod chart;
mod clusters;
mod confusion;
mod draws;
mod error;
mod evaluation;
mod interval;
mod log_loss;
mod multi_label;
mod page;
mod ranking;
mod rates;
mod record;
mod tensorboard;
mod text;

pub use bootstrap::Estimate;
pub use calibration::Bin;
pub use card::{
    AcrossParts, ClassCount, Count, DataCard, ModelCard, RejectedFile, SeenBefore, Setting, Summary,
};
pub use confusion::{ClassMetrics, Confusion, Pair};
pub use error::{Error, Result};
pub use evaluation::{Evaluation, EvaluationSet, Mistake, Prediction};
pub use interval::{Interval, MeanSpread, wilson};
pub use log_loss::{LEAST_PROBABILITY, log_loss, loss_of};
pub use multi_label::{LabelMetrics, LabelMistake, LabelPrediction, MultiLabel};
pub use page::{check_html, html, rates_html};
pub use rates::{RateCurve, RatePoint, RateSuggestion};
pub use record::{
    Candidate, Choice, CurvePoint, Folds, GroupCard, PhaseCard, Record, SCHEMA, Solver, StageTime,
};
pub use tensorboard::{tensorboard_head, tensorboard_scalars};

/// The record as `report.json` holds it.
///
/// # Errors
/// [`Error::Write`] if serialisation fails, which no record built in memory does.
pub fn json(record: &Record) -> Result<String> {
    serde_json::to_string_pretty(record).map_err(Error::Write)
}

//! The curve of a learning rate range test, and what it suggests.

use serde::Serialize;

/// Losses by learning rate, and what they suggest.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateCurve {
    /// The points of the curve, one for each step, the rates rising.
    pub points: Vec<RatePoint>,
    /// The first is the one to take; empty if the curve says nothing.
    pub suggestions: Vec<RateSuggestion>,
    /// Why there were no more steps; none if all were taken.
    pub stopped: Option<String>,
    /// What to mind about the suggestions, if there is something.
    pub caution: Option<String>,
    /// What learned, such as `the last stage and the head`.
    pub learns: String,
    /// Pictures that were learned from.
    pub pictures: usize,
}

/// A step at one learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RatePoint {
    /// Learning rate of the head.
    pub rate: f64,
    /// Loss of the step's pictures before the step, in nats.
    pub loss: f64,
    /// Running mean of the losses.
    pub smoothed: f64,
}

/// A learning rate that is worth a try.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RateSuggestion {
    /// The method that found the rate: `valley`, `steep` or `minimum/10`.
    pub name: &'static str,
    /// The suggested rate.
    pub rate: f64,
    /// The rule in words.
    pub why: &'static str,
}

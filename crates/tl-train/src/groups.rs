//! Parameter groups: each stage and the head, frozen or not, and at which rate.

use serde::Serialize;
use tl_backbones::{Boundary, Stage, StageSummary, Summary};

use crate::network::backbone_key;
use crate::recipe::Phase;

/// Parameters that are trained, or frozen, together.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The stage's name, or `head`.
    pub name: String,
    /// Number of parameters, running statistics left out.
    pub parameters: u64,
    /// Peak learning rate; `None` if it is frozen.
    pub rate: Option<f64>,
}

/// Peak learning rates by parameter.
#[derive(Debug, Clone)]
pub(crate) struct Rates {
    stages: Vec<Stage>,
    /// Peak learning rate of each stage.
    rates: Vec<f64>,
    head: f64,
}

impl Rates {
    pub(crate) fn new(phase: &Phase, stages: Vec<Stage>) -> Self {
        let last = phase.rate * phase.backbone;
        let rate = |stage: usize| last * phase.stage_decay.powi((stages.len() - 1 - stage) as i32);
        Self { rates: (0..stages.len()).map(rate).collect(), head: phase.rate, stages }
    }

    /// The rate of a parameter, by its key in the network.
    pub(crate) fn of(&self, key: &str) -> f64 {
        let stage = backbone_key(key).and_then(|key| self.stages.iter().position(|stage| stage.holds(key)));
        stage.map_or(self.head, |stage| self.rates[stage])
    }

    /// A row for each stage and the head, which has so many parameters.
    pub(crate) fn groups(&self, summary: &Summary, boundary: Boundary, head: usize) -> Vec<Group> {
        let row = |(index, stage): (usize, &StageSummary)| Group {
            name: stage.name.clone(),
            parameters: stage.parameters,
            rate: (index >= boundary.0).then(|| self.rates[index]),
        };
        let head = Group { name: "head".to_owned(), parameters: head as u64, rate: Some(self.head) };
        summary.stages.iter().enumerate().map(row).chain([head]).collect()
    }
}

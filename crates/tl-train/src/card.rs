//! Phases as the record has them.

use serde_json::Value;
use tl_report::{GroupCard, PhaseCard};

use crate::groups::Group;
use crate::recipe::Phase;

impl Phase {
    /// The phase with its groups of parameters, for a report.
    pub(crate) fn card(&self, groups: Vec<Group>) -> PhaseCard {
        let group =
            |group: Group| GroupCard { name: group.name, parameters: group.parameters, rate: group.rate };
        let schedule = serde_json::to_value(self.schedule).unwrap_or_default();
        let schedule = schedule.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let warmup = if self.warmup > 0.0 {
            format!(", after {:.0} % of warm-up", 100.0 * self.warmup)
        } else {
            String::new()
        };
        PhaseCard {
            name: self.name.clone(),
            learns: format!("trains {}", self.unfreeze.what_learns()),
            length: self.length(),
            how: format!("{:?}, {schedule} schedule{warmup}", self.optimizer.kind),
            groups: groups.into_iter().map(group).collect(),
        }
    }

    /// `4 epochs`, or `500 steps`.
    pub fn length(&self) -> String {
        let of = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        self.steps.map_or_else(|| of(self.epochs, "epoch"), |steps| of(steps, "step"))
    }
}

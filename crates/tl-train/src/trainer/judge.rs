//! Validation at the end of an epoch: how good the network is on pictures that do not train it.

use std::ops::ControlFlow;
use tl_backbones::Boundary;
use tl_data::SampleId;
use tl_heads::Matrix;

use super::{JUDGED, PhaseRun, Trainer};
use crate::boundary_features::BatchPlan;
use crate::cursor::{Best, Cursor, LossSum, Plateau, Scores};
use crate::error::TrainError;
use crate::inputs::View;
use crate::metrics::EpochMetrics;
use crate::network::Network;
use crate::schedule::Schedule;
use crate::state_dict::StateDict;
use crate::targets::Targets;
use crate::train_state::TrainState;

impl Trainer<'_> {
    /// The end of an epoch: validation, the best so far, and what a plateau asks for.
    pub(super) fn judge(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &TrainState,
        lowest: Boundary,
        cursor: &mut Cursor,
        best: &mut StateDict,
    ) -> Result<(), TrainError> {
        cursor.epoch += 1;
        let network = train_state.judged();
        let scores = self.scores(phase_run, train_state, &network)?;
        if let Some(loss) = scores.map(|scores| scores.log_loss).filter(|loss| !loss.is_finite()) {
            return Err(phase_run.diverged(cursor, loss));
        }
        let improved = match (&cursor.best, scores) {
            (Some(best), Some(scores)) => scores.log_loss < best.scores.log_loss,
            _ => true,
        };
        if improved {
            let state = network.state(lowest);
            state.check_finite((phase_run.phase.name.as_str(), cursor.step))?;
            *best = state;
            let scores = scores.unwrap_or(Scores { log_loss: f64::INFINITY, accuracy: 0.0 });
            cursor.best = Some(Best { phase: cursor.phase, epoch: cursor.epoch, scores });
            cursor.waited = 0;
        } else {
            cursor.waited += 1;
        }
        self.note(phase_run, cursor, scores, improved)?;
        cursor.plateau = plateau(phase_run.phase.schedule, cursor.plateau, improved);
        Ok(())
    }

    fn note(
        &self,
        phase_run: &PhaseRun<'_>,
        cursor: &mut Cursor,
        scores: Option<Scores>,
        best: bool,
    ) -> Result<(), TrainError> {
        let (phase, train_loss) = (phase_run.phase.name.as_str(), cursor.sum.mean());
        cursor.sum = LossSum::default();
        let val = scores.map(|scores| (scores.log_loss, scores.accuracy));
        cursor.curve.push(tl_report::CurvePoint {
            epoch: (phase_run.before.epochs + cursor.epoch) as f64,
            phase: Some(phase.to_owned()),
            train_loss: Some(train_loss),
            val_loss: val.map(|val| val.0),
            val_accuracy: val.map(|val| val.1),
        });
        let news = EpochMetrics { phase, epoch: cursor.epoch, train_loss, val, best };
        self.monitor.observer.epoch_end(&news);
        let step = cursor.step;
        let rate = phase_run.phase.rate * phase_run.share(step.saturating_sub(1), cursor.plateau);
        self.monitor.log.map_or(Ok(()), |log| log.epoch(&news, step, phase_run.before.steps + step, rate))
    }

    fn scores(
        &self,
        phase_run: &PhaseRun<'_>,
        train_state: &TrainState,
        network: &Network,
    ) -> Result<Option<Scores>, TrainError> {
        if self.split.validation.is_empty() {
            return Ok(None);
        }
        let truth = Targets::of(self.pictures.data, self.split.validation);
        let mut probabilities = Vec::with_capacity(self.split.validation.len() * self.classes());
        let draft =
            |ids: &[SampleId]| BatchPlan { ids: ids.to_vec(), view: View::Plain, keep: true, blend: None };
        let drafts = self.split.validation.chunks(JUDGED).map(|ids| vec![draft(ids)]);
        let flow = self.loader(phase_run).load(true, drafts, |made| match made {
            Ok(batches) => {
                for batch in batches {
                    let logits_bk = train_state.logits(network, &batch, self.compute.device);
                    let values = logits_bk.into_data().iter::<f32>().collect();
                    let rows_bk = truth.probabilities(Matrix::with_columns(self.classes(), values));
                    probabilities.extend_from_slice(rows_bk.values());
                }
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        });
        flow.break_value().map_or(Ok(()), Err)?;
        Ok(Some(truth.scores(&Matrix::with_columns(self.classes(), probabilities))))
    }
}

fn plateau(schedule: Schedule, before: Plateau, improved: bool) -> Plateau {
    let Schedule::Plateau { factor, patience } = schedule else { return before };
    let waited = if improved { 0 } else { before.waited + 1 };
    if waited >= patience {
        Plateau { share: before.share * factor, waited: 0 }
    } else {
        Plateau { waited, ..before }
    }
}

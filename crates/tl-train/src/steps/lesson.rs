//! The phases of a recipe, one after the other: steps, judgement on validation pictures after every epoch, checkpoints.

mod find;

use burn::module::Module;
use burn::tensor::Device;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::{Duration, Instant};
use tl_backbones::{Backbone, Boundary};
use tl_data::{BatchKey, Blend, ClassId, PictureError, SampleId, Sampler, load_ordered};
use tl_frozen::Frozen;
use tl_heads::{FittedHead, Head, Loss, Matrix};
use tl_report::PhaseCard;

use super::cursor::{Best, LossSum, Plateau};
use super::groups::{Group, Rates};
use super::inputs::View;
use super::network::Network;
use super::pupil::{Average, Batch, Pupil, StepRule};
use super::rows::{Cut, Rows};
use super::save::Saved;
use super::{Cursor, Moment, Phase, Pictures, Recipe, Schedule, Scores, State, StepsConfig};
use crate::checkpoint::Checkpoints;
use crate::run_log::TrialLog;
use crate::truth::put_targets;
use crate::{TrainError, Truth, Watch};

/// A loss above this is one that diverges; that of guessing among a thousand classes is 7.
const DIVERGED: f64 = 1e3;
/// Pictures of a batch in evaluation.
const JUDGED: usize = 32;
/// Batches that may be done ahead of the one that is waited for.
const AHEAD: usize = 2;

/// Everything that training in steps is a function of.
pub(crate) struct Lesson<'a> {
    pub(crate) steps: &'a StepsConfig,
    pub(crate) phases: &'a [Phase],
    pub(crate) pictures: &'a Pictures<'a>,
    /// What the first phase begins with, on a device without autodiff.
    pub(crate) backbone: &'a Backbone,
    pub(crate) head: &'a Head,
    /// Where the network is and is judged.
    pub(crate) device: &'a Device,
    /// Where steps are taken: that one, and perhaps others.
    pub(crate) devices: &'a [Device],
    /// To train on.
    pub(crate) train: &'a [SampleId],
    /// To judge by, after every epoch. None: the last epoch is kept.
    pub(crate) monitor: &'a [SampleId],
    pub(crate) threads: usize,
    pub(crate) watch: &'a dyn Watch,
    pub(crate) checkpoints: Option<&'a Checkpoints>,
    pub(crate) log: Option<&'a TrialLog>,
    /// The run's folder.
    pub(crate) run: &'a Path,
}

/// What a lesson leaves behind: the best epoch of all.
pub(crate) struct Taught {
    pub(crate) backbone: Box<Backbone>,
    pub(crate) head: FittedHead,
    pub(crate) best: Best,
    pub(crate) cursor: Cursor,
    pub(crate) phases: Vec<PhaseCard>,
    /// What was frozen in every phase.
    pub(crate) lowest: Boundary,
    /// Parameters of the backbone behind it.
    pub(crate) trained: u64,
}

/// How far a phase has come, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct StepNews<'a> {
    /// The phase's name.
    pub phase: &'a str,
    /// Steps done in the phase.
    pub step: usize,
    /// Steps of the phase.
    pub steps: usize,
    /// Steps of an epoch.
    pub per_epoch: usize,
    /// Loss of the step's pictures, in nats.
    pub loss: f64,
    /// Learning rate of the head.
    pub rate: f64,
    /// Pictures of the step.
    pub pictures: usize,
    /// Work of the phases that come later, in steps of this one, by their multiply-adds. `None` if the two do not compare:
    /// a head alone, on features that are kept, hardly computes anything.
    pub ahead: Option<f64>,
}

/// What an epoch came to.
#[derive(Debug, Clone, Copy)]
pub struct EpochNews<'a> {
    /// The phase's name.
    pub phase: &'a str,
    /// Epochs done in the phase.
    pub epoch: usize,
    /// Mean training loss, in nats.
    pub train_loss: f64,
    /// Validation loss in nats, and share of right answers; none without validation pictures.
    pub val: Option<(f64, f64)>,
    /// Is it the lowest validation loss so far?
    pub best: bool,
}

/// A phase under way.
struct Course<'a> {
    phase: &'a Phase,
    rates: Rates,
    rows: Rows<'a>,
    loss: Loss,
    per_epoch: usize,
    steps: usize,
    /// Epochs and steps of the phases before.
    epochs_before: usize,
    steps_before: usize,
    /// Do the training pictures come as they are?
    plain: bool,
    /// May they be mixed?
    mixes: bool,
    /// As in [`StepNews`].
    ahead: Option<f64>,
    last_save: Instant,
}

impl Lesson<'_> {
    /// Trains, from the newest checkpoint on if there is one.
    pub(crate) fn teach(&self) -> Result<Taught, TrainError> {
        // From here on, signals are waited with until a checkpoint is written.
        self.stop_if_asked()?;
        let stages = self.backbone.stages();
        let boundaries: Result<Vec<Boundary>, TrainError> =
            self.phases.iter().map(|phase| phase.unfreeze.boundary(&stages)).collect();
        let boundaries = boundaries?;
        let lowest = boundaries.iter().copied().min().unwrap_or(self.backbone.end());
        let saved =
            self.checkpoints.map(|checkpoints| Saved::newest(checkpoints, self.watch)).transpose()?.flatten();
        let (mut cursor, mut best, mut saved) = match saved {
            Some(saved) => {
                self.go_on_with_log(&saved.cursor)?;
                (saved.cursor.clone(), saved.best.clone(), Some(saved))
            }
            None => (Cursor::default(), State::default(), None),
        };
        while let Some(phase) = self.phases.get(cursor.phase) {
            let boundary = boundaries[cursor.phase];
            let mut pupil = self.pupil(phase, boundary, &best);
            if let Some(saved) = saved.take() {
                self.restore(&mut pupil, saved);
            }
            let changed = self.changed_prefix(&boundaries[..=cursor.phase], &pupil);
            let pictures = changed.as_ref().map(|frozen| self.pictures.on(frozen));
            let pictures = pictures.as_ref().unwrap_or(self.pictures);
            self.run(phase, pictures, &mut pupil, lowest, &mut cursor, &mut best)?;
            cursor.next_phase();
        }
        Ok(self.taught(lowest, &best, cursor))
    }

    fn go_on_with_log(&self, cursor: &Cursor) -> Result<(), TrainError> {
        let whole = self.log.map_or(Ok(true), |log| log.go_on(cursor.logged))?;
        if !whole {
            self.watch.noted("log", "it is shorter than it was at the checkpoint: earlier lines are lost");
        }
        Ok(())
    }

    /// The network, if what lies before the last of these boundaries is something else than the pretrained one: random, or
    /// trained by earlier phases.
    fn changed_prefix(&self, boundaries: &[Boundary], pupil: &Pupil) -> Option<Frozen> {
        let (last, earlier) = boundaries.split_last()?;
        let scratch = self.steps.recipe == Recipe::Scratch;
        let changed = last.0 > 0 && (scratch || earlier.iter().any(|earlier| earlier < last));
        changed.then(|| Frozen::new(pupil.network.backbone(), self.device.clone()))
    }

    /// The network at the best epoch so far, with an optimiser that remembers nothing.
    fn pupil(&self, phase: &Phase, boundary: Boundary, best: &State) -> Pupil {
        let network = Network::begin(self.backbone, self.head, boundary, phase.norms);
        let network = if best.tensors.is_empty() { network } else { network.with_state(best) };
        Pupil {
            average: self.steps.ema.map(|decay| Average::new(decay, &network)),
            network,
            optimizer: phase.optimizer.init(),
            boundary,
            pooling: self.steps.head.pooling,
            devices: self.devices.iter().map(|device| device.clone().autodiff()).collect(),
        }
    }

    fn restore(&self, pupil: &mut Pupil, saved: Saved) {
        pupil.network = pupil.network.with_state(&saved.network);
        pupil.optimizer.restore(&pupil.network.learning(), saved.optimizer, self.device);
        let average = self.steps.ema.zip(saved.average.as_ref());
        pupil.average = average.map(|(decay, state)| Average::restored(decay, state, self.device));
    }

    fn taught(&self, lowest: Boundary, best: &State, cursor: Cursor) -> Taught {
        let network = Network::begin(self.backbone, self.head, lowest, super::Norms::Frozen).with_state(best);
        let (backbone, head) = (Box::new(network.backbone()), network.head().fitted());
        let nothing = Best { phase: 0, epoch: 0, scores: Scores { log_loss: f64::INFINITY, accuracy: 0.0 } };
        let best = cursor.best.clone().unwrap_or(nothing);
        let behind = self.pictures.summary.stages.iter().skip(lowest.0);
        let trained = behind.map(|stage| stage.parameters).sum();
        Taught { backbone, head, best, cursor, phases: self.cards(), lowest, trained }
    }

    fn cards(&self) -> Vec<PhaseCard> {
        let (stages, head) = (self.backbone.stages(), self.head.num_params());
        let card = |phase: &Phase| {
            let boundary = phase.unfreeze.boundary(&stages).ok()?;
            let rates = Rates::new(phase, stages.clone());
            Some(phase.card(rates.groups(&self.pictures.summary, boundary, head)))
        };
        self.phases.iter().filter_map(card).collect()
    }

    fn run(
        &self,
        phase: &Phase,
        pictures: &Pictures<'_>,
        pupil: &mut Pupil,
        lowest: Boundary,
        cursor: &mut Cursor,
        best: &mut State,
    ) -> Result<(), TrainError> {
        let mut course = self.course(phase, pictures, pupil.boundary, cursor.phase);
        let head = pupil.network.head_parameters();
        let groups: Vec<Group> = course.rates.groups(&self.pictures.summary, pupil.boundary, head);
        self.watch.phase(phase, &groups);
        let patience = self.steps.patience.unwrap_or(usize::MAX);
        // By epochs: one of which all steps are taken may still have to be judged.
        while cursor.epoch * course.per_epoch < course.steps && cursor.waited < patience {
            self.epoch(&mut course, pupil, cursor, best, lowest)?;
            self.judge(&course, pupil, lowest, cursor, best)?;
            self.save(&course, pupil, lowest, cursor, best)?;
            course.last_save = Instant::now();
            self.stop_if_asked()?;
        }
        Ok(())
    }

    fn course<'b>(
        &self,
        phase: &'b Phase,
        pictures: &'b Pictures<'b>,
        boundary: Boundary,
        number: usize,
    ) -> Course<'b> {
        let at_end = boundary == self.backbone.end();
        let cut = Cut { boundary, at_end, pooling: self.steps.head.pooling };
        let (per_epoch, steps) = self.pace(phase);
        let before = self.phases.iter().take(number).map(|phase| {
            let (per_epoch, steps) = self.pace(phase);
            (steps.div_ceil(per_epoch), steps)
        });
        let (epochs_before, steps_before) = before.fold((0, 0), |sum, pace| (sum.0 + pace.0, sum.1 + pace.1));
        let weights = self.steps.class_weights.map(|how| how.of(&self.counts()));
        Course {
            phase,
            rates: Rates::new(phase, self.backbone.stages()),
            rows: Rows::new(pictures, cut),
            loss: self.steps.loss.init(weights.as_deref(), &self.device.clone().autodiff()),
            per_epoch,
            steps,
            epochs_before,
            steps_before,
            // A head alone trains on features that are computed once, unless so many views are asked for.
            plain: self.pictures.augment.is_none() || (at_end && self.steps.views.is_none()),
            mixes: !at_end || self.steps.views.is_some(),
            ahead: self.ahead(number),
            last_save: Instant::now(),
        }
    }

    /// Work of the phases behind this one, in steps of this one.
    fn ahead(&self, number: usize) -> Option<f64> {
        let later = self.phases.get(number + 1..).unwrap_or_default();
        let work = |phase: &Phase| Some(self.pace(phase).1 as f64 * self.multiply_adds(phase)?);
        let here = self.phases.get(number).and_then(|phase| self.multiply_adds(phase));
        later.iter().map(|phase| Some(work(phase)? / here?)).sum()
    }

    /// Of a picture in a step of a phase, forwards and twice as many back; `None` if the head alone learns.
    fn multiply_adds(&self, phase: &Phase) -> Option<f64> {
        let stages = &self.pictures.summary.stages;
        let boundary = phase.unfreeze.boundary(&self.backbone.stages()).ok()?.0;
        let learning: u64 = stages.iter().skip(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen: u64 = stages.iter().take(boundary).map(|stage| stage.multiply_adds).sum();
        let frozen = if self.pictures.augment.is_none() { 0 } else { frozen };
        (learning > 0).then_some((frozen + 3 * learning) as f64)
    }

    /// Steps of an epoch and of a phase.
    fn pace(&self, phase: &Phase) -> (usize, usize) {
        let together = self.steps.batch * self.steps.accumulate;
        let pictures = self.train.len();
        // A single picture has no statistics for batch normalisation to learn from: it comes in another epoch.
        let alone = usize::from(pictures > together && pictures % together == 1);
        let per_epoch = (pictures - alone).div_ceil(together).max(1);
        (per_epoch, phase.steps.unwrap_or(phase.epochs * per_epoch))
    }

    fn counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.classes()];
        self.train.iter().flat_map(|&id| self.labels(id)).for_each(|class| counts[class.0] += 1);
        counts
    }

    fn classes(&self) -> usize {
        self.pictures.data.classes.len()
    }

    fn labels(&self, id: SampleId) -> impl Iterator<Item = ClassId> {
        self.pictures.data.samples[id.0].labels()
    }

    /// Steps up to the end of the epoch.
    fn epoch(
        &self,
        course: &mut Course<'_>,
        pupil: &mut Pupil,
        cursor: &mut Cursor,
        best: &mut State,
        lowest: Boundary,
    ) -> Result<(), TrainError> {
        let begun = cursor.epoch * course.per_epoch;
        let jobs = cursor.step - begun..course.per_epoch.min(course.steps - begun);
        let maker = Maker::new(self, course, cursor.epoch);
        let make = |number| maker.step(number);
        let mut last_save = course.last_save;
        let shared = &*course;
        let flow = load_ordered(jobs, self.threads, AHEAD, make, |made| {
            let done = made.and_then(|batches| {
                self.step(shared, pupil, cursor, &batches)?;
                if self.is_due(last_save, cursor) {
                    self.save(shared, pupil, lowest, cursor, best)?;
                    last_save = Instant::now();
                    self.stop_if_asked()?;
                }
                Ok(())
            });
            done.map_or_else(ControlFlow::Break, ControlFlow::Continue)
        });
        drop(maker);
        course.last_save = last_save;
        flow.break_value().map_or(Ok(()), Err)
    }

    /// Is it time for a checkpoint, or has somebody asked to stop?
    fn is_due(&self, last: Instant, cursor: &Cursor) -> bool {
        let minutes =
            Duration::try_from_secs_f64(self.steps.checkpoint_minutes * 60.0).unwrap_or(Duration::MAX);
        let steps = self.steps.checkpoint_steps;
        self.watch.stop()
            || self.checkpoints.is_some()
                && (last.elapsed() >= minutes
                    || steps.is_some_and(|steps| cursor.step.is_multiple_of(steps.max(1))))
    }

    fn stop_if_asked(&self) -> Result<(), TrainError> {
        if self.watch.stop() { Err(TrainError::Stopped { run: self.run.to_owned() }) } else { Ok(()) }
    }

    fn step(
        &self,
        course: &Course<'_>,
        pupil: &mut Pupil,
        cursor: &mut Cursor,
        batches: &[Batch],
    ) -> Result<(), TrainError> {
        let share = course.share(cursor.step, cursor.plateau);
        // Steps of all phases together stay far below 2^40, batches of a step below 2^16.
        let number = ((cursor.phase as u64) << 56) | ((cursor.step as u64) << 16);
        let key = number.wrapping_add(self.pictures.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let rule = StepRule { loss: &course.loss, rates: &course.rates, share, clip: self.steps.clip, key };
        let loss = pupil.step(batches, &rule);
        let (phase, rate) = (course.phase.name.as_str(), course.phase.rate * share);
        cursor.step += 1;
        if !loss.is_finite() || loss > DIVERGED {
            return Err(TrainError::Diverged { phase: phase.to_owned(), step: cursor.step, rate, loss });
        }
        let pictures = batches.iter().map(|batch| batch.pictures).sum();
        cursor.sum.add(loss, pictures);
        let (step, steps, per_epoch) = (cursor.step, course.steps, course.per_epoch);
        let ahead = course.ahead;
        let news = StepNews { phase, step, steps, per_epoch, loss, rate, pictures, ahead };
        self.watch.trained(&news);
        self.log.map_or(Ok(()), |log| log.step(&news, course.steps_before + step))
    }

    /// The end of an epoch: validation, the best so far, and what a plateau asks for.
    fn judge(
        &self,
        course: &Course<'_>,
        pupil: &Pupil,
        lowest: Boundary,
        cursor: &mut Cursor,
        best: &mut State,
    ) -> Result<(), TrainError> {
        cursor.epoch += 1;
        let network = pupil.judged();
        let scores = self.scores(course, pupil, &network)?;
        let improved = match (&cursor.best, scores) {
            (Some(best), Some(scores)) => scores.log_loss < best.scores.log_loss,
            _ => true,
        };
        if improved {
            *best = network.state(lowest);
            let scores = scores.unwrap_or(Scores { log_loss: f64::INFINITY, accuracy: 0.0 });
            cursor.best = Some(Best { phase: cursor.phase, epoch: cursor.epoch, scores });
            cursor.waited = 0;
        } else {
            cursor.waited += 1;
        }
        self.note(course, cursor, scores, improved)?;
        cursor.plateau = plateau(course.phase.schedule, cursor.plateau, improved);
        Ok(())
    }

    fn note(
        &self,
        course: &Course<'_>,
        cursor: &mut Cursor,
        scores: Option<Scores>,
        best: bool,
    ) -> Result<(), TrainError> {
        let (phase, train_loss) = (course.phase.name.as_str(), cursor.sum.mean());
        cursor.sum = LossSum::default();
        let val = scores.map(|scores| (scores.log_loss, scores.accuracy));
        cursor.curve.push(tl_report::CurvePoint {
            epoch: (course.epochs_before + cursor.epoch) as f64,
            phase: Some(phase.to_owned()),
            train_loss: Some(train_loss),
            val_loss: val.map(|val| val.0),
            val_accuracy: val.map(|val| val.1),
        });
        let news = EpochNews { phase, epoch: cursor.epoch, train_loss, val, best };
        self.watch.judged(&news);
        let step = cursor.step;
        let rate = course.phase.rate * course.share(step.saturating_sub(1), cursor.plateau);
        self.log.map_or(Ok(()), |log| log.epoch(&news, step, course.steps_before + step, rate))
    }

    fn scores(
        &self,
        course: &Course<'_>,
        pupil: &Pupil,
        network: &Network,
    ) -> Result<Option<Scores>, TrainError> {
        if self.monitor.is_empty() {
            return Ok(None);
        }
        let truth = Truth::of(self.pictures.data, self.monitor);
        let mut probabilities = Vec::with_capacity(self.monitor.len() * self.classes());
        let groups = self.monitor.chunks(JUDGED);
        let make = |ids: &[SampleId]| self.batch(course, ids, View::Plain, true, None);
        let flow = load_ordered(groups, self.threads, AHEAD, make, |made| match made {
            Ok(batch) => {
                let logits_bk = pupil.logits(network, &batch, self.device);
                let values = logits_bk.into_data().iter::<f32>().collect();
                let rows_bk = truth.probabilities(Matrix::with_columns(self.classes(), values));
                probabilities.extend_from_slice(rows_bk.values());
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        });
        flow.break_value().map_or(Ok(()), Err)?;
        Ok(Some(truth.scores(&Matrix::with_columns(self.classes(), probabilities))))
    }

    fn batch(
        &self,
        course: &Course<'_>,
        ids: &[SampleId],
        view: View,
        keep: bool,
        blend: Option<&Blend>,
    ) -> Result<Batch, TrainError> {
        let rows =
            course.rows.of(ids, view, keep, blend).map_err(|(id, reason)| self.unreadable(id, reason))?;
        let classes = self.classes();
        let mut targets_bk = vec![0.0; ids.len() * classes];
        put_targets(self.pictures.data, ids, &mut targets_bk);
        if let Some(blend) = blend {
            blend.mix_labels(&mut targets_bk, classes);
        }
        Ok(Batch { rows, shape: course.rows.shape, targets_bk, pictures: ids.len() })
    }

    fn unreadable(&self, id: SampleId, reason: PictureError) -> TrainError {
        TrainError::Lost { path: self.pictures.data.samples[id.0].path.clone(), reason }
    }

    fn save(
        &self,
        course: &Course<'_>,
        pupil: &Pupil,
        lowest: Boundary,
        cursor: &Cursor,
        best: &State,
    ) -> Result<(), TrainError> {
        let Some(checkpoints) = self.checkpoints else { return Ok(()) };
        let logged = self.log.map_or(Ok(cursor.logged), TrialLog::sync)?;
        let saved = Saved {
            cursor: Cursor { logged, ..cursor.clone() },
            network: pupil.network.state(lowest),
            optimizer: pupil.optimizer.state(),
            average: pupil.average.as_ref().map(Average::state),
            best: best.clone(),
        };
        saved.commit(checkpoints, (course.steps_before + cursor.step) as u64)
    }
}

impl Course<'_> {
    /// Share of the peak rates for the step that comes after so many.
    fn share(&self, step: usize, plateau: Plateau) -> f64 {
        let warmup = (self.phase.warmup * self.steps as f64).round() as usize;
        let moment = Moment { step, steps: self.steps, per_epoch: self.per_epoch, warmup };
        self.phase.schedule.share(moment) * plateau.share
    }
}

/// Makes the batches of an epoch, on any thread.
struct Maker<'a> {
    lesson: &'a Lesson<'a>,
    course: &'a Course<'a>,
    sampler: Sampler,
    epoch: usize,
}

impl<'a> Maker<'a> {
    fn new(lesson: &'a Lesson<'a>, course: &'a Course<'a>, epoch: usize) -> Self {
        // A picture of several classes comes as often as its rarest.
        let counts = lesson.counts();
        let rarest = |&id: &SampleId| lesson.labels(id).min_by_key(|class| counts[class.0]);
        let labels: Vec<ClassId> = lesson.train.iter().filter_map(rarest).collect();
        let epoch = course.epochs_before + epoch;
        let sampler = Sampler::new(&labels, lesson.steps.sampler, lesson.pictures.seed, epoch as u64);
        Self { lesson, course, sampler, epoch }
    }

    /// The batches of a step.
    fn step(&self, number: usize) -> Result<Vec<Batch>, TrainError> {
        let steps = self.lesson.steps;
        let together = steps.batch * steps.accumulate;
        let end = self.sampler.len().min((number + 1) * together);
        let ids: Vec<SampleId> =
            (number * together..end).map(|i| self.lesson.train[self.sampler.at(i)]).collect();
        // Several devices share the pictures of a step out.
        let batches = steps.accumulate.max(self.lesson.devices.len());
        // As evenly as can be: a picture on its own has no statistics for batch normalisation to learn from.
        let parts = ids.len().div_ceil(together.div_ceil(batches)).max(1);
        let chunks = ids.chunks(ids.len().div_ceil(parts).max(1)).enumerate();
        chunks.map(|(i, ids)| self.batch(number * batches + i, ids)).collect()
    }

    fn batch(&self, number: usize, ids: &[SampleId]) -> Result<Batch, TrainError> {
        let epoch = self.epoch as u64;
        let view = match self.lesson.steps.views {
            _ if self.course.plain => View::Plain,
            Some(views) => View::Changed(epoch % views),
            None => View::Changed(epoch),
        };
        let keep = self.course.plain || self.lesson.steps.views.is_some();
        let blend = if self.course.mixes { self.blend(number, ids.len()) } else { None };
        self.lesson.batch(self.course, ids, view, keep, blend.as_ref())
    }

    /// MixUp, CutMix, or the two in turn.
    fn blend(&self, batch: usize, len: usize) -> Option<Blend> {
        let key = BatchKey { seed: self.lesson.pictures.seed, epoch: self.epoch as u64, batch: batch as u64 };
        let side = self.lesson.pictures.preprocess.size as usize;
        let mixup = || self.lesson.steps.mixup.map(|mixup| mixup.draw(key, len));
        let cutmix = || self.lesson.steps.cutmix.map(|cutmix| cutmix.draw(key, len, (side, side)));
        if batch.is_multiple_of(2) { mixup().or_else(cutmix) } else { cutmix().or_else(mixup) }
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

#[cfg(test)]
mod tests;

//! Metrics of steps and epochs, for observers and the log.

/// How far a phase has come, and how fast.
#[derive(Debug, Clone, Copy)]
pub struct StepMetrics<'a> {
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
pub struct EpochMetrics<'a> {
    /// The phase's name.
    pub phase: &'a str,
    /// Epochs done in the phase.
    pub epoch: usize,
    /// Mean training loss, in nats.
    pub train_loss: f64,
    /// Validation loss in nats, and share of right answers; none without validation pictures.
    pub val: Option<(f64, f64)>,
    /// Is the validation loss of this epoch the lowest so far?
    pub best: bool,
}

//! Training in steps in a checkpoint.

use tl_backbones::Boundary;

use crate::checkpoint::{Checkpoint, Checkpoints, Content};
use crate::cursor::Cursor;
use crate::error::TrainError;
use crate::observer::TrainObserver;
use crate::state_dict::StateDict;
use crate::train_state::{ModelEma, TrainState};

/// All that training needs to go on as if nothing had happened.
pub(crate) struct Snapshot {
    pub(crate) cursor: Cursor,
    pub(crate) network: StateDict,
    pub(crate) optimizer: StateDict,
    pub(crate) average: Option<StateDict>,
    pub(crate) best: StateDict,
}

const NETWORK: &str = "network.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const AVERAGE: &str = "average.safetensors";
const BEST: &str = "best.safetensors";

/// What is saved of training in steps.
pub(crate) struct SnapshotRef<'a> {
    pub(crate) cursor: Cursor,
    pub(crate) train_state: &'a TrainState,
    /// What learns in any phase is behind it.
    pub(crate) lowest: Boundary,
    pub(crate) best: &'a StateDict,
    /// The phase, and how many steps of it were taken.
    pub(crate) place: (&'a str, usize),
}

impl SnapshotRef<'_> {
    /// Writes one file after the other, so that memory holds one of them.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if the network holds a number that is not finite; the checkpoints before stay.
    pub(crate) fn commit(&self, checkpoints: &Checkpoints, step: u64) -> Result<(), TrainError> {
        let broken =
            |detail: String| TrainError::Checkpoint { path: checkpoints.folder().to_owned(), detail };
        let cursor = serde_json::to_value(&self.cursor).map_err(|error| broken(error.to_string()))?;
        let file = |state: &StateDict| state.to_bytes().map_err(broken);
        let weights = |state: &StateDict| state.check_finite(self.place).and_then(|()| file(state));
        let average = self.train_state.average.as_ref();
        let network = || weights(&self.train_state.network.state(self.lowest));
        let optimizer = || file(&self.train_state.optimizer.state());
        let average_of = || weights(&average.map(ModelEma::state).unwrap_or_default());
        let best = || weights(self.best);
        let mut files = vec![(NETWORK, &network as Content<'_>), (OPTIMIZER, &optimizer)];
        files.extend(average.map(|_| (AVERAGE, &average_of as Content<'_>)));
        files.push((BEST, &best));
        checkpoints.commit_each(step, &cursor, &files)?;
        Ok(())
    }
}

impl Snapshot {
    /// The newest that can be used, after saying which cannot.
    pub(crate) fn newest(
        checkpoints: &Checkpoints,
        observer: &dyn TrainObserver,
    ) -> Result<Option<Self>, TrainError> {
        let Some(checkpoint) = checkpoints.newest()? else { return Ok(None) };
        observer.resumed(&checkpoint);
        let broken = |detail: String| TrainError::Checkpoint { path: checkpoint.path.clone(), detail };
        Self::read(&checkpoint).map(Some).map_err(broken)
    }

    fn read(checkpoint: &Checkpoint) -> Result<Self, String> {
        let state =
            |name: &str| checkpoint.files.get(name).map(|bytes| StateDict::from_bytes(bytes)).transpose();
        let needed = |name: &str| state(name)?.ok_or_else(|| format!("it has no `{name}`"));
        Ok(Self {
            cursor: serde_json::from_value(checkpoint.cursor.clone()).map_err(|error| error.to_string())?,
            network: needed(NETWORK)?,
            optimizer: needed(OPTIMIZER)?,
            average: state(AVERAGE)?,
            best: needed(BEST)?,
        })
    }
}

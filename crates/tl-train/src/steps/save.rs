//! A lesson in a checkpoint.

use super::{Cursor, State};
use crate::checkpoint::{Checkpoint, Checkpoints};
use crate::{TrainError, Watch};

/// All that a lesson needs to go on as if nothing had happened.
pub(crate) struct Saved {
    pub(crate) cursor: Cursor,
    pub(crate) network: State,
    pub(crate) optimizer: State,
    pub(crate) average: Option<State>,
    pub(crate) best: State,
}

const NETWORK: &str = "network.safetensors";
const OPTIMIZER: &str = "optimizer.safetensors";
const AVERAGE: &str = "average.safetensors";
const BEST: &str = "best.safetensors";

impl Saved {
    pub(crate) fn commit(&self, checkpoints: &Checkpoints, step: u64) -> Result<(), TrainError> {
        let broken =
            |detail: String| TrainError::Checkpoint { path: checkpoints.folder().to_owned(), detail };
        let cursor = serde_json::to_value(&self.cursor).map_err(|error| broken(error.to_string()))?;
        let mut files = Vec::new();
        for (name, state) in [
            (NETWORK, Some(&self.network)),
            (OPTIMIZER, Some(&self.optimizer)),
            (AVERAGE, self.average.as_ref()),
            (BEST, Some(&self.best)),
        ] {
            files.extend(state.map(|state| Ok((name, state.to_bytes()?))).transpose().map_err(broken)?);
        }
        let files: Vec<(&str, &[u8])> = files.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        checkpoints.commit(step, &cursor, &files)?;
        Ok(())
    }

    /// The newest that can be used, after saying which cannot.
    pub(crate) fn newest(checkpoints: &Checkpoints, watch: &dyn Watch) -> Result<Option<Self>, TrainError> {
        let Some(checkpoint) = checkpoints.newest()? else { return Ok(None) };
        watch.resumed(&checkpoint);
        let broken = |detail: String| TrainError::Checkpoint { path: checkpoint.path.clone(), detail };
        Self::read(&checkpoint).map(Some).map_err(broken)
    }

    fn read(checkpoint: &Checkpoint) -> Result<Self, String> {
        let state = |name: &str| checkpoint.files.get(name).map(|bytes| State::from_bytes(bytes)).transpose();
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

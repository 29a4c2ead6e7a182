//! The folder of a run that is not finished yet, if it has one, and what lies in it.

use serde_json::Value;
use std::mem;
use std::path::PathBuf;
use tl_train::{Checkpoints, RunLog};

use crate::error::PipelineError;
use crate::run_folder::UnfinishedRun;

/// A run before it is finished. Its folder is made when it is needed: by training in steps, for checkpoints.
pub(crate) struct RunInProgress {
    /// The folder that holds the runs.
    pub(crate) runs: PathBuf,
    /// The run's name before its number.
    pub(crate) name: String,
    /// What `run.toml` will say.
    pub(crate) settings: String,
    /// A hash of everything that the run is a function of.
    pub(crate) identity: String,
    /// The folder, if there is one already.
    pub(crate) folder: Option<UnfinishedRun>,
    /// What training in steps has written down there.
    pub(crate) log: Option<RunLog>,
}

impl RunInProgress {
    /// The run's folder, from now on there.
    pub(crate) fn folder(&mut self) -> Result<&UnfinishedRun, PipelineError> {
        let folder = match self.folder.take() {
            Some(folder) => folder,
            None => UnfinishedRun::begin(&self.runs, &self.name, &self.settings)?,
        };
        Ok(self.folder.insert(folder))
    }

    /// The checkpoints of a part of the run.
    pub(crate) fn checkpoints(&mut self, part: &str) -> Result<Checkpoints, PipelineError> {
        let folder = self.folder()?.checkpoints(part);
        Ok(Checkpoints::open(&folder, &self.identity, Checkpoints::KEEP)?)
    }

    /// Takes the run's log, with all lines that were found out so far.
    pub(crate) fn take_log(&mut self, lines: &mut Vec<Value>) -> Result<RunLog, PipelineError> {
        let folder = self.folder()?.path().to_owned();
        let mut log = self.log.take().map_or_else(|| RunLog::open(&folder), Ok)?;
        log.lines(&mem::take(lines))?;
        Ok(log)
    }
}

//! Which pictures there are, which of them belong together, and what each is for.

use tl_data::{Dataset, DuplicateGroups, duplicate_groups};
use tl_report::Choice;

use crate::config::TrainConfig;
use crate::error::PipelineError;
use crate::initial_model::InitialModel;
use crate::split::DataSplit;
use crate::split_description::{SetApart, SplitContext, SplitDescription};

/// The pictures of a job and what each is for.
pub(crate) struct DataPlan {
    pub(crate) data: Dataset,
    /// Which pictures belong together.
    pub(crate) units: DuplicateGroups,
    pub(crate) data_split: DataSplit,
    /// The split in words: how the pictures were divided.
    pub(crate) words: SplitDescription,
    /// The model that the job begins from.
    pub(crate) start: Option<InitialModel>,
}

impl DataPlan {
    /// The division that the settings ask for.
    ///
    /// # Errors
    /// If the pictures cannot be divided so.
    pub(crate) fn new(data: Dataset, config: &TrainConfig) -> Result<Self, PipelineError> {
        let data_split = DataSplit::new(&data, config)?;
        let units = duplicate_groups(&data);
        let words = SplitContext { data: &data, config, units: &units, data_split: &data_split }.words();
        Ok(Self { data, units, data_split, words, start: None })
    }

    /// Makes this the plan of a job that begins from a model: pictures that the model has seen evaluate nothing.
    pub(crate) fn begin_from(&mut self, mut start: Option<InitialModel>) {
        if let Some(start) = &mut start {
            start.set_apart(&self.data, &self.units, self.words.made, &mut self.data_split);
        }
        self.start = start;
    }

    /// The division as a choice.
    pub(crate) fn choice(&self) -> Choice {
        let apart = self.start.as_ref().map_or_else(SetApart::default, InitialModel::apart);
        self.words.choice(&self.data_split, apart)
    }
}

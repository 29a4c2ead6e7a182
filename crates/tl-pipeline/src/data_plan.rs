//! Which pictures there are, which of them belong together, and what each is for.

use tl_data::{Dataset, DuplicateGroups, duplicate_groups};
use tl_report::Choice;

use crate::config::TrainConfig;
use crate::error::PipelineError;
use crate::split::Division;
use crate::split_words::{Divided, DivisionWords, SetApart};
use crate::start::Start;

/// The pictures of a job and what each is for.
pub(crate) struct DataPlan {
    pub(crate) data: Dataset,
    /// Which pictures belong together.
    pub(crate) units: DuplicateGroups,
    pub(crate) division: Division,
    /// How they were divided.
    pub(crate) words: DivisionWords,
    /// The model that the job begins from.
    pub(crate) start: Option<Start>,
}

impl DataPlan {
    /// The division that the settings ask for.
    ///
    /// # Errors
    /// If the pictures cannot be divided so.
    pub(crate) fn new(data: Dataset, config: &TrainConfig) -> Result<Self, PipelineError> {
        let division = Division::new(&data, config)?;
        let units = duplicate_groups(&data);
        let words = Divided { data: &data, config, units: &units, division: &division }.words();
        Ok(Self { data, units, division, words, start: None })
    }

    /// The same for a job that begins from a model: what that has seen judges nothing.
    pub(crate) fn begin_from(&mut self, mut start: Option<Start>) {
        if let Some(start) = &mut start {
            start.set_apart(&self.data, &self.units, self.words.made, &mut self.division);
        }
        self.start = start;
    }

    /// The division as a choice.
    pub(crate) fn choice(&self) -> Choice {
        let apart = self.start.as_ref().map_or_else(SetApart::default, Start::apart);
        self.words.choice(&self.division, apart)
    }
}

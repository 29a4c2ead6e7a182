//! The model that a run begins from, and what it has seen of today's held-out pictures.

use std::collections::BTreeSet;
use std::path::PathBuf;
use tl_data::{Dataset, DuplicateGroups, SampleId};
use tl_model::{ModelFile, Pretrained, SeenHashes};
use tl_report::{Choice, SeenBefore};

use crate::error::PipelineError;
use crate::split::DataSplit;
use crate::split_description::SetApart;

/// A model of `tl` that a run begins from.
#[derive(Debug)]
pub(crate) struct InitialModel {
    path: PathBuf,
    /// Hashes of the pictures that the model has seen; `None`: it is too old to say.
    pub(crate) seen: Option<SeenHashes>,
    /// Held-out pictures that it has seen, and those that belong together with one.
    apart: BTreeSet<SampleId>,
    /// Whether those pictures train now. Else they do nothing.
    train: bool,
}

impl InitialModel {
    /// What a network's weights come from, if that is a model of `tl`.
    ///
    /// # Errors
    /// [`ModelError::Read`](tl_model::ModelError::Read), or [`ModelError::NotAModel`](tl_model::ModelError::NotAModel) with what is wrong.
    pub(crate) fn of(pretrained: &Pretrained) -> Result<Option<Self>, PipelineError> {
        let Some(path) = pretrained.model() else { return Ok(None) };
        let seen = ModelFile::seen(path)?;
        Ok(Some(Self { path: path.to_owned(), seen, apart: BTreeSet::new(), train: false }))
    }

    /// Takes the held-out pictures that the model has seen out of a division: to the training pictures if the division was
    /// `made` here, else out of the judgement only, since what the user divided is not mixed.
    pub(crate) fn set_apart(
        &mut self,
        data: &Dataset,
        units: &DuplicateGroups,
        made: bool,
        data_split: &mut DataSplit,
    ) {
        let Some(seen) = &self.seen else { return };
        let held_out = data_split.held_out();
        let has_seen = |id: &&SampleId| seen.has(&data.samples[id.0].content);
        let known: BTreeSet<usize> = held_out.iter().filter(has_seen).map(|&id| units.of(id)).collect();
        self.apart = held_out.into_iter().filter(|&id| known.contains(&units.of(id))).collect();
        self.train = made && data_split.train_instead(&self.apart);
    }

    /// The held-out pictures among `ids` that may evaluate.
    pub(crate) fn judges(&self, ids: &[SampleId]) -> Vec<SampleId> {
        ids.iter().copied().filter(|id| !self.apart.contains(id)).collect()
    }

    /// What of the held-out pictures it has seen.
    pub(crate) fn apart(&self) -> SetApart {
        SetApart { pictures: self.apart.len(), train: self.train }
    }

    /// What the model had seen, for the record.
    pub(crate) fn card(&self) -> SeenBefore {
        let known = self.seen.as_ref().is_some_and(SeenHashes::is_complete);
        SeenBefore { known, pictures: self.apart.len(), train: self.train }
    }

    /// What became of the pictures that the model had seen, in words.
    pub(crate) fn choice(&self) -> Choice {
        let (path, count) = (self.path.display(), self.apart.len());
        let chosen = match count {
            0 => format!("no held-out picture is known to have trained {path}"),
            1 => format!("1 held-out picture has trained {path}, or belongs to one that has"),
            count => format!("{count} held-out pictures have trained {path}, or belong to one that has"),
        };
        let done = match (count, self.train) {
            (0, _) => "found by the hashes of their files".to_owned(),
            (_, true) => "they train now and judge nothing".to_owned(),
            (_, false) => "they judge nothing".to_owned(),
        };
        let rest = match &self.seen {
            Some(seen) if seen.is_complete() => "",
            _ => {
                "; not all that trained it is on record, so other held-out ones may be among it and judge too kindly"
            }
        };
        Choice::new("seen", chosen, format!("{done}{rest}"))
    }
}

//! Which pictures train and which judge: held-out parts, or folds.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use tl_data::{
    ClassId, DataError, Dataset, GivenSplit, Part, Parts, SampleId, Shares, Split, folds, read_parts, split,
};
use tl_train::label;

use crate::config::TrainConfig;
use crate::error::PipelineError;

/// Divisor of the training pictures that gives the validation set of epochs, where there are no validation pictures.
pub(crate) const MONITORED: usize = 5;

/// The ways to divide a data set.
#[derive(Debug)]
pub(crate) enum DataSplit {
    /// A held-out split: one or two parts are held out.
    HeldOut(Parts),
    /// Cross-validation: each picture is held out once.
    Folds(Vec<Split>),
}

impl DataSplit {
    pub(crate) fn new(data: &Dataset, config: &TrainConfig) -> Result<Self, PipelineError> {
        if let Some(table) = &config.split {
            return Self::given(data, table);
        }
        if let Some(k) = config.folds {
            return Ok(Self::Folds(folds(data, k, config.seed)?));
        }
        if !(config.val > 0.0 && config.val < 1.0) {
            return Err(DataError::BadFraction { value: config.val }.into());
        }
        let shares = Shares { val: config.val, test: config.test };
        Ok(Self::HeldOut(split(data, &shares, config.seed)?))
    }

    fn given(data: &Dataset, table: &Path) -> Result<Self, PipelineError> {
        let file = File::open(table).map_err(|error| PipelineError::read(table, error))?;
        Ok(match read_parts(data, file)?.0 {
            GivenSplit::Parts(parts) => Self::HeldOut(parts),
            GivenSplit::Folds(splits) => Self::Folds(splits),
        })
    }

    /// Pictures to train on, those of the first fold where there are several.
    pub(crate) fn training(&self) -> &[SampleId] {
        match self {
            Self::HeldOut(parts) => &parts.train,
            Self::Folds(folds) => folds.first().map_or(&[], |fold| &fold.train),
        }
    }

    /// About how many pictures training in steps learns from: those to train on, less those that judge epochs.
    pub(crate) fn learning(&self) -> usize {
        let train = match self {
            Self::HeldOut(parts) => parts.train.len(),
            Self::Folds(folds) => folds.first().map_or(0, |fold| fold.train.len()),
        };
        train - train / MONITORED
    }

    /// Every picture that is in a part.
    pub(crate) fn all(&self) -> Vec<SampleId> {
        let mut all: Vec<SampleId> = self.parts().into_iter().flat_map(|(_, ids)| ids).copied().collect();
        all.sort_unstable();
        all
    }

    /// The pictures that are held out, ascending.
    pub(crate) fn held_out(&self) -> Vec<SampleId> {
        let mut ids: Vec<SampleId> = match self {
            Self::HeldOut(Parts { val, test, .. }) => val.iter().chain(test).copied().collect(),
            Self::Folds(splits) => splits.iter().flat_map(|split| &split.val).copied().collect(),
        };
        ids.sort_unstable();
        ids
    }

    /// Moves these pictures to those that train, if there is one set of them: with folds every picture trains in the end.
    /// Says whether they were moved.
    pub(crate) fn train_instead(&mut self, ids: &BTreeSet<SampleId>) -> bool {
        let Self::HeldOut(Parts { train, val, test }) = self else { return false };
        [val, test].into_iter().for_each(|part| part.retain(|id| !ids.contains(id)));
        train.extend(ids);
        train.sort_unstable();
        true
    }

    /// The parts of `split.csv`: their names and pictures.
    pub(crate) fn parts(&self) -> Vec<(String, &[SampleId])> {
        match self {
            Self::HeldOut(parts) => {
                let part = |part: Part| (part.name().to_owned(), parts.of(part));
                Part::ALL.map(part).into_iter().filter(|(_, ids)| !ids.is_empty()).collect()
            }
            Self::Folds(splits) => splits
                .iter()
                .enumerate()
                .map(|(i, split)| (format!("fold-{}", i + 1), &split.val[..]))
                .collect(),
        }
    }
}

/// Refuses a split in which unreadable pictures have left a class without any to learn from, or, where pictures are
/// held out at all, from which the class has vanished altogether.
pub(crate) fn check_classes(
    data: &Dataset,
    train: &[SampleId],
    val: &[SampleId],
) -> Result<(), PipelineError> {
    let count = |ids: &[SampleId], class| ids.iter().filter(|id| has(data, **id, class)).count();
    for (class, name) in data.classes.iter().enumerate() {
        if count(train, class) == 0 {
            return Err(PipelineError::ClassLost { class: name.clone(), val: count(val, class) });
        }
    }
    Ok(())
}

/// Does a picture show this class?
pub(crate) fn has(data: &Dataset, id: SampleId, class: usize) -> bool {
    data.samples[id.0].labels().any(|label| label.0 == class)
}

/// The held-out rows of each fold of cross-validation inside `ids`, as positions in `ids`; equal files stay together.
/// Fewer folds where classes are small, none where they cannot be divided.
pub(crate) fn inner_folds(data: &Dataset, ids: &[SampleId], most: usize, seed: u64) -> Vec<Vec<usize>> {
    let samples = ids.iter().map(|id| data.samples[id.0].clone()).collect();
    let inside = Dataset { samples, ..data.clone() };
    let divided = (2..=most).rev().find_map(|k| folds(&inside, k, seed).ok()).unwrap_or_default();
    divided.into_iter().map(|split| split.val.into_iter().map(|id| id.0).collect()).collect()
}

/// At most about `most` of `ids`, spread over the classes as they are: every n-th of each class, at least two.
pub(crate) fn thin(data: &Dataset, ids: &[SampleId], most: usize) -> Vec<SampleId> {
    if ids.len() <= most {
        return ids.to_vec();
    }
    let mut kept = Vec::with_capacity(most);
    let none = ClassId::NONE.0;
    for class in (0..data.classes.len()).chain([none]) {
        let of_class: Vec<SampleId> = ids.iter().copied().filter(|&id| label(data, id) == class).collect();
        let share = (of_class.len() * most / ids.len()).max(2).min(of_class.len());
        kept.extend((0..share).map(|i| of_class[i * of_class.len() / share]));
    }
    kept.sort_unstable();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tl_data::Sample;
    use tl_image::{ColorMode, ContentHash, Format, PictureHeader};

    /// A data set with so many pictures of each class, all different.
    fn data(counts: &[usize]) -> Dataset {
        let header =
            PictureHeader { format: Format::Png, width: 9, height: 9, color: ColorMode::Rgb, orientation: 1 };
        let of_class = |(class, &count): (usize, &usize)| -> Vec<Sample> {
            let sample = |i: usize| {
                let path = PathBuf::from(format!("{class}/{i}.png"));
                let content = ContentHash::of(path.to_string_lossy().as_bytes());
                Sample::new(path, ClassId(class), header, content, 1)
            };
            (0..count).map(sample).collect()
        };
        let classes = (0..counts.len()).map(|class| format!("class{class}")).collect();
        let samples = counts.iter().enumerate().flat_map(of_class).collect();
        Dataset { classes, samples, ..Dataset::default() }
    }

    fn all(data: &Dataset) -> Vec<SampleId> {
        (0..data.len()).map(SampleId).collect()
    }

    #[test]
    fn thinning_keeps_the_shares_of_classes_and_at_least_two_of_each() {
        let data = data(&[600, 300, 3]);
        let kept: Vec<usize> = thin(&data, &all(&data), 90).iter().map(|&id| label(&data, id)).collect();
        let count = |class| kept.iter().filter(|&&label| label == class).count();
        assert_eq!([count(0), count(1), count(2)], [59, 29, 2]);
        assert_eq!(thin(&data, &all(&data), 903), all(&data));
    }

    #[test]
    fn inner_folds_hold_out_every_row_once_and_give_way_to_small_classes() {
        let data = data(&[9, 4]);
        let held_out = inner_folds(&data, &all(&data), 5, 0);
        let mut rows: Vec<usize> = held_out.concat();
        rows.sort_unstable();
        assert_eq!((held_out.len(), rows), (5, (0..13).collect()));
        let some = [SampleId(0), SampleId(1), SampleId(9), SampleId(10)];
        assert_eq!(inner_folds(&data, &some, 5, 0).len(), 2);
        assert!(inner_folds(&data, &some[..3], 5, 0).is_empty(), "a class of one cannot be divided");
    }

    #[test]
    fn a_class_that_decoding_emptied_is_named() {
        let data = data(&[2, 2]);
        let error = check_classes(&data, &[SampleId(0), SampleId(1)], &[SampleId(2)]).unwrap_err();
        assert_eq!(error.to_string(), "class `class1` has no readable picture to train on, 1 held out");
    }
}

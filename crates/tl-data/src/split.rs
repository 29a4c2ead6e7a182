//! Splits: which pictures train and which are held out.
//!
//! Pictures with equal bytes, pictures that look alike (where [`Sample::perceptual_hash`](crate::Sample::perceptual_hash) is known) and
//! pictures of a group stay together, as one unit. A unit's side depends on the seed and on its content or on the
//! group's name, not on the names or the order of files: renaming files changes nothing. One more picture that makes
//! a unit of its own moves at most one other unit of its class across each border, so at most one for two parts and
//! at most two for three.

use crate::strata::{Strata, spread};
use crate::{ClassId, DataError, Dataset, Part, Sample, SampleId};

/// Two sets of pictures without a common one, each ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Pictures to learn from.
    pub train: Vec<SampleId>,
    /// Pictures to judge by.
    pub val: Vec<SampleId>,
}

/// Three sets of pictures without a common one, each ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Pictures to learn from.
    pub train: Vec<SampleId>,
    /// Pictures to choose by.
    pub val: Vec<SampleId>,
    /// Pictures to judge by, at the end.
    pub test: Vec<SampleId>,
}

/// The shares of a three-way split.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Share of each class for validation, from 0 to below 1. 0 gives none.
    pub val: f64,
    /// Share of each class for the test, from 0 to below 1. 0 gives none.
    pub test: f64,
}

impl Parts {
    /// The pictures of one part, ascending.
    pub fn of(&self, part: Part) -> &[SampleId] {
        match part {
            Part::Train => &self.train,
            Part::Val => &self.val,
            Part::Test => &self.test,
        }
    }

    pub(crate) fn push(&mut self, part: Part, id: SampleId) {
        match part {
            Part::Train => self.train.push(id),
            Part::Val => self.val.push(id),
            Part::Test => self.test.push(id),
        }
    }

    pub(crate) fn sort(&mut self) {
        [&mut self.train, &mut self.val, &mut self.test].into_iter().for_each(|ids| ids.sort_unstable());
    }
}

/// Holds out the share `val` of each class: rounded, at least one picture and never all of them.
///
/// Copies of a picture count once. Equal pictures in two classes go to the training side, where a wrong label does
/// less harm. The parts of the source are not looked at; [`split`] keeps them.
///
/// Errors: [`DataError::BadFraction`]; [`DataError::ClassTooSmall`] for a class with fewer than two different pictures
/// of its own, [`DataError::OneGroup`] for one whose pictures all belong together.
pub fn train_val(data: &Dataset, val: f64, seed: u64) -> Result<Split, DataError> {
    if !(val > 0.0 && val < 1.0) {
        return Err(DataError::BadFraction { value: val });
    }
    let strata = Strata::of(data, seed, |_| true);
    strata.check_divisible(data)?;
    let Parts { train, val, .. } = divide(data, &strata, &Shares { val, test: 0.0 });
    Ok(Split { train, val })
}

/// Splits a data set in three parts: those the source gives, and where it gives no validation or no test part, these shares
/// of each class of the pictures that remain, which are those for training and those without a part.
///
/// As [`train_val`]: shares are rounded, and each class has at least one unit in each part, as far as it has enough;
/// training comes first, then validation, then the test. What the source gives is kept even where copies of a
/// picture are in two parts; [`check`](crate::check()) tells that.
///
/// Errors: [`DataError::BadShares`], and those of [`train_val`] where there is something to divide.
pub fn split(data: &Dataset, shares: &Shares, seed: u64) -> Result<Parts, DataError> {
    let valid = |share: f64| (0.0..1.0).contains(&share);
    if !valid(shares.val) || !valid(shares.test) || shares.val + shares.test >= 1.0 {
        return Err(DataError::BadShares { val: shares.val, test: shares.test });
    }
    let gives = |part| data.samples.iter().any(|sample| sample.part == Some(part));
    let wanted = Shares {
        val: if gives(Part::Val) { 0.0 } else { shares.val },
        test: if gives(Part::Test) { 0.0 } else { shares.test },
    };
    let free = |sample: &Sample| matches!(sample.part, None | Some(Part::Train));
    let strata = Strata::of(data, seed, free);
    if wanted.val + wanted.test > 0.0 {
        strata.check_divisible(data)?;
    }
    let mut parts = divide(data, &strata, &wanted);
    for (at, sample) in data.samples.iter().enumerate().filter(|(_, sample)| !free(sample)) {
        parts.push(sample.part.unwrap_or(Part::Train), SampleId(at));
    }
    parts.sort();
    Ok(parts)
}

fn divide(data: &Dataset, strata: &Strata, shares: &Shares) -> Parts {
    let held_out: Vec<(Part, f64)> = [(Part::Test, shares.test), (Part::Val, shares.val)]
        .into_iter()
        .filter(|(_, share)| *share > 0.0)
        .collect();
    let cumulative: Vec<f64> = held_out
        .iter()
        .scan(0.0, |sum, (_, share)| {
            *sum += share;
            Some(*sum)
        })
        .collect();
    let mut part_of = vec![Part::Train; strata.units.len()];
    for stratum in strata.of_class.values() {
        // One sum for both borders: two rounded shares would let three units move for one more picture.
        let mut borders = strata.borders(stratum, &cumulative, 0.5 - 1e-6);
        spread(&mut borders, stratum.len());
        for (rank, &unit) in stratum.iter().enumerate() {
            let part = borders.iter().position(|&border| rank < border).and_then(|part| held_out.get(part));
            part_of[unit] = part.map_or(Part::Train, |(part, _)| *part);
        }
    }
    let wanted: Vec<Part> =
        [Part::Train].into_iter().chain(held_out.iter().rev().map(|(part, _)| *part)).collect();
    give_every_class_its_parts(data, strata, &wanted, &mut part_of);
    let mut parts = Parts::default();
    for (unit, part) in strata.units.iter().zip(part_of) {
        unit.samples.iter().for_each(|&at| parts.push(part, SampleId(at)));
    }
    parts.sort();
    parts
}

/// Moves units of several classes where a class would miss a part: such a unit was placed for its rarest class only.
fn give_every_class_its_parts(data: &Dataset, strata: &Strata, wanted: &[Part], part_of: &mut [Part]) {
    for &part in wanted {
        for class in (0..data.classes.len()).map(ClassId) {
            let units: Vec<usize> = strata.with(class).collect();
            if units.iter().any(|&unit| part_of[unit] == part) {
                continue;
            }
            let leaves_enough = |&unit: &usize| {
                let from = part_of[unit];
                let others = |class: &ClassId| {
                    strata.with(*class).any(|other| other != unit && part_of[other] == from)
                };
                from > part || strata.units[unit].classes.iter().all(others)
            };
            let movable = units.into_iter().filter(leaves_enough);
            if let Some(unit) =
                movable.min_by_key(|&unit| (strata.units[unit].weight, strata.units[unit].key))
            {
                part_of[unit] = part;
            }
        }
    }
}

/// Makes `k` splits for cross-validation; each picture is held out in exactly one of them.
///
/// Each class is dealt out evenly. A class with fewer than `k` units has none on the validation side of some folds; it
/// needs two, so that it is never absent from the training side.
///
/// Errors: [`DataError::BadFolds`] for less than two folds or when one would hold out nothing; those of
/// [`train_val`].
pub fn folds(data: &Dataset, k: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    let strata = Strata::of(data, seed, |_| true);
    strata.check_divisible(data)?;
    let most = strata.of_class.values().map(Vec::len).max().unwrap_or(0);
    if k < 2 || k > most {
        return Err(DataError::BadFolds { k, most });
    }
    let shares: Vec<f64> = (1..k).map(|fold| fold as f64 / k as f64).collect();
    // DuplicateGroups that contradict themselves come to a fold by their key alone.
    let mut fold_of: Vec<usize> = strata.units.iter().map(|unit| fold_by_key(unit.key, k)).collect();
    for (class, stratum) in &strata.of_class {
        // Blocks of neighbours rather than every k-th: one more picture moves only those at the borders of blocks.
        let mut borders = strata.borders(stratum, &shares, 0.0);
        if stratum.len() >= k {
            spread(&mut borders, stratum.len());
        }
        for (rank, &unit) in stratum.iter().enumerate() {
            let block = borders.partition_point(|&border| border <= rank);
            // Starting at another fold for each class spreads small classes.
            fold_of[unit] = (block + class.0) % k;
        }
    }
    keep_every_class_in_training(data, &strata, k, &mut fold_of);
    Ok((0..k).map(|fold| held_out(data, &strata, &fold_of, fold)).collect())
}

fn fold_by_key([a, b, c, d, ..]: [u8; 32], k: usize) -> usize {
    u32::from_le_bytes([a, b, c, d]) as usize % k
}

/// Moves a unit of a class that one fold would hold out as a whole. Units of one class are never all in one fold.
fn keep_every_class_in_training(data: &Dataset, strata: &Strata, k: usize, fold_of: &mut [usize]) {
    for class in (0..data.classes.len()).map(ClassId) {
        let units: Vec<usize> = strata.with(class).collect();
        let together = units.windows(2).all(|pair| fold_of[pair[0]] == fold_of[pair[1]]);
        let lightest = units.iter().min_by_key(|&&unit| (strata.units[unit].weight, strata.units[unit].key));
        if let Some(&unit) = lightest.filter(|_| together) {
            fold_of[unit] = (fold_of[unit] + 1) % k;
        }
    }
}

fn held_out(data: &Dataset, strata: &Strata, fold_of: &[usize], fold: usize) -> Split {
    let mut is_val = vec![false; data.len()];
    for (unit, of) in strata.units.iter().zip(fold_of) {
        unit.samples.iter().for_each(|&at| is_val[at] = *of == fold);
    }
    let (val, train) = (0..data.len()).map(SampleId).partition(|id| is_val[id.0]);
    Split { train, val }
}

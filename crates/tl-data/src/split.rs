//! Which pictures train and which are held out.
//!
//! A picture's side depends on the seed and on its content, not on its name or on the order of files: renaming files
//! changes nothing, and adding some moves few others. Files with equal bytes always stay together.

use std::collections::{BTreeMap, HashMap};

use crate::{ClassId, ContentHash, DataError, Dataset, SampleId};

/// Two sets of pictures without a common one, each ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Pictures to learn from.
    pub train: Vec<SampleId>,
    /// Pictures to judge by.
    pub val: Vec<SampleId>,
}

/// Holds out the share `val` of each class: rounded, at least one picture and never all of them.
///
/// Copies of a picture count once. A picture that lies in two classes goes to the training side, where a wrong label
/// does less harm.
///
/// Errors: [`DataError::BadFraction`]; [`DataError::ClassTooSmall`] for a class with fewer than two different pictures
/// of its own.
pub fn train_val(data: &Dataset, val: f64, seed: u64) -> Result<Split, DataError> {
    if !(val > 0.0 && val < 1.0) {
        return Err(DataError::BadFraction { value: val });
    }
    let mut held_out = HashMap::new();
    for (_, contents) in ranked_by_class(data, seed)? {
        let wanted = (contents.len() as f64 * val).round() as usize;
        let count = wanted.clamp(1, contents.len() - 1);
        held_out.extend(contents.into_iter().take(count).map(|content| (content, ())));
    }
    Ok(divide(data, |content| held_out.contains_key(content)))
}

/// `k` splits; each picture is held out in exactly one of them.
///
/// Each class is dealt out evenly. A class with fewer than `k` different pictures has none on the validation side of
/// some folds; it needs two, so that it is never absent from the training side.
///
/// Errors: [`DataError::BadFolds`] for less than two folds or when one would hold out nothing;
/// [`DataError::ClassTooSmall`].
pub fn folds(data: &Dataset, k: usize, seed: u64) -> Result<Vec<Split>, DataError> {
    let classes = ranked_by_class(data, seed)?;
    let most = classes.values().map(Vec::len).max().unwrap_or(0);
    if k < 2 || k > most {
        return Err(DataError::BadFolds { k, most });
    }
    let mut fold_of = HashMap::new();
    for (class, contents) in &classes {
        let n = contents.len();
        // Blocks of neighbours rather than every k-th: one more picture moves only those at the borders of blocks.
        // Starting at another fold for each class spreads small classes.
        fold_of.extend(contents.iter().enumerate().map(|(i, content)| (*content, (i * k / n + class.0) % k)));
    }
    for sample in &data.samples {
        fold_of.entry(sample.content).or_insert_with(|| fold_by_hash(seed, sample.content, k));
    }
    Ok((0..k).map(|fold| divide(data, |content| fold_of.get(content) == Some(&fold))).collect())
}

fn divide(data: &Dataset, held_out: impl Fn(&ContentHash) -> bool) -> Split {
    let ids = || (0..data.len()).map(SampleId);
    let (val, train) = ids().partition(|id| held_out(&data.samples[id.0].content));
    Split { train, val }
}

/// The different pictures that belong to one class alone, in the order of their keys.
fn ranked_by_class(data: &Dataset, seed: u64) -> Result<BTreeMap<ClassId, Vec<ContentHash>>, DataError> {
    let mut only_class: HashMap<ContentHash, Option<ClassId>> = HashMap::new();
    for sample in &data.samples {
        let class = only_class.entry(sample.content).or_insert(Some(sample.class));
        if *class != Some(sample.class) {
            *class = None;
        }
    }
    let mut ranked: BTreeMap<ClassId, Vec<ContentHash>> =
        (0..data.classes.len()).map(|class| (ClassId(class), Vec::new())).collect();
    for (content, class) in only_class {
        if let Some(contents) = class.and_then(|class| ranked.get_mut(&class)) {
            contents.push(content);
        }
    }
    for (class, contents) in &mut ranked {
        if contents.len() < 2 {
            let class = data.classes[class.0].clone();
            return Err(DataError::ClassTooSmall { class, pictures: contents.len() });
        }
        contents.sort_by_cached_key(|content| key(seed, content));
    }
    Ok(ranked)
}

/// A random number that belongs to a picture under a seed.
fn key(seed: u64, content: &ContentHash) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tl-data split").update(&seed.to_le_bytes()).update(&content.0);
    *hasher.finalize().as_bytes()
}

fn fold_by_hash(seed: u64, content: ContentHash, k: usize) -> usize {
    let [a, b, c, d, ..] = key(seed, &content);
    u32::from_le_bytes([a, b, c, d]) as usize % k
}

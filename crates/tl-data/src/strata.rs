//! The units a split moves, in a random order that belongs to their content, class by class.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use tl_image::ContentHash;

use crate::duplicate_groups::duplicate_groups;
use crate::{ClassId, DataError, Dataset, Sample};

/// Pictures that stay together.
pub(crate) struct SampleGroup {
    /// Positions in the data set, ascending.
    pub(crate) samples: Vec<usize>,
    /// Random, and the unit's own under a seed.
    pub(crate) key: [u8; 32],
    /// Every label of its pictures.
    pub(crate) classes: BTreeSet<ClassId>,
    /// Different pictures in it: copies count once.
    pub(crate) weight: usize,
    /// Has one content with different labels: at least one of them is wrong.
    pub(crate) contradicts_itself: bool,
}

/// The units of some samples.
pub(crate) struct Strata {
    pub(crate) units: Vec<SampleGroup>,
    /// The units that stand for each class, by their keys. A unit with several classes stands for the rarest; units of no
    /// class stand together, under the number behind the last class.
    pub(crate) of_class: BTreeMap<ClassId, Vec<usize>>,
}

impl Strata {
    /// The units of the samples that `wanted` accepts. Units that contradict themselves stand for no class.
    pub(crate) fn of(data: &Dataset, seed: u64, wanted: impl Fn(&Sample) -> bool) -> Self {
        let mut found: Vec<SampleGroup> = Vec::new();
        for mut samples in duplicate_groups(data).members() {
            samples.retain(|&at| wanted(&data.samples[at]));
            if !samples.is_empty() {
                found.push(unit(data, seed, samples));
            }
        }
        let units = found;
        let pictures = count(data, &units);
        let mut of_class: BTreeMap<ClassId, Vec<usize>> = BTreeMap::new();
        for (at, unit) in units.iter().enumerate().filter(|(_, unit)| !unit.contradicts_itself) {
            let rarest = unit.classes.iter().min_by_key(|class| (pictures[class.0], **class)).copied();
            of_class.entry(rarest.unwrap_or(ClassId(data.classes.len()))).or_default().push(at);
        }
        for stratum in of_class.values_mut() {
            stratum.sort_by_key(|&at| units[at].key);
        }
        Strata { units, of_class }
    }

    /// Refuses classes that cannot be on two sides.
    pub(crate) fn check_divisible(&self, data: &Dataset) -> Result<(), DataError> {
        let pictures = count(data, &self.units);
        for (number, name) in data.classes.iter().enumerate() {
            let (class, pictures) = (name.clone(), pictures[number]);
            let units = self.with(ClassId(number)).count();
            if pictures < 2 {
                let contradicted = contradicted(data, &self.units, ClassId(number), pictures);
                return Err(contradicted.unwrap_or(DataError::ClassTooSmall { class, pictures }));
            }
            if units < 2 {
                return Err(DataError::OneGroup { class, pictures });
            }
        }
        Ok(())
    }

    /// The units with pictures of a class that do not contradict themselves.
    pub(crate) fn with(&self, class: ClassId) -> impl Iterator<Item = usize> + '_ {
        let has = move |unit: &SampleGroup| !unit.contradicts_itself && unit.classes.contains(&class);
        self.units.iter().enumerate().filter(move |(_, unit)| has(unit)).map(|(at, _)| at)
    }

    /// Where in a stratum the borders lie that leave these cumulative shares of its pictures before them. A unit lies
    /// before a border if the point `within` it does, 0 for its beginning and 1 for its end.
    pub(crate) fn borders(&self, stratum: &[usize], shares: &[f64], within: f64) -> Vec<usize> {
        let weights: Vec<f64> = stratum.iter().map(|&at| self.units[at].weight as f64).collect();
        let total: f64 = weights.iter().sum();
        let points: Vec<f64> = weights
            .iter()
            .scan(0.0, |before, weight| {
                let point = *before + weight * within;
                *before += weight;
                Some(point)
            })
            .collect();
        shares.iter().map(|share| points.partition_point(|point| *point < share * total - 1e-9)).collect()
    }
}

/// Moves borders as little as needed for something to lie before, between and after them, as far as there is enough.
pub(crate) fn spread(borders: &mut [usize], units: usize) {
    let mut least = 1;
    let parts = borders.len();
    for (at, border) in borders.iter_mut().enumerate() {
        let most = units.saturating_sub(parts - at);
        *border = (*border).max(least.min(most)).min(most);
        least = *border + 1;
    }
}

fn unit(data: &Dataset, seed: u64, samples: Vec<usize>) -> SampleGroup {
    let (mut classes, mut contents) = (BTreeSet::new(), HashSet::new());
    let mut labels_of: HashMap<ContentHash, Vec<ClassId>> = HashMap::new();
    let (mut of_group, mut of_content, mut contradicts_itself) = (Vec::new(), Vec::new(), false);
    for sample in samples.iter().map(|&at| &data.samples[at]) {
        let labels: Vec<ClassId> = sample.labels().collect();
        contradicts_itself |= labels_of.entry(sample.content).or_insert_with(|| labels.clone()) != &labels;
        classes.extend(labels);
        if contents.insert(sample.content) {
            of_content.push(key(b"tl-data split", seed, &sample.content.0));
        }
        of_group
            .extend(sample.group.as_ref().map(|group| key(b"tl-data split group", seed, group.as_bytes())));
    }
    // A group keeps its key whatever pictures it has.
    let key = of_group.into_iter().min().or(of_content.into_iter().min()).unwrap_or_default();
    SampleGroup { samples, key, classes, weight: contents.len(), contradicts_itself }
}

/// Different pictures of each class, without those in units that contradict themselves.
fn count(data: &Dataset, units: &[SampleGroup]) -> Vec<usize> {
    let mut contents: HashSet<(ClassId, ContentHash)> = HashSet::new();
    let sound = units.iter().filter(|unit| !unit.contradicts_itself);
    for sample in sound.flat_map(|unit| &unit.samples).map(|&at| &data.samples[at]) {
        contents.extend(sample.labels().map(|class| (class, sample.content)));
    }
    let mut counts = vec![0; data.classes.len()];
    contents.into_iter().for_each(|(class, _)| counts[class.0] += 1);
    counts
}

/// Why a class has so few pictures, if copies of others of its pictures have other labels.
fn contradicted(data: &Dataset, units: &[SampleGroup], class: ClassId, pictures: usize) -> Option<DataError> {
    let mut of_content: HashMap<ContentHash, Vec<&Sample>> = HashMap::new();
    let odd = units.iter().filter(|unit| unit.contradicts_itself);
    for sample in odd.flat_map(|unit| &unit.samples).map(|&at| &data.samples[at]) {
        of_content.entry(sample.content).or_default().push(sample);
    }
    let has = |sample: &&&Sample| sample.labels().any(|label| label == class);
    let (mut pairs, mut others) = (Vec::new(), BTreeSet::new());
    for copies in of_content.values() {
        let other = copies.iter().find(|sample| !has(sample));
        let Some((one, other)) = copies.iter().find(has).zip(other) else { continue };
        pairs.push((one.path.clone(), other.path.clone()));
        others.extend(copies.iter().filter(|sample| !has(sample)).flat_map(|sample| sample.labels()));
    }
    let (contradicting, pair) = (pairs.len(), pairs.into_iter().min()?);
    let others = others.into_iter().map(|class| data.classes[class.0].clone()).collect();
    let class = data.classes[class.0].clone();
    Some(DataError::ClassContradicted { class, pictures, contradicting, others, pair })
}

/// A random number that belongs to something under a seed.
fn key(what_for: &[u8], seed: u64, bytes: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(what_for).update(&seed.to_le_bytes()).update(bytes);
    *hasher.finalize().as_bytes()
}

//! How pictures were divided, in words that say no more than was found to be so.

use std::collections::{HashMap, HashSet};
use tl_data::{Dataset, DuplicateGroups, Part, Parts, SampleId};
use tl_report::{AcrossParts, Choice};

use crate::config::TrainConfig;
use crate::split::DataSplit;

/// A division in words.
pub(crate) struct SplitDescription {
    /// Was all of it made here, and nothing given by a table or by the data?
    pub(crate) made: bool,
    /// What is held out, as a setting.
    pub(crate) setting: String,
    /// How the pictures were divided.
    how: String,
    /// What is on one side only.
    together: Option<String>,
    /// Does each picture come to be held out once, with none like it among those that train then?
    once: bool,
    /// Held-out pictures with others much like them among those that train.
    pub(crate) across: Option<AcrossParts>,
}

/// Held-out pictures that the model a job begins from has seen.
#[derive(Clone, Copy, Default)]
pub(crate) struct SetApart {
    pub(crate) pictures: usize,
    /// Whether these pictures train now. Else they do nothing.
    pub(crate) train: bool,
}

impl SplitDescription {
    /// The division as a choice, as it is now that some pictures have been set apart.
    pub(crate) fn choice(&self, data_split: &DataSplit, apart: SetApart) -> Choice {
        let how = match apart {
            SetApart { pictures: 1.., train: true } => {
                format!("{}, before those that have trained the start went to train", self.how)
            }
            _ => self.how.clone(),
        };
        let judged = match (self.once, apart.pictures) {
            (false, _) => None,
            (true, 0) => Some("each picture is judged once by a model that has not seen it".to_owned()),
            (true, _) => Some(
                "each picture that has not trained the start is judged once by a model that has not seen it"
                    .to_owned(),
            ),
        };
        let parts = [Some(how), self.together.clone(), judged];
        Choice::new(
            "split",
            chosen(data_split, apart),
            parts.into_iter().flatten().collect::<Vec<_>>().join("; "),
        )
    }
}

fn chosen(data_split: &DataSplit, apart: SetApart) -> String {
    let none = match apart {
        SetApart { pictures: 1.., train: false } => format!(", {} of them judge nothing", apart.pictures),
        _ => String::new(),
    };
    match data_split {
        DataSplit::HeldOut(Parts { train, val, test }) if test.is_empty() => {
            format!("{} to train, {} held out{none}", train.len(), val.len())
        }
        DataSplit::HeldOut(Parts { train, val, test }) => {
            format!(
                "{} to train, {} for validation, {} for the test{none}",
                train.len(),
                val.len(),
                test.len()
            )
        }
        DataSplit::Folds(splits) => format!("{} folds, then all", splits.len()),
    }
}

/// A division, and what it was made from.
pub(crate) struct SplitContext<'a> {
    pub(crate) data: &'a Dataset,
    pub(crate) config: &'a TrainConfig,
    pub(crate) units: &'a DuplicateGroups,
    pub(crate) data_split: &'a DataSplit,
}

impl SplitContext<'_> {
    /// Was all of it made here, and nothing given by a table or by the data?
    pub(crate) fn is_made(&self) -> bool {
        self.config.split.is_none() && (self.config.folds.is_some() || self.given().is_empty())
    }

    /// The held-out parts that the data give.
    fn given(&self) -> Vec<Part> {
        let gives = |part: &Part| self.data.samples.iter().any(|sample| sample.part == Some(*part));
        [Part::Val, Part::Test].into_iter().filter(gives).collect()
    }

    /// The division in words.
    pub(crate) fn words(&self) -> SplitDescription {
        let across = self.across();
        SplitDescription {
            made: self.is_made(),
            setting: self.setting(),
            how: self.how(),
            together: across.is_none().then(|| self.together()),
            once: matches!(self.data_split, DataSplit::Folds(_)) && across.is_none(),
            across,
        }
    }

    /// What is held out, as a setting.
    pub(crate) fn setting(&self) -> String {
        let TrainConfig { split, folds, val, test, .. } = self.config;
        match (split, folds) {
            (Some(table), _) => format!("as {} says", tl_files::shown_path(table)),
            (_, Some(folds)) => format!("{folds} folds"),
            _ => {
                let given = self.given();
                let part = |part: Part, share: f64, what: &str| match given.contains(&part) {
                    true => Some(format!("{part} as the data give it")),
                    false => (share > 0.0).then(|| format!("{share} of each class{what}")),
                };
                let test = part(Part::Test, *test, " for the test");
                part(Part::Val, *val, "").into_iter().chain(test).collect::<Vec<_>>().join(", ")
            }
        }
    }

    fn how(&self) -> String {
        if let Some(table) = &self.config.split {
            return format!("as {} says", tl_files::shown_path(table));
        }
        let given = self.given();
        if self.config.folds.is_some() {
            let pooled = if given.is_empty() { "" } else { ", the parts that the data give in one" };
            return format!("{}{pooled}", self.stratified(&self.folds(), None));
        }
        let names = |parts: &[Part]| parts.iter().map(|part| part.name()).collect::<Vec<_>>().join(" and ");
        let made = self.made(&given);
        let stratified = self
            .stratified(&made.iter().map(|(_, ids, share)| (*ids, *share)).collect::<Vec<_>>(), Some(&given));
        match (given.is_empty(), made.is_empty()) {
            (true, _) => stratified,
            (false, true) => format!("{} as the data give it", names(&given)),
            (false, false) => {
                let made: Vec<Part> = made.iter().map(|(part, ..)| *part).collect();
                format!("{} as the data give it, {} {stratified}", names(&given), names(&made))
            }
        }
    }

    /// The parts that were made here, and the share they were to have.
    fn made(&self, given: &[Part]) -> Vec<(Part, &[SampleId], f64)> {
        let DataSplit::HeldOut(parts) = self.data_split else { return Vec::new() };
        let shares = [(Part::Val, self.config.val), (Part::Test, self.config.test)];
        let made = shares.into_iter().filter(|(part, share)| *share > 0.0 && !given.contains(part));
        made.map(|(part, share)| (part, parts.of(part), share)).collect()
    }

    fn folds(&self) -> Vec<(&[SampleId], f64)> {
        let DataSplit::Folds(splits) = self.data_split else { return Vec::new() };
        splits.iter().map(|split| (&split.val[..], 1.0 / splits.len() as f64)).collect()
    }

    /// `stratified by class, seed 0`, if each part has its share of each class, to one picture; else what it has.
    fn stratified(&self, parts: &[(&[SampleId], f64)], given: Option<&[Part]>) -> String {
        let rarest = Rarest::of(self.data);
        let fixed = |id: &SampleId| {
            self.data.samples[id.0].part.is_some_and(|part| given.is_some_and(|given| given.contains(&part)))
        };
        let all: Vec<SampleId> = (0..self.data.len()).map(SampleId).filter(|id| !fixed(id)).collect();
        let pictures = rarest.count(&all);
        let mut shares = (f64::INFINITY, 0.0_f64);
        let mut exact = true;
        for (ids, share) in parts {
            let held_out = rarest.count(ids);
            for (&of_class, &held_out) in
                pictures.iter().zip(&held_out).filter(|(of_class, _)| **of_class > 0)
            {
                let (of_class, held_out) = (of_class as f64, held_out as f64);
                exact &= (held_out - share * of_class).abs() <= 1.0;
                shares = (shares.0.min(held_out / of_class), shares.1.max(held_out / of_class));
            }
        }
        let by = if self.data.multi_label { "each picture's rarest label" } else { "class" };
        let seed = self.config.seed;
        if exact {
            return format!("stratified by {by}, seed {seed}");
        }
        let percent = |share: f64| (100.0 * share).round();
        format!(
            "stratified by {by} as far as what belongs together allows, {} to {} % of a class in a part, seed {seed}",
            percent(shares.0),
            percent(shares.1)
        )
    }

    /// What is on one side only, as far as it is.
    fn together(&self) -> String {
        let samples = &self.data.samples;
        let groups = if samples.iter().any(|sample| sample.group.is_some()) { "groups, " } else { "" };
        let looked = samples.iter().any(|sample| sample.perceptual_hash.is_some());
        let what = if looked { "equal and similar pictures" } else { "equal pictures" };
        let unknown = if looked { "" } else { ", similar ones were not looked for" };
        let chains = self.units.tightened.map(|tightened| format!("; {tightened}")).unwrap_or_default();
        format!("{groups}{what} stay together{unknown}{chains}")
    }

    /// The pictures with others much like them in a part before theirs; none if there are none.
    pub(crate) fn across(&self) -> Option<AcrossParts> {
        let mut across = AcrossParts { pictures: 0, equal: 0 };
        match self.data_split {
            DataSplit::HeldOut(Parts { train, val, test }) => {
                self.add_across(train, val, &mut across);
                self.add_across(&[&train[..], val].concat(), test, &mut across);
            }
            DataSplit::Folds(splits) => {
                splits.iter().for_each(|split| self.add_across(&split.train, &split.val, &mut across));
            }
        }
        (across.pictures > 0).then_some(across)
    }

    fn add_across(&self, before: &[SampleId], held_out: &[SampleId], across: &mut AcrossParts) {
        let units: HashSet<usize> = before.iter().map(|&id| self.units.of(id)).collect();
        let content = |id: &SampleId| self.data.samples[id.0].content;
        let contents: HashSet<_> = before.iter().map(content).collect();
        let there = held_out.iter().filter(|id| units.contains(&self.units.of(**id)));
        let equal = held_out.iter().filter(|id| contents.contains(&content(id)));
        across.pictures += there.count();
        across.equal += equal.count();
    }
}

/// A warning in words.
pub(crate) fn warning(across: AcrossParts) -> String {
    let AcrossParts { pictures, equal } = across;
    let (have, their) = if pictures == 1 { ("picture has", "its") } else { ("pictures have", "their") };
    format!(
        "{pictures} held-out {have} a copy, a look-alike or one of {their} group among those that train, {equal} as the \
         same file: what they tell is too kind"
    )
}

/// The class of each picture, or the rarest of its labels.
struct Rarest<'a> {
    data: &'a Dataset,
    counts: Vec<usize>,
}

impl<'a> Rarest<'a> {
    fn of(data: &'a Dataset) -> Self {
        Self { data, counts: data.class_counts() }
    }

    /// Number of these pictures of each class.
    fn count(&self, ids: &[SampleId]) -> Vec<usize> {
        let mut found: HashMap<usize, usize> = HashMap::new();
        for id in ids {
            let labels = self.data.samples[id.0].labels();
            let rarest = labels.min_by_key(|class| (self.counts.get(class.0).copied(), *class));
            *found.entry(rarest.map_or(0, |class| class.0)).or_default() += 1;
        }
        (0..self.counts.len()).map(|class| found.get(&class).copied().unwrap_or(0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tl_data::{ClassId, Sample, duplicate_groups};
    use tl_image::{ColorMode, ContentHash, Format, PictureHeader};

    /// Pictures of a class each, with contents and groups.
    fn data(pictures: &[(usize, u32, Option<&str>)]) -> Dataset {
        let header =
            PictureHeader { format: Format::Png, width: 9, height: 9, color: ColorMode::Rgb, orientation: 1 };
        let sample = |(at, &(class, content, group)): (usize, &(usize, u32, Option<&str>))| {
            let content = ContentHash::of(&content.to_le_bytes());
            let path = PathBuf::from(format!("{class}/{at}.png"));
            Sample { group: group.map(String::from), ..Sample::new(path, ClassId(class), header, content, 1) }
        };
        let samples = pictures.iter().enumerate().map(sample).collect();
        Dataset { classes: vec!["a".to_owned(), "b".to_owned()], samples, ..Dataset::default() }
    }

    fn plain(each: u32) -> Dataset {
        let pictures: Vec<_> = (0..2 * each).map(|at| ((at / each) as usize, at, None)).collect();
        data(&pictures)
    }

    fn words(data: &Dataset, config: &TrainConfig) -> String {
        let data_split = DataSplit::new(data, config).unwrap();
        SplitContext { data, config, units: &duplicate_groups(data), data_split: &data_split }
            .words()
            .choice(&data_split, SetApart::default())
            .why
    }

    #[test]
    fn what_was_made_here_is_stratified_and_kept_together() {
        let data = plain(20);
        let config = TrainConfig::new("x");
        let alone =
            "stratified by class, seed 0; equal pictures stay together, similar ones were not looked for";
        assert_eq!(words(&data, &config), alone);
        let folds = words(&data, &TrainConfig { folds: Some(4), ..config });
        assert_eq!(folds, format!("{alone}; each picture is judged once by a model that has not seen it"));
    }

    #[test]
    fn what_a_start_has_seen_is_not_said_to_be_judged_or_stratified() {
        let (data, config) = (plain(20), TrainConfig::new("x"));
        let choice = |config: &TrainConfig, apart: SetApart| {
            let data_split = DataSplit::new(&data, config).unwrap();
            let divided = SplitContext {
                data: &data,
                config,
                units: &duplicate_groups(&data),
                data_split: &data_split,
            };
            divided.words().choice(&data_split, apart)
        };
        let moved = choice(&config, SetApart { pictures: 3, train: true });
        let why = "stratified by class, seed 0, before those that have trained the start went to train; ";
        assert!(moved.why.starts_with(why), "{}", moved.why);
        let kept = choice(&config, SetApart { pictures: 3, train: false });
        assert_eq!(kept.chosen, "32 to train, 8 held out, 3 of them judge nothing");
        let folds = choice(&TrainConfig { folds: Some(4), ..config }, SetApart { pictures: 3, train: false });
        let why =
            "; each picture that has not trained the start is judged once by a model that has not seen it";
        assert!(folds.why.ends_with(why), "{}", folds.why);
    }

    #[test]
    fn large_groups_leave_no_exact_shares_and_that_is_said() {
        let group = |at: u32| if at < 15 { Some("g") } else { None };
        let pictures: Vec<_> = (0..40).map(|at| ((at / 20) as usize, at, group(at))).collect();
        let said = words(&data(&pictures), &TrainConfig { val: 0.5, ..TrainConfig::new("x") });
        assert!(
            said.starts_with("stratified by class as far as what belongs together allows, ")
                && said.contains(" % of a class in a part, seed 0; groups, equal pictures stay together"),
            "{said}"
        );
    }

    #[test]
    fn parts_that_the_data_give_are_not_said_to_be_stratified_and_copies_across_are_counted() {
        let mut data = plain(10);
        for at in [3, 7, 15] {
            data.samples[at].part = Some(Part::Test);
        }
        data.samples[3].content = data.samples[0].content;
        for at in [7, 1] {
            data.samples[at].group = Some("one".to_owned());
        }
        let config = TrainConfig::new("x");
        let data_split = DataSplit::new(&data, &config).unwrap();
        let units = duplicate_groups(&data);
        let divided = SplitContext { data: &data, config: &config, units: &units, data_split: &data_split };
        let why = divided.words().choice(&data_split, SetApart::default()).why;
        assert!(why.starts_with("test as the data give it, val stratified by class, seed 0"), "{why}");
        assert!(!why.contains("together"), "{why}");
        assert_eq!(divided.across(), Some(AcrossParts { pictures: 2, equal: 1 }));
        assert_eq!(divided.setting(), "0.2 of each class, test as the data give it");
        assert!(!divided.is_made());
    }
}

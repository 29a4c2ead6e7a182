//! Precision of the frozen network: as asked for, or decided by trying.

use std::num::NonZeroUsize;
use std::sync::Arc;
use tl_data::{Dataset, SampleId};
use tl_frozen::{Arithmetic, Frozen, Output, Precision, Ranges};
use tl_heads::FittedHead;
use tl_image::{Limits, Preprocess, decode};
use tl_model::{PrecisionChoice, check_precision};
use tl_report::Choice;
use tl_train::{Recipe, Targets};

use crate::config::{HeadKind, TrainConfig};
use crate::error::PipelineError;
use crate::features::{FeatureSource, FeatureTable, ModeFeatures};

/// Pictures that show what rounding costs, and how large values become.
const SAMPLE: usize = 24;
/// Pictures from which on a faster network saves more time than trying it takes.
const WORTH_TRYING: usize = 500;
/// Error of rounded features, as a share of their length, up to which they are as good as exact ones.
const TOLERATED: f64 = 0.02;

/// How the frozen network multiplies, and why. `train` are the pictures that it may be tried on.
///
/// # Errors
/// If something is asked for that this processor or the recipe cannot do.
pub(crate) fn settle(
    config: &TrainConfig,
    frozen: Frozen,
    data: &Dataset,
    train: &[SampleId],
    preprocess: &Preprocess,
) -> Result<(Frozen, Option<Choice>), PipelineError> {
    let features_only = config.steps.phases.is_empty()
        && matches!(config.steps.recipe, Recipe::Auto | Recipe::Features)
        && config.head != HeadKind::Layers;
    let sample = || Sample::take(data, train, preprocess);
    match config.precision {
        PrecisionChoice::Fixed(precision) => check_precision(precision, &frozen)?,
        PrecisionChoice::Auto => {
            let worth = features_only
                && frozen.is_planned()
                && Precision::Bf16.is_available()
                && train.len() >= WORTH_TRYING;
            return Ok(if worth { sample().try_bf16(frozen) } else { (frozen, None) });
        }
    }
    let asked = |why: &str| Some(Choice::new("precision", config.precision.to_string(), why.to_owned()));
    Ok(match config.precision {
        PrecisionChoice::Fixed(Precision::Bf16) => {
            (frozen.with_arithmetic(Arithmetic::Bf16), asked("asked for"))
        }
        PrecisionChoice::Fixed(Precision::Int8) if !features_only => {
            let rule =
                "f32 or bf16 where more than the head is trained: bytes serve a network that does not change";
            let (what, value) = ("the precision".to_owned(), "int8".to_owned());
            return Err(PipelineError::Setting { what, value, rule: rule.to_owned() });
        }
        PrecisionChoice::Fixed(Precision::Int8) => {
            let sample = sample();
            let ranges = sample.ranges(&frozen)?;
            let why = format!("scaled to what {} training pictures make of every layer", sample.len());
            (frozen.with_arithmetic(Arithmetic::Int8(Arc::new(ranges))), asked(&why))
        }
        PrecisionChoice::Auto | PrecisionChoice::Fixed(Precision::F32) => (frozen, asked("asked for")),
    })
}

/// Some training pictures.
struct Sample {
    images_bchw: Vec<f32>,
    size: usize,
}

impl Sample {
    /// Evenly out of all; those that cannot be read are left out.
    fn take(data: &Dataset, train: &[SampleId], preprocess: &Preprocess) -> Self {
        let size = preprocess.size as usize;
        let (mut images_bchw, limits) = (Vec::new(), preprocess.limits(&Limits::default()));
        for id in train.iter().step_by(train.len().div_ceil(SAMPLE).max(1)) {
            let bytes = data.place_of(*id).bytes(&limits).ok();
            let picture = bytes.and_then(|bytes| decode(&bytes, &limits, preprocess.fill).ok());
            if let Some(picture) = picture {
                images_bchw.extend(preprocess.tensor_chw(&picture));
            }
        }
        Self { images_bchw, size }
    }

    fn len(&self) -> usize {
        self.images_bchw.len() / (3 * self.size * self.size)
    }

    fn ranges(&self, frozen: &Frozen) -> Result<Ranges, PipelineError> {
        Ranges::measure(frozen.backbone(), Output::Features, &self.images_bchw, self.size).map_err(|error| {
            let (what, value) = ("the precision".to_owned(), "int8".to_owned());
            PipelineError::Setting { what, value, rule: format!("f32 for this network: {error}") }
        })
    }

    /// bf16 if that changes little: pooled features, and, of a network with its published head, the likeliest classes.
    fn try_bf16(&self, frozen: Frozen) -> (Frozen, Option<Choice>) {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        let of =
            |frozen: &Frozen, output| frozen.output(output, self.images_bchw.clone(), self.size, threads);
        let exact = [Output::Features, Output::Logits].map(|output| of(&frozen, output));
        let frozen = frozen.with_arithmetic(Arithmetic::Bf16);
        let rounded = [Output::Features, Output::Logits].map(|output| of(&frozen, output));
        let error = relative(exact[0].values(), rounded[0].values());
        let changed =
            exact[1].iter_rows().zip(rounded[1].iter_rows()).filter(|(a, b)| likeliest(a) != likeliest(b));
        let (changed, pictures) = (changed.count(), self.len());
        let shows =
            format!("of {pictures} training pictures features are within {:.1} % of f32's", 100.0 * error);
        if error <= TOLERATED && changed == 0 && pictures > 0 {
            let why = format!("{shows} and predictions the same; `--precision f32` does without");
            return (frozen, Some(Choice::new("precision", "bf16".to_owned(), why)));
        }
        let why = format!("in bf16 {shows}, and {changed} predictions differ");
        (frozen.with_arithmetic(Arithmetic::F32), Some(Choice::new("precision", "f32".to_owned(), why)))
    }
}

/// Length of the difference, as a share of the length.
fn relative(exact: &[f32], other: &[f32]) -> f64 {
    let length =
        |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    let difference = length(&mut exact.iter().zip(other).map(|(a, b)| a - b));
    difference / length(&mut exact.iter().copied()).max(f64::MIN_POSITIVE)
}

fn likeliest(logits: &[f32]) -> Option<usize> {
    (0..logits.len()).max_by(|&a, &b| logits[a].total_cmp(&logits[b]))
}

/// What bytes cost: how many of these pictures a head gets right with features in bytes, which are there, and in floats.
///
/// # Errors
/// If the head does not fit the features.
pub(crate) fn cost(
    kept: &ModeFeatures<'_>,
    head: &FittedHead,
    ids: &[SampleId],
) -> Result<Choice, PipelineError> {
    let FeatureSource { frozen, data, preprocess, threads, .. } = kept.source();
    let exact = Frozen::new(frozen.backbone().clone(), frozen.device().clone());
    let (preprocess, threads) = (preprocess.clone(), *threads);
    let source = FeatureSource { frozen: &exact, data, preprocess, threads, cache: None, pixels: None };
    let mut floats = FeatureTable::new(source);
    floats.ensure(ids, &[kept.mode], &|_| ());
    let targets = Targets::of(data, ids);
    let right = |features: &ModeFeatures<'_>| -> Result<f64, PipelineError> {
        let logits = head.logits(&features.matrix(ids))?;
        Ok(targets.scores(&targets.probabilities(logits)).accuracy)
    };
    let (floats, bytes) = (right(&floats.at(kept.mode))?, right(kept)?);
    let why = format!(
        "with the same head and features in f32 {:.1} %, on {} held-out pictures",
        100.0 * floats,
        ids.len()
    );
    Ok(Choice::new("int8", format!("{:.1} % right", 100.0 * bytes), why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn noise(count: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect()
    }

    fn frozen() -> Frozen {
        let device = Device::flex();
        Frozen::new(tl_backbones::mobilenetv2_050().init(&device), device)
    }

    #[test]
    fn bf16_is_taken_where_it_changes_nothing_and_not_without_a_picture() {
        if !Precision::Bf16.is_available() {
            return;
        }
        let sample = Sample { images_bchw: noise(2 * 3 * 64 * 64), size: 64 };
        let (taken, choice) = sample.try_bf16(frozen());
        let choice = choice.unwrap();
        // Whatever random logits do, the choice and what it says are one.
        assert_eq!(choice.chosen, taken.arithmetic().precision().name());
        assert_eq!(choice.chosen == "bf16", choice.why.contains("predictions the same"), "{}", choice.why);
        let nothing = Sample { images_bchw: Vec::new(), size: 64 };
        let (kept, _) = nothing.try_bf16(frozen());
        assert_eq!(*kept.arithmetic(), Arithmetic::F32);
    }

    #[test]
    fn the_error_is_a_share_of_the_length() {
        assert_eq!(relative(&[3.0, 4.0], &[3.0, 4.0]), 0.0);
        assert!((relative(&[3.0, 4.0], &[3.0, 4.5]) - 0.1).abs() < 1e-9);
        assert_eq!(relative(&[0.0], &[0.0]), 0.0);
    }
}

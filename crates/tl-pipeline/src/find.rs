//! The search for a learning rate as a job of its own, from pictures to a curve.

use tl_data::{Dataset, SampleId, check_bad};
use tl_frozen::Frozen;
use tl_model::open_device;
use tl_report::RateCurve;
use tl_train::RateSearch;

use crate::config::TrainConfig;
use crate::error::PipelineError;
use crate::features::{FeatureSource, FeatureTable, ensure_features, feature_cache};
use crate::head_init::HeadInit;
use crate::job::pictures_of;
use crate::journal::Journal;
use crate::observer::{JobStage, Observer};
use crate::plan::StepPlan;
use crate::precision::settle;
use crate::probe::probe;
use crate::range::with_range;
use crate::resize::choose_mode;
use crate::setup::Setup;
use crate::split::DataSplit;
use crate::step_training::{EpochSplit, with_trainer};

/// A search under way.
struct Finder<'a> {
    setup: Setup<'a>,
    table: FeatureTable<'a>,
    journal: Journal,
}

impl Finder<'_> {
    /// Looks for a learning rate of the last phase, on the pictures that the recipe would learn from.
    fn find(&mut self, search: &RateSearch, train: &[SampleId]) -> Result<RateCurve, PipelineError> {
        let Self { setup, table, journal } = self;
        let (mode, _) = choose_mode(setup, table, journal, train)?;
        ensure_features(setup, table, journal, train, &[mode])?;
        let (readable, features) = (table.readable(train), table.at(mode));
        let split = EpochSplit::of(features.data(), &readable, &[], setup.config.seed);
        let plan = StepPlan::of(setup, &features, train.len());
        let probe = probe(setup, &features, journal, &plan, &split.learn)?.map(|probe| probe.head);
        with_trainer(setup, &features, &plan.phases, probe.as_ref(), &split, None, |trainer| {
            trainer.find(search)
        })
    }
}

/// Looks for the learning rate of a recipe's last phase: what learns there takes steps at rates from `search.start` on
/// upwards, until the loss runs away. It begins with the pretrained network, and with the head solved on it where the
/// recipe begins so; earlier phases are not trained. Rates are those of the head, as [`StepsConfig::rate`]
/// (`tl train --lr`) means them; stages have the phase's share of it. Nothing is written, and the network that is searched
/// with is a copy.
///
/// Losses are those of training pictures, changed and mixed as in training, in nats.
///
/// # Errors
/// [`TrainError::Setting`](tl_train::TrainError::Setting) if the search cannot be or the recipe has no phases, else as [`train`](crate::train()).
///
/// [`StepsConfig::rate`]: tl_train::StepsConfig::rate
pub fn find_rate(
    config: &TrainConfig,
    search: &RateSearch,
    observer: &dyn Observer,
) -> Result<RateCurve, PipelineError> {
    search.check()?;
    prepare(config, observer, |finder, train| finder.find(search, train))
}

/// Does something with the network and the training pictures.
fn prepare<T>(
    config: &TrainConfig,
    observer: &dyn Observer,
    job: impl FnOnce(&mut Finder<'_>, &[SampleId]) -> Result<T, PipelineError>,
) -> Result<T, PipelineError> {
    config.steps.check()?;
    let device = open_device(&config.device)?;
    let pretrained = config.pretrained()?;
    observer.stage(JobStage::Scan);
    let (config, pretrained, _) = with_range(config, pretrained, observer)?;
    let config = &config;
    let data = pictures_of(config, observer)?;
    check_bad(&data.rejected, data.files(), &config.max_bad.parse()?)?;
    let config = &config.for_labels(data.multi_label)?;
    observer.scanned(&data);
    observer.stage(JobStage::Load);
    let (backbone, loaded) = pretrained.load(&device, &config.fetch(), observer)?;
    let (config, _) =
        config.with_batch(&pretrained.architecture, &backbone, DataSplit::new(&data, config)?.learning())?;
    let config = &config;
    let train = training(&data, config)?;
    let frozen = Frozen::new(backbone, device.clone());
    let (frozen, _) = settle(config, frozen, &data, &train, &pretrained.preprocess)?;
    let table = FeatureTable::new(FeatureSource {
        frozen: &frozen,
        data: &data,
        preprocess: pretrained.preprocess.clone(),
        threads: config.threads(),
        cache: feature_cache(config.kept_gib(), &pretrained, &loaded),
        pixels: None,
    });
    let warm = HeadInit::of(config, &data, &device)?;
    let devices = std::slice::from_ref(&device);
    let setup = Setup { config, devices, architecture: pretrained.architecture, warm, observer };
    job(&mut Finder { setup, table, journal: Journal::default() }, &train)
}

/// The pictures that would be trained on.
fn training(data: &Dataset, config: &TrainConfig) -> Result<Vec<SampleId>, PipelineError> {
    Ok(match DataSplit::new(data, config)? {
        DataSplit::HeldOut(parts) => parts.train,
        folds @ DataSplit::Folds(_) => folds.all(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observer::Quiet;
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::Tensor;
    use image::{Rgb, RgbImage};
    use tl_train::{Recipe, StepsConfig, Unfreeze};

    struct Bits(Vec<u32>);

    impl ModuleVisitor for Bits {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(param.val().into_data().iter::<f32>().map(f32::to_bits));
        }
    }

    fn bits(finder: &Finder<'_>) -> Vec<u32> {
        let mut bits = Bits(Vec::new());
        finder.table.source.frozen.backbone().visit(&mut bits);
        bits.0
    }

    fn config(folder: &std::path::Path) -> TrainConfig {
        for (class, color) in [("warm", [250, 120, 60]), ("cold", [60, 120, 250])] {
            let inside = folder.join(class);
            std::fs::create_dir(&inside).unwrap();
            for seed in 0..8_u32 {
                let pixel = |x, y| Rgb(color.map(|value: u8| value - ((x * (3 + seed) + y * 5) % 60) as u8));
                RgbImage::from_fn(40, 40, pixel).save(inside.join(format!("{seed}.png"))).unwrap();
            }
        }
        let unfreeze = Some(Unfreeze::from("1".to_owned()));
        let steps = StepsConfig { recipe: Recipe::LpFt, unfreeze, batch: 2, ..StepsConfig::default() };
        TrainConfig { cache: false, steps, ..TrainConfig::new(folder) }
    }

    #[test]
    fn a_search_goes_up_until_the_loss_runs_away_and_leaves_the_network_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let search = RateSearch { start: 1e-5, end: 1e4, steps: 20 };
        let (before, curve, again, after) = prepare(&config, &Quiet, |finder, train| {
            let before = bits(finder);
            let (curve, again) = (finder.find(&search, train)?, finder.find(&search, train)?);
            Ok((before, curve, again, bits(finder)))
        })
        .unwrap();
        assert!(before.len() > 1_000_000 && before == after, "the pretrained network has changed");
        assert_eq!(curve, again, "the second search began with something else");
        assert!(curve.stopped.is_some() && curve.points.len() < 20, "{curve:?}");
        assert!(curve.points.is_sorted_by(|a, b| a.rate < b.rate), "{curve:?}");
        assert_eq!((curve.points[0].rate, curve.learns.as_str()), (1e-5, "the last stage and the head"));
    }

    #[test]
    fn a_recipe_without_phases_has_no_rate() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        config.steps = StepsConfig { recipe: Recipe::Features, ..StepsConfig::default() };
        let error = find_rate(&config, &RateSearch::default(), &Quiet).unwrap_err();
        assert_eq!(error.to_string(), "recipe is features, it must be one that trains in steps");
    }
}

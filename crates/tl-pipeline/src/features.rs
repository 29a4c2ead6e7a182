//! Features of a data set, computed once for each picture and resize mode, and only when they are asked for.

use std::collections::BTreeMap;
use std::time::Instant;
use tl_data::{Dataset, PictureLocation, Progress, SampleError, SampleId, check_bad};
use tl_frozen::{Extraction, Frozen, Job, Output, Times, extract, extract_kept};
use tl_heads::{HeadError, Matrix};
use tl_image::{ContentHash, Limits, PixelCache, Preprocess, ResizeMode};
use tl_model::Pretrained;
use tl_train::{FeatureCache, PrecomputedFeatures};
use tl_weights::{Cache, Loaded};

use crate::error::PipelineError;
use crate::journal::Journal;
use crate::observer::JobStage;
use crate::setup::Setup;

/// The ways a picture can become square.
pub(crate) const MODES: [ResizeMode; 3] = [ResizeMode::Crop, ResizeMode::Squash, ResizeMode::Letterbox];

/// What features are computed from and with.
pub(crate) struct FeatureSource<'a> {
    pub(crate) frozen: &'a Frozen,
    pub(crate) data: &'a Dataset,
    /// The preprocessing that the weights were evaluated with; the resize mode is the table's matter.
    pub(crate) preprocess: Preprocess,
    pub(crate) threads: usize,
    /// The cache of features on disk; `None`: nothing is kept for the next run.
    pub(crate) cache: Option<FeatureCache>,
    /// The cache of decoded pictures; `None`: each is decoded whenever it is used.
    pub(crate) pixels: Option<PixelCache>,
}

/// The features known so far.
pub(crate) struct FeatureTable<'a> {
    pub(crate) source: FeatureSource<'a>,
    rows: BTreeMap<(usize, SampleId), Vec<f32>>,
    failed: BTreeMap<SampleId, SampleError>,
    tally: Tally,
}

/// Where rows came from, and what they took.
#[derive(Default)]
struct Tally {
    times: Times,
    /// Pictures whose features came from an earlier run.
    kept: usize,
    computed: usize,
}

/// The features of one resize mode.
#[derive(Clone, Copy)]
pub(crate) struct ModeFeatures<'a> {
    pub(crate) table: &'a FeatureTable<'a>,
    pub(crate) mode: ResizeMode,
}

impl<'a> FeatureTable<'a> {
    /// Nothing is computed yet.
    pub(crate) fn new(source: FeatureSource<'a>) -> Self {
        Self { source, rows: BTreeMap::new(), failed: BTreeMap::new(), tally: Tally::default() }
    }

    /// Computes what is missing for these pictures and modes. Each picture is decoded once for all its missing modes.
    pub(crate) fn ensure(
        &mut self,
        ids: &[SampleId],
        modes: &[ResizeMode],
        progress: &(dyn Fn(Progress) + Sync),
    ) {
        let mut missing: BTreeMap<Vec<usize>, Vec<SampleId>> = BTreeMap::new();
        for &id in ids.iter().filter(|id| !self.failed.contains_key(id)) {
            let modes = modes.iter().map(|&mode| mode_number(mode));
            let lacks: Vec<usize> = modes.filter(|&mode| !self.rows.contains_key(&(mode, id))).collect();
            if !lacks.is_empty() {
                missing.entry(lacks).or_default().push(id);
            }
        }
        let total = missing.values().map(Vec::len).sum();
        let mut before = 0;
        for (modes, ids) in missing {
            self.compute(&ids, &modes, &|inner| progress(Progress { done: before + inner.done, total }));
            before += ids.len();
        }
    }

    fn compute(&mut self, ids: &[SampleId], modes: &[usize], progress: &(dyn Fn(Progress) + Sync)) {
        let modes_of = |&mode: &usize| Preprocess { mode: MODES[mode], ..self.source.preprocess.clone() };
        let views: Vec<Preprocess> = modes.iter().map(modes_of).collect();
        let extraction = self.source.extract(ids, &views, progress);
        self.tally.kept += extraction.kept;
        self.tally.computed += extraction.rows.len() - extraction.kept;
        self.tally.times.decode += extraction.times.decode;
        self.tally.times.network += extraction.times.network;
        self.failed.extend(extraction.failed.into_iter().map(|(index, reason)| (ids[index], reason)));
        for (&mode, features_nd) in modes.iter().zip(&extraction.features) {
            let rows = extraction.rows.iter().zip(features_nd.iter_rows());
            self.rows.extend(rows.map(|(&index, row)| ((mode, ids[index]), row.to_vec())));
        }
    }

    /// Where the features came from, and whether they are kept: for people.
    pub(crate) fn origin(&self) -> Vec<String> {
        let from = match (self.tally.kept, self.tally.computed) {
            (0, _) => None,
            (kept, 0) => Some(format!("all {kept} pictures' from the cache")),
            (kept, computed) => Some(format!("{kept} pictures' from the cache, {computed} computed")),
        };
        from.into_iter().chain(self.source.cache.as_ref().and_then(FeatureCache::not_kept)).collect()
    }

    /// The time that threads have spent, all together.
    pub(crate) fn times(&self) -> &Times {
        &self.tally.times
    }

    /// The data set without the pictures that failed when they were decoded.
    pub(crate) fn cleaned(&self) -> Dataset {
        self.source.data.without(self.failed.clone().into_iter().collect())
    }

    /// The pictures among `ids` that could be read so far.
    pub(crate) fn readable(&self, ids: &[SampleId]) -> Vec<SampleId> {
        ids.iter().copied().filter(|id| !self.failed.contains_key(id)).collect()
    }

    /// The features of one resize mode.
    pub(crate) fn at(&self, mode: ResizeMode) -> ModeFeatures<'_> {
        ModeFeatures { table: self, mode }
    }
}

impl FeatureSource<'_> {
    fn extract(
        &self,
        ids: &[SampleId],
        views: &[Preprocess],
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Extraction {
        let pictures: Vec<PictureLocation> = ids.iter().map(|&id| self.data.place_of(id)).collect();
        let (limits, threads) = (&Limits::default(), self.threads);
        let job = Job { pictures: &pictures, views, output: Output::Features, limits, threads };
        let Some(cache) = &self.cache else { return extract(self.frozen, &job, progress) };
        let contents: Vec<ContentHash> = ids.iter().map(|id| self.data.samples[id.0].content).collect();
        let mut caches = cache.cached_views(self.frozen, job.output, job.views);
        extract_kept(self.frozen, &job, &contents, &mut caches, progress)
    }
}

impl<'a> ModeFeatures<'a> {
    /// What the features are computed from and with.
    pub(crate) fn source(&self) -> &'a FeatureSource<'a> {
        &self.table.source
    }

    /// The data set that the features were computed of.
    pub(crate) fn data(&self) -> &'a Dataset {
        self.table.source.data
    }

    /// What a picture goes through.
    pub(crate) fn preprocess(&self) -> Preprocess {
        Preprocess { mode: self.mode, ..self.table.source.preprocess.clone() }
    }

    /// `[ids, features]`; every picture must have been computed in this mode.
    pub(crate) fn matrix(&self, ids: &[SampleId]) -> Matrix {
        let rows: Vec<&[f32]> = ids.iter().filter_map(|&id| self.row(id)).collect();
        debug_assert_eq!(rows.len(), ids.len(), "features were not computed");
        let columns = rows.first().map_or(0, |row| row.len());
        Matrix::with_columns(columns, rows.concat())
    }
}

impl ModeFeatures<'_> {
    /// An error about features of these pictures names the picture.
    pub(crate) fn naming_picture(&self, error: HeadError, ids: &[SampleId]) -> PipelineError {
        match error {
            HeadError::NotFinite { row } => ids.get(row).map_or(PipelineError::Head(error), |id| {
                PipelineError::FeaturesNotFinite { path: self.data().samples[id.0].path.clone() }
            }),
            error => PipelineError::Head(error),
        }
    }
}

/// `features` in the cache's folder, of so many GiB at most; `None` if nothing is to be kept, or there is no such folder.
pub(crate) fn feature_cache(
    most_gib: Option<u64>,
    pretrained: &Pretrained,
    loaded: &Loaded,
) -> Option<FeatureCache> {
    let limit_bytes = most_gib?.saturating_mul(1 << 30);
    let folder = Cache::locate().ok()?.folder().join("features");
    Some(FeatureCache::open(folder, limit_bytes, pretrained.architecture.name, loaded.sha256.clone()))
}

/// Computes features, and stops if too many files turn out bad.
pub(crate) fn ensure_features(
    setup: &Setup<'_>,
    table: &mut FeatureTable<'_>,
    journal: &mut Journal,
    ids: &[SampleId],
    modes: &[ResizeMode],
) -> Result<(), PipelineError> {
    let begun = Instant::now();
    setup.observer.stage(JobStage::Extract);
    table.ensure(ids, modes, &|progress| setup.observer.progress(progress));
    journal.extract += begun.elapsed();
    let cleaned = table.cleaned();
    Ok(check_bad(&cleaned.rejected, cleaned.files(), &setup.config.max_bad.parse()?)?)
}

impl PrecomputedFeatures for ModeFeatures<'_> {
    fn row(&self, id: SampleId) -> Option<&[f32]> {
        self.table.rows.get(&(mode_number(self.mode), id)).map(Vec::as_slice)
    }
}

fn mode_number(mode: ResizeMode) -> usize {
    MODES.iter().position(|&known| known == mode).unwrap_or_default()
}

//! Features of a data set, computed once for each picture and resize mode, and only when they are asked for.

use std::collections::BTreeMap;
use tl_data::{
    ContentHash, Dataset, Limits, PictureError, PixelCache, Place, Preprocess, Progress, ResizeMode, SampleId,
};
use tl_frozen::{Extraction, Frozen, Job, Output, Times, extract, extract_kept};
use tl_heads::Matrix;

use crate::keeping::Keeping;

/// The ways a picture can become square.
pub(crate) const MODES: [ResizeMode; 3] = [ResizeMode::Crop, ResizeMode::Squash, ResizeMode::Letterbox];

/// The features known so far.
pub(crate) struct Features<'a> {
    pub(crate) frozen: &'a Frozen,
    pub(crate) data: &'a Dataset,
    pub(crate) preprocess: Preprocess,
    pub(crate) limits: Limits,
    pub(crate) threads: usize,
    pub(crate) failed: BTreeMap<SampleId, PictureError>,
    pub(crate) times: Times,
    /// `None`: nothing is kept for the next run.
    pub(crate) keeping: Option<Keeping>,
    /// Decoded pictures; `None`: each is decoded whenever it is used.
    pub(crate) pixels: Option<PixelCache>,
    /// Pictures whose features came from an earlier run, and those whose were computed.
    pub(crate) kept: usize,
    pub(crate) computed: usize,
    rows: BTreeMap<(usize, SampleId), Vec<f32>>,
}

impl<'a> Features<'a> {
    pub(crate) fn new(frozen: &'a Frozen, data: &'a Dataset, preprocess: Preprocess, threads: usize) -> Self {
        Self {
            frozen,
            data,
            preprocess,
            limits: Limits::default(),
            threads,
            failed: BTreeMap::new(),
            times: Times::default(),
            keeping: None,
            pixels: None,
            kept: 0,
            computed: 0,
            rows: BTreeMap::new(),
        }
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
        let places: Vec<Place> = ids.iter().map(|&id| self.data.place_of(id)).collect();
        let views: Vec<Preprocess> = modes.iter().map(|&mode| self.preprocess(MODES[mode])).collect();
        let job = Job {
            pictures: &places,
            views: &views,
            output: Output::Features,
            limits: &self.limits,
            threads: self.threads,
        };
        let extraction = self.extract(ids, &job, progress);
        self.kept += extraction.kept;
        self.computed += extraction.rows.len() - extraction.kept;
        self.times.decode += extraction.times.decode;
        self.times.network += extraction.times.network;
        self.failed.extend(extraction.failed.into_iter().map(|(index, reason)| (ids[index], reason)));
        for (&mode, features_nd) in modes.iter().zip(&extraction.features) {
            let rows = extraction.rows.iter().zip(features_nd.iter_rows());
            self.rows.extend(rows.map(|(&index, row)| ((mode, ids[index]), row.to_vec())));
        }
    }

    fn extract(&self, ids: &[SampleId], job: &Job<'_>, progress: &(dyn Fn(Progress) + Sync)) -> Extraction {
        let Some(keeping) = &self.keeping else { return extract(self.frozen, job, progress) };
        let contents: Vec<ContentHash> = ids.iter().map(|id| self.data.samples[id.0].content).collect();
        let mut shelves = keeping.shelves(self.frozen, job.output, job.views);
        extract_kept(self.frozen, job, &contents, &mut shelves, progress)
    }

    /// Where the features came from, and whether they are kept: for people.
    pub(crate) fn origin(&self) -> Vec<String> {
        let from = match (self.kept, self.computed) {
            (0, _) => None,
            (kept, 0) => Some(format!("all {kept} pictures' from the cache")),
            (kept, computed) => Some(format!("{kept} pictures' from the cache, {computed} computed")),
        };
        from.into_iter().chain(self.keeping.as_ref().and_then(Keeping::not_kept)).collect()
    }

    /// What a picture goes through in a mode.
    pub(crate) fn preprocess(&self, mode: ResizeMode) -> Preprocess {
        Preprocess { mode, ..self.preprocess.clone() }
    }

    /// The data set without the pictures that failed when they were decoded.
    pub(crate) fn cleaned(&self) -> Dataset {
        self.data.without(self.failed.clone().into_iter().collect())
    }

    /// Those of `ids` that could be read so far.
    pub(crate) fn readable(&self, ids: &[SampleId]) -> Vec<SampleId> {
        ids.iter().copied().filter(|id| !self.failed.contains_key(id)).collect()
    }

    /// A picture's features, if they were computed in this mode.
    pub(crate) fn row(&self, id: SampleId, mode: ResizeMode) -> Option<&[f32]> {
        self.rows.get(&(mode_number(mode), id)).map(Vec::as_slice)
    }

    /// `[ids, features]`; every picture must have been computed in this mode.
    pub(crate) fn matrix(&self, ids: &[SampleId], mode: ResizeMode) -> Matrix {
        let mode = mode_number(mode);
        let rows: Vec<&Vec<f32>> = ids.iter().filter_map(|&id| self.rows.get(&(mode, id))).collect();
        debug_assert_eq!(rows.len(), ids.len(), "features were not computed");
        let columns = rows.first().map_or(0, |row| row.len());
        Matrix::with_columns(columns, rows.into_iter().flatten().copied().collect())
    }
}

fn mode_number(mode: ResizeMode) -> usize {
    MODES.iter().position(|&known| known == mode).unwrap_or_default()
}

//! Batches from the disk to the step: every thread decodes and changes pictures of the batches that come next.
//!
//! ```text
//! drafts --pictures, or a few that are known--> threads: find or decode --in order--> this thread: network, targets --> step
//! ```

use std::ops::ControlFlow;
use tl_data::{SampleError, SampleId, load_groups};

use crate::boundary_features::{BatchPlan, BoundaryFeatures, LoadedPicture};
use crate::error::TrainError;
use crate::inputs::View;
use crate::targets::put_targets;
use crate::train_state::Batch;

/// Pictures that may be under way beside the next step's and one for each thread.
const FEW: usize = 4;
/// Pictures that a thread looks up at once where most are known: finding one takes less time than handing it over.
const LOOKED_UP: usize = 8;

/// Pictures that one thread loads together, of one batch.
struct LoadJob {
    ids: Vec<SampleId>,
    view: View,
    keep: bool,
}

/// What was found of a piece, or which of its pictures cannot be read.
type Loaded = Result<Vec<LoadedPicture>, (SampleId, SampleError)>;

/// Batches for steps and for validation: what is known of a picture, else the picture through the frozen prefix.
pub(super) struct DataLoader<'a> {
    pub(super) rows: &'a BoundaryFeatures<'a>,
    pub(super) threads: usize,
    /// Pictures of a step.
    pub(super) step: usize,
}

impl DataLoader<'_> {
    /// Hands the batches of each step to `sink`, in order; `keep`: do their views come again? The batches do not depend on
    /// the number of threads; memory holds the pictures of two steps, and a few.
    pub(super) fn load<B>(
        &self,
        keep: bool,
        steps: impl Iterator<Item = Vec<BatchPlan>> + Send,
        sink: impl FnMut(Result<Vec<Batch>, TrainError>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        self.load_by(|id, view, keep| self.rows.find(id, view, keep), keep, steps, sink)
    }

    /// [`load`](Self::load), with another way to find a picture.
    pub(super) fn load_by<B>(
        &self,
        find: impl Fn(SampleId, View, bool) -> Result<LoadedPicture, SampleError> + Sync,
        keep: bool,
        steps: impl Iterator<Item = Vec<BatchPlan>> + Send,
        mut sink: impl FnMut(Result<Vec<Batch>, TrainError>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (threads, step) = (self.threads.max(1), self.step);
        let together = if keep { (step / threads).clamp(1, LOOKED_UP) } else { 1 };
        let groups = steps.map(|drafts| {
            let pieces = drafts.iter().flat_map(|draft| pieces(draft, together)).collect();
            (drafts, pieces)
        });
        let work = |piece: LoadJob| -> Loaded {
            let found = |id| find(id, piece.view, piece.keep).map_err(|reason| (id, reason));
            piece.ids.iter().copied().map(found).collect()
        };
        // While a step is taken, the next one's pictures become ready and every thread has one of the step after it.
        let ahead = step.div_ceil(together) + threads + FEW;
        load_groups(groups, threads, ahead, work, |drafts, loaded| sink(self.batches(&drafts, loaded)))
    }

    fn batches(&self, drafts: &[BatchPlan], loaded: Vec<Loaded>) -> Result<Vec<Batch>, TrainError> {
        let found: Result<Vec<Vec<LoadedPicture>>, _> = loaded.into_iter().collect();
        let found = found.map_err(|(id, reason)| self.unreadable(id, reason))?;
        let mut found = found.into_iter().flatten();
        let of = |draft: &BatchPlan| self.batch(draft, found.by_ref().take(draft.ids.len()).collect());
        Ok(drafts.iter().map(of).collect())
    }

    fn batch(&self, draft: &BatchPlan, found: Vec<LoadedPicture>) -> Batch {
        let rows = self.rows.complete(draft, found, self.threads);
        let data = self.rows.data();
        let (pictures, classes) = (draft.ids.len(), data.classes.len());
        let mut targets_bk = vec![0.0; pictures * classes];
        put_targets(data, &draft.ids, &mut targets_bk);
        if let Some(blend) = &draft.blend {
            blend.mix_targets(&mut targets_bk, classes);
        }
        Batch { rows, shape: self.rows.shape, targets_bk, pictures }
    }

    fn unreadable(&self, id: SampleId, reason: SampleError) -> TrainError {
        TrainError::Lost { path: self.rows.data().samples[id.0].path.clone(), reason }
    }
}

/// Single pictures where they have to be decoded.
fn pieces(draft: &BatchPlan, together: usize) -> Vec<LoadJob> {
    let together = if draft.keep { together } else { 1 };
    let piece = |ids: &[SampleId]| LoadJob { ids: ids.to_vec(), view: draft.view, keep: draft.keep };
    draft.ids.chunks(together).map(piece).collect()
}

//! Extraction that computes only what is not kept.

use tl_data::{PictureLocation, Progress};
use tl_heads::Matrix;
use tl_image::ContentHash;

use super::CachedFeatures;
use crate::extract::{Batch, extract_batches};
use crate::{Extraction, Frozen, Job};

/// [`extract`](crate::extract), but what the caches hold is taken from there and what is computed is added to them.
///
/// `contents` has the content of each picture of the job, `caches` one cache for each of its ways to prepare a
/// picture, whose provenance must be the job's, with all of these in `decoded_for`. A picture whose rows are all kept is
/// not even read. One that cannot be read, or whose file is not the one that was hashed any more, is not kept.
pub fn extract_kept(
    frozen: &Frozen,
    job: &Job<'_>,
    contents: &[ContentHash],
    caches: &mut [CachedFeatures],
    progress: &(dyn Fn(Progress) + Sync),
) -> Extraction {
    debug_assert_eq!((contents.len(), caches.len()), (job.pictures.len(), job.views.len()));
    let found: Vec<Option<Vec<Vec<f32>>>> =
        contents.iter().map(|&content| rows_of(caches, content)).collect();
    let missing: Vec<usize> = (0..found.len()).filter(|&index| found[index].is_none()).collect();
    let places: Vec<PictureLocation> = missing.iter().map(|&index| job.pictures[index].clone()).collect();
    let (total, done) = (found.len(), found.len() - missing.len());
    let computed = extract_batches(
        frozen,
        &Job { pictures: &places, ..*job },
        &mut |batch| keep(batch, caches, &|row| contents[missing[row]]),
        &|inner| progress(Progress { done: done + inner.done, total }),
    );
    caches.iter_mut().for_each(CachedFeatures::commit);
    progress(Progress { done: total, total });
    merge(found, &missing, computed)
}

/// A picture's row on each cache; `None` if one is missing.
fn rows_of(caches: &[CachedFeatures], content: ContentHash) -> Option<Vec<Vec<f32>>> {
    caches.iter().map(|cache| cache.get(content, 0)).collect()
}

fn keep(batch: &Batch, caches: &mut [CachedFeatures], content_of: &dyn Fn(usize) -> ContentHash) {
    for (cache, features) in caches.iter_mut().zip(&batch.features) {
        let rows = batch.rows.iter().zip(&batch.contents).zip(features.iter_rows());
        for ((_, &content), values) in rows.filter(|((row, content), _)| content_of(**row) == **content) {
            cache.add(content, 0, values);
        }
    }
}

/// Rows that were found and rows that were computed, in the order of the pictures.
fn merge(found: Vec<Option<Vec<Vec<f32>>>>, missing: &[usize], computed: Extraction) -> Extraction {
    let mut row_of: Vec<Option<usize>> = vec![None; found.len()];
    for (row, &index) in computed.rows.iter().enumerate() {
        row_of[missing[index]] = Some(row);
    }
    let rows = (0..found.len()).filter(|&index| found[index].is_some() || row_of[index].is_some()).collect();
    let of_view = |view: usize, computed: &Matrix| {
        let kept = found.iter().flatten().find_map(|rows| rows.get(view));
        let columns = kept.map_or(computed.columns(), Vec::len);
        let each = found.iter().zip(&row_of).filter_map(|(found, row)| match (found, row) {
            (Some(rows), _) => rows.get(view).map(Vec::as_slice),
            (None, row) => row.map(|row| computed.row(row)),
        });
        Matrix::with_columns(columns, each.flatten().copied().collect())
    };
    Extraction {
        rows,
        features: computed.features.iter().enumerate().map(|(view, matrix)| of_view(view, matrix)).collect(),
        failed: computed.failed.into_iter().map(|(index, reason)| (missing[index], reason)).collect(),
        kept: found.iter().flatten().count(),
        times: computed.times,
    }
}

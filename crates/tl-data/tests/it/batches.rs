//! Batches: the same whatever the number of threads, in order, bounded, and no file is lost without its name.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use image::{Rgb, RgbImage};
use tl_data::{
    Batch, Dataset, Loading, PictureLocation, SampleError, SampleId, Sampler, Sampling, load_batches, scan,
};
use tl_image::{Limits, Preprocess};

const SIZE: u32 = 16;
const VALUES: usize = 3 * 16 * 16;

/// 12 and 5 pictures in two classes, of many sizes and colours.
fn data(folder: &Path) -> Dataset {
    for (class, count) in [("cat", 12_u8), ("dog", 5)] {
        std::fs::create_dir(folder.join(class)).unwrap();
        for i in 0..count {
            let picture =
                RgbImage::from_fn(20 + u32::from(i), 24, |x, y| Rgb([i * 9, x as u8 * 7, y as u8 * 5]));
            picture.save(folder.join(class).join(format!("{i}.png"))).unwrap();
        }
    }
    scan(folder, &Limits::default(), &|_| {}).unwrap()
}

fn ids(data: &Dataset, epoch: u64) -> Vec<SampleId> {
    let labels: Vec<_> = data.samples.iter().map(|sample| sample.class).collect();
    let sampler = Sampler::new(&labels, Sampling::Balanced, 5, epoch);
    (0..sampler.len()).map(|i| SampleId(sampler.at(i))).collect()
}

fn load(data: &Dataset, loading: &Loading, epoch: u64, bad: Option<SampleId>) -> Vec<Batch> {
    let preprocess = Preprocess { size: SIZE, ..Preprocess::default() };
    let render = |id: SampleId, place: &PictureLocation, out: &mut [f32]| {
        assert!(Some(id) != bad, "bad luck");
        let part = place.decode_part(&Limits::default(), [255; 3], |full| preprocess.wanted(full))?;
        preprocess.normalise_into(&preprocess.picture_of(&part), out);
        Ok(())
    };
    let mut batches = Vec::new();
    let done = load_batches(data, ids(data, epoch), loading, VALUES, render, |batch| {
        batches.push(batch.clone());
        ControlFlow::<()>::Continue(())
    });
    assert!(done.is_continue());
    batches
}

#[test]
fn batches_do_not_depend_on_threads_or_queue() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    for epoch in 0..3 {
        let expected = load(&data, &Loading { batch: 4, threads: 1, ahead: 1 }, epoch, None);
        assert_eq!(expected.iter().map(|batch| batch.ids.len()).collect::<Vec<_>>(), [4, 4, 4, 4, 1]);
        let order: Vec<_> = expected.iter().flat_map(|batch| batch.ids.clone()).collect();
        assert_eq!(order, ids(&data, epoch));
        for (threads, ahead) in [(2, 2), (4, 1), (4, 9)] {
            assert_eq!(load(&data, &Loading { batch: 4, threads, ahead }, epoch, None), expected);
        }
    }
}

#[test]
fn pixels_and_labels_belong_to_the_ids() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let preprocess = Preprocess { size: SIZE, ..Preprocess::default() };
    for batch in load(&data, &Loading { batch: 5, threads: 2, ahead: 2 }, 0, None) {
        assert_eq!(batch.pixels_bchw.len(), batch.ids.len() * VALUES);
        for (i, (&id, label)) in batch.ids.iter().zip(&batch.labels).enumerate() {
            assert_eq!(*label, data.samples[id.0].class);
            let picture = image::open(data.file_of(id)).unwrap().into_rgb8();
            assert_eq!(batch.pixels_bchw[i * VALUES..][..VALUES], preprocess.tensor_chw(&picture));
        }
    }
}

#[test]
fn a_sample_that_fails_or_panics_is_named_and_takes_no_place() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    std::fs::write(data.file_of(SampleId(1)), "gone").unwrap();
    let batches = load(&data, &Loading { batch: 4, threads: 2, ahead: 2 }, 0, Some(SampleId(13)));
    let rejected: Vec<_> = batches.iter().flat_map(|batch| batch.rejected.clone()).collect();
    let named: BTreeSet<_> = rejected.iter().map(|(id, reason)| (id.0, reason.to_string())).collect();
    let expected = [
        (1, "not a picture (it is text)".to_string()),
        (13, "corrupt (reading it panicked: bad luck)".to_string()),
    ];
    assert!(named.iter().all(|found| expected.contains(found)), "{named:?}");
    assert!(named.contains(&expected[1]), "{named:?}");
    for batch in &batches {
        assert_eq!(batch.pixels_bchw.len(), batch.ids.len() * VALUES);
        assert!(batch.rejected.iter().all(|(id, _)| !batch.ids.contains(id)));
    }
}

#[test]
fn rendering_waits_for_the_sink() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (begun, mut handed_over) = (AtomicUsize::new(0), 0);
    let render = |_: SampleId, _: &PictureLocation, _: &mut [f32]| -> Result<(), SampleError> {
        begun.fetch_add(1, Ordering::SeqCst);
        Ok(())
    };
    let loading = Loading { batch: 2, threads: 4, ahead: 3 };
    let _ = load_batches(&data, ids(&data, 0), &loading, VALUES, render, |batch| {
        handed_over += 1;
        std::thread::sleep(std::time::Duration::from_millis(1));
        let ahead = begun.load(Ordering::SeqCst).saturating_sub(2 * handed_over);
        assert!(ahead <= 2 * 3, "{ahead} samples ahead");
        // Taking the pixels is fine, too.
        drop(std::mem::take(&mut batch.pixels_bchw));
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(handed_over, 9);
}

#[test]
fn the_pictures_of_one_batch_are_rendered_by_all_threads() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    for loading in [Loading { batch: 16, threads: 8, ahead: 1 }, Loading { batch: 1, threads: 8, ahead: 2 }] {
        let (at_work, all) = (Mutex::new(0), Condvar::new());
        let render = |_: SampleId, _: &PictureLocation, _: &mut [f32]| -> Result<(), SampleError> {
            let mut here = at_work.lock().unwrap();
            *here += 1;
            all.notify_all();
            let alone = |here: &mut usize| *here < loading.threads;
            let waited = all.wait_timeout_while(here, Duration::from_secs(20), alone).unwrap().1;
            assert!(!waited.timed_out(), "alone");
            Ok(())
        };
        let _ = load_batches(&data, ids(&data, 0), &loading, VALUES, render, |batch| {
            assert_eq!(batch.rejected, [], "{loading:?}");
            ControlFlow::<()>::Continue(())
        });
    }
}

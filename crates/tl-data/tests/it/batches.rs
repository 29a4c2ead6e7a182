//! Batches: the same whatever the number of threads, in order, bounded, and made by all threads.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use image::{Rgb, RgbImage};
use tl_data::{Dataset, SampleId, Sampler, Sampling, load_groups, scan};
use tl_image::{Limits, Preprocess};

const SIZE: u32 = 16;

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

/// Batches of so many of `ids`, each with its number.
fn batches(ids: &[SampleId], size: usize) -> Vec<(usize, Vec<SampleId>)> {
    ids.chunks(size).map(<[SampleId]>::to_vec).enumerate().collect()
}

fn load(data: &Dataset, threads: usize, ahead: usize, epoch: u64) -> Vec<Vec<(SampleId, Vec<f32>)>> {
    let preprocess = Preprocess { size: SIZE, ..Preprocess::default() };
    let render = |id: SampleId| {
        let wanted = |full| preprocess.wanted(full);
        let part = data.place_of(id).decode_part(&Limits::default(), [255; 3], wanted).unwrap();
        let mut pixels = vec![0.0; 3 * (SIZE * SIZE) as usize];
        preprocess.normalise_into(&preprocess.picture_of(&part), &mut pixels);
        (id, pixels)
    };
    let mut loaded = Vec::new();
    let done = load_groups(batches(&ids(data, epoch), 4), threads, ahead, render, |number, pictures| {
        assert_eq!(number, loaded.len());
        loaded.push(pictures);
        ControlFlow::<()>::Continue(())
    });
    assert!(done.is_continue());
    loaded
}

#[test]
fn batches_do_not_depend_on_threads_or_queue() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    for epoch in 0..3 {
        let expected = load(&data, 1, 4, epoch);
        assert_eq!(expected.iter().map(Vec::len).collect::<Vec<_>>(), [4, 4, 4, 4, 1]);
        let order: Vec<_> = expected.iter().flatten().map(|(id, _)| *id).collect();
        assert_eq!(order, ids(&data, epoch));
        for (threads, ahead) in [(2, 8), (4, 4), (4, 36)] {
            assert_eq!(load(&data, threads, ahead, epoch), expected);
        }
    }
}

#[test]
fn pixels_belong_to_the_ids() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let preprocess = Preprocess { size: SIZE, ..Preprocess::default() };
    for (id, pixels) in load(&data, 2, 8, 0).into_iter().flatten() {
        let picture = image::open(data.file_of(id)).unwrap().into_rgb8();
        assert_eq!(pixels, preprocess.tensor_chw(&picture));
    }
}

#[test]
fn rendering_waits_for_the_sink() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let (begun, mut handed_over) = (AtomicUsize::new(0), 0);
    let render = |_| begun.fetch_add(1, Ordering::SeqCst);
    let _ = load_groups(batches(&ids(&data, 0), 2), 4, 6, render, |_, _| {
        handed_over += 1;
        std::thread::sleep(Duration::from_millis(1));
        let ahead = begun.load(Ordering::SeqCst).saturating_sub(2 * handed_over);
        assert!(ahead <= 6, "{ahead} samples ahead");
        ControlFlow::<()>::Continue(())
    });
    assert_eq!(handed_over, 9);
}

#[test]
fn the_pictures_of_one_batch_are_rendered_by_all_threads() {
    let folder = tempfile::tempdir().unwrap();
    let data = data(folder.path());
    let threads = 8;
    for (size, ahead) in [(16, 16), (1, 8)] {
        let (at_work, all) = (Mutex::new(0), Condvar::new());
        let render = |_| {
            let mut here = at_work.lock().unwrap();
            *here += 1;
            all.notify_all();
            let alone = |here: &mut usize| *here < threads;
            let waited = all.wait_timeout_while(here, Duration::from_secs(20), alone).unwrap().1;
            !waited.timed_out()
        };
        let _ = load_groups(batches(&ids(&data, 0), size), threads, ahead, render, |_, in_company| {
            assert!(in_company.iter().all(|&in_company| in_company), "alone in batches of {size}");
            ControlFlow::<()>::Continue(())
        });
    }
}

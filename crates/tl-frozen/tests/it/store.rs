//! The store: what is kept is found with the same bits, damage is as good as nothing, and there is an end to it.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tl_frozen::{FeatureProvenance, NotKept, Output, Store, StoreKey};
use tl_image::{ContentHash, Preprocess};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn key(architecture: &str) -> StoreKey {
    StoreKey::of(&FeatureProvenance {
        weights_sha256: "aa",
        architecture,
        output: Output::Features,
        preprocess: &Preprocess::default(),
        decoded_for: &[],
        augmented: None,
        numerics: "1",
    })
}

fn day(number: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + DAY * (20_000 + number)
}

fn store(folder: &Path) -> Store {
    Store::open(folder, 1 << 30, day(0))
}

fn content(number: usize) -> ContentHash {
    ContentHash::of(&number.to_le_bytes())
}

/// Five values of its own, whose bits are what matters.
fn row(number: usize) -> Vec<f32> {
    vec![number as f32, f32::MIN_POSITIVE / 3.0, -0.0, f32::INFINITY, 0.1]
}

fn add(store: &Store, architecture: &str, numbers: std::ops::Range<usize>) {
    let mut cached = store.cached(key(architecture));
    numbers.for_each(|number| cached.add(content(number), 0, &row(number)));
}

/// Which of the rows 0.. are there; those that are must be right.
fn there(store: &Store, architecture: &str, numbers: std::ops::Range<usize>) -> Vec<usize> {
    let cached = store.cached(key(architecture));
    let right = |number: &usize| match cached.get(content(*number), 0) {
        Some(values) => {
            let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&values), bits(&row(*number)), "row {number}");
            true
        }
        None => false,
    };
    numbers.filter(right).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn bytes_in(folder: &Path) -> u64 {
    files(folder).iter().map(|file| file.metadata().unwrap().len()).sum()
}

#[test]
fn a_row_is_found_by_its_key_content_and_view_alone() {
    let folder = tempfile::tempdir().unwrap();
    add(&store(folder.path()), "resnet18", 0..3);
    let mut cached = store(folder.path()).cached(key("resnet18"));
    cached.add(content(1), 7, &row(17));
    drop(cached);
    let store = store(folder.path());
    assert_eq!(there(&store, "resnet18", 0..4), [0, 1, 2]);
    assert!(there(&store, "resnet34", 0..4).is_empty());
    let cached = store.cached(key("resnet18"));
    assert_eq!(
        (cached.len(), cached.get(content(1), 7), cached.get(content(1), 6)),
        (4, Some(row(17)), None)
    );
}

#[test]
fn whatever_bit_is_flipped_and_wherever_a_file_is_cut_no_wrong_row_comes_out_and_new_ones_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    add(&store(folder.path()), "resnet18", 0..3);
    let [file] = files(folder.path()).try_into().unwrap();
    let whole = fs::read(&file).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|length| whole[..length].to_vec()).collect();
    damaged.extend((0..whole.len()).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        bytes
    }));
    for bytes in damaged {
        // Another file, as a mapped one must not be written to.
        fs::remove_file(&file).unwrap();
        fs::write(&file, &bytes).unwrap();
        assert!(there(&store(folder.path()), "resnet18", 0..3).len() < 3);
        add(&store(folder.path()), "resnet18", 0..3);
        assert_eq!(there(&store(folder.path()), "resnet18", 0..3), [0, 1, 2]);
    }
}

#[test]
fn a_damaged_row_leaves_the_others_and_is_replaced_by_a_new_one() {
    let folder = tempfile::tempdir().unwrap();
    add(&store(folder.path()), "resnet18", 0..3);
    let [file] = files(folder.path()).try_into().unwrap();
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    let left = there(&store(folder.path()), "resnet18", 0..3);
    assert_eq!(left.len(), 2);
    let lost = (0..3).find(|number| !left.contains(number)).unwrap();
    add(&store(folder.path()), "resnet18", lost..lost + 1);
    assert_eq!(there(&store(folder.path()), "resnet18", 0..3), [0, 1, 2]);
}

#[test]
fn what_is_added_is_written_while_the_work_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let mut cached = store(folder.path()).cached(key("resnet18"));
    (0..1200).for_each(|number| cached.add(content(number), 0, &row(number)));
    // As if the process were killed.
    std::mem::forget(cached);
    assert_eq!(there(&store(folder.path()), "resnet18", 0..1200).len(), 1024);
}

#[test]
fn many_may_write_the_same_shelf_at_once() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..8 {
            // Some the same rows, some others that overlap.
            let (store, start) = (store(folder.path()), writer % 4 * 300);
            scope.spawn(move || {
                add(&store, "resnet18", start..start + 900);
                assert_eq!(there(&store, "resnet18", start..start + 900).len(), 900);
                assert_eq!(store.not_kept(), None);
            });
        }
    });
    assert_eq!(there(&store(folder.path()), "resnet18", 0..1800).len(), 1800);
    assert!(files(folder.path()).iter().all(|file| file.extension().unwrap() == "rows"));
}

#[test]
fn what_was_not_used_the_longest_makes_room_and_nothing_that_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    add(&Store::open(at, 1 << 20, day(1)), "one", 0..100);
    let each = bytes_in(at);
    let limit = 2 * each + each / 2;
    add(&Store::open(at, limit, day(2)), "two", 0..100);
    // The first is used again, later than the second.
    assert_eq!(there(&Store::open(at, limit, day(3)), "one", 0..100).len(), 100);
    let fourth = Store::open(at, limit, day(4));
    add(&fourth, "three", 0..100);
    let kept = |name| there(&store(at), name, 0..100).len();
    assert!(bytes_in(at) <= limit);
    assert_eq!([kept("one"), kept("two"), kept("three")], [100, 0, 100]);
    // It has written one and reads the other: nothing may go, so nothing comes.
    assert_eq!(there(&fourth, "one", 0..100).len(), 100);
    add(&fourth, "four", 0..100);
    let full = NotKept::Full { folder: at.to_owned(), limit_bytes: limit };
    assert_eq!(fourth.not_kept(), Some(full));
    assert_eq!([kept("one"), kept("three"), kept("four")], [100, 100, 0]);
}

#[test]
fn unfinished_files_go_when_they_are_a_day_old_and_what_is_not_the_stores_stays() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    // The second has no lock held: its process is gone, however young it is. Those of earlier versions have none at all.
    let young = ".x.rows.0123456789abcdef.unfinished";
    for (name, age) in [("old.1-0.part", 2), (young, 0), ("young.2-0.part", 0), ("letter.txt", 9)] {
        let file = fs::File::create(at.join(name)).unwrap();
        file.set_modified(day(10) - DAY * age).unwrap();
    }
    add(&Store::open(at, 1 << 20, day(10)), "resnet18", 0..1);
    let names: Vec<_> = files(at).iter().map(|file| file.file_name().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(!at.join("old.1-0.part").exists() && !at.join(young).exists());
}

#[test]
fn where_nothing_can_be_written_nothing_is_kept_and_it_is_said_why() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "in the way").unwrap();
    let store = store(&file.join("features"));
    add(&store, "resnet18", 0..3);
    assert!(there(&store, "resnet18", 0..3).is_empty());
    let said = store.not_kept().unwrap().to_string();
    let start = format!("not kept for the next time: cannot write `{}", file.display());
    assert!(said.starts_with(&start) && said.ends_with("`: not a directory"), "{said}");
}

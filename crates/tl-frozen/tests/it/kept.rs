//! Extraction through a store: what is kept is neither read nor computed again, and gives the same bits.

use burn::tensor::Device;
use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tempfile::TempDir;
use tl_data::PictureLocation;
use tl_frozen::{
    CachedFeatures, Extraction, FeatureProvenance, Frozen, Job, Output, Store, StoreKey, extract,
    extract_kept,
};
use tl_image::{ContentHash, Limits, Preprocess, ResizeMode};

fn frozen() -> Frozen {
    let device = Device::flex();
    Frozen::new(tl_backbones::mobilenetv2_050().init(&device), device)
}

fn views() -> [Preprocess; 2] {
    [ResizeMode::Crop, ResizeMode::Squash].map(|mode| Preprocess { size: 32, mode, ..Preprocess::default() })
}

struct Pictures {
    folder: TempDir,
    paths: Vec<PathBuf>,
    contents: Vec<ContentHash>,
}

/// Nine pictures, the fourth of which is none; the last two are the same.
fn pictures() -> Pictures {
    let folder = tempfile::tempdir().unwrap();
    let file = |i: u32| {
        let path = folder.path().join(format!("{i}.png"));
        let shade = |x: u32, y: u32| Rgb([(x * i.min(7)) as u8, (y * 5) as u8, 20]);
        RgbImage::from_fn(40, 30, shade).save(&path).unwrap();
        path
    };
    let paths = (0..9).map(file).collect::<Vec<_>>();
    fs::write(&paths[3], "none").unwrap();
    let contents = paths.iter().map(|path| ContentHash::of(&fs::read(path).unwrap())).collect();
    Pictures { folder, paths, contents }
}

impl Pictures {
    fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    fn places(&self) -> Vec<PictureLocation> {
        self.paths.iter().cloned().map(PictureLocation::from).collect()
    }

    fn fresh(&self, frozen: &Frozen) -> Extraction {
        extract(frozen, &job(&self.places(), &views(), &Limits::default()), &|_| {})
    }

    fn kept(&self, frozen: &Frozen) -> Extraction {
        let (places, views, limits) = (self.places(), views(), Limits::default());
        let job = &job(&places, &views, &limits);
        extract_kept(frozen, job, &self.contents, &mut caches(frozen, &self.store()), &|_| {})
    }
}

fn job<'a>(pictures: &'a [PictureLocation], views: &'a [Preprocess], limits: &'a Limits) -> Job<'a> {
    Job { pictures, views, output: Output::Features, limits, threads: 2 }
}

fn caches(frozen: &Frozen, folder: &Path) -> Vec<CachedFeatures> {
    let (store, views) = (Store::open(folder, 1 << 30, SystemTime::UNIX_EPOCH), views());
    let key = |preprocess| {
        StoreKey::of(&FeatureProvenance {
            weights_sha256: "random",
            architecture: "mobilenetv2_050",
            output: Output::Features,
            preprocess,
            decoded_for: &views,
            augmented: None,
            numerics: &frozen.numerics(),
        })
    };
    views.iter().map(|preprocess| store.cached(key(preprocess))).collect()
}

fn assert_same(one: &Extraction, other: &Extraction) {
    assert_eq!((&one.rows, &one.features, &one.failed), (&other.rows, &other.features, &other.failed));
}

#[test]
fn the_second_time_nothing_is_computed_and_the_bits_are_the_same() {
    let (frozen, pictures) = (frozen(), pictures());
    let fresh = pictures.fresh(&frozen);
    let first = pictures.kept(&frozen);
    assert_eq!(first.kept, 0);
    assert_same(&fresh, &first);
    let second = pictures.kept(&frozen);
    assert_eq!(second.kept, 8);
    assert_same(&fresh, &second);
    // The bad one is looked at again, and nothing else: the others need not even be there.
    fs::remove_file(&pictures.paths[5]).unwrap();
    assert_same(&fresh, &pictures.kept(&frozen));
}

#[test]
fn a_picture_that_could_not_be_read_is_read_when_it_can() {
    let (frozen, mut pictures) = (frozen(), pictures());
    pictures.kept(&frozen);
    fs::copy(&pictures.paths[4], &pictures.paths[3]).unwrap();
    pictures.contents[3] = pictures.contents[4];
    assert_eq!((pictures.kept(&frozen).kept, pictures.fresh(&frozen).rows.len()), (9, 9));
}

#[test]
fn a_changed_picture_is_computed_again_and_alone() {
    let (frozen, mut pictures) = (frozen(), pictures());
    pictures.kept(&frozen);
    RgbImage::from_pixel(40, 30, Rgb([9; 3])).save(&pictures.paths[0]).unwrap();
    pictures.contents[0] = ContentHash::of(&fs::read(&pictures.paths[0]).unwrap());
    let again = pictures.kept(&frozen);
    assert_eq!(again.kept, 7);
    assert_same(&pictures.fresh(&frozen), &again);
}

/// Its file is not the one that was scanned any more, so its row must not be found under the old content.
#[test]
fn a_picture_that_changes_after_the_scan_is_not_kept() {
    let (frozen, pictures) = (frozen(), pictures());
    let before = pictures.fresh(&frozen);
    let old = fs::read(&pictures.paths[0]).unwrap();
    RgbImage::from_pixel(40, 30, Rgb([9; 3])).save(&pictures.paths[0]).unwrap();
    assert_same(&pictures.fresh(&frozen), &pictures.kept(&frozen));
    fs::write(&pictures.paths[0], old).unwrap();
    let again = pictures.kept(&frozen);
    assert_eq!(again.kept, 7);
    assert_same(&before, &again);
}

#[test]
fn damaged_files_are_computed_again() {
    let (frozen, pictures) = (frozen(), pictures());
    let first = pictures.kept(&frozen);
    let damages: [fn(Vec<u8>) -> Vec<u8>; 3] = [
        |bytes| bytes[..bytes.len() / 2].to_vec(),
        |bytes| bytes[..bytes.len() - 1].to_vec(),
        |mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 16;
            bytes
        },
    ];
    for damage in damages {
        for file in fs::read_dir(pictures.store()).unwrap().map(|entry| entry.unwrap().path()) {
            fs::write(&file, damage(fs::read(&file).unwrap())).unwrap();
        }
        let again = pictures.kept(&frozen);
        assert!(again.kept < 8, "the damage was not seen");
        assert_same(&first, &again);
        assert_eq!(pictures.kept(&frozen).kept, 8);
    }
}

#[test]
fn where_nothing_can_be_kept_everything_is_computed() {
    let (frozen, pictures) = (frozen(), pictures());
    fs::write(pictures.store(), "in the way").unwrap();
    let fresh = pictures.fresh(&frozen);
    for _ in 0..2 {
        let extraction = pictures.kept(&frozen);
        assert_eq!(extraction.kept, 0);
        assert_same(&fresh, &extraction);
    }
}

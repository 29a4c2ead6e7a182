//! Folders of pictures made for a test.

use image::{Rgb, RgbImage};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The workspace's sample pictures.
pub(crate) fn stamps() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/stamps").canonicalize().unwrap()
}

/// A stripy picture in shades of a colour; every seed gives another one.
pub(crate) fn picture(color: [u8; 3], seed: u32) -> RgbImage {
    RgbImage::from_fn(48, 40, |x, y| {
        let shade = (x * (3 + seed % 5) + y * (2 + seed % 7) + seed * 11) % 64;
        Rgb(color.map(|value| value.saturating_sub(shade as u8)))
    })
}

/// `data/warm` and `data/cold` with `each` pictures in a new folder.
pub(crate) fn two_classes(each: u32) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (class, color) in [("warm", [250, 120, 60]), ("cold", [60, 120, 250])] {
        let inside = folder.path().join("data").join(class);
        std::fs::create_dir_all(&inside).unwrap();
        for seed in 0..each {
            picture(color, seed).save(inside.join(format!("{seed}.png"))).unwrap();
        }
    }
    folder
}

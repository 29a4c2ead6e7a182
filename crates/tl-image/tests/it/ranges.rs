//! Pictures of 10 and 12 bits that are stored in 16.

use std::fs;
use std::io::Cursor;

use image::{ImageBuffer, ImageFormat, Luma, LumaA, Rgb};
use tl_image::{Limits, PictureError, PixelCache, Preprocess, ValueRange, decode};

/// A gray picture of 12 bits.
fn twelve_bits() -> Vec<u8> {
    let picture = ImageBuffer::from_fn(40, 30, |x, y| Luma([((x * 4 + y * 2) * 97 % 4096) as u16]));
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

fn range(text: &str) -> ValueRange {
    text.parse().unwrap()
}

#[test]
fn values_of_every_kind_of_16_bits_are_read_in_the_range() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let limits = Limits::default().with_range(range("12"));
    for ending in ["png", "tiff"] {
        let gray = ImageBuffer::from_fn(4, 1, |x, _| Luma([[0_u16, 2048, 4095, 65_535][x as usize]]));
        gray.save(at(&format!("gray.{ending}"))).unwrap();
        let color = ImageBuffer::from_fn(1, 1, |_, _| Rgb([100_u16, 1000, 4000]));
        color.save(at(&format!("rgb.{ending}"))).unwrap();
        let read = |name: &str, limits: &Limits| {
            decode(&fs::read(at(&format!("{name}.{ending}"))).unwrap(), limits, [255; 3]).unwrap().into_raw()
        };
        assert_eq!(read("gray", &limits), [0, 0, 0, 128, 128, 128, 255, 255, 255, 255, 255, 255], "{ending}");
        assert_eq!(read("rgb", &limits), [6, 62, 249], "{ending}");
        assert_eq!(read("rgb", &Limits::default()), [0, 4, 16], "{ending}");
    }
    // Transparency has all its bits whatever the colours have.
    let clear = ImageBuffer::from_fn(2, 1, |x, _| LumaA([4095_u16, [65_535, 0][x as usize]]));
    clear.save(at("clear.png")).unwrap();
    let read = decode(&fs::read(at("clear.png")).unwrap(), &limits, [9; 3]).unwrap();
    assert_eq!(read.into_raw(), [255, 255, 255, 9, 9, 9]);
}

#[test]
fn eight_bits_are_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let picture = image::RgbImage::from_fn(20, 20, |x, y| Rgb([(x * 12) as u8, (y * 12) as u8, 7]));
    picture.save(folder.path().join("a.png")).unwrap();
    let bytes = fs::read(folder.path().join("a.png")).unwrap();
    let limits = Limits::default().with_range(range("10"));
    assert_eq!(decode(&bytes, &limits, [0; 3]).unwrap(), picture);
}

#[test]
fn kept_pixels_of_one_range_are_not_those_of_another() {
    let bytes = twelve_bits();
    let content = tl_image::ContentHash::of(&bytes);
    let kept = tempfile::tempdir().unwrap();
    let preprocess = Preprocess::default();
    for _run in 0..2 {
        let cache = PixelCache::on_disk(kept.path(), 1 << 20).unwrap();
        for range in ["full", "12", "10", "0:4094"] {
            let limits = Limits::default().with_range(range.parse().unwrap());
            let wanted = |full| preprocess.wanted(full);
            let expected = tl_image::decode_part(&bytes, &limits, [0; 3], wanted).unwrap();
            let read = || Ok::<_, PictureError>(bytes.clone());
            let found = cache.decode_part(content, &limits, [0; 3], wanted, read).unwrap();
            assert_eq!(found, expected, "{range}");
        }
    }
}

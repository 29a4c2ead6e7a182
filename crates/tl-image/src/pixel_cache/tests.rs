use super::*;
use crate::decode_part;
use image::{ExtendedColorType, ImageEncoder, codecs::jpeg::JpegEncoder, codecs::png::PngEncoder};

fn noise(shade: u8) -> RgbImage {
    RgbImage::from_fn(200, 120, |x, y| {
        image::Rgb([x as u8 ^ shade, (y * 3) as u8, ((x + y) as u8).wrapping_mul(shade | 1)])
    })
}

fn jpeg(shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 90).encode_image(&noise(shade)).unwrap();
    bytes
}

fn png(shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&noise(shade), 200, 120, ExtendedColorType::Rgb8).unwrap();
    bytes
}

/// With an EXIF segment that turns it.
fn turned(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let exif =
        [b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", &[orientation][..], b"\0\0\0\0\0\0"]
            .concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

fn wanted(region: [f64; 4], side: u32) -> RegionRequest {
    RegionRequest { region, output: (side, side) }
}

const WHOLE: [f64; 4] = [0.0, 0.0, 200.0, 120.0];

/// What the cache gives, and whether the bytes were read for it.
fn given(cache: &PixelCache, bytes: &[u8], wanted: RegionRequest) -> (DecodedRegion, bool) {
    let mut was_read = false;
    let read = || {
        was_read = true;
        Ok::<_, PictureError>(bytes.to_vec())
    };
    let content = ContentHash::of(bytes);
    let cutout = cache.decode_part(content, &Limits::default(), [0; 3], |_| wanted, read).unwrap();
    (cutout, was_read)
}

/// Which of these are decoded when asked for whole.
fn decoded(cache: &PixelCache, pictures: &[&[u8]]) -> Vec<bool> {
    pictures.iter().map(|bytes| given(cache, bytes, wanted(WHOLE, 200)).1).collect()
}

const PICTURE: u64 = 3 * 200 * 120 + HASH as u64;

#[test]
fn what_it_gives_is_bit_for_bit_what_decoding_gives_for_any_region_scale_and_orientation() {
    let folder = tempfile::tempdir().unwrap();
    let plain = jpeg(3);
    let mut files = vec![png(5), plain.clone()];
    files.extend((2..=8).map(|orientation| turned(&plain, orientation)));
    let wants = [
        wanted(WHOLE, 200),
        wanted([10.5, 20.25, 90.0, 77.5], 64),
        wanted([10.5, 20.25, 90.0, 77.5], 9),
        wanted([33.0, 0.0, 200.0, 120.0], 12),
        wanted(WHOLE, 5),
    ];
    for cache in [PixelCache::in_memory(1 << 30), PixelCache::on_disk(folder.path(), 1 << 30).unwrap()] {
        let mut scales = std::collections::BTreeSet::new();
        for bytes in &files {
            for round in 0..2 {
                for wanted in wants {
                    let (cutout, was_read) = given(&cache, bytes, wanted);
                    let expected = decode_part(bytes, &Limits::default(), [0; 3], |_| wanted).unwrap();
                    assert_eq!(cutout, expected, "{wanted:?}");
                    assert!(round == 0 || !was_read, "{wanted:?} was not kept");
                    scales.insert(cutout.scale);
                }
            }
        }
        assert!(scales.len() > 2, "{scales:?}");
    }
}

#[test]
fn what_fits_is_decoded_once() {
    let folder = tempfile::tempdir().unwrap();
    let files = [png(1), png(2), png(3)];
    let [a, b, c] = files.each_ref().map(Vec::as_slice);
    for cache in
        [PixelCache::in_memory(2 * PICTURE), PixelCache::on_disk(folder.path(), 2 * PICTURE).unwrap()]
    {
        let read = decoded(&cache, &[a, b, c, a, b, c]);
        assert_eq!(read, [true, true, true, false, false, true]);
        assert_eq!(cache.bytes(), 2 * PICTURE);
    }
    let again = PixelCache::on_disk(folder.path(), 2 * PICTURE).unwrap();
    assert_eq!(decoded(&again, &[a, b]), [false, false]);
}

#[test]
fn what_an_earlier_run_left_and_this_one_does_not_use_makes_room() {
    let folder = tempfile::tempdir().unwrap();
    let files = [png(1), png(2), png(3), png(4)];
    let [a, b, c, d] = files.each_ref().map(Vec::as_slice);
    decoded(&PixelCache::on_disk(folder.path(), 2 * PICTURE).unwrap(), &[a, b]);
    let cache = PixelCache::on_disk(folder.path(), 2 * PICTURE).unwrap();
    assert_eq!(decoded(&cache, &[b, c, d, b, c, d]), [false, true, true, false, false, true]);
    assert_eq!(fs::read_dir(folder.path().join("decoder-1")).unwrap().count(), 2);
    assert_eq!(decoded(&PixelCache::on_disk(folder.path(), 2 * PICTURE).unwrap(), &[b, c]), [false, false]);
}

#[test]
fn a_damaged_file_is_decoded_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = PixelCache::on_disk(folder.path(), 1 << 20).unwrap();
    let picture = png(1);
    assert_eq!(decoded(&cache, &[&picture, &picture]), [true, false]);
    let file = fs::read_dir(folder.path().join("decoder-1")).unwrap().next().unwrap().unwrap().path();
    for damage in [|bytes: &mut Vec<u8>| bytes[100] ^= 1, |bytes: &mut Vec<u8>| bytes.truncate(20)] {
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, &bytes).unwrap();
        assert_eq!(decoded(&cache, &[&picture, &picture]), [true, false]);
    }
}

#[test]
fn a_picture_that_cannot_be_decoded_is_not_kept() {
    let cache = PixelCache::in_memory(1 << 20);
    let wanted = |_| wanted(WHOLE, 200);
    let failed = cache
        .decode_part(ContentHash::of(b"x"), &Limits::default(), [0; 3], wanted, || Err(PictureError::Empty));
    assert_eq!((failed, cache.bytes()), (Err(PictureError::Empty), 0));
    let broken = jpeg(1)[..900].to_vec();
    let content = ContentHash::of(&broken);
    assert!(
        cache
            .decode_part(content, &Limits::default(), [0; 3], wanted, || Ok::<_, PictureError>(broken))
            .is_err()
    );
    assert_eq!(cache.bytes(), 0);
}

#[test]
fn a_part_before_damage_is_the_same_whether_the_whole_can_be_kept_or_not() {
    let mut broken = jpeg(3);
    let tail = broken.len() * 7 / 8;
    // A code of ones only, which no Huffman table has: T.81, annex C.
    broken[tail..tail + 40].copy_from_slice(&[0xff, 0].repeat(20));
    let limits = Limits { checked: true, ..Limits::default() };
    let top = |_| wanted([0.0, 0.0, 200.0, 40.0], 12);
    let expected = decode_part(&broken, &limits, [0; 3], top).unwrap();
    let cache = PixelCache::in_memory(1 << 30);
    let content = ContentHash::of(&broken);
    let got =
        cache.decode_part(content, &limits, [0; 3], top, || Ok::<_, PictureError>(broken.clone())).unwrap();
    assert_eq!((got, cache.bytes()), (expected, 0));
}

//! Resizing, cropping and normalising.

use image::{Rgb, RgbImage, imageops};
use proptest::prelude::*;
use tl_image::{Crop, DecodedRegion, Interpolation, Preprocess, ResizeMode, resize, resize_box};

/// A picture with edges, gradients and noise.
fn picture(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = x.wrapping_mul(2_654_435_761).wrapping_add(y.wrapping_mul(40_503)) >> 24;
        let edge = if (x / 7 + y / 5) % 2 == 0 { 255 } else { 0 };
        Rgb([(x * 3 + y) as u8, noise as u8, edge])
    })
}

fn largest_difference(a: &RgbImage, b: &RgbImage) -> u8 {
    assert_eq!(a.dimensions(), b.dimensions());
    a.iter().zip(b.iter()).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0)
}

fn interpolation() -> impl Strategy<Value = Interpolation> {
    prop_oneof![Just(Interpolation::Bilinear), Just(Interpolation::Bicubic)]
}

fn mode() -> impl Strategy<Value = ResizeMode> {
    prop_oneof![Just(ResizeMode::Crop), Just(ResizeMode::Squash), Just(ResizeMode::Letterbox)]
}

/// Pillow's `Resample.c` up to version 12 in its own terms: 22-bit weights, columns first, clipped between the passes.
/// <https://github.com/python-pillow/Pillow/blob/12.0.0/src/libImaging/Resample.c>
fn pillow(picture: &RgbImage, width: u32, height: u32, how: Interpolation) -> RgbImage {
    let (columns, rows) = (weights(picture.width(), width, how), weights(picture.height(), height, how));
    let sum = |line: &[(u32, i32)], pixel: &dyn Fn(u32) -> u8| {
        let sum: i32 = line.iter().map(|&(at, weight)| i32::from(pixel(at)) * weight).sum();
        ((sum + (1 << 21)) >> 22).clamp(0, 255) as u8
    };
    let between = RgbImage::from_fn(width, picture.height(), |x, y| {
        Rgb(std::array::from_fn(|c| sum(&columns[x as usize], &|at| picture.get_pixel(at, y)[c])))
    });
    RgbImage::from_fn(width, height, |x, y| {
        Rgb(std::array::from_fn(|c| sum(&rows[y as usize], &|at| between.get_pixel(x, at)[c])))
    })
}

/// For each position of the result, the positions it is made of and their weights.
fn weights(from: u32, to: u32, how: Interpolation) -> Vec<Vec<(u32, i32)>> {
    let scale = f64::from(from) / f64::from(to);
    let stretch = scale.max(1.0);
    let reach = stretch * if how == Interpolation::Bilinear { 1.0 } else { 2.0 };
    let kernel = |x: f64| match how {
        Interpolation::Bilinear => (1.0 - x).max(0.0),
        Interpolation::Bicubic if x < 1.0 => (1.5 * x - 2.5) * x * x + 1.0,
        Interpolation::Bicubic if x < 2.0 => (((x - 5.0) * x + 8.0) * x - 4.0) * -0.5,
        Interpolation::Bicubic => 0.0,
    };
    let line = |position: u32| {
        let center = (f64::from(position) + 0.5) * scale;
        let first = (center - reach + 0.5).max(0.0) as u32;
        let last = ((center + reach + 0.5) as u32).min(from);
        let raw = |at: u32| kernel(((f64::from(at) - center + 0.5) / stretch).abs());
        let total: f64 = (first..last).map(raw).sum();
        (first..last).map(|at| (at, (raw(at) / total * f64::from(1 << 22)).round() as i32)).collect()
    };
    (0..to).map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Noise and hard edges, where clipping between the passes and every rounding show.
    #[test]
    fn any_size_is_as_in_pillow(
        w in 1_u32..=300, h in 1_u32..=300, to_w in 1_u32..=300, to_h in 1_u32..=300, how in interpolation()
    ) {
        let picture = picture(w, h);
        prop_assert_eq!(resize(&picture, to_w, to_h, how), pillow(&picture, to_w, to_h, how));
    }

    #[test]
    fn resizing_gives_the_size_asked_for(
        w in 1_u32..=300, h in 1_u32..=300, to_w in 1_u32..=300, to_h in 1_u32..=300, how in interpolation()
    ) {
        prop_assert_eq!(resize(&picture(w, h), to_w, to_h, how).dimensions(), (to_w, to_h));
    }

    #[test]
    fn one_colour_stays_that_colour(w in 1_u32..=90, h in 1_u32..=90, size in 1_u32..=90, how in interpolation()) {
        let color = Rgb([10, 128, 250]);
        let got = resize(&RgbImage::from_pixel(w, h, color), size, size, how);
        prop_assert!(got.pixels().all(|pixel| *pixel == color));
    }

    #[test]
    fn every_mode_gives_a_square(
        w in 1_u32..=300, h in 1_u32..=300, size in 1_u32..=64, crop in 0.5_f32..=1.0, mode in mode(), how in interpolation()
    ) {
        let preprocess = Preprocess { size, crop, mode, interpolation: how, ..Preprocess::default() };
        prop_assert_eq!(preprocess.picture(&picture(w, h)).dimensions(), (size, size));
    }

    /// Only the middle is computed, and it is what torchvision cuts out of the resized whole. Borders in fractions of
    /// a pixel move a rounding now and then.
    #[test]
    fn cropping_is_resizing_and_then_cutting(
        w in 32_u32..=300, h in 32_u32..=300, size in 16_u32..=96, how in interpolation()
    ) {
        let preprocess = Preprocess { size, interpolation: how, ..Preprocess::default() };
        let picture = picture(w, h);
        let shorter = (f64::from(size) / 0.875).floor() as u32;
        let (new_w, new_h) = if w <= h { (shorter, shorter * h / w) } else { (shorter * w / h, shorter) };
        let whole = resize(&picture, new_w, new_h, how);
        let first = |side: u32| (f64::from(side - size) / 2.0).round_ties_even() as u32;
        let cut = imageops::crop_imm(&whole, first(new_w), first(new_h), size, size).to_image();
        prop_assert!(largest_difference(&preprocess.picture(&picture), &cut) <= 1);
    }

    /// Normalised as it is resampled: the same numbers as of the picture that people see.
    #[test]
    fn one_go_gives_what_resizing_and_then_normalising_gives(
        w in 1_u32..=200, h in 1_u32..=200, size in 1_u32..=64, mode in mode(), how in interpolation()
    ) {
        let preprocess = Preprocess { size, mode, interpolation: how, fill: [9, 80, 201], ..Preprocess::default() };
        let picture = picture(w, h);
        let mut expected = vec![f32::NAN; 3 * (size * size) as usize];
        preprocess.normalise_into(&preprocess.picture(&picture), &mut expected);
        prop_assert_eq!(&preprocess.tensor_chw(&picture), &expected);
        let mut got = vec![f32::NAN; expected.len()];
        preprocess.write_part(&DecodedRegion::whole(picture), &mut got);
        prop_assert_eq!(got, expected);
    }

    /// Any part, enlarged or shrunk, also outside the picture: as resizing it, turning it round and normalising it.
    #[test]
    fn a_crop_is_resized_mirrored_and_normalised_in_one_go(
        [x, y, part_w, part_h] in [-20.0..120.0, -20.0..120.0, 0.0..150.0, 0.0..150.0_f64],
        size in 1_u32..=64, mirrored: bool, how in interpolation()
    ) {
        let region = [x, y, x + part_w, y + part_h];
        let preprocess = Preprocess { size, interpolation: how, ..Preprocess::default() };
        let picture = picture(100, 90);
        let mut resized = resize_box(&picture, region, size, size, how);
        if mirrored {
            imageops::flip_horizontal_in_place(&mut resized);
        }
        let mut expected = vec![0.0; resized.len()];
        preprocess.normalise_into(&resized, &mut expected);
        let mut got = vec![f32::NAN; expected.len()];
        preprocess.write_crop(&DecodedRegion::whole(picture), &Crop { region, mirrored }, &mut got);
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn a_box_outside_the_picture_is_cut_off() {
    let picture = picture(20, 10);
    let whole = resize(&picture, 8, 8, Interpolation::Bilinear);
    assert_eq!(resize_box(&picture, [-5.0, -5.0, 99.0, 99.0], 8, 8, Interpolation::Bilinear), whole);
    assert_eq!(
        resize_box(&picture, [30.0, 0.0, 40.0, 9.0], 3, 3, Interpolation::Bilinear).dimensions(),
        (3, 3)
    );
    assert_eq!(resize(&picture, 0, 5, Interpolation::Bicubic).dimensions(), (0, 5));
    assert_eq!(resize(&RgbImage::new(0, 0), 2, 2, Interpolation::Bicubic).dimensions(), (2, 2));
}

#[test]
fn letterbox_keeps_everything_and_fills_the_rest() {
    let preprocess =
        Preprocess { size: 8, mode: ResizeMode::Letterbox, fill: [1, 2, 3], ..Preprocess::default() };
    let got = preprocess.picture(&RgbImage::from_pixel(40, 20, Rgb([200; 3])));
    for (x, y, pixel) in got.enumerate_pixels() {
        let expected = if (2..6).contains(&y) { Rgb([200; 3]) } else { Rgb([1, 2, 3]) };
        assert_eq!(*pixel, expected, "{x} {y}");
    }
}

#[test]
fn colours_are_normalised_plane_by_plane() {
    let preprocess = Preprocess { size: 2, mode: ResizeMode::Squash, ..Preprocess::default() };
    let tensor = preprocess.tensor_chw(&RgbImage::from_pixel(5, 5, Rgb([0, 128, 255])));
    for (channel, value) in [0.0_f32, 128.0, 255.0].into_iter().enumerate() {
        let expected = (value / 255.0 - preprocess.mean[channel]) / preprocess.std[channel];
        assert_eq!(tensor[4 * channel..4 * channel + 4], [expected; 4]);
    }
}

#[test]
fn settings_read_back_as_written() {
    let preprocess = Preprocess { mode: ResizeMode::Letterbox, crop: 0.95, ..Preprocess::default() };
    let json = serde_json::to_string(&preprocess).unwrap();
    assert!(
        json.contains(r#""interpolation":"bilinear","#) && json.contains(r#""mode":"letterbox""#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Preprocess>(&json).unwrap(), preprocess);
    for mode in ["crop", "squash", "letterbox"] {
        assert_eq!(mode.parse::<ResizeMode>().unwrap().to_string(), mode);
    }
    let message = "`stretch` is not a resize mode, choose crop, squash or letterbox";
    assert_eq!("stretch".parse::<ResizeMode>().unwrap_err(), message);
    let message = "`lanczos` is not an interpolation, choose bilinear or bicubic";
    assert_eq!("lanczos".parse::<Interpolation>().unwrap_err(), message);
}

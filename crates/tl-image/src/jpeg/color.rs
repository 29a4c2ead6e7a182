//! Chroma upsampling and colour conversion, planes to RGB: chroma is interpolated and converted row by row, to the bit as
//! libjpeg-turbo does it.

use image::RgbImage;

use super::window::{Plane, Window};

/// Converts planes of a window to RGB; `None`: the planes do not fit together.
#[inline(always)]
pub(super) fn to_rgb(planes: &[Plane], window: &Window) -> Option<RgbImage> {
    let (width, height) = (window.columns.len(), window.rows.len());
    let mut picture = RgbImage::new(u32::try_from(width).ok()?, u32::try_from(height).ok()?);
    let rows = window.rows.clone().zip(picture.chunks_exact_mut((3 * width).max(1)));
    let (first, end) = (window.columns.start, window.columns.end);
    match planes {
        [gray] => rows.for_each(|(y, out)| {
            for (out, &v) in out.as_chunks_mut().0.iter_mut().zip(part(gray, gray.row(y), first, end)) {
                *out = [v; 3];
            }
        }),
        [luma, cb, cr] => {
            let (mut cb_line, mut cr_line) = (ChromaRow::new(cb), ChromaRow::new(cr));
            let from = first.checked_sub(cb_line.left)?;
            for (y, out) in rows {
                let (cb, cr) = (cb_line.pixels(cb, y).get(from..)?, cr_line.pixels(cr, y).get(from..)?);
                convert(part(luma, luma.row(y), first, end), cb, cr, out);
            }
        }
        _ => return None,
    }
    Some(picture)
}

#[inline(always)]
fn part<'a>(plane: &Plane, row: &'a [u8], first: usize, end: usize) -> &'a [u8] {
    row.get(first.saturating_sub(plane.left)..end.saturating_sub(plane.left)).unwrap_or_default()
}

/// A row of chroma at the resolution of luma.
pub(super) struct ChromaRow {
    /// The row's left end, in pixels.
    left: usize,
    pixels: Vec<u8>,
    /// Sums over two rows, with a neighbour at either end.
    sums: Vec<u16>,
}

impl ChromaRow {
    pub(super) fn new(plane: &Plane) -> Self {
        let pixels = vec![0; plane.stride * plane.wide];
        ChromaRow { left: plane.left * plane.wide, pixels, sums: vec![0; plane.stride + 2] }
    }

    /// libjpeg's "fancy" interpolation: 3/4 of the nearer sample and 1/4 of the farther in each direction.
    /// <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jdsample.c>
    ///
    /// Two rows of samples are added up first, then each sum makes two pixels with its neighbours: the filter of 2 x 2 samples
    /// is taken apart into one of each direction, which needs fewer products. Sums of two rows have 10 bits and of both
    /// directions 12, so 16 bits suffice, and a vector holds twice as many as it would of 32.
    #[inline(always)]
    pub(super) fn pixels<'a>(&'a mut self, plane: &'a Plane, y: usize) -> &'a [u8] {
        let sample = y / plane.high;
        let (near, upper) = (plane.row(sample), y.is_multiple_of(2));
        let far = plane.row(if upper { sample.saturating_sub(1) } else { sample + 1 });
        match (plane.wide, plane.high) {
            (1, 1) => return near,
            // Too few samples for libjpeg to interpolate.
            _ if plane.side == 1 || plane.wide == 2 && plane.width <= 2 => {
                for (x, out) in self.pixels.iter_mut().enumerate() {
                    *out = near[x / plane.wide];
                }
            }
            (1, _) => {
                let bias = if upper { 1 } else { 2 };
                for ((out, &near), &far) in self.pixels.iter_mut().zip(near).zip(far) {
                    *out = ((3 * u16::from(near) + u16::from(far) + bias) >> 2) as u8;
                }
            }
            (_, 1) => {
                self.sum(plane, |i| u16::from(near[i]));
                self.widen::<2>([1, 2]);
            }
            _ => {
                let (near, far) = (&near[..plane.stride], &far[..plane.stride]);
                self.sum(plane, |i| 3 * u16::from(near[i]) + u16::from(far[i]));
                self.widen::<4>([8, 7]);
            }
        }
        &self.pixels
    }

    /// Fills the sums; beyond the component's borders its last sample goes on.
    #[inline(always)]
    fn sum(&mut self, plane: &Plane, sum: impl Fn(usize) -> u16) {
        let samples = plane.stride.min(plane.width.saturating_sub(plane.left));
        for (i, to) in self.sums[1..].iter_mut().take(samples).enumerate() {
            *to = sum(i);
        }
        self.sums[0] = self.sums[1];
        let last = self.sums[samples];
        self.sums[samples + 1..].fill(last);
    }

    #[inline(always)]
    fn widen<const SHIFT: u16>(&mut self, [left, right]: [u16; 2]) {
        let count = self.pixels.len() / 2;
        let (before, here, after) = (&self.sums[..count], &self.sums[1..count + 1], &self.sums[2..count + 2]);
        let (pairs, _) = self.pixels.as_chunks_mut::<2>();
        for (i, pair) in pairs.iter_mut().enumerate() {
            let near = 3 * here[i];
            *pair = [((near + before[i] + left) >> SHIFT) as u8, ((near + after[i] + right) >> SHIFT) as u8];
        }
    }
}

/// YCbCr to RGB: JFIF 1.02, page 3, in libjpeg's fixed point.
/// <https://github.com/libjpeg-turbo/libjpeg-turbo/blob/main/src/jdcolor.c>
#[inline(always)]
pub(super) fn convert(luma: &[u8], cb: &[u8], cr: &[u8], out: &mut [u8]) {
    let (mut luma, mut cb, mut cr) = (luma.chunks(RUN), cb.chunks(RUN), cr.chunks(RUN));
    for out in out.chunks_mut(3 * RUN) {
        let colors = convert_run(&run_of(luma.next()), &run_of(cb.next()), &run_of(cr.next()));
        match out.first_chunk_mut() {
            Some(out) => write_run(&colors, out),
            None => {
                let mut run = [0; 3 * RUN];
                write_run(&colors, &mut run);
                out.iter_mut().zip(run).for_each(|(to, from)| *to = from);
            }
        }
    }
}

#[inline(always)]
fn run_of(line: Option<&[u8]>) -> [u8; RUN] {
    let line = line.unwrap_or_default();
    line.first_chunk().copied().unwrap_or_else(|| {
        let mut run = [0; RUN];
        run.iter_mut().zip(line).for_each(|(to, from)| *to = *from);
        run
    })
}

/// Pixels converted at a time: the loops over them have a fixed length, of which the compiler makes whole vectors with no rest.
const RUN: usize = 32;

/// Converts a run to RGB, two pixels in each number: their six bytes from the lowest on.
///
/// Bytes in threes are what vectors do badly. So colours are put together in lanes of 32 bits, pairs of them in 64, and
/// [`write_run`] stores each pair in one go.
#[inline(always)]
fn convert_run(luma: &[u8; RUN], cb: &[u8; RUN], cr: &[u8; RUN]) -> [u64; RUN / 2] {
    let mut colors = [0_u32; RUN];
    for i in 0..RUN {
        let (y, cb, cr) = (i16::from(luma[i]), i16::from(cb[i]) - 128, i16::from(cr[i]) - 128);
        // Factors above 1/2 are split, so that 16 bits suffice: 1.402 = 1 + 0.402, 1.772 = 2 - 0.228, 0.71414 = 1 - 0.28586.
        let green = -fix(0.34414) * i32::from(cb) + (65_536 - fix(0.71414)) * i32::from(cr);
        let r = to_u8(y + cr + times(cr, fix(1.40200) - 65_536));
        let g = to_u8(y - cr + ((green + HALF) >> 16) as i16);
        let b = to_u8(y + 2 * cb + times(cb, fix(1.77200) - 2 * 65_536));
        colors[i] = u32::from(r | g << 8) | u32::from(b) << 16;
    }
    let mut pairs = [0; RUN / 2];
    for i in 0..RUN / 2 {
        pairs[i] = u64::from(colors[2 * i]) | u64::from(colors[2 * i + 1]) << 24;
    }
    pairs
}

/// Writes a run of pixels: each number is written whole; the next one covers what is too much of it.
#[inline(always)]
fn write_run(pairs: &[u64; RUN / 2], out: &mut [u8; 3 * RUN]) {
    for (i, pair) in pairs.iter().enumerate().take(RUN / 2 - 1) {
        out[6 * i..6 * i + 8].copy_from_slice(&pair.to_le_bytes());
    }
    let last = pairs[RUN / 2 - 1].to_le_bytes();
    out[3 * RUN - 6..].copy_from_slice(&last[..6]);
}

/// (value * factor + 2^15) >> 16, as ((value * factor >> 15) + 1) >> 1: one instruction multiplies 16 such numbers.
#[inline(always)]
fn times(value: i16, factor: i32) -> i16 {
    let high = (i32::from(2 * value) * i32::from(factor as i16)) >> 16;
    (high as i16 + 1) >> 1
}

#[inline(always)]
fn to_u8(value: i16) -> u16 {
    value.clamp(0, 255) as u16
}

const HALF: i32 = 1 << 15;

const fn fix(x: f64) -> i32 {
    (x * 65_536.0 + 0.5) as i32
}

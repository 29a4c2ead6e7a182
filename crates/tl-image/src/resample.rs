//! Resampling as Pillow does it: columns before rows, each sum rounded and clipped to 8 bits.
//!
//! Pillow begins with columns up to version 12 and did when today's networks were trained (13 begins with rows when they
//! shrink much more: <https://github.com/python-pillow/Pillow/pull/9549>). Where the cubic kernel overshoots and is
//! clipped between the passes, the other order is up to 13/255 off in our golden pictures.
//!
//! Rows are taken eight at a time, side by side, so that the sums over columns are vectors too: a weight is one number for
//! all of them, where along a row each of a pixel's three bytes would want its own place in the vector. Only as many rows
//! between the passes are kept as one row of the result is made of, so they stay in the cache. Compiled for AVX2 too, chosen
//! when the program runs (`pulp`).
//!
//! Weights in fixed point, and the shift and clipping behind the sums, are Pillow's, so results are equal to the bit.

use std::cell::RefCell;

use image::RgbImage;
use pulp::{Simd, WithSimd};

use crate::Interpolation;
use crate::kernel::{Axis, WEIGHT_BITS};

/// What is made of a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Resampling {
    /// Left, top, right and bottom border; fractions are fine, and what lies outside the picture is cut off.
    pub(crate) part: [f64; 4],
    /// Width and height of the result.
    pub(crate) size: (u32, u32),
    pub(crate) how: Interpolation,
    /// Is the result turned round, horizontally and vertically?
    pub(crate) mirrored: (bool, bool),
}

/// Takes the rows of a result, in any order.
pub(crate) trait RowSink {
    /// Takes row `y`: three bytes for each pixel.
    fn row(&mut self, y: usize, colors: &[u8]);
}

/// Resamples a part of `picture`, row by row.
pub(crate) fn resample(picture: &RgbImage, what: &Resampling, out: &mut impl RowSink) {
    SCRATCH.with_borrow_mut(|scratch| {
        let [left, top, right, bottom] = within(what.part, picture.dimensions());
        let (width, height) = what.size;
        scratch.columns.fill(picture.width(), (left, right), width, what.how);
        scratch.rows.fill(picture.height(), (top, bottom), height, what.how);
        if what.mirrored.0 {
            scratch.columns.reverse();
        }
        pulp::Arch::new().dispatch(Passes { picture, upside_down: what.mirrored.1, scratch, out });
        scratch.between.shrink_to(KEPT);
    });
}

/// Rows of the source that are taken at once.
const GROUP: usize = 8;
/// A pixel of each of them, with a byte that does not count: four bytes are copied as one number, three are not.
type Across = [u8; 4 * GROUP];
/// Bytes of a row between the passes that are summed at once.
type Chunk = [u8; 32];
/// Chunks between the passes that a thread keeps for the next picture: 1 MiB.
const KEPT: usize = 1 << 15;

/// What a thread needs again for the next picture.
#[derive(Default)]
struct Scratch {
    columns: Axis,
    rows: Axis,
    /// The columns that are read, of [`GROUP`] rows.
    tile: Vec<Across>,
    /// Sums over the rows.
    sums: Vec<Across>,
    /// Rows between the passes, the newest in the place of the oldest.
    between: Vec<Chunk>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

struct Passes<'a, R> {
    picture: &'a RgbImage,
    upside_down: bool,
    scratch: &'a mut Scratch,
    out: &'a mut R,
}

impl<R: RowSink> WithSimd for Passes<'_, R> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Scratch { columns, rows, tile, sums, between } = self.scratch;
        let (width, height) = (columns.len(), rows.len());
        // The last pixel's fourth byte is written too.
        let chunks = (3 * width + 1).div_ceil(size_of::<Chunk>());
        let kept = (rows.taps() + GROUP).next_multiple_of(GROUP);
        tile.resize(columns.reach().len(), [0; 4 * GROUP]);
        between.resize(kept * chunks, [0; 32]);
        sums.resize(width, [0; 4 * GROUP]);
        let (mut line, first_column, first_row) =
            (vec![[0; 32]; chunks], columns.reach().start, rows.reach().start);
        let mut ready = first_row;
        for (y, (first, weights)) in rows.lines().enumerate() {
            while ready < first + weights.len() {
                let place = (ready - first_row) % kept * chunks;
                fill_tile(self.picture, first_column, ready, tile);
                sum_columns(columns, first_column, tile, sums);
                part_rows(sums, between.get_mut(place..).unwrap_or_default(), chunks);
                ready += GROUP;
            }
            sum_rows(between, (first - first_row) % kept, weights, &mut line);
            let y = if self.upside_down { height - 1 - y } else { y };
            self.out.row(y, line.as_flattened().get(..3 * width).unwrap_or_default());
        }
    }
}

fn within([left, top, right, bottom]: [f64; 4], (width, height): (u32, u32)) -> [f64; 4] {
    let (width, height) = (f64::from(width), f64::from(height));
    let (left, top) = (left.clamp(0.0, width), top.clamp(0.0, height));
    [left, top, right.clamp(left, width), bottom.clamp(top, height)]
}

/// Puts rows from `first_row` on side by side; the last one stands in for those below it.
#[inline(always)]
fn fill_tile(picture: &RgbImage, first_column: usize, first_row: usize, tile: &mut [Across]) {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    for lane in 0..GROUP {
        let y = (first_row + lane).min(height.saturating_sub(1));
        let from = 3 * (y * width + first_column);
        let row = picture.as_raw().get(from..from + 3 * tile.len()).unwrap_or_default();
        for (across, four) in tile.iter_mut().zip(row.windows(4).step_by(3)) {
            across[4 * lane..4 * lane + 4].copy_from_slice(four);
        }
        if let (Some(across), Some(three)) = (tile.last_mut(), row.last_chunk::<3>()) {
            across[4 * lane..4 * lane + 3].copy_from_slice(three);
        }
    }
}

/// The pass over columns, of [`GROUP`] rows at once.
#[inline(always)]
fn sum_columns(columns: &Axis, start: usize, tile: &[Across], sums: &mut [Across]) {
    for ((first, weights), out) in columns.lines().zip(sums) {
        let taps = tile.get(first - start..).unwrap_or_default().iter().zip(weights);
        *out = rounded(taps.fold(HALVES, |sums, (pixels, &weight)| added(sums, pixels, weight)));
    }
}

/// Puts rows below each other again. The next pixel covers the byte of each that does not count.
#[inline(always)]
fn part_rows(sums: &[Across], between: &mut [Chunk], chunks: usize) {
    for (lane, row) in between.chunks_exact_mut(chunks).take(GROUP).enumerate() {
        let mut row = row.as_flattened_mut();
        for across in sums {
            let Some(to) = row.first_chunk_mut::<4>() else { break };
            to.copy_from_slice(&across[4 * lane..4 * lane + 4]);
            row = &mut row[3..];
        }
    }
}

/// The pass over rows, for one row of the result; `first` is the place of the first row it is made of.
#[inline(always)]
fn sum_rows(between: &[Chunk], first: usize, weights: &[i32], out: &mut [Chunk]) {
    let chunks = out.len();
    for (i, out) in out.iter_mut().enumerate() {
        let (mut sums, mut at) = (HALVES, first * chunks + i);
        for &weight in weights {
            if let Some(pixels) = between.get(at) {
                sums = added(sums, pixels, weight);
            }
            at += chunks;
            at = if at >= between.len() { at - between.len() } else { at };
        }
        *out = rounded(sums);
    }
}

type Sums = [i32; 32];

const HALVES: Sums = [1 << (WEIGHT_BITS - 1); 32];

#[inline(always)]
fn added(mut sums: Sums, pixels: &[u8; 32], weight: i32) -> Sums {
    for i in 0..32 {
        sums[i] += i32::from(pixels[i]) * weight;
    }
    sums
}

#[inline(always)]
fn rounded(sums: Sums) -> [u8; 32] {
    std::array::from_fn(|i| (sums[i] >> WEIGHT_BITS).clamp(0, 255) as u8)
}

//! Gradients of dense convolutions towards their weights by AMX: rounded gradients, output by output, times what outputs
//! see, both with two neighbouring places in a lane.
//!
//! Places are counted along the rows of the map with its borders: so what is seen from one place of the window is what is
//! seen from another, some pixels further. Between the rows there are places without outputs, whose gradients are zeros.

#![allow(unsafe_code, reason = "blocks take pointers")]

use rayon::prelude::*;
use tl_simd::{SIDE, pair};

use crate::amx::{BLOCK, Block, Registers, is_there};
use crate::band::{Band, View};
use crate::lanes::vectorised;
use crate::parts::Part;
use crate::pass::Pass;
use crate::rounding::couple;
use crate::shape::{Products, Shape};

/// Places that are worked on together.
const OUTPUTS: usize = 512;
/// Places that a register holds the gradients of.
const PLACES: usize = 2 * SIDE;

/// Is this the way? It pays for a register of channels and outputs; strides must be the same in both directions.
pub(crate) fn serves(shape: &Shape) -> bool {
    let [channels, outputs] = shape.of_group();
    let [down, across] = shape.window.stride;
    shape.window.products == Products::Bf16
        && channels >= SIDE
        && outputs >= SIDE
        && down == across
        && is_there()
}

/// `gw` of one group.
pub(crate) fn of_group(shape: &Shape, pass: &Pass, x: &[f32], gy: &[f32], gw: &mut [f32]) {
    let [channels, outputs] = shape.of_group();
    let kernel = shape.kernel[0] * shape.kernel[1];
    let parts = Part::all(shape.batch, outputs, channels * kernel);
    let sums: Vec<Vec<f32>> = parts.par_iter().map(|part| Sums::new(pass, part).of(x, gy)).collect();
    let (wide, depth) = (channels.next_multiple_of(BLOCK), channels * kernel);
    for (part, sums) in parts.iter().zip(sums) {
        let outputs = part.outputs(outputs);
        let gw = &mut gw[outputs.start * depth..outputs.end * depth];
        let rows = gw.par_chunks_mut(depth.max(1)).zip(sums.par_chunks(wide * kernel));
        rows.for_each(|(gw, sums)| {
            for (place, sums) in sums.chunks_exact(wide).enumerate() {
                gw[place..].iter_mut().step_by(kernel).zip(sums).for_each(|(to, sum)| *to += sum);
            }
        });
    }
}

/// The sums of a part: for each output, and each place of the window, a row of channels.
struct Sums<'a> {
    pass: &'a Pass,
    part: &'a Part,
    /// The part's outputs, and the channels, in whole blocks.
    outputs: usize,
    channels: usize,
}

/// One picture of a band.
struct Piece {
    /// Rounded gradients: for each output, a row of lanes.
    gradients: Vec<f32>,
    lanes: usize,
    /// For each pixel, its channels with those of the next pixel that is seen.
    seen: Vec<f32>,
    /// Pixels from a row to the next.
    across: usize,
}

impl<'a> Sums<'a> {
    fn new(pass: &'a Pass, part: &'a Part) -> Self {
        let outputs = part.outputs(pass.target.channels).len().next_multiple_of(BLOCK);
        Self { pass, part, outputs, channels: pass.source.channels.next_multiple_of(BLOCK) }
    }

    fn of(&self, x: &[f32], gy: &[f32]) -> Vec<f32> {
        let pitch = self.channels * self.pass.window[0] * self.pass.window[1];
        let mut sums = vec![0.0; self.outputs * pitch];
        let Some(registers) = Registers::new() else { return sums };
        let mut room = Vec::new();
        for band in Band::all(self.pass, self.part.pictures.clone(), OUTPUTS) {
            let view = View::of(self.pass, &band, Products::F32, x, &mut room);
            view.check(self.pass, &band);
            for number in 0..band.pictures.len() {
                let piece = self.piece(&view, &band, number, gy);
                self.add(&registers, &piece, pitch, &mut sums);
            }
        }
        sums
    }

    fn piece(&self, view: &View<'_>, band: &Band, number: usize, gy: &[f32]) -> Piece {
        let pass = self.pass;
        let [rows, across] = pass.seen(&band.rows);
        let step = pass.step[1];
        let columns = pass.grid[1];
        let places = band.rows.len().saturating_sub(1) * across + columns;
        let lanes = places.next_multiple_of(PLACES) / 2;
        let first = self.part.outputs(pass.target.channels);
        let target = &pass.target;
        let mut gradients = vec![0.0; self.outputs * lanes];
        let start = ((band.pictures.start + number) * pass.grid[0] + band.rows.start) * columns;
        let from = &gy[start * target.pitch + target.first + first.start..];
        let grid = Grid { rows: band.rows.len(), columns, across, outputs: first.len() };
        deal(from, target.pitch, grid, &mut gradients, lanes);
        // What the places behind the last see is there, and is zeros.
        let behind = PLACES * step + pass.window[0] * across + pass.window[1];
        let mut seen = vec![0.0; (rows * across + behind + step) * self.channels];
        for y in 0..rows {
            let from = &view.values[view.origin + number * view.picture + y * view.row..];
            let to = &mut seen[y * across * self.channels..];
            couple_row(
                from,
                [view.pixel, view.row, view.channels],
                [across, step, rows - y],
                to,
                self.channels,
            );
        }
        Piece { gradients, lanes, seen, across }
    }

    fn add(&self, registers: &Registers, piece: &Piece, pitch: usize, sums: &mut [f32]) {
        let (step, channels) = (self.pass.step[1], self.channels);
        let steps: Vec<[usize; 2]> = (0..piece.lanes / SIDE)
            .map(|number| [4 * number * SIDE, 4 * number * PLACES * step * channels])
            .collect();
        for place in 0..self.pass.window[0] * self.pass.window[1] {
            let (y, x) = (place / self.pass.window[1], place % self.pass.window[1]);
            for channel in (0..channels).step_by(BLOCK) {
                let seen = &piece.seen[(y * piece.across + x) * channels + channel..];
                let last = steps.len() * PLACES * step * channels;
                assert!(
                    steps.is_empty() || last - 2 * step * channels + BLOCK <= seen.len(),
                    "places are missing"
                );
                for output in (0..self.outputs).step_by(BLOCK) {
                    let left = &piece.gradients[output * piece.lanes..][..BLOCK * piece.lanes];
                    let to = &mut sums[output * pitch + place * channels + channel..]
                        [..(BLOCK - 1) * pitch + BLOCK];
                    let block = Block {
                        left: [left.as_ptr(), left[SIDE * piece.lanes..].as_ptr()],
                        left_row: 4 * piece.lanes,
                        right: seen.as_ptr(),
                        right_lane: 8 * step * channels,
                        steps: &steps,
                        sums: [to.as_mut_ptr(), to[SIDE * pitch..].as_mut_ptr()],
                        sums_row: 4 * pitch,
                        add: true,
                    };
                    // SAFETY: outputs, lanes and channels come in whole blocks; the last step sees what is there, as asserted.
                    unsafe { registers.multiply(&block) }
                }
            }
        }
    }
}

/// Places along the rows of a map with its borders, and which of them have outputs.
#[derive(Debug, Clone, Copy)]
struct Grid {
    rows: usize,
    columns: usize,
    /// Places from a row to the next.
    across: usize,
    outputs: usize,
}

impl Grid {
    #[inline(always)]
    fn pixel(self, place: usize) -> Option<usize> {
        let (y, x) = (place / self.across, place % self.across);
        (y < self.rows && x < self.columns).then(|| y * self.columns + x)
    }
}

/// So many floats from a place on, if there is one, with zeros behind them.
#[inline(always)]
fn few(values: &[f32], start: Option<usize>, count: usize) -> [f32; SIDE] {
    let mut few = [0.0; SIDE];
    let Some(start) = start else { return few };
    if let (SIDE, Some(whole)) = (count, values[start..].first_chunk::<SIDE>()) {
        return *whole;
    }
    few.iter_mut().zip(&values[start..start + count]).for_each(|(to, from)| *to = *from);
    few
}

vectorised! {
    /// Rounds a picture's gradients, pixels of `pitch` floats, and deals them out to rows of outputs: 16 outputs of 32 places
    /// at a time.
    fn deal(gy: &[f32], pitch: usize, grid: Grid, to: &mut [f32], lanes: usize) {
        for lane in (0..lanes).step_by(SIDE) {
            let pixels: [Option<usize>; PLACES] = std::array::from_fn(|i| grid.pixel(2 * lane + i));
            for first in (0..grid.outputs).step_by(SIDE) {
                let count = SIDE.min(grid.outputs - first);
                let mut square = [[0.0; SIDE]; SIDE];
                for (square, pixels) in square.iter_mut().zip(pixels.as_chunks::<2>().0) {
                    let [low, high] = pixels.map(|pixel| few(gy, pixel.map(|pixel| pixel * pitch + first), count));
                    let pairs = low.iter().zip(&high);
                    square.iter_mut().zip(pairs).for_each(|(to, (&low, &high))| *to = pair(low, high));
                }
                for (output, to) in to[first * lanes..].chunks_exact_mut(lanes).take(count).enumerate() {
                    let to = &mut to[lane..lane + SIDE];
                    to.iter_mut().zip(&square).for_each(|(to, square)| *to = square[output]);
                }
            }
        }
    }
}

/// A row of pixels, each with the pixel that the next place sees: the same row's, or the next one's first, if there is one.
fn couple_row(from: &[f32], seen: [usize; 3], sizes: [usize; 3], to: &mut [f32], pitch: usize) {
    let ([pixel, row, channels], [across, step, rows]) = (seen, sizes);
    for (number, to) in to.chunks_exact_mut(pitch).take(across).enumerate() {
        let low = &from[number * pixel..][..channels];
        let next = number + step;
        let at = if next < across { next * pixel } else { next / across * row + next % across * pixel };
        couple(low, (next / across < rows).then(|| &from[at..]), to);
    }
}

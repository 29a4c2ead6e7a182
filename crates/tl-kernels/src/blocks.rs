//! Outputs of rounded products, by AMX: blocks of 32 outputs by 32 channels.

#![allow(unsafe_code, reason = "blocks and tiles take pointers")]

use tl_simd::SIDE;

use crate::amx::{BLOCK, Block, Registers};
use crate::dense::{Part, Work, targets};
use crate::registers::panel;
use crate::tile::put;

/// No output: pixels between those that are.
const NONE: usize = usize::MAX;

/// Up to 16 outputs whose windows are equally far apart.
struct Strip {
    /// Where the first one's window begins.
    seen: usize,
    to: [usize; SIDE],
}

/// Sums on their way.
#[repr(align(64))]
struct Sums([[f32; BLOCK]; BLOCK]);

impl Work<'_> {
    pub(crate) fn run_blocks(&self, registers: &Registers, add: bool) {
        let strips = self.strips();
        let apart = self.pass.step[1] * self.view.pixel;
        let window =
            self.pass.window[0].saturating_sub(1) * self.view.row + self.pass.span_of(self.view.channels);
        let last = strips.iter().map(|strip| strip.seen).max().unwrap_or(0) + (SIDE - 1) * apart + window;
        assert!(strips.is_empty() || last <= self.view.values.len(), "a window reaches beyond the map");
        let (parts, together) = self.parts();
        for first in (0..self.panels.count()).step_by(together) {
            for (number, part) in parts.iter().enumerate() {
                for panel in first..self.panels.count().min(first + together) {
                    self.panel(registers, part, panel, &strips, add || number > 0);
                }
            }
        }
    }

    fn panel(&self, registers: &Registers, part: &Part, number: usize, strips: &[Strip], add: bool) {
        let (weights, channels) = self.panels.at(number, part.lane);
        let lane = 4 * if channels <= SIDE { SIDE } else { panel() };
        let places = part.runs.iter().flat_map(|run| (run.offset..run.offset + run.len).step_by(SIDE));
        let steps: Vec<[usize; 2]> =
            places.enumerate().map(|(number, place)| [4 * place, number * SIDE * lane]).collect();
        assert!(steps.len() * SIDE * lane <= 4 * weights.len(), "weights are missing");
        let mut sums = Sums([[0.0; BLOCK]; BLOCK]);
        for pair in strips.chunks(2) {
            let [first, last] = [pair.first(), pair.last()].map(|strip| strip.map_or(0, |strip| strip.seen));
            let rows = sums.0.as_mut_ptr().cast::<f32>();
            let block = Block {
                left: [first, last].map(|seen| self.view.values[seen..].as_ptr()),
                left_row: 4 * self.pass.step[1] * self.view.pixel,
                right: weights.as_ptr(),
                right_lane: lane,
                steps: &steps,
                sums: [rows, rows.wrapping_add(SIDE * BLOCK)],
                sums_row: 4 * BLOCK,
                add: false,
            };
            // SAFETY: all windows are inside the view, as `run_blocks` asserts; a panel with one register of channels has room for
            // two behind its last lane, as its values are made for a whole panel; the sums are a block.
            unsafe { registers.multiply(&block) };
            let outputs = pair.iter().flat_map(|strip| strip.to);
            for (sums, to) in sums.0.iter().zip(outputs).filter(|(_, to)| *to != NONE) {
                // SAFETY: every output is one band's, and inside the target, since grid and maps have the same sizes.
                unsafe { put(sums.as_ptr(), self.target.at(to + number * panel()), channels, add) }
            }
        }
    }

    fn strips(&self) -> Vec<Strip> {
        let (pass, view) = (self.pass, &self.view);
        let (columns, rows) = (pass.grid[1], self.band.rows.len());
        let to: Vec<usize> = targets(pass, self.band).collect();
        let apart = pass.step[1] * view.pixel;
        if pass.step == [1, 1] && pass.window == [1, 1] {
            return cut(view.origin, apart, &to, SIDE);
        }
        let starts = (0..self.band.pictures.len()).map(|number| view.origin + number * view.picture);
        if pass.step == [1, 1] && columns < SIDE - 2 {
            // The pixels between two rows are few enough to be computed as well.
            let between = view.row / view.pixel.max(1) - columns;
            let of_picture = |(start, to): (usize, &[usize])| {
                let padded = |row: &[usize]| [row, &vec![NONE; between]].concat();
                let to: Vec<usize> = to.chunks(columns).flat_map(padded).collect();
                cut(start, apart, &to[..to.len() - between], SIDE)
            };
            return starts.zip(to.chunks((rows * columns).max(1))).flat_map(of_picture).collect();
        }
        let even = columns.div_ceil(columns.div_ceil(SIDE).max(1));
        let of_row = |start: usize| (0..rows).map(move |y| start + y * pass.step[0] * view.row);
        let all = starts.flat_map(of_row).zip(to.chunks(columns.max(1)));
        all.flat_map(|(start, to)| cut(start, apart, to, even)).collect()
    }
}

/// Outputs side by side, so many in a strip.
fn cut(start: usize, apart: usize, to: &[usize], count: usize) -> Vec<Strip> {
    let strip = |(number, to): (usize, &[usize])| {
        let mut strip = Strip { seen: start + number * count * apart, to: [NONE; SIDE] };
        strip.to.iter_mut().zip(to).for_each(|(place, &to)| *place = to);
        strip
    };
    to.chunks(count.max(1)).enumerate().map(strip).collect()
}

//! Outputs that are worked on together, and what they see: the map itself, or a copy with zeros around it.

use std::ops::Range;
use tl_simd::SIDE;

use crate::amx::is_there;
use crate::pass::Pass;
use crate::rounding::round;
use crate::shape::Products;

/// Some rows of one picture's outputs, or some whole pictures'.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Band {
    pub(crate) pictures: Range<usize>,
    pub(crate) rows: Range<usize>,
}

/// Floats of what a band sees, so that it stays in the second-level cache.
const TOGETHER: usize = 1 << 17;

impl Band {
    /// The bands of some pictures, of about so many outputs.
    pub(crate) fn all(pass: &Pass, pictures: Range<usize>, outputs: usize) -> Vec<Self> {
        let places = pass.places().max(1);
        if places < outputs {
            let together = (outputs / places).min(pictures.len().div_ceil(2)).max(1);
            let starts = pictures.clone().step_by(together);
            let band = |start: usize| Self {
                pictures: start..pictures.end.min(start + together),
                rows: 0..pass.grid[0],
            };
            return starts.map(band).collect();
        }
        let row = pass.seen(&(0..1))[1] * pass.source.channels * pass.step[0];
        let rows = (outputs / pass.grid[1].max(1)).min(TOGETHER / row.max(1)).max(1);
        let of_picture = |picture: usize| {
            let starts = (0..pass.grid[0]).step_by(rows);
            starts.map(move |start| Self {
                pictures: picture..picture + 1,
                rows: start..pass.grid[0].min(start + rows),
            })
        };
        pictures.flat_map(of_picture).collect()
    }

    /// Number of outputs.
    pub(crate) fn outputs(&self, pass: &Pass) -> usize {
        self.pictures.len() * self.rows.len() * pass.grid[1]
    }
}

/// Where a band's outputs look: offsets into `values`, in lanes of one float or of two bfloat16 numbers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) values: &'a [f32],
    /// What the first output sees first.
    pub(crate) origin: usize,
    pub(crate) picture: usize,
    pub(crate) row: usize,
    pub(crate) pixel: usize,
    /// Lanes of the channels that are seen.
    pub(crate) channels: usize,
}

impl<'a> View<'a> {
    /// What a band's outputs see; in `room` unless it is the map itself.
    pub(crate) fn of(
        pass: &Pass,
        band: &Band,
        products: Products,
        maps: &'a [f32],
        room: &'a mut Vec<f32>,
    ) -> Self {
        let source = &pass.source;
        if products == Products::F32 && pass.is_inside() {
            let row = source.size[1] * source.pitch;
            let [up, left] = pass.before.map(isize::unsigned_abs);
            let first = band.rows.start * pass.step[0] + up;
            let origin =
                band.pictures.start * source.picture() + first * row + left * source.pitch + source.first;
            let (picture, pixel) = (source.picture(), source.pitch);
            return Self { values: maps, origin, picture, row, pixel, channels: source.channels };
        }
        let [rows, across] = pass.seen(&band.rows);
        let pixel = lanes(products, source.channels);
        let picture = rows * across * pixel;
        // A register's rows may begin with the last output.
        let behind = if products == Products::Bf16 { SIDE * pass.step[1] * pixel } else { 0 };
        let total = picture * band.pictures.len() + behind;
        room.resize(room.len().max(total), 0.0);
        for (number, of) in band.pictures.clone().enumerate() {
            let maps = &maps[of * source.picture()..][..source.picture()];
            copy(pass, band, products, maps, &mut room[number * picture..][..picture]);
        }
        Self { values: &room[..total], origin: 0, picture, row: across * pixel, pixel, channels: pixel }
    }

    /// # Panics
    /// If a window reaches beyond the values.
    pub(crate) fn check(&self, pass: &Pass, band: &Band) {
        let last = self.offsets(pass, band).last().unwrap_or(0);
        let row = pass.window[1].saturating_sub(1) * self.pixel + self.channels;
        let window = pass.window[0].saturating_sub(1) * self.row + row;
        assert!(
            band.outputs(pass) == 0 || last + window <= self.values.len(),
            "a window reaches beyond the map"
        );
    }

    /// Where the window of each output begins.
    pub(crate) fn offsets(&self, pass: &Pass, band: &Band) -> impl Iterator<Item = usize> {
        let Self { origin, picture, row, pixel, .. } = *self;
        let ([down, across], columns, rows) = (pass.step, pass.grid[1], band.rows.len());
        (0..band.pictures.len()).flat_map(move |number| {
            (0..rows).flat_map(move |y| {
                let start = origin + number * picture + y * down * row;
                (0..columns).map(move |x| start + x * across * pixel)
            })
        })
    }
}

/// Lanes that hold a pixel's channels; zeros behind them fill the registers of AMX, where there are enough channels for it.
pub(crate) fn lanes(products: Products, channels: usize) -> usize {
    match products {
        Products::F32 => channels,
        Products::Bf16 if channels >= SIDE && is_there() => channels.div_ceil(2).next_multiple_of(SIDE),
        Products::Bf16 => channels.div_ceil(2),
    }
}

/// The rows that a band sees of one picture, with zeros where there is no picture.
fn copy(pass: &Pass, band: &Band, products: Products, maps: &[f32], room: &mut [f32]) {
    let source = &pass.source;
    let [_, across] = pass.seen(&band.rows);
    let pixel = lanes(products, source.channels);
    let top = (band.rows.start * pass.step[0]) as isize - pass.before[0];
    let left = -pass.before[1];
    let zeros = (-left).clamp(0, across as isize) as usize;
    let first = (left.max(0) as usize).min(source.size[1]);
    let count = source.size[1].saturating_sub(first).min(across - zeros);
    for (y, room) in room.chunks_exact_mut(across * pixel).enumerate() {
        let line = usize::try_from(top + y as isize).ok().filter(|&line| line < source.size[0]);
        let Some(line) = line else {
            room.fill(0.0);
            continue;
        };
        let (before, rest) = room.split_at_mut(zeros * pixel);
        let (inside, behind) = rest.split_at_mut(count * pixel);
        before.fill(0.0);
        behind.fill(0.0);
        let from = &maps[(line * source.size[1] + first) * source.pitch..];
        match products {
            Products::F32 if source.pitch == source.channels => inside.copy_from_slice(&from[..inside.len()]),
            Products::F32 => {
                let pixels = from.chunks(source.pitch).zip(inside.chunks_exact_mut(pixel));
                pixels.for_each(|(from, to)| to.copy_from_slice(&from[source.first..][..pixel]));
            }
            Products::Bf16 => {
                let pixels = from.chunks(source.pitch).zip(inside.chunks_exact_mut(pixel));
                pixels.for_each(|(from, to)| round(&from[source.first..][..source.channels], to));
            }
        }
    }
}

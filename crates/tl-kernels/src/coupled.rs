//! Gradients of dense convolutions towards their weights in vector registers, from rounded values: two neighbouring places
//! of a row in a lane, the last one of an odd number alone.

use rayon::prelude::*;
use std::ops::Range;

use crate::band::{Band, View};
use crate::panels::wide;
use crate::parts::{Gradients, OUTPUTS, Part};
use crate::pass::Pass;
use crate::registers::panel;
use crate::rounding::couple;
use crate::shape::Products;

/// What the bands of these pictures see: each pixel's channels together with those of the next pixel that is seen.
pub(crate) fn bands(pass: &Pass, pictures: Range<usize>, x: &[f32]) -> Vec<Vec<f32>> {
    let of_band = |room: &mut Vec<f32>, band: &Band| {
        let mut values = Vec::new();
        see(pass, band, x, room, &mut values);
        values
    };
    Band::all(pass, pictures, OUTPUTS).par_iter().map_init(Vec::new, of_band).collect()
}

fn see(pass: &Pass, band: &Band, x: &[f32], room: &mut Vec<f32>, values: &mut Vec<f32>) {
    let view = View::of(pass, band, Products::F32, x, room);
    view.check(pass, band);
    let ([rows, across], channels, step) = (pass.seen(&band.rows), view.channels, pass.step[1]);
    let row = across * channels;
    values.resize(values.len().max(band.pictures.len() * rows * row), 0.0);
    for (line, to) in values.chunks_exact_mut(row.max(1)).take(band.pictures.len() * rows).enumerate() {
        let from = &view.values[view.origin + line / rows * view.picture + line % rows * view.row..];
        let alone = across.saturating_sub(step);
        if view.pixel == channels {
            let next = (alone > 0).then(|| &from[step * channels..]);
            couple(&from[..alone * channels], next, to);
            couple(&from[alone * channels..row], None, &mut to[alone * channels..]);
            continue;
        }
        for (pixel, to) in to.chunks_exact_mut(channels.max(1)).enumerate() {
            let next = (pixel < alone).then(|| &from[(pixel + step) * view.pixel..]);
            couple(&from[pixel * view.pixel..][..channels], next, to);
        }
    }
}

impl Part {
    /// As [`Part::sums`]; `shared` is what [`bands`] made of its pictures, if it did.
    pub(crate) fn coupled_sums(
        &self,
        pass: &Pass,
        x: &[f32],
        gy: &[f32],
        shared: Option<&[Vec<f32>]>,
    ) -> Vec<f32> {
        let mut sums = vec![0.0; pass.window[0] * pass.span() * self.lanes()];
        let (mut room, mut own, mut ordered) = (Vec::new(), Vec::new(), Vec::new());
        for (number, band) in Band::all(pass, self.pictures.clone(), OUTPUTS).iter().enumerate() {
            let values = match shared {
                Some(shared) => &shared[number],
                None => {
                    see(pass, band, x, &mut room, &mut own);
                    &own
                }
            };
            let ([rows, across], pixel) = (pass.seen(&band.rows), pass.source.channels);
            let (row, picture) = (across * pixel, rows * across * pixel);
            let view = View { values, origin: 0, picture, row, pixel, channels: pixel };
            view.check(pass, band);
            let offsets: Vec<usize> = view.offsets(pass, band).collect();
            let firsts = |row: &[usize]| row.iter().step_by(2).copied().collect::<Vec<_>>();
            let offsets: Vec<usize> = offsets.chunks(pass.grid[1].max(1)).flat_map(firsts).collect();
            let gradients = self.coupled_gradients(pass, band, gy, &mut ordered);
            self.band(pass, &view, &offsets, &gradients, &mut sums);
        }
        sums
    }

    fn coupled_gradients<'a>(
        &self,
        pass: &Pass,
        band: &Band,
        gy: &[f32],
        room: &'a mut Vec<f32>,
    ) -> Gradients<'a> {
        let target = &pass.target;
        let (rows, columns) = (band.pictures.len() * band.rows.len(), pass.grid[1].max(1));
        let places = rows * columns.div_ceil(2);
        let start = (band.pictures.start * pass.grid[0] + band.rows.start) * columns * target.pitch;
        let from = &gy[start + target.first..];
        room.resize(room.len().max(places * self.lanes()), 0.0);
        for (number, panel_number) in self.panels.clone().enumerate() {
            let first = panel_number * panel();
            let (left, wide) = (target.channels - first, wide(target.channels - first));
            let count = left.min(panel());
            let mut to = room[number * places * panel()..].chunks_exact_mut(wide);
            for row in from[first..].chunks(columns * target.pitch).take(rows) {
                let both = row.chunks(2 * target.pitch).take(columns.div_ceil(2));
                both.zip(&mut to).for_each(|(both, to)| {
                    couple(&both[..count], both.get(target.pitch..target.pitch + count), to);
                    to[count..].fill(0.0);
                });
            }
        }
        let (first, channels) = (self.panels.start, target.channels);
        Gradients { direct: None, ordered: room, places, first, channels, pairs: true }
    }
}

//! The picture, channel by channel, into maps.

#![allow(unsafe_code, reason = "writes to the memory that steps share")]

use tl_simd::{Lanes, pair, with_float_lanes};

use super::isa::Isa;
use super::{Format, Map, Memory, WorkPart};

/// A picture on its way into maps of floats or of bfloat16 numbers, whose last lane is filled up with a zero.
#[derive(Debug)]
pub(crate) struct Image<'a> {
    pub(crate) isa: Isa,
    pub(crate) image_chw: &'a [f32],
    pub(crate) output: Map,
}

impl Image<'_> {
    /// # Safety
    /// The maps are inside `memory`; threads that run other parts run only those.
    pub(crate) unsafe fn run(&self, memory: Memory, part: WorkPart) {
        // SAFETY: the caller's; an `Isa` is made by detection only.
        unsafe { image(self.isa.vectors, self, memory, part) }
    }
}

with_float_lanes! {
    /// # Safety
    /// As of [`Image::run`].
    unsafe fn image(op: &Image<'_>, memory: Memory, part: WorkPart) = image_any
}

/// Plain loops, which the compiler turns into the instructions of the lanes.
#[allow(clippy::extra_unused_type_parameters, reason = "says what this is compiled for")]
#[inline(always)]
unsafe fn image_any<L: Lanes>(op: &Image<'_>, memory: Memory, part: WorkPart) {
    let Map { height, width, pixel, channels, .. } = op.output;
    for y in part.of(height) {
        // SAFETY: the pixels of a row are in the maps, with nothing but theirs between them.
        let to = unsafe {
            std::slice::from_raw_parts_mut(memory.at(op.output.at(y, 0)), (width - 1) * pixel + channels)
        };
        let row = |channel: usize| {
            let start = (channel * height + y) * width;
            op.image_chw.get(start..start + width)
        };
        match (op.output.holds, pixel, [row(0), row(1), row(2)]) {
            (Format::F32, 3, [Some(r), Some(g), Some(b)]) => colours(to, [r, g, b], |rgb| rgb),
            (Format::Bf16, 2, [Some(r), Some(g), Some(b)]) => {
                colours(to, [r, g, b], |[r, g, b]| [pair(r, g), pair(b, 0.0)]);
            }
            (holds, ..) => any(op.output, holds.numbers().min(2), to, row),
        }
    }
}

/// The three colours of each pixel as lanes.
#[inline(always)]
fn colours<const LANES: usize>(to: &mut [f32], rows: [&[f32]; 3], lanes: impl Fn([f32; 3]) -> [f32; LANES]) {
    let colours = rows[0].iter().zip(rows[1]).zip(rows[2]);
    for (to, ((&r, &g), &b)) in to.as_chunks_mut::<LANES>().0.iter_mut().zip(colours) {
        *to = lanes([r, g, b]);
    }
}

/// Any number of channels, of which a lane holds one or two.
#[inline(always)]
fn any<'a>(map: Map, numbers: usize, to: &mut [f32], row: impl Fn(usize) -> Option<&'a [f32]>) {
    for lane in 0..map.channels {
        let Some(low) = row(lane * numbers) else { continue };
        let to = to[lane..].iter_mut().step_by(map.pixel);
        match (numbers, row(lane * numbers + 1)) {
            (1, _) => to.zip(low).for_each(|(to, &low)| *to = low),
            (_, None) => to.zip(low).for_each(|(to, &low)| *to = pair(low, 0.0)),
            (_, Some(high)) => {
                to.zip(low.iter().zip(high)).for_each(|(to, (&low, &high))| *to = pair(low, high))
            }
        }
    }
}

//! What the frame header says of a picture's components: sampling, blocks, colour space. T.81, A.1, A.2 and B.2.2.

use super::color_space::ColorSpace;
use super::markers::Markers;
use crate::PictureError;

/// A picture's components and the units they are interleaved in.
pub(super) struct Layout {
    /// Width of the picture in pixels.
    pub(super) width: usize,
    pub(super) height: usize,
    /// The largest sampling factors, horizontal and vertical: a unit has so many times 8 pixels in each direction.
    pub(super) largest: (usize, usize),
    /// Units in a row, and rows of them.
    pub(super) units: (usize, usize),
    pub(super) components: Vec<Component>,
    pub(super) space: ColorSpace,
}

/// A component: its blocks, its samples and its quantisation table.
pub(super) struct Component {
    pub(super) id: u8,
    /// Sampling factors, 1 to 4: its blocks in a unit, in each direction.
    pub(super) h: usize,
    pub(super) v: usize,
    pub(super) quantisation: usize,
    /// Width of the component in samples.
    pub(super) width: usize,
    pub(super) height: usize,
    /// Blocks that hold these samples: those of a scan of this component alone.
    pub(super) blocks: (usize, usize),
    /// Blocks in a row of units.
    pub(super) stride: usize,
}

impl Layout {
    /// Reads the frame header.
    ///
    /// Errors: [`PictureError::Corrupt`] where it is too short or has sampling factors that do not exist.
    pub(super) fn read(markers: &Markers<'_>) -> Result<Self, PictureError> {
        let frame = &markers.frame;
        let header = markers.segments.iter().find(|segment| segment.marker == frame.marker);
        let listed = header.and_then(|header| header.content.get(6..)).unwrap_or_default().as_chunks::<3>().0;
        let listed = listed
            .get(..usize::from(frame.components))
            .ok_or_else(|| corrupt("its frame header is too short"))?;
        let factors = |sampling: u8| match listed {
            // A single component is never interleaved, so its factors say nothing: T.81, A.2.2.
            [_] => (1, 1),
            _ => (usize::from(sampling >> 4), usize::from(sampling & 15)),
        };
        for (number, &[_, sampling, _]) in (1..).zip(listed) {
            let (h, v) = factors(sampling);
            if !(1..=4).contains(&h) || !(1..=4).contains(&v) {
                return Err(corrupt(format!("component {number} has the sampling factors {h} x {v}")));
            }
        }
        let each = || listed.iter().map(|&[_, sampling, _]| factors(sampling));
        let largest = each().fold((1, 1), |(h, v), (x, y)| (h.max(x), v.max(y)));
        let (width, height) = (frame.width as usize, frame.height as usize);
        let units = (width.div_ceil(8 * largest.0), height.div_ceil(8 * largest.1));
        let components = listed.iter().map(|&[id, sampling, quantisation]| {
            let (h, v) = factors(sampling);
            let (across, down) = ((width * h).div_ceil(largest.0), (height * v).div_ceil(largest.1));
            Component {
                id,
                h,
                v,
                quantisation: quantisation.into(),
                width: across,
                height: down,
                blocks: (across.div_ceil(8), down.div_ceil(8)),
                stride: units.0 * h,
            }
        });
        let components: Vec<Component> = components.collect();
        let names: Vec<u8> = components.iter().map(|component| component.id).collect();
        let space = ColorSpace::of(markers, &names);
        Ok(Layout { width, height, largest, units, components, space })
    }

    /// Memory for all coefficients, of two bytes each.
    pub(super) fn coefficient_bytes(&self) -> u64 {
        let blocks = |component: &Component| (component.stride * component.v * self.units.1) as u64;
        128 * self.components.iter().map(blocks).sum::<u64>()
    }
}

pub(super) fn corrupt(detail: impl Into<String>) -> PictureError {
    PictureError::Corrupt { detail: detail.into() }
}

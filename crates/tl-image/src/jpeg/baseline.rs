//! Decoding a baseline scan, all of it or a part, at full size or reduced.
//!
//! Huffman codes have to be read from the first to the last of the window, and to the last of all to find damage. The transform, interpolation of chroma and conversion to
//! RGB, more than half of the work, are done only where the window needs them. Everything is compiled for AVX2 too
//! and chosen when the program runs.

use image::RgbImage;
use pulp::{Simd, WithSimd};

use super::bit_reader::{BitReader, RestartIntervals};
use super::color::to_rgb;
use super::huffman::{END_OF_BLOCK, Huffman, LookupEntry, SYMBOLS, Skip};
use super::idct::{Block, flat, inverse};
use super::scan::{Component, Scan};
use super::window::{McuGrid, Plane, Window};

/// Decodes the window. `None`: something is damaged or unusual, where behind the window counts too unless the picture was
/// `checked` before.
pub(super) fn decode(scan: &Scan<'_>, window: &Window, checked: bool) -> Option<RgbImage> {
    pulp::Arch::new().dispatch(Decode { scan, window, checked })
}

struct Decode<'a> {
    scan: &'a Scan<'a>,
    window: &'a Window,
    checked: bool,
}

impl WithSimd for Decode<'_> {
    type Output = Option<RgbImage>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> Option<RgbImage> {
        let planes = read_planes(self.scan, self.window, self.checked)?;
        to_rgb(&planes, self.window)
    }
}

/// A component's tables, its plane and its last DC coefficient.
struct Reader<'a> {
    component: &'a Component,
    dc: &'a Huffman,
    ac: &'a Huffman,
    steps: &'a [u16; 64],
    plane: Plane,
    last_dc: i16,
}

#[inline(always)]
fn read_planes(scan: &Scan<'_>, window: &Window, checked: bool) -> Option<Vec<Plane>> {
    let units = McuGrid::of(scan, window);
    let mut readers = Vec::with_capacity(3);
    for component in &scan.components {
        readers.push(Reader {
            component,
            dc: scan.dc(component)?,
            ac: scan.ac(component)?,
            steps: scan.quantisation(component)?,
            plane: Plane::new(scan, component, &units, window.reduction),
            last_dc: 0,
        });
    }
    let end = if checked { units.end() } else { units.across * units.down };
    read_intervals(scan, &units, end, &mut readers)?;
    Some(readers.into_iter().map(|reader| reader.plane).collect())
}

/// Reads the units before `end`.
#[inline(always)]
fn read_intervals(scan: &Scan<'_>, units: &McuGrid, end: usize, readers: &mut [Reader<'_>]) -> Option<()> {
    let all = units.across * units.down;
    let length = if scan.restart_interval == 0 { all } else { scan.restart_interval };
    let intervals = RestartIntervals::of(scan.data)?;
    if intervals.len() != all.div_ceil(length) {
        return None;
    }
    for (index, first) in (0..end).step_by(length).enumerate() {
        let mut bits = BitReader::new(intervals.get(index)?);
        readers.iter_mut().for_each(|reader| reader.last_dc = 0);
        for unit in first..(first + length).min(end) {
            let (row, column) = (unit / units.across, unit % units.across);
            if column == 0 && bits.overran() {
                return None;
            }
            let wanted = units.columns.contains(&column) && units.rows.contains(&row);
            for reader in readers.iter_mut() {
                if wanted {
                    reader.unit(&mut bits, column - units.columns.start, row - units.rows.start)?;
                } else {
                    reader.pass_over(&mut bits)?;
                }
            }
        }
        let whole = first + length <= end || end == all;
        if bits.overran() || (whole && !bits.at_the_end()) {
            return None;
        }
    }
    Some(())
}

impl Reader<'_> {
    /// Reads this component's blocks of a unit into the plane.
    #[inline(always)]
    fn unit(&mut self, bits: &mut BitReader<'_>, column: usize, row: usize) -> Option<()> {
        let (h, v, side, stride) = (self.component.h, self.component.v, self.plane.side, self.plane.stride);
        for y in 0..v {
            for x in 0..h {
                let mut block: Block = [0; 64];
                let end = self.read_block(bits, &mut block)?;
                let at = (row * v + y) * side * stride + (column * h + x) * side;
                let out = self.plane.samples.get_mut(at..)?;
                if end <= 1 {
                    flat(block[0], side, out, stride);
                } else {
                    inverse(&block, end, side, out, stride);
                }
            }
        }
        Some(())
    }

    /// Reads them and forgets all but the DC coefficient, on which the next one builds.
    #[inline(always)]
    fn pass_over(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        for _ in 0..self.component.h * self.component.v {
            self.read_dc(bits)?;
            self.pass_over_ac(bits)?;
        }
        Some(())
    }

    /// Reads one block, dequantised. Returns one more than the place of its last coefficient, in zigzag order.
    #[inline(always)]
    fn read_block(&mut self, bits: &mut BitReader<'_>, block: &mut Block) -> Option<usize> {
        self.read_dc(bits)?;
        block[0] = self.last_dc.wrapping_mul(self.steps[0] as i16);
        self.read_ac(bits, block)
    }

    /// Reads the DC coefficient of a block, the difference to the last one: T.81, F.2.2.1.
    #[inline(always)]
    fn read_dc(&mut self, bits: &mut BitReader<'_>) -> Option<()> {
        bits.refill();
        let dc = self.dc.read(bits.next)?;
        // 1 to 15 zeros before a DC coefficient do not exist.
        if !matches!(dc.run(), 0 | END_OF_BLOCK) {
            return None;
        }
        bits.consume(dc.bits());
        self.last_dc = self.last_dc.wrapping_add(dc.value());
        Some(())
    }

    /// Reads the AC coefficients of a block: T.81, F.2.2.2.
    ///
    /// Bits are refilled once for [`SYMBOLS`] look-ups, not once for each. The reader is copied into `bits` and back, so that
    /// it is in registers in between.
    #[inline(always)]
    fn read_ac(&self, all: &mut BitReader<'_>, block: &mut Block) -> Option<usize> {
        let (mut bits, mut at, mut end) = (*all, 1, 1);
        'block: loop {
            bits.refill();
            for _ in 0..SYMBOLS {
                let coefficient = next_ac(self.ac, &mut bits)?;
                at += coefficient.run();
                if at >= 64 {
                    if coefficient.run() < END_OF_BLOCK {
                        return None;
                    }
                    break 'block;
                }
                // `& 63` changes nothing, and spares the check of bounds: the compiler does not know the table's values.
                block[usize::from(ZIGZAG[at] & 63)] = coefficient.value().wrapping_mul(self.steps[at] as i16);
                at += 1;
                end = at;
                if at == 64 {
                    break 'block;
                }
            }
        }
        *all = bits;
        Some(end)
    }

    /// Passes over what [`read_ac`](Self::read_ac) reads, several coefficients at once where they are sure to be of this
    /// block.
    #[inline(always)]
    fn pass_over_ac(&self, all: &mut BitReader<'_>) -> Option<()> {
        let (mut bits, mut at, skips) = (*all, 1, self.ac.skips());
        'block: loop {
            bits.refill();
            for _ in 0..SYMBOLS {
                let skip = Skip::look(skips, bits.next);
                if skip.bits() != 0 && at + skip.advance() < 64 {
                    bits.consume(skip.bits());
                    at += skip.advance();
                    if skip.ends_the_block() {
                        break 'block;
                    }
                    continue;
                }
                let coefficient = next_ac(self.ac, &mut bits)?;
                at += coefficient.run();
                if at >= 64 {
                    if coefficient.run() < END_OF_BLOCK {
                        return None;
                    }
                    break 'block;
                }
                at += 1;
                if at == 64 {
                    break 'block;
                }
            }
        }
        *all = bits;
        Some(())
    }
}

/// Takes the next coefficient out of bits that suffice for a short one; after a long one, they are refilled.
#[inline(always)]
fn next_ac(ac: &Huffman, bits: &mut BitReader<'_>) -> Option<LookupEntry> {
    let entry = ac.look(bits.next);
    if entry.bits() != 0 {
        bits.consume(entry.bits());
        return Some(entry);
    }
    bits.refill();
    let entry = ac.read_slowly(bits.next)?;
    bits.consume(entry.bits());
    bits.refill();
    Some(entry)
}

/// Places of the coefficients in a block, from low to high frequencies: T.81, figure A.6.
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
    14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39,
    46, 53, 60, 61, 54, 47, 55, 62, 63,
];

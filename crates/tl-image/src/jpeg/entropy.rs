//! The blocks of any scan, bit by bit: T.81, F.2.2 for sequential pictures and G.2 for progressive ones.

use std::ops::Range;

use super::baseline::ZIGZAG;
use super::bit_reader::{BitReader, RestartIntervals};
use super::huffman::{END_OF_BLOCK, Huffman, LookupEntry};
use super::idct::Block;
use super::plan::ScanContent;

/// The entropy-coded data of a scan, read unit by unit.
pub(super) struct EntropyDecoder<'a> {
    intervals: &'a RestartIntervals,
    /// Number of the next restart interval.
    next: usize,
    bits: BitReader<'a>,
    restart_interval: usize,
    /// Units left in this interval.
    left: usize,
    last_dc: [i16; 4],
    /// Blocks whose rest of the band is known to have no new coefficient, this one included.
    run: u32,
}

impl<'a> EntropyDecoder<'a> {
    /// A scan of so many units. `None`: it has more or fewer restart intervals than these units make.
    pub(super) fn new(
        intervals: &'a RestartIntervals,
        restart_interval: usize,
        units: usize,
    ) -> Option<Self> {
        let expected = if restart_interval == 0 { 1 } else { units.div_ceil(restart_interval) };
        let ends_with_a_restart =
            || intervals.len() == expected + 1 && intervals.get(expected).is_some_and(<[u8]>::is_empty);
        if intervals.len() != expected && !ends_with_a_restart() {
            return None;
        }
        let (bits, left) = (BitReader::new(&[]), 0);
        Some(EntropyDecoder { intervals, next: 0, bits, restart_interval, left, last_dc: [0; 4], run: 0 })
    }

    /// Has to be called before the blocks of a unit. `None`: the interval before was longer or shorter than its units.
    pub(super) fn begin_unit(&mut self) -> Option<()> {
        if self.left == 0 {
            if self.next > 0 && (self.bits.overran() || !self.bits.at_the_end() || self.run > 0) {
                return None;
            }
            self.bits = BitReader::new(self.intervals.get(self.next)?);
            self.next += 1;
            self.left = if self.restart_interval == 0 { usize::MAX } else { self.restart_interval };
            (self.last_dc, self.run) = ([0; 4], 0);
        }
        self.left -= 1;
        Some(())
    }

    pub(super) fn overran(&self) -> bool {
        self.bits.overran()
    }

    /// Reads a block of the scan's member with this number. `None`: there is no such code, or no such coefficient.
    pub(super) fn block(
        &mut self,
        brings: ScanContent,
        member: usize,
        dc: Option<&Huffman>,
        ac: Option<&Huffman>,
        block: &mut Block,
    ) -> Option<()> {
        // A copy, so that the bits stay in registers.
        let mut bits = self.bits;
        let read = match brings {
            ScanContent::All => self.all(&mut bits, dc?, ac?, member, block),
            ScanContent::FirstDc { low } => {
                self.dc(&mut bits, dc?, member).map(|value| block[0] = value.wrapping_shl(low))
            }
            ScanContent::NextDc { low } => {
                block[0] |= (bits.take(1) as i16) << low;
                Some(())
            }
            ScanContent::FirstAc { from, to, low } => self.first_ac(&mut bits, ac?, from..to + 1, low, block),
            ScanContent::NextAc { from, to, low } => self.next_ac(&mut bits, ac?, from..to + 1, low, block),
        };
        self.bits = bits;
        read
    }

    #[inline(always)]
    fn all(
        &mut self,
        bits: &mut BitReader<'_>,
        dc: &Huffman,
        ac: &Huffman,
        member: usize,
        block: &mut Block,
    ) -> Option<()> {
        block[0] = self.dc(bits, dc, member)?;
        sequential_ac(bits, ac, block)
    }

    /// T.81, F.2.2.1.
    #[inline(always)]
    fn dc(&mut self, bits: &mut BitReader<'_>, table: &Huffman, member: usize) -> Option<i16> {
        let entry = code(bits, table)?;
        let last = self.last_dc.get_mut(member)?;
        // 1 to 15 zeros before a DC coefficient do not exist.
        matches!(entry.run(), 0 | END_OF_BLOCK).then(|| {
            *last = last.wrapping_add(entry.value());
            *last
        })
    }

    /// T.81, G.1.2.2.
    #[inline(always)]
    fn first_ac(
        &mut self,
        bits: &mut BitReader<'_>,
        table: &Huffman,
        band: Range<usize>,
        low: u32,
        block: &mut Block,
    ) -> Option<()> {
        if self.run > 0 {
            self.run -= 1;
            return Some(());
        }
        let mut at = band.start;
        while at < band.end {
            let entry = code(bits, table)?;
            if entry.run() >= END_OF_BLOCK {
                self.run = blocks_without(bits, entry) - 1;
                break;
            }
            at += entry.run();
            if at >= band.end {
                return None;
            }
            *place(block, at)? = entry.value().wrapping_shl(low);
            at += 1;
        }
        Some(())
    }

    /// T.81, G.1.2.3.
    #[inline(always)]
    fn next_ac(
        &mut self,
        bits: &mut BitReader<'_>,
        table: &Huffman,
        band: Range<usize>,
        low: u32,
        block: &mut Block,
    ) -> Option<()> {
        let Range { start: mut at, end } = band;
        while self.run == 0 && at < end {
            let entry = code(bits, table)?;
            if entry.run() >= END_OF_BLOCK {
                self.run = blocks_without(bits, entry);
                break;
            }
            at = correct(bits, at..end, entry.run(), low, block)?;
            match entry.value() {
                0 => {}
                new @ (1 | -1) if at < end => *place(block, at)? = new << low,
                _ => return None,
            }
            at += 1;
        }
        if self.run > 0 {
            self.run -= 1;
            correct(bits, at..end, 64, low, block)?;
        }
        Some(())
    }
}

/// T.81, F.2.2.2.
#[inline(always)]
fn sequential_ac(bits: &mut BitReader<'_>, table: &Huffman, block: &mut Block) -> Option<()> {
    let mut at = 1;
    while at < 64 {
        let entry = code(bits, table)?;
        if entry.run() >= END_OF_BLOCK {
            break;
        }
        at += entry.run();
        *place(block, at)? = entry.value();
        at += 1;
    }
    Some(())
}

/// Takes the next bit of each coefficient that is not zero, until `zeros` zeros were passed over. Returns where the zero
/// after these is, or the end.
#[inline(always)]
fn correct(
    bits: &mut BitReader<'_>,
    band: Range<usize>,
    mut zeros: usize,
    low: u32,
    block: &mut Block,
) -> Option<usize> {
    let end = band.end;
    for at in band {
        let coefficient = place(block, at)?;
        if *coefficient == 0 {
            if zeros == 0 {
                return Some(at);
            }
            zeros -= 1;
        } else if bits.take(1) == 1 && *coefficient & 1 << low == 0 {
            *coefficient = coefficient.wrapping_add(coefficient.signum() << low);
        }
    }
    Some(end)
}

/// The length of a run of blocks, this one included.
#[inline(always)]
fn blocks_without(bits: &mut BitReader<'_>, entry: LookupEntry) -> u32 {
    let length = (entry.run() - END_OF_BLOCK) as u32;
    (1 << length) + bits.take(length)
}

#[inline(always)]
fn code(bits: &mut BitReader<'_>, table: &Huffman) -> Option<LookupEntry> {
    bits.refill();
    let entry = table.read(bits.next)?;
    bits.consume(entry.bits());
    Some(entry)
}

/// The coefficient at a place in zigzag order.
#[inline(always)]
fn place(block: &mut Block, at: usize) -> Option<&mut i16> {
    block.get_mut(usize::from(*ZIGZAG.get(at)?))
}

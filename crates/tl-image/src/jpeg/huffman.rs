//! Huffman codes: T.81, annexes C and F.2.2. One look-up gives a run of zeros, a coefficient's value and the length of both.

use std::cell::OnceCell;

/// Bits looked at at once: most codes fit with their values, and the tables of a picture fit into the nearest cache.
///
/// A table that gives the value together with the code, so that most coefficients cost one look-up and no branch, is
/// the "fast AC" of stb_image, <https://github.com/nothings/stb/blob/master/stb_image.h> (`stbi__build_fast_ac`), here for
/// DC too and with two bits more.
const LOOK: u32 = 11;

/// Symbols of [`LOOK`] bits at most that are read between two refills, which give 56 bits.
pub(super) const SYMBOLS: usize = 56 / LOOK as usize;

/// A table for DC or AC coefficients.
pub(super) struct Huffman {
    /// What the next [`LOOK`] bits hold; no bits where they do not suffice, but the symbol and the length of its code
    /// where they suffice for these.
    fast: [LookupEntry; 1 << LOOK],
    /// See [`skips`](Self::skips).
    skips: OnceCell<Box<Skips>>,
    /// Limits of the codes: for each length, one more than the largest code, its bits shifted to the top of 16; longer
    /// codes are larger.
    limit: [u32; 17],
    /// Where the symbol of a code of this length is: code + offset.
    offset: [i32; 17],
    symbols: [u8; 256],
}

/// A decoded symbol, in one register: how far to move on, the value to put there, and how many bits that took.
#[derive(Clone, Copy, Default)]
pub(super) struct LookupEntry(u32);

/// A run of this length or more ends the block.
pub(super) const END_OF_BLOCK: usize = 64;

/// What the next [`LOOK`] bits hold, for those who want no values.
///
/// Where only a part of a picture is wanted, blocks outside of it must be read all the same, to know where the next begins.
/// Their values do not matter, so one look-up may pass over several coefficients.
pub(super) type Skips = [Skip; 1 << LOOK];

/// The length of as many AC coefficients as fit into [`LOOK`] bits, and perhaps the end of their block.
#[derive(Clone, Copy, Default)]
pub(super) struct Skip(u16);

impl Skip {
    /// Bits of all of them; 0 where not even one fits.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        u32::from(self.0 & 15)
    }

    /// How far they move on, the end of the block not counted.
    #[inline(always)]
    pub(super) fn advance(self) -> usize {
        usize::from(self.0 >> 4 & 255)
    }

    #[inline(always)]
    pub(super) fn ends_the_block(self) -> bool {
        self.0 & 1 << 15 != 0
    }

    #[inline(always)]
    pub(super) fn look(skips: &Skips, next: u64) -> Self {
        skips[(next >> (64 - LOOK)) as usize]
    }

    /// What can be told by the first [`LOOK`] bits of `next`, the others being zeros.
    fn read(fast: &[LookupEntry; 1 << LOOK], next: u64) -> Self {
        let (mut bits, mut advance) = (0, 0);
        loop {
            let entry = fast[((next << bits) >> (64 - LOOK)) as usize];
            if entry.bits() == 0 || bits + entry.bits() > LOOK {
                return Skip((advance << 4) as u16 | bits as u16);
            }
            bits += entry.bits();
            if entry.run() >= END_OF_BLOCK {
                return Skip(1 << 15 | (advance << 4) as u16 | bits as u16);
            }
            advance += entry.run() + 1;
        }
    }
}

impl LookupEntry {
    /// A code of this many bits whose value is still to be read.
    fn code(symbol: u8, bits: u32) -> Self {
        LookupEntry(u32::from(symbol) << 16 | bits << 8)
    }

    fn new(value: i16, run: u8, bits: u32) -> Self {
        LookupEntry(u32::from(value as u16) << 16 | u32::from(run) << 8 | bits)
    }

    /// Bits of the code and the value; 0 where there is no such code.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        self.0 & 255
    }

    /// Zeros before the value.
    #[inline(always)]
    pub(super) fn run(self) -> usize {
        (self.0 >> 8 & 255) as usize
    }

    #[inline(always)]
    pub(super) fn value(self) -> i16 {
        (self.0 >> 16) as i16
    }
}

impl Huffman {
    /// Builds a table from the number of codes of each length 1 to 16, and their symbols. `None`: more codes than there can
    /// be.
    pub(super) fn new(counts: &[u8; 16], listed: &[u8]) -> Option<Self> {
        let mut table = Huffman {
            fast: [LookupEntry::default(); 1 << LOOK],
            skips: OnceCell::new(),
            limit: [0; 17],
            offset: [0; 17],
            symbols: [0; 256],
        };
        table.symbols.get_mut(..listed.len())?.copy_from_slice(listed);
        let (mut code, mut index) = (0_u32, 0_usize);
        for (bits, &count) in (1_u32..).zip(counts) {
            table.offset[bits as usize] = index as i32 - code as i32;
            for &symbol in listed.get(index..index + usize::from(count))? {
                table.fill(code, bits, symbol);
                code += 1;
            }
            index += usize::from(count);
            if code > 1 << bits {
                return None;
            }
            table.limit[bits as usize] = code << (16 - bits);
            code <<= 1;
        }
        Some(table)
    }

    /// Enters everything that begins with this code.
    fn fill(&mut self, code: u32, bits: u32, symbol: u8) {
        if bits > LOOK || code >= 1 << bits {
            return;
        }
        let first = code << (LOOK - bits);
        for next in first..first + (1 << (LOOK - bits)) {
            let read = read_value(u64::from(next) << (64 - LOOK), bits, symbol);
            let whole = read.bits() <= LOOK;
            self.fast[next as usize] = if whole { read } else { LookupEntry::code(symbol, bits) };
        }
    }

    /// The table for passing over AC coefficients, made when it is first asked for.
    pub(super) fn skips(&self) -> &Skips {
        self.skips.get_or_init(|| {
            let mut skips = Box::new([Skip::default(); 1 << LOOK]);
            for (next, skip) in (0_u64..).zip(skips.iter_mut()) {
                *skip = Skip::read(&self.fast, next << (64 - LOOK));
            }
            skips
        })
    }

    /// What the next bits hold; no bits where that is longer than [`LOOK`].
    #[inline(always)]
    pub(super) fn look(&self, next: u64) -> LookupEntry {
        self.fast[(next >> (64 - LOOK)) as usize]
    }

    /// What the next bits hold. `None`: no code begins so.
    #[inline(always)]
    pub(super) fn read(&self, next: u64) -> Option<LookupEntry> {
        let entry = self.look(next);
        if entry.bits() != 0 { Some(entry) } else { self.read_slowly(next) }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn read_slowly(&self, next: u64) -> Option<LookupEntry> {
        let known = self.look(next);
        if known.run() != 0 {
            return Some(read_value(next, known.run() as u32, known.value() as u8));
        }
        let top = (next >> 48) as u32;
        let bits = (LOOK as usize + 1..=16).find(|&bits| top < self.limit[bits])?;
        let index = (top >> (16 - bits)) as i32 + self.offset[bits];
        let symbol = *self.symbols.get(usize::try_from(index).ok()?)?;
        Some(read_value(next, bits as u32, symbol))
    }
}

/// The value behind a code of `bits` bits: the symbol's high half is the run, its low half the value's length.
fn read_value(next: u64, bits: u32, symbol: u8) -> LookupEntry {
    let (run, size) = (symbol >> 4, u32::from(symbol & 15));
    if size == 0 {
        // 15 zeros and a 0 are a run of 16; every other symbol without a value ends the block.
        return LookupEntry::new(0, if run == 15 { 15 } else { END_OF_BLOCK as u8 + run }, bits);
    }
    let raw = ((next << bits) >> (64 - size)) as i32;
    let negative = raw < 1 << (size - 1);
    let value = if negative { raw - (1 << size) + 1 } else { raw };
    LookupEntry::new(value as i16, run, bits + size)
}

//! The entropy-coded data of a scan, bit by bit.

/// A reader of the bits of one restart interval, from which stuffing was taken out.
///
/// The buffer is one number whose next bit is the top one, so that what a table is asked with is a single shift. It is copied
/// while a block is read, and so stays in registers: behind a `&mut`, each symbol would be written back to memory.
#[derive(Clone, Copy)]
pub(super) struct BitReader<'a> {
    data: &'a [u8],
    /// Bytes taken from `data`; beyond its end they are zeros.
    taken: usize,
    /// The next bits, from the top.
    pub(super) next: u64,
    /// Number of valid bits in `next`.
    valid: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(data: &'a [u8]) -> Self {
        BitReader { data, taken: 0, next: 0, valid: 0 }
    }

    /// Afterwards at least 56 bits are valid: a code of 16 bits with a value of 15, and more.
    ///
    /// It has no loop and no branch on how many bits there are: eight bytes are read whatever is missing, those that do not
    /// fit fall off below, and `taken` counts the whole bytes that did. Bits of a byte that fits in part are there already,
    /// and the next refill puts the same ones in their place again, which `|` makes harmless. This is variant 4 of Giesen,
    /// "Reading bits in far too many ways",
    /// <https://fgiesen.wordpress.com/2018/02/20/reading-bits-in-far-too-many-ways-part-2/>.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        match self.data.get(self.taken..).and_then(|left| left.first_chunk()) {
            Some(&bytes) => {
                self.next |= u64::from_be_bytes(bytes) >> self.valid;
                self.taken += ((63 - self.valid) >> 3) as usize;
                // 56 and what was valid beyond a whole byte.
                self.valid |= 56;
            }
            None => *self = self.refilled_at_the_end(),
        }
    }

    /// The reader with its last bytes, one by one. Away from the loop, which it would take registers from.
    #[cold]
    #[inline(never)]
    fn refilled_at_the_end(mut self) -> Self {
        while self.valid < 56 {
            let byte = self.data.get(self.taken).copied().unwrap_or(0);
            self.next |= u64::from(byte) << (56 - self.valid);
            self.taken += 1;
            self.valid += 8;
        }
        self
    }

    /// Moves on by up to 31 bits that were looked at in [`next`](Self::next).
    #[inline(always)]
    pub(super) fn consume(&mut self, bits: u32) {
        self.next <<= bits & 63;
        self.valid = self.valid.wrapping_sub(bits);
    }

    /// Reads up to 31 bits as a number.
    #[inline]
    pub(super) fn take(&mut self, bits: u32) -> u32 {
        if self.valid < bits {
            self.refill();
        }
        // Two shifts, since none of all 64 bits exists.
        let value = (self.next >> 1 >> (63 - bits)) as u32;
        self.consume(bits);
        value
    }

    /// Were more bits read than there are?
    pub(super) fn overran(&self) -> bool {
        self.read() > 8 * self.data.len()
    }

    /// Is nothing left but the bits that fill the last byte?
    pub(super) fn at_the_end(&self) -> bool {
        self.read().div_ceil(8) == self.data.len()
    }

    fn read(&self) -> usize {
        (8 * self.taken).saturating_sub(self.valid as usize)
    }
}

/// The restart intervals of a scan, without stuffing.
///
/// Stuffed zeros and markers are taken out once, by a search that looks at many bytes at a time (`memchr`): then the bit
/// reader need not look at each byte for 0xff, and reads eight at once. The price is a copy of the scan.
pub(super) struct RestartIntervals {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl RestartIntervals {
    /// `None` when restart markers are missing or out of order.
    pub(super) fn of(mut data: &[u8]) -> Option<Self> {
        let mut all = RestartIntervals { bytes: Vec::with_capacity(data.len()), ends: Vec::new() };
        while let Some(at) = memchr::memchr(0xff, data) {
            all.bytes.extend_from_slice(&data[..at]);
            let marker = *data.get(at + 1)?;
            let with_marker = data.get(at + 1..)?;
            data = data.get(at + 2..)?;
            match marker {
                0 => all.bytes.push(0xff),
                // A fill byte; the next one may begin a marker: T.81, B.1.1.2.
                0xff => data = with_marker,
                _ if usize::from(marker) == 0xd0 + all.ends.len() % 8 => all.ends.push(all.bytes.len()),
                _ => return None,
            }
        }
        all.bytes.extend_from_slice(data);
        all.ends.push(all.bytes.len());
        Some(all)
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let start = if index == 0 { 0 } else { *self.ends.get(index - 1)? };
        self.bytes.get(start..*self.ends.get(index)?)
    }
}

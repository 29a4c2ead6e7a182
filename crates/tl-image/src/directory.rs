//! Directories of tags, as TIFF files and EXIF blocks have them: TIFF 6.0, section 2.
//! <https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf>

/// Which byte of a number comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

impl Endian {
    /// The unsigned number in at most 8 bytes.
    pub(crate) fn number(self, bytes: &[u8]) -> u64 {
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        match self {
            Endian::Little => bytes.iter().rev().fold(0, add),
            Endian::Big => bytes.iter().fold(0, add),
        }
    }
}

/// The first directory of a file or block. Nothing is copied but its entries, of which there are no more than the bytes
/// hold, and no other directory is followed: there are no loops to be caught in.
pub(crate) struct Directory<'a> {
    bytes: &'a [u8],
    pub(crate) endian: Endian,
    /// Are offsets 8 bytes long, as in BigTIFF, or 4?
    big: bool,
    entries: Vec<Entry>,
    /// Does the directory end before the bytes do?
    pub(crate) whole: bool,
}

struct Entry {
    tag: u16,
    kind: u16,
    count: u64,
    /// Where the values lie: in the entry itself or elsewhere.
    at: u64,
}

impl<'a> Directory<'a> {
    /// `None` when the bytes do not begin with a TIFF header or the directory lies outside them.
    ///
    /// A magic number in the wrong byte order is accepted, as by Pillow.
    pub(crate) fn first(bytes: &'a [u8]) -> Option<Self> {
        let endian = match bytes.get(..2)? {
            b"II" => Endian::Little,
            b"MM" => Endian::Big,
            _ => return None,
        };
        let big = match bytes.get(2..4)? {
            [42, 0] | [0, 42] => false,
            [43, 0] | [0, 43] => true,
            _ => return None,
        };
        let mut directory = Directory { bytes, endian, big, entries: Vec::new(), whole: false };
        let place = if big { (8, 8) } else { (4, 4) };
        let at = directory.number_at(place.0, place.1)?;
        directory.read_entries(at)?;
        Some(directory)
    }

    fn read_entries(&mut self, at: u64) -> Option<()> {
        let (count_bytes, offset_bytes) = if self.big { (8, 8) } else { (2, 4) };
        let count = self.number_at(at, count_bytes).filter(|count| *count <= MOST_ENTRIES)?;
        let length = 4 + 2 * offset_bytes;
        let first = at.checked_add(count_bytes)?;
        for index in 0..count {
            let at = index.checked_mul(length).and_then(|far| first.checked_add(far));
            let Some(entry) = at.and_then(|at| self.entry(at, offset_bytes)) else { return Some(()) };
            self.entries.push(entry);
        }
        self.whole = true;
        Some(())
    }

    fn entry(&self, at: u64, offset_bytes: u64) -> Option<Entry> {
        let tag = self.number_at(at, 2)? as u16;
        let kind = self.number_at(at + 2, 2)? as u16;
        let count = self.number_at(at + 4, offset_bytes)?;
        let value = at + 4 + offset_bytes;
        let offset = self.number_at(value, offset_bytes)?;
        let inside = size_of(kind).is_none_or(|size| count.saturating_mul(size) <= offset_bytes);
        Some(Entry { tag, kind, count, at: if inside { value } else { offset } })
    }

    fn slice(&self, at: u64, length: u64) -> Option<&'a [u8]> {
        let (at, end) = (usize::try_from(at).ok()?, usize::try_from(at.checked_add(length)?).ok()?);
        self.bytes.get(at..end)
    }

    fn number_at(&self, at: u64, length: u64) -> Option<u64> {
        Some(self.endian.number(self.slice(at, length)?))
    }

    fn find(&self, tag: u16) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.tag == tag)
    }

    pub(crate) fn has(&self, tag: u16) -> bool {
        self.find(tag).is_some()
    }

    /// The first value of a tag of whole numbers, whatever their length.
    pub(crate) fn number(&self, tag: u16) -> Option<u64> {
        let entry = self.find(tag)?;
        self.number_at(entry.at, whole_number(entry.kind)?)
    }

    /// All values of a tag of whole numbers, up to [`MOST_VALUES`]; `None` when they are not all there.
    pub(crate) fn numbers(&self, tag: u16) -> Option<Vec<u64>> {
        let entry = self.find(tag)?;
        let size = whole_number(entry.kind)?;
        let bytes = self.slice(entry.at, entry.count.checked_mul(size)?)?;
        let values = bytes.chunks_exact(size as usize).take(MOST_VALUES);
        Some(values.map(|bytes| self.endian.number(bytes)).collect())
    }

    /// All values of a tag of fractions; `None` when they are not all there.
    pub(crate) fn fractions(&self, tag: u16) -> Option<Vec<f64>> {
        let entry = self.find(tag).filter(|entry| entry.kind == RATIONAL)?;
        let bytes = self.slice(entry.at, entry.count.checked_mul(8)?)?;
        let fraction = |pair: &[u8]| {
            let (above, below) = pair.split_at(4);
            self.endian.number(above) as f64 / self.endian.number(below) as f64
        };
        Some(bytes.chunks_exact(8).map(fraction).collect())
    }

    /// The bytes of a tag of bytes.
    pub(crate) fn content(&self, tag: u16) -> Option<&'a [u8]> {
        let entry = self.find(tag)?;
        (size_of(entry.kind)? == 1).then(|| self.slice(entry.at, entry.count))?
    }
}

const RATIONAL: u16 = 5;
/// Maximum number of entries, as many as there are tags; BigTIFF has room for 2^64.
const MOST_ENTRIES: u64 = 1 << 16;
/// Values that are kept of one tag: enough for tiles of 16 x 16 pixels in planes of their own, and 32 MiB.
const MOST_VALUES: usize = 1 << 22;

/// Bytes of one value: TIFF 6.0, page 15, and BigTIFF's 16 to 18.
fn size_of(kind: u16) -> Option<u64> {
    match kind {
        1 | 2 | 6 | 7 => Some(1),
        3 | 8 => Some(2),
        4 | 9 | 11 | 13 => Some(4),
        5 | 10 | 12 | 16 | 17 | 18 => Some(8),
        _ => None,
    }
}

/// Bytes of one value, if values of this kind are whole numbers.
fn whole_number(kind: u16) -> Option<u64> {
    matches!(kind, 1 | 3 | 4 | 6 | 8 | 9 | 13 | 16 | 17 | 18).then(|| size_of(kind))?
}

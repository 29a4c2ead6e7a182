//! The entries of a TIFF's directories, those of its sub-directories included, without its pictures.

/// Directories that are looked at: more than any camera writes, and an end to those that lead in circles.
const MOST: usize = 64;
/// Where sub-directories are: TIFF Technical Note 1.
const SUB_DIRECTORIES: u16 = 330;
/// Bytes of an entry.
const ENTRY: usize = 12;

/// An entry of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The number of the entry's directory, in the order they were found; 0 is the first picture's.
    pub(crate) directory: usize,
    /// The entry's tag, what it is about.
    pub(crate) tag: u16,
    /// The entry's first value, where it is a whole number and stands in the entry itself; else where its values are.
    pub(crate) value: u32,
    count: u32,
}

/// All directories of a file.
pub(crate) struct Directories(Vec<Entry>);

impl Directories {
    /// The directories of a TIFF with offsets of 32 bits; none for anything else.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        let file = File { bytes, little: bytes.starts_with(b"II*\0") };
        if !file.little && !bytes.starts_with(b"MM\0*") {
            return None;
        }
        let (mut queue, mut entries) = (vec![file.long(4)?], Vec::new());
        let mut at = 0;
        while let Some(&offset) = queue.get(at).filter(|_| at < MOST) {
            file.read(offset as usize, at, &mut entries, &mut queue);
            at += 1;
        }
        Some(Directories(entries))
    }

    /// The entries, in the order of the directories.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.0
    }
}

struct File<'a> {
    bytes: &'a [u8],
    little: bool,
}

impl File<'_> {
    /// Reads one directory; where others are is put into the queue.
    fn read(&self, offset: usize, directory: usize, entries: &mut Vec<Entry>, queue: &mut Vec<u32>) {
        let Some(count) = self.short(offset) else { return };
        let first = offset.saturating_add(2);
        let end = first.saturating_add(usize::from(count) * ENTRY);
        for at in (first..end).step_by(ENTRY) {
            let Some(entry) = self.entry(at, directory) else { return };
            entries.push(entry);
            if entry.tag == SUB_DIRECTORIES {
                self.sub_directories(&entry, queue);
            }
        }
        let next = self.long(end).filter(|next| *next != 0 && !queue.contains(next));
        queue.extend(next);
    }

    fn entry(&self, at: usize, directory: usize) -> Option<Entry> {
        let (tag, kind, count) = (self.short(at)?, self.short(at + 2)?, self.long(at + 4)?);
        let value = match kind {
            1 | 7 => u32::from(*self.bytes.get(at + 8)?),
            3 => u32::from(self.short(at + 8)?),
            _ => self.long(at + 8)?,
        };
        Some(Entry { directory, tag, value, count })
    }

    /// Follows an entry to its sub-directories: one stands in the entry, several somewhere else.
    fn sub_directories(&self, entry: &Entry, queue: &mut Vec<u32>) {
        let listed = (0..entry.count.min(MOST as u32) as usize)
            .filter_map(|number| self.long((entry.value as usize).saturating_add(4 * number)));
        let found: Vec<u32> = if entry.count == 1 { vec![entry.value] } else { listed.collect() };
        for offset in found {
            if !queue.contains(&offset) {
                queue.push(offset);
            }
        }
    }

    fn short(&self, at: usize) -> Option<u16> {
        let two = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u16::from_le_bytes(two) } else { u16::from_be_bytes(two) })
    }

    fn long(&self, at: usize) -> Option<u32> {
        let four = *self.bytes.get(at..)?.first_chunk()?;
        Some(if self.little { u32::from_le_bytes(four) } else { u32::from_be_bytes(four) })
    }
}

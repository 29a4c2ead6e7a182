//! The tables in force while the scans of a file are read one after the other.

use super::baseline::ZIGZAG;
use super::huffman::Huffman;
use super::layout::corrupt;
use crate::PictureError;

/// Quantisation steps of a block, row by row.
pub(super) type QuantTable = [u16; 64];
/// A Huffman table as a file defines it: 16 counts of codes, then their symbols.
pub(super) type HuffmanSpec<'a> = &'a [u8];

/// What the segments so far defined.
#[derive(Default)]
pub(super) struct Tables<'a> {
    steps: [Option<QuantTable>; 4],
    /// DC tables, then AC tables.
    huffman: [[Option<HuffmanSpec<'a>>; 4]; 2],
    /// Units between restarts; 0 without restarts.
    pub(super) restart_interval: usize,
}

impl<'a> Tables<'a> {
    /// T.81, B.2.4.1.
    pub(super) fn read_quantisation(&mut self, mut content: &[u8]) -> Result<(), PictureError> {
        while let Some((&first, rest)) = content.split_first() {
            let (wide, index) = (first >> 4 != 0, usize::from(first & 15));
            let values = rest.split_at_checked(if wide { 128 } else { 64 });
            let Some((slot, (values, rest))) = self.steps.get_mut(index).zip(values) else {
                return Err(corrupt("a quantisation table is not whole"));
            };
            let step = |i: usize| match wide {
                true => u16::from_be_bytes([values[2 * i], values[2 * i + 1]]),
                false => values[i].into(),
            };
            let steps = slot.insert([0; 64]);
            (0..64).for_each(|i| steps[usize::from(ZIGZAG[i])] = step(i));
            content = rest;
        }
        Ok(())
    }

    /// T.81, B.2.4.2. The tables are built when a scan uses them.
    pub(super) fn read_huffman(&mut self, mut content: &'a [u8]) -> Result<(), PictureError> {
        while let Some((&first, rest)) = content.split_first() {
            let (class, index) = (usize::from(first >> 4), usize::from(first & 15));
            let slot = self.huffman.get_mut(class).and_then(|tables| tables.get_mut(index));
            let symbols =
                rest.get(..16).map_or(0, |counts| counts.iter().map(|&count| usize::from(count)).sum());
            let Some((slot, (definition, rest))) = slot.zip(rest.split_at_checked(16 + symbols)) else {
                return Err(corrupt("a Huffman table is not whole"));
            };
            *slot = Some(definition);
            content = rest;
        }
        Ok(())
    }

    /// T.81, B.2.4.4.
    pub(super) fn read_restart_interval(&mut self, content: &[u8]) -> Result<(), PictureError> {
        let interval = content.first_chunk().ok_or_else(|| corrupt("a restart interval is not whole"))?;
        self.restart_interval = u16::from_be_bytes(*interval).into();
        Ok(())
    }

    pub(super) fn steps(&self, index: usize) -> Result<QuantTable, PictureError> {
        let steps = self.steps.get(index).copied().flatten();
        steps.ok_or_else(|| corrupt(format!("quantisation table {index} is missing")))
    }

    pub(super) fn dc(&self, index: usize) -> Result<HuffmanSpec<'a>, PictureError> {
        self.defined(0, index).ok_or_else(|| corrupt(format!("DC table {index} is missing")))
    }

    pub(super) fn ac(&self, index: usize) -> Result<HuffmanSpec<'a>, PictureError> {
        self.defined(1, index).ok_or_else(|| corrupt(format!("AC table {index} is missing")))
    }

    /// Frames of motion JPEG leave out the tables of T.81, annex K.3, which libjpeg-turbo puts in their place too.
    fn defined(&self, class: usize, index: usize) -> Option<HuffmanSpec<'a>> {
        let defined = self.huffman.get(class)?.get(index)?;
        defined.or_else(|| TYPICAL.get(class)?.get(index).copied())
    }
}

/// Huffman tables built for one scan, and kept as long as the next scans use the same.
#[derive(Default)]
pub(super) struct HuffmanTables<'a> {
    tables: Vec<(HuffmanSpec<'a>, Huffman)>,
}

/// Four components have two tables each.
const KEPT: usize = 8;

impl<'a> HuffmanTables<'a> {
    /// Builds what is not there yet.
    pub(super) fn add(&mut self, definition: HuffmanSpec<'a>) -> Result<(), PictureError> {
        if definition.is_empty() || self.get(definition).is_some() {
            return Ok(());
        }
        let table =
            definition.split_first_chunk().and_then(|(counts, symbols)| Huffman::new(counts, symbols));
        let table = table.ok_or_else(|| corrupt("a Huffman table has more codes than there can be"))?;
        self.tables.push((definition, table));
        Ok(())
    }

    /// Forgets tables before a scan that may bring as many again.
    pub(super) fn make_room(&mut self) {
        if self.tables.len() > KEPT {
            self.tables.clear();
        }
    }

    pub(super) fn get(&self, definition: HuffmanSpec<'_>) -> Option<&Huffman> {
        self.tables.iter().find(|(known, _)| *known == definition).map(|(_, table)| table)
    }
}

/// The tables of T.81, annex K.3: DC for luma and chroma, then AC.
const TYPICAL: [[HuffmanSpec<'static>; 2]; 2] = [[DC_LUMA, DC_CHROMA], [AC_LUMA, AC_CHROMA]];
const DC_LUMA: HuffmanSpec<'static> =
    &[0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const DC_CHROMA: HuffmanSpec<'static> =
    &[0, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const AC_LUMA: HuffmanSpec<'static> = &[
    0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125, 1, 2, 3, 0, 4, 17, 5, 18, 33, 49, 65, 6, 19, 81, 97, 7,
    34, 113, 20, 50, 129, 145, 161, 8, 35, 66, 177, 193, 21, 82, 209, 240, 36, 51, 98, 114, 130, 9, 10, 22,
    23, 24, 25, 26, 37, 38, 39, 40, 41, 42, 52, 53, 54, 55, 56, 57, 58, 67, 68, 69, 70, 71, 72, 73, 74, 83,
    84, 85, 86, 87, 88, 89, 90, 99, 100, 101, 102, 103, 104, 105, 106, 115, 116, 117, 118, 119, 120, 121,
    122, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150, 151, 152, 153, 154, 162, 163, 164,
    165, 166, 167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186, 194, 195, 196, 197, 198, 199,
    200, 201, 202, 210, 211, 212, 213, 214, 215, 216, 217, 218, 225, 226, 227, 228, 229, 230, 231, 232, 233,
    234, 241, 242, 243, 244, 245, 246, 247, 248, 249, 250,
];
const AC_CHROMA: HuffmanSpec<'static> = &[
    0, 2, 1, 2, 4, 4, 3, 4, 7, 5, 4, 4, 0, 1, 2, 119, 0, 1, 2, 3, 17, 4, 5, 33, 49, 6, 18, 65, 81, 7, 97,
    113, 19, 34, 50, 129, 8, 20, 66, 145, 161, 177, 193, 9, 35, 51, 82, 240, 21, 98, 114, 209, 10, 22, 36,
    52, 225, 37, 241, 23, 24, 25, 26, 38, 39, 40, 41, 42, 53, 54, 55, 56, 57, 58, 67, 68, 69, 70, 71, 72, 73,
    74, 83, 84, 85, 86, 87, 88, 89, 90, 99, 100, 101, 102, 103, 104, 105, 106, 115, 116, 117, 118, 119, 120,
    121, 122, 130, 131, 132, 133, 134, 135, 136, 137, 138, 146, 147, 148, 149, 150, 151, 152, 153, 154, 162,
    163, 164, 165, 166, 167, 168, 169, 170, 178, 179, 180, 181, 182, 183, 184, 185, 186, 194, 195, 196, 197,
    198, 199, 200, 201, 202, 210, 211, 212, 213, 214, 215, 216, 217, 218, 226, 227, 228, 229, 230, 231, 232,
    233, 234, 242, 243, 244, 245, 246, 247, 248, 249, 250,
];

//! What cameras write: unprocessed sensor data. Most of it is TIFF inside, whose first picture is a thumbnail.

use crate::tiff_directories::{Directories, Entry};

/// (offset, bytes there) of the kinds that are no TIFF.
const SIGNATURES: &[(usize, &[u8])] = &[
    (0, b"FUJIFILMCCD-RAW"),
    (0, b"IIRO"),
    (0, b"IIRS"),
    (0, b"MMOR"),
    (0, b"IIU\0"),
    (0, b"FOVb"),
    (0, b"\0MRM"),
    (6, b"HEAPCCDR"),
];

/// TIFF's tags: TIFF 6.0, TIFF/EP (ISO 12234-2) and DNG 1.7.
const COMPRESSION: u16 = 259;
const PHOTOMETRIC: u16 = 262;
const DNG_VERSION: u16 = 50706;
const COLOR_FILTER_ARRAY: u32 = 32803;
const LINEAR_RAW: u32 = 34892;
/// Sony's, Nikon's, Pentax's, Kodak's and Samsung's own compressions.
const OF_CAMERAS: [u32; 7] = [32767, 34713, 65535, 65000, 262, 32769, 32770];

/// The name of the format.
pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let starts = |(at, mark): &(usize, &[u8])| bytes.get(*at..).is_some_and(|rest| rest.starts_with(mark));
    let canon = starts(&(0, b"II*\0")) && starts(&(8, b"CR"));
    (canon || SIGNATURES.iter().any(starts) || is_tiff_inside(bytes)).then_some("RAW")
}

fn is_tiff_inside(bytes: &[u8]) -> bool {
    let Some(directories) = Directories::of(bytes) else { return false };
    directories.entries().iter().any(|Entry { tag, value, .. }| match *tag {
        DNG_VERSION => true,
        PHOTOMETRIC => [COLOR_FILTER_ARRAY, LINEAR_RAW].contains(value),
        COMPRESSION => OF_CAMERAS.contains(value),
        _ => false,
    })
}

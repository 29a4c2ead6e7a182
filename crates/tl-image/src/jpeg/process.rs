//! Which JPEG processes are decoded, and what the others are called: T.81, table B.1, and T.87 for JPEG-LS.

use crate::PictureError;

pub(super) const JPEG_LS: u8 = 0xf7;
/// The frame of a hierarchy of frames (DHP), laid out as any other frame header.
pub(super) const HIERARCHY: u8 = 0xde;

/// Accepts Huffman-coded sequential and progressive frames of 8 bits a sample; names everything else.
///
/// Errors: [`PictureError::UnsupportedProcess`] for what a standard describes, [`PictureError::Corrupt`] for what none does.
pub(super) fn check(marker: u8, precision: u8) -> Result<(), PictureError> {
    let process = match (marker, precision) {
        (0xc0..=0xc2, 8) => return Ok(()),
        (0xc0..=0xc2, 12) => "12-bit JPEG".to_string(),
        (0xc3, _) => format!("lossless JPEG of {precision} bits"),
        (0xc9 | 0xca, 8) => "arithmetic-coded JPEG".to_string(),
        (0xc9 | 0xca, _) => format!("arithmetic-coded JPEG of {precision} bits"),
        (0xcb, _) => format!("lossless arithmetic-coded JPEG of {precision} bits"),
        (0xc5..=0xc7 | 0xcd..=0xcf | HIERARCHY, _) => "hierarchical JPEG".to_string(),
        (JPEG_LS, _) => format!("JPEG-LS of {precision} bits"),
        _ => {
            return Err(PictureError::Corrupt {
                detail: format!("its header says {precision} bits a sample"),
            });
        }
    };
    Err(PictureError::UnsupportedProcess { process, remedy: remedy(marker, precision) })
}

/// imagecodecs brings libjpeg-turbo 3 and CharLS, which read all that current programs write. Samples are moved to 8 bits.
fn remedy(marker: u8, precision: u8) -> String {
    let read = match marker {
        0xc0..=0xc3 | 0xc9 | 0xca => "i.imread('IN.jpg')",
        JPEG_LS => "i.jpegls_decode(open('IN.jpg', 'rb').read())",
        _ => return "save it again as PNG with the program that wrote it".to_string(),
    };
    let samples = match precision.checked_sub(8) {
        Some(shift @ 1..) => format!("({read} >> {shift}).astype('uint8')"),
        _ => read.to_string(),
    };
    format!(
        "pip install imagecodecs; python3 -c \"import imagecodecs as i; i.imwrite('OUT.png', {samples})\""
    )
}

//! What `image` does not make of BMP files.

use std::borrow::Cow;

use image::DynamicImage;

const FILE_HEADER: usize = 14;
/// BITMAPCOREHEADER of OS/2 1.x and Windows 2, and BITMAPINFOHEADER.
const CORE: usize = 12;
const INFO: usize = 40;
/// The header of OS/2 2.x, which may be cut off anywhere behind its first 16 bytes.
const OS2: std::ops::RangeInclusive<usize> = 16..=64;
/// Compressions that mean the same in OS/2 and Windows: none, and runs of 8 and of 4 bits.
const SHARED: [u8; 3] = [0, 1, 2];

/// The file with a header of Windows, if its header is one of OS/2.
///
/// `image` does not know that of OS/2 2.x, and with that of OS/2 1.x it wants as many colours as there can be, though
/// the table ends where the pixels begin. What it refuses for other reasons is passed on as it is.
pub(crate) fn for_windows(bytes: &[u8]) -> Cow<'_, [u8]> {
    translated(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
}

fn translated(bytes: &[u8]) -> Option<Vec<u8>> {
    let pixels_at = usize::try_from(u32_at(bytes, 10)?).ok()?;
    let length = usize::try_from(u32_at(bytes, FILE_HEADER)?).ok()?;
    let header = bytes.get(FILE_HEADER..FILE_HEADER.checked_add(length)?)?;
    let mut info = match length {
        CORE => info_of_core(header),
        INFO | 52 | 56 => return None,
        length if OS2.contains(&length) => header[..length.min(INFO)].to_vec(),
        _ => return None,
    };
    info.resize(INFO, 0);
    if !SHARED.contains(&info[16]) {
        return None;
    }
    let bits = u16::from_le_bytes([info[14], info[15]]);
    let each = if length == CORE { 3 } else { 4 };
    let table = bytes.get(FILE_HEADER + length..pixels_at)?;
    let colors = if bits <= 8 { (table.len() / each).min(1 << bits) } else { 0 };
    info[0] = INFO as u8;
    info[32..36].copy_from_slice(&(colors as u32).to_le_bytes());
    let mut out = bytes[..FILE_HEADER].to_vec();
    out.extend(info);
    table.chunks_exact(each).take(colors).for_each(|color| out.extend([color[0], color[1], color[2], 0]));
    let at = u32::try_from(out.len()).ok()?;
    out[10..14].copy_from_slice(&at.to_le_bytes());
    out.extend(bytes.get(pixels_at..)?);
    Some(out)
}

/// Width and height have 2 bytes there, and 4 in the header of Windows.
fn info_of_core(core: &[u8]) -> Vec<u8> {
    let mut info = core[..4].to_vec();
    for side in [&core[4..6], &core[6..8]] {
        info.extend(side);
        info.extend([0, 0]);
    }
    info.extend(&core[8..12]);
    info
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

/// Alpha that is 0 in every pixel was not meant: programs leave the fourth byte empty, and browsers show such pictures.
pub(crate) fn opaque(mut picture: DynamicImage) -> DynamicImage {
    if let DynamicImage::ImageRgba8(rgba) = &mut picture
        && rgba.pixels().all(|pixel| pixel[3] == 0)
    {
        rgba.pixels_mut().for_each(|pixel| pixel[3] = 255);
    }
    picture
}

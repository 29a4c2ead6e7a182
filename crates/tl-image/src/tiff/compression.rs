//! How chunks are compressed.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use weezl::BitOrder;

use super::{corrupt, tag, unsupported};
use crate::PictureError;
use crate::directory::Directory;

/// How chunks are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    PackBits,
    Lzw,
    Deflate,
    Jpeg,
    /// CCITT T.6.
    Group4,
}

impl Compression {
    pub(super) fn read(directory: &Directory<'_>, bits: u32) -> Result<Self, PictureError> {
        match directory.number(tag::COMPRESSION).unwrap_or(1) {
            1 => Ok(Compression::None),
            5 => Ok(Compression::Lzw),
            7 => Ok(Compression::Jpeg),
            8 | 32946 => Ok(Compression::Deflate),
            32773 => Ok(Compression::PackBits),
            4 if bits == 1 && directory.number(tag::SAMPLES).unwrap_or(1) == 1 => Ok(Compression::Group4),
            other => Err(unsupported(format!("TIFF compression {}", name(other)))),
        }
    }
}

/// Names of the compressions that are not read.
fn name(compression: u64) -> String {
    let name = match compression {
        2 => "CCITT modified Huffman",
        3 => "CCITT Group 3",
        4 => "CCITT Group 4 with more than one bit a pixel",
        6 => "JPEG of the old kind",
        9 => "JBIG",
        32809 => "ThunderScan",
        33003..=33005 | 34712 => "JPEG 2000",
        34676 | 34677 => "SGI Log",
        34887 => "LERC",
        34925 => "LZMA",
        34892 => "lossy JPEG of DNG",
        50000 => "Zstandard",
        50001 => "WebP",
        50002 | 52546 => "JPEG XL",
        other => return other.to_string(),
    };
    name.to_owned()
}

/// Decompresses at least `needed` bytes of a chunk of rows, or says why not. `size` is the width and height of a chunk.
pub(super) fn decompress<'a>(
    stored: Cow<'a, [u8]>,
    compression: Compression,
    needed: usize,
    size: (u32, u32),
) -> Result<Cow<'a, [u8]>, PictureError> {
    let plain = match compression {
        Compression::None => stored,
        Compression::PackBits => pack_bits(&stored, needed).into(),
        Compression::Lzw => lzw(&stored, needed)?.into(),
        Compression::Deflate => deflate(&stored, needed)?.into(),
        Compression::Group4 => group4(&stored, size)?.into(),
        Compression::Jpeg => return Err(corrupt("JPEG has a decoder of its own")),
    };
    if plain.len() < needed { Err(corrupt("a strip or tile ends before its pixels do")) } else { Ok(plain) }
}

/// TIFF 6.0, section 9.
fn pack_bits(mut stored: &[u8], needed: usize) -> Vec<u8> {
    let mut plain = Vec::with_capacity(needed);
    while let Some((&control, rest)) = stored.split_first().filter(|_| plain.len() < needed) {
        let control = i16::from(control as i8);
        let taken = match control {
            -128 => 0,
            0.. => {
                let copied = &rest[..rest.len().min(control as usize + 1)];
                plain.extend_from_slice(copied);
                copied.len()
            }
            _ => {
                let repeated = &rest[..rest.len().min(1)];
                repeated.iter().for_each(|byte| plain.resize(plain.len() + (1 - control) as usize, *byte));
                repeated.len()
            }
        };
        stored = &rest[taken..];
    }
    plain
}

/// TIFF 6.0, section 13.
fn lzw(stored: &[u8], needed: usize) -> Result<Vec<u8>, PictureError> {
    // Before 1988 codes began in the lowest bit; the first one, 256, is then written 00 01.
    if matches!(stored, [0, second, ..] if second & 1 == 1) {
        return Err(unsupported("TIFF compression LZW of the old kind"));
    }
    let mut decoder = weezl::decode::Decoder::with_tiff_size_switch(BitOrder::Msb, 8);
    let mut plain = vec![0; needed];
    let (mut read, mut written) = (0, 0);
    while written < needed {
        let step = decoder.decode_bytes(&stored[read..], &mut plain[written..]);
        (read, written) = (read + step.consumed_in, written + step.consumed_out);
        step.status.map_err(|_| corrupt("damaged LZW data"))?;
        if step.consumed_in == 0 && step.consumed_out == 0 {
            break;
        }
    }
    plain.truncate(written);
    Ok(plain)
}

fn deflate(stored: &[u8], needed: usize) -> Result<Vec<u8>, PictureError> {
    let mut plain = Vec::with_capacity(needed);
    let read = ZlibDecoder::new(stored).take(needed as u64).read_to_end(&mut plain);
    read.map_err(|_| corrupt("damaged deflate data"))?;
    Ok(plain)
}

/// ITU-T T.6; black is 1, whatever the interpretation makes of it.
fn group4(stored: &[u8], (width, height): (u32, u32)) -> Result<Vec<u8>, PictureError> {
    let too_large = || unsupported("CCITT Group 4 of more than 65535 pixels a side");
    let (width, rows) =
        (u16::try_from(width).map_err(|_| too_large())?, u16::try_from(height).map_err(|_| too_large())?);
    let mut plain = Vec::new();
    let row_bytes = usize::from(width).div_ceil(8);
    let add = |changes: &[u16]| {
        let start = plain.len();
        plain.resize(start + row_bytes, 0);
        let row = &mut plain[start..];
        // White until the first change, black until the second, and so on.
        for span in changes.chunks(2) {
            let end = span.get(1).copied().unwrap_or(width).min(width);
            (span[0]..end).map(usize::from).for_each(|x| row[x / 8] |= 0x80 >> (x % 8));
        }
    };
    fax::decoder::decode_g4(stored.iter().copied(), width, Some(rows), add)
        .ok_or_else(|| corrupt("damaged CCITT Group 4 data"))?;
    Ok(plain)
}

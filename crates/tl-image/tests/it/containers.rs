//! Small files of every container, put together by hand, for the tests beside this one.

use image::{ImageFormat, RgbImage};

/// How numbers are written in TIFF and EXIF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Little,
    Big,
}

impl Order {
    pub(crate) const BOTH: [Order; 2] = [Order::Little, Order::Big];

    pub(crate) fn bytes(self, value: u64, length: usize) -> Vec<u8> {
        match self {
            Order::Little => value.to_le_bytes()[..length].to_vec(),
            Order::Big => value.to_be_bytes()[8 - length..].to_vec(),
        }
    }
}

/// The values of a tag: its number, its type, the length of a value of that type, the values.
pub(crate) type Tag = (u16, u16, usize, Vec<u64>);

pub(crate) const BYTE: (u16, usize) = (1, 1);
pub(crate) const SHORT: (u16, usize) = (3, 2);
pub(crate) const LONG: (u16, usize) = (4, 4);
pub(crate) const LONG8: (u16, usize) = (16, 8);

pub(crate) fn tag(number: u16, (kind, length): (u16, usize), values: impl Into<Vec<u64>>) -> Tag {
    (number, kind, length, values.into())
}

/// A header, `gap` bytes, then the values that do not fit into the directory, then the directory.
pub(crate) fn tiff_block(order: Order, gap: &[u8], tags: &[Tag]) -> Vec<u8> {
    let mut out = if order == Order::Little { b"II*\0".to_vec() } else { b"MM\0*".to_vec() };
    out.extend([0; 4]);
    out.extend(gap);
    let mut directory = order.bytes(tags.len() as u64, 2);
    for (number, kind, length, values) in tags {
        let mut content: Vec<u8> = values.iter().flat_map(|value| order.bytes(*value, *length)).collect();
        if content.len() > 4 {
            let at = out.len();
            out.append(&mut content);
            content = order.bytes(at as u64, 4);
        }
        content.resize(4, 0);
        for part in [order.bytes(u64::from(*number), 2), order.bytes(u64::from(*kind), 2)] {
            directory.extend(part);
        }
        directory.extend(order.bytes(values.len() as u64, 4));
        directory.extend(content);
    }
    let at = order.bytes(out.len() as u64, 4);
    out[4..8].copy_from_slice(&at);
    out.extend(directory);
    out.extend([0; 4]);
    out
}

/// An RGB TIFF with tags of its own beside those it needs.
pub(crate) fn tiff(order: Order, picture: &RgbImage, more: &[Tag]) -> Vec<u8> {
    let (width, height) = (u64::from(picture.width()), u64::from(picture.height()));
    let mut tags = vec![
        tag(256, LONG, [width]),
        tag(257, LONG, [height]),
        tag(258, SHORT, [8, 8, 8]),
        tag(262, SHORT, [2]),
        tag(273, LONG, [8]),
        tag(277, SHORT, [3]),
        tag(278, LONG, [height]),
        tag(279, LONG, [width * height * 3]),
    ];
    tags.extend(more.iter().cloned());
    tags.sort_by_key(|tag| tag.0);
    tiff_block(order, picture.as_raw(), &tags)
}

pub(crate) fn encoded(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut out = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// A JPEG with segments, each with its marker, behind the start of the image.
pub(crate) fn with_segments(jpeg: &[u8], segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut out = jpeg[..2].to_vec();
    for (marker, content) in segments {
        out.extend([0xff, *marker]);
        out.extend(u16::try_from(content.len() + 2).unwrap().to_be_bytes());
        out.extend(content);
    }
    out.extend(&jpeg[2..]);
    out
}

/// A PNG with chunks behind its header, and others before its end.
pub(crate) fn with_chunks(
    png: &[u8],
    early: &[(&[u8; 4], Vec<u8>)],
    late: &[(&[u8; 4], Vec<u8>)],
) -> Vec<u8> {
    let (header, end) = (33, png.len() - 12);
    let mut out = png[..header].to_vec();
    early.iter().for_each(|(kind, content)| out.extend(png_chunk(kind, content)));
    out.extend(&png[header..end]);
    late.iter().for_each(|(kind, content)| out.extend(png_chunk(kind, content)));
    out.extend(&png[end..]);
    out
}

pub(crate) fn png_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    out.extend(kind);
    out.extend(content);
    let checksum = flate2::Crc::new();
    let checksum = [&kind[..], content].iter().fold(checksum, |mut sum, part| {
        sum.update(part);
        sum
    });
    out.extend(checksum.sum().to_be_bytes());
    out
}

pub(crate) fn deflated(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A WebP in the extended format with chunks behind its pixels, given one in the simple format.
pub(crate) fn with_riff_chunks(webp: &[u8], size: (u32, u32), chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut flags = 0;
    for (kind, _) in chunks {
        flags |= if *kind == b"EXIF" { 8 } else { 4 };
    }
    let mut header = vec![flags, 0, 0, 0];
    for side in [size.0, size.1] {
        header.extend(&(side - 1).to_le_bytes()[..3]);
    }
    let mut body = b"WEBP".to_vec();
    body.extend(riff_chunk(b"VP8X", &header));
    body.extend(&webp[12..]);
    chunks.iter().for_each(|(kind, content)| body.extend(riff_chunk(kind, content)));
    let mut out = b"RIFF".to_vec();
    out.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    out.extend(body);
    out
}

pub(crate) fn riff_chunk(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
    let mut out = kind.to_vec();
    out.extend(u32::try_from(content.len()).unwrap().to_le_bytes());
    out.extend(content);
    out.resize(out.len() + content.len() % 2, 0);
    out
}

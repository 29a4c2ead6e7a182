//! Pictures are upright, wherever and however their files say how they lie.

use image::{ImageFormat, RgbImage};
use tl_image::{Limits, decode, decode_part, read_header};

use crate::containers::{
    BYTE, LONG, LONG8, Order, SHORT, Tag, deflated, encoded, tag, tiff, tiff_block, with_chunks,
    with_riff_chunks, with_segments,
};

const EXIF: &[u8] = b"Exif\0\0";
const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
const APP1: u8 = 0xe1;
const ORIENTATION: u16 = 274;

/// No two of its orientations look alike.
fn scene() -> RgbImage {
    RgbImage::from_fn(24, 16, |x, y| {
        image::Rgb([(x * 10) as u8, (y * 15) as u8, if x < 6 && y < 4 { 255 } else { 40 }])
    })
}

/// What people see of a stored picture, by the definition of the values: EXIF 2.3, table 6.
fn seen(stored: &RgbImage, orientation: u8) -> RgbImage {
    let (w, h) = stored.dimensions();
    let (width, height) = if orientation >= 5 { (h, w) } else { (w, h) };
    RgbImage::from_fn(width, height, |x, y| {
        let (column, row) = match orientation {
            2 => (w - 1 - x, y),
            3 => (w - 1 - x, h - 1 - y),
            4 => (x, h - 1 - y),
            5 => (y, x),
            6 => (y, h - 1 - x),
            7 => (w - 1 - y, h - 1 - x),
            8 => (w - 1 - y, x),
            _ => (x, y),
        };
        *stored.get_pixel(column, row)
    })
}

/// The same picture in every container, without metadata.
struct Bases {
    jpeg: Vec<u8>,
    png: Vec<u8>,
    webp: Vec<u8>,
}

impl Bases {
    fn new() -> Self {
        let of = |format| encoded(&scene(), format);
        Bases { jpeg: of(ImageFormat::Jpeg), png: of(ImageFormat::Png), webp: of(ImageFormat::WebP) }
    }

    fn jpeg_with(&self, segments: &[(u8, Vec<u8>)]) -> Vec<u8> {
        with_segments(&self.jpeg, segments)
    }

    fn webp_with(&self, chunks: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        with_riff_chunks(&self.webp, scene().dimensions(), chunks)
    }

    /// Every way in which these containers carry an EXIF block.
    fn with_exif(&self, block: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
        let prefixed = [EXIF, block].concat();
        let app0 = (0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0".to_vec());
        let app2 = (0xe2, b"ICC_PROFILE\0\x01\x01junk".to_vec());
        let xmp = (APP1, [XMP, b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"].concat());
        let exif = (APP1, prefixed.clone());
        let hex = raw_profile("exif", &prefixed);
        let international =
            |flag: u8, text: &[u8]| [b"Raw profile type exif\0", &[flag, 0][..], b"\0\0", text].concat();
        vec![
            ("jpeg", self.jpeg_with(std::slice::from_ref(&exif))),
            ("jpeg behind others", self.jpeg_with(&[app0, app2, xmp.clone(), exif.clone()])),
            ("jpeg before XMP", self.jpeg_with(&[exif, xmp])),
            ("jpeg prefixed twice", self.jpeg_with(&[(APP1, [EXIF, &prefixed].concat())])),
            ("jpeg padded", self.jpeg_with(&[(APP1, [EXIF, &[0; 7], block].concat())])),
            ("jpeg in two segments", self.in_two_segments(block)),
            ("png", with_chunks(&self.png, &[(b"eXIf", block.to_vec())], &[])),
            ("png behind the pixels", with_chunks(&self.png, &[], &[(b"eXIf", block.to_vec())])),
            ("png prefixed", with_chunks(&self.png, &[(b"eXIf", prefixed.clone())], &[])),
            (
                "png tEXt",
                with_chunks(
                    &self.png,
                    &[(b"tEXt", [b"Raw profile type exif\0", hex.as_bytes()].concat())],
                    &[],
                ),
            ),
            (
                "png tEXt APP1",
                with_chunks(
                    &self.png,
                    &[],
                    &[(
                        b"tEXt",
                        [b"Raw profile type APP1\0", raw_profile("generic", &prefixed).as_bytes()].concat(),
                    )],
                ),
            ),
            (
                "png tEXt bare",
                with_chunks(
                    &self.png,
                    &[(
                        b"tEXt",
                        [b"Raw profile type exif\0", raw_profile("exif", block).as_bytes()].concat(),
                    )],
                    &[],
                ),
            ),
            (
                "png tEXt APP1 bare",
                with_chunks(
                    &self.png,
                    &[(
                        b"tEXt",
                        [b"Raw profile type APP1\0", raw_profile("generic", block).as_bytes()].concat(),
                    )],
                    &[],
                ),
            ),
            (
                "png zTXt",
                with_chunks(
                    &self.png,
                    &[(b"zTXt", [b"Raw profile type exif\0\0", &deflated(hex.as_bytes())[..]].concat())],
                    &[],
                ),
            ),
            (
                "png zTXt APP1",
                with_chunks(
                    &self.png,
                    &[(b"zTXt", [b"Raw profile type APP1\0\0", &deflated(hex.as_bytes())[..]].concat())],
                    &[],
                ),
            ),
            ("png iTXt", with_chunks(&self.png, &[(b"iTXt", international(0, hex.as_bytes()))], &[])),
            (
                "png iTXt deflated",
                with_chunks(&self.png, &[(b"iTXt", international(1, &deflated(hex.as_bytes())))], &[]),
            ),
            ("webp", self.webp_with(&[(b"EXIF", block.to_vec())])),
            ("webp prefixed", self.webp_with(&[(b"EXIF", prefixed)])),
            ("webp with XMP", self.webp_with(&[(b"XMP ", b"<x/>".to_vec()), (b"EXIF", block.to_vec())])),
        ]
    }

    /// As programs write blocks that are longer than a segment.
    fn in_two_segments(&self, block: &[u8]) -> Vec<u8> {
        let (first, second) = block.split_at(block.len().min(9));
        self.jpeg_with(&[(APP1, [EXIF, first].concat()), (APP1, [EXIF, second].concat())])
    }

    /// Every way in which these containers carry XMP.
    fn with_xmp(&self, text: &str) -> Vec<(&'static str, Vec<u8>)> {
        let text = text.as_bytes();
        let itxt = |flag: u8, text: &[u8]| [b"XML:com.adobe.xmp\0", &[flag, 0][..], b"\0\0", text].concat();
        let app1 = [XMP, text].concat();
        let tiff_tag = tag(700, BYTE, text.iter().map(|byte| u64::from(*byte)).collect::<Vec<_>>());
        vec![
            ("jpeg", self.jpeg_with(&[(APP1, app1.clone())])),
            ("png", with_chunks(&self.png, &[(b"iTXt", itxt(0, text))], &[])),
            ("png deflated", with_chunks(&self.png, &[], &[(b"iTXt", itxt(1, &deflated(text)))])),
            (
                "png raw profile",
                with_chunks(
                    &self.png,
                    &[(
                        b"zTXt",
                        [b"Raw profile type xmp\0\0", &deflated(raw_profile("xmp", text).as_bytes())[..]]
                            .concat(),
                    )],
                    &[],
                ),
            ),
            (
                "png APP1",
                with_chunks(
                    &self.png,
                    &[(
                        b"tEXt",
                        [b"Raw profile type APP1\0", raw_profile("APP1", &app1).as_bytes()].concat(),
                    )],
                    &[],
                ),
            ),
            ("webp", self.webp_with(&[(b"XMP ", text.to_vec())])),
            ("tiff", tiff(Order::Big, &scene(), &[tiff_tag])),
        ]
    }
}

/// ImageMagick's form: name, length, lines of 36 bytes in hexadecimal.
fn raw_profile(name: &str, content: &[u8]) -> String {
    let lines =
        content.chunks(36).map(|line| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    format!("\n{name}\n{:8}\n{}\n", content.len(), lines.collect::<Vec<_>>().join("\n"))
}

fn exif(order: Order, kind: (u16, usize), value: u64) -> Vec<u8> {
    tiff_block(
        order,
        b"",
        &[tag(256, SHORT, [24]), tag(ORIENTATION, kind, [value]), tag(305, BYTE, vec![77; 9])],
    )
}

/// Decoded whole, decoded in part and as the header says it, the picture lies as `orientation` wants it.
fn check(name: &str, bytes: &[u8], orientation: u8) {
    let limits = Limits::default();
    let stored = stored(bytes);
    let expected = seen(&stored, orientation);
    assert_eq!(read_header(bytes, &limits).unwrap().orientation, orientation, "{name}");
    assert!(decode(bytes, &limits, [255; 3]).unwrap() == expected, "{name}, orientation {orientation}");
    let part = decode_part(bytes, &limits, [255; 3], |full| tl_image::RegionRequest {
        region: [0.0, 0.0, f64::from(full.0), f64::from(full.1)],
        output: full,
    });
    assert_eq!(part.unwrap().full, expected.dimensions(), "{name}");
}

/// The picture as its container holds it without metadata.
fn stored(bytes: &[u8]) -> RgbImage {
    match bytes[0] {
        0xff => decode(&Bases::new().jpeg, &Limits::default(), [255; 3]).unwrap(),
        _ => scene(),
    }
}

#[test]
fn every_container_byte_order_and_type() {
    let bases = Bases::new();
    for orientation in 1..=8 {
        for order in Order::BOTH {
            for kind in [SHORT, LONG, BYTE] {
                let value = u64::from(orientation);
                for (name, bytes) in bases.with_exif(&exif(order, kind, value)) {
                    check(&format!("{name}, {order:?}, type {}", kind.0), &bytes, orientation);
                }
                let bytes = tiff(order, &scene(), &[tag(ORIENTATION, kind, [value])]);
                check(&format!("tiff, {order:?}, type {}", kind.0), &bytes, orientation);
            }
        }
    }
}

#[test]
fn directories_at_unusual_places() {
    let bases = Bases::new();
    for order in Order::BOTH {
        for gap in [1, 2, 777, 60_000] {
            let block = tiff_block(order, &vec![0x49; gap], &[tag(ORIENTATION, SHORT, [6])]);
            check(&format!("a gap of {gap}"), &bases.jpeg_with(&[(APP1, [EXIF, &block].concat())]), 6);
            check(&format!("a gap of {gap}"), &bases.webp_with(&[(b"EXIF", block)]), 6);
        }
        // Cut off behind the entry that counts, and values that do not fit into the entry.
        let cut = tiff_block(order, b"", &[tag(ORIENTATION, SHORT, [8]), tag(305, SHORT, [1])]);
        check("cut off", &bases.webp_with(&[(b"EXIF", cut[..24].to_vec())]), 8);
        let far = tiff_block(order, b"", &[tag(ORIENTATION, SHORT, [3, 3, 3])]);
        check("several values", &bases.webp_with(&[(b"EXIF", far)]), 3);
        let far = tiff_block(order, b"", &[tag(ORIENTATION, LONG8, [5])]);
        check("8 bytes", &bases.webp_with(&[(b"EXIF", far)]), 5);
    }
}

/// Values that mean nothing are upright, and are not made up for by XMP.
#[test]
fn values_out_of_range_are_upright() {
    let bases = Bases::new();
    for value in [0, 9, 255, 256, 262, 65_535] {
        for order in Order::BOTH {
            for (name, bytes) in bases.with_exif(&exif(order, SHORT, value)) {
                check(&format!("{name}, {value}"), &bytes, 1);
            }
            check("tiff", &tiff(order, &scene(), &[tag(ORIENTATION, LONG, [value])]), 1);
        }
    }
    let xmp = [XMP, attribute(6).as_bytes()].concat();
    let block = [EXIF, &exif(Order::Big, SHORT, 0)].concat();
    check("nonsense before XMP", &bases.jpeg_with(&[(APP1, block), (APP1, xmp)]), 1);
}

fn attribute(orientation: u8) -> String {
    format!(
        "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF><rdf:Description xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" \
         tiff:Make=\"x\" tiff:Orientation=\"{orientation}\"/></rdf:RDF></x:xmpmeta>"
    )
}

#[test]
fn xmp_counts_where_exif_says_nothing() {
    let bases = Bases::new();
    for orientation in 1..=8 {
        let element = format!(
            "<rdf:Description xmlns:tiff='http://ns.adobe.com/tiff/1.0/'>\n<tiff:Orientation> {orientation} \
             </tiff:Orientation></rdf:Description>"
        );
        let other_prefix =
            format!("<r:D xmlns:t = 'http://ns.adobe.com/tiff/1.0/' t:Orientation = '{orientation}'/>");
        for text in
            [attribute(orientation), element, other_prefix, format!("<a tiff:Orientation='{orientation}'/>")]
        {
            for (name, bytes) in bases.with_xmp(&text) {
                check(&format!("{name}: {text}"), &bytes, orientation);
            }
        }
    }
    // EXIF comes first, wherever it stands; EXIF without an orientation says nothing.
    let xmp = (APP1, [XMP, attribute(3).as_bytes()].concat());
    let exif = |tags: &[Tag]| (APP1, [EXIF, &tiff_block(Order::Little, b"", tags)].concat());
    check("both", &bases.jpeg_with(&[xmp.clone(), exif(&[tag(ORIENTATION, SHORT, [6])])]), 6);
    check("EXIF of other things", &bases.jpeg_with(&[exif(&[tag(256, SHORT, [6])]), xmp]), 3);
    let both = [
        tag(ORIENTATION, SHORT, [8]),
        tag(700, BYTE, attribute(3).bytes().map(u64::from).collect::<Vec<_>>()),
    ];
    check("tiff with both", &tiff(Order::Little, &scene(), &both), 8);
    for (name, bytes) in
        bases.with_xmp("<a xmlns:tiff='http://ns.adobe.com/tiff/1.0/' tiff:Orientation='x'/>")
    {
        check(name, &bytes, 1);
    }
}

/// Nothing that metadata holds stops a picture from being read.
#[test]
fn damaged_metadata_is_passed_over() {
    let bases = Bases::new();
    for order in Order::BOTH {
        let good = exif(order, SHORT, 6);
        for length in 0..good.len() {
            for (name, bytes) in bases
                .with_exif(&good[..length])
                .into_iter()
                .filter(|(name, _)| *name != "jpeg in two segments")
            {
                assert!(decode(&bytes, &Limits::default(), [0; 3]).is_ok(), "{name} cut to {length}");
            }
        }
        for at in 0..good.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut block = good.clone();
                block[at] = value;
                let bytes = bases.webp_with(&[(b"EXIF", block)]);
                assert!(decode(&bytes, &Limits::default(), [0; 3]).is_ok(), "byte {at} as {value}");
            }
        }
        // A directory that contains itself, and one at the end of everything.
        let mut circle = good.clone();
        let end = circle.len() - 4;
        circle[end..].copy_from_slice(&order.bytes(8, 4));
        check("a circle", &bases.webp_with(&[(b"EXIF", circle)]), 6);
        let mut far = good.clone();
        far[4..8].copy_from_slice(&[0xff; 4]);
        check("a directory far away", &bases.webp_with(&[(b"EXIF", far)]), 1);
    }
}

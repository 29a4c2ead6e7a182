use super::signatures::SIGNATURES;
use super::*;
use crate::sniff::sniff;

/// A box of brands.
fn ftyp(major: &[u8; 4], others: &[&[u8; 4]]) -> Vec<u8> {
    let length = 16 + 4 * others.len() as u32;
    let mut bytes = [&length.to_be_bytes()[..], b"ftyp", major, b"\0\0\0\0"].concat();
    others.iter().for_each(|brand| bytes.extend_from_slice(*brand));
    bytes.extend_from_slice(b"\0\0\0\x08meta");
    bytes
}

/// (tag, type, value) of the first directory and of one below it.
fn tiff(big_endian: bool, first: &[(u16, u16, u32)], below: &[(u16, u16, u32)]) -> Vec<u8> {
    let short = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let long = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let directory = |entries: &[(u16, u16, u32)]| {
        let mut out = short(entries.len() as u16).to_vec();
        for &(tag, kind, value) in entries {
            out.extend_from_slice(&short(tag));
            out.extend_from_slice(&short(kind));
            out.extend_from_slice(&long(1));
            match kind {
                3 => out.extend_from_slice(&[short(value as u16), [0; 2]].concat()),
                _ => out.extend_from_slice(&long(value)),
            }
        }
        out.extend_from_slice(&long(0));
        out
    };
    let mut bytes = if big_endian { b"MM\0*".to_vec() } else { b"II*\0".to_vec() };
    bytes.extend_from_slice(&long(8));
    let place = 8 + 2 + 12 * (first.len() as u32 + 1) + 4;
    bytes.extend(directory(&[first, &[(330, 4, place)]].concat()));
    bytes.extend(directory(below));
    bytes
}

fn gzip(content: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(content).unwrap();
    packed.finish().unwrap()
}

fn utf16(text: &str, big_endian: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units.flat_map(|unit| if big_endian { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

fn format_of(bytes: &[u8]) -> String {
    match sniff(bytes) {
        Err(PictureError::UnsupportedFormat { format }) => format.to_string(),
        Err(PictureError::NotAPicture { looks_like }) => looks_like,
        other => format!("{other:?}"),
    }
}

#[test]
fn pictures_in_boxes_are_told_by_all_their_brands() {
    for (bytes, format) in [
        (ftyp(b"heic", &[b"mif1", b"heic"]), "HEIC"),
        (ftyp(b"heix", &[]), "HEIC"),
        (ftyp(b"hevc", &[b"msf1"]), "HEIC"),
        (ftyp(b"mif1", &[b"mif1", b"heic"]), "HEIC"),
        (ftyp(b"mif1", &[b"miaf", b"avif"]), "AVIF"),
        (ftyp(b"msf1", &[b"avis"]), "AVIF"),
        (ftyp(b"avif", &[b"mif1", b"heic"]), "AVIF"),
        (ftyp(b"mif1", &[]), "HEIC"),
        (ftyp(b"crx ", &[b"isom"]), "RAW"),
        (ftyp(b"jxl ", &[]), "JPEG XL"),
        (ftyp(b"isom", &[b"avc1"]), "MP4 video"),
        (ftyp(b"qt  ", &[]), "QuickTime video"),
        (b"\0\0\0\x08wide\0\0\0\0mdat".to_vec(), "QuickTime video"),
        (b"\0\0\0\x18ftyp".to_vec(), "MP4 video"),
    ] {
        assert_eq!(format_of(&bytes), format, "{}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn raw_pictures_that_are_tiff_inside_are_no_thumbnails() {
    let thumbnail = [(254, 4, 1), (256, 3, 160), (257, 3, 120), (262, 3, 2)];
    for big_endian in [false, true] {
        for below in [(262, 3, 32803), (262, 3, 34892), (259, 3, 34713), (259, 3, 32767), (50706, 1, 1)] {
            assert_eq!(format_of(&tiff(big_endian, &thumbnail, &[below])), "RAW", "{below:?}");
        }
        let dng = [&thumbnail[..], &[(50706, 1, 1)]].concat();
        assert_eq!(format_of(&tiff(big_endian, &dng, &[])), "RAW");
        // Smaller versions of the picture, for example.
        assert_eq!(sniff(&tiff(big_endian, &[(262, 3, 2)], &thumbnail)), Ok(crate::Format::Tiff));
    }
    for start in
        [&b"II*\0\x10\0\0\0CR\x02\0"[..], b"FUJIFILMCCD-RAW 0201", b"IIRO\x08\0", b"IIU\0\x18\0\0\0", b"FOVb"]
    {
        assert_eq!(format_of(start), "RAW");
    }
}

#[test]
fn directories_that_lead_in_circles_or_nowhere_come_to_an_end() {
    let mut circle = tiff(false, &[(262, 3, 2)], &[(330, 4, 8)]);
    let end = circle.len();
    circle[end - 4..].copy_from_slice(&8_u32.to_le_bytes());
    assert_eq!(sniff(&circle), Ok(crate::Format::Tiff));
    let many = tiff(false, &[(330, 4, u32::MAX), (262, 3, 1)], &[(330, 4, u32::MAX - 1)]);
    for length in 0..many.len() {
        let _no_panic = sniff(&many[..length]);
    }
}

#[test]
fn an_svg_is_found_wherever_its_element_begins() {
    let element = "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>page.html</title></svg>";
    let doctype = "<!DOCTYPE svg PUBLIC \"-//W3C//DTD SVG 1.1//EN\" \"http://www.w3.org/svg11.dtd\">";
    let entities = "<!DOCTYPE svg [ <!ENTITY a \"<b>\"> <!ENTITY c \"d\"> ]>";
    let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n";
    let comment = format!("<!-- {} <html> -->\n", "Created with an editor > 1.0. ".repeat(200));
    for before in [
        String::new(),
        "\n\t ".to_string(),
        declaration.to_string(),
        format!("{declaration}{comment}"),
        format!("{comment}{comment}"),
        format!("{declaration}{doctype}\n{comment}"),
        format!("{declaration}{comment}{entities}\n"),
        format!("{declaration}<?xml-stylesheet href=\"a.css\"?>"),
    ] {
        let text = format!("{before}{element}");
        let prefixed = text.replace("<svg", "<svg:svg").replace("</svg", "</svg:svg");
        let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
        let compressed = gzip(text.as_bytes());
        for bytes in [text.as_bytes(), prefixed.as_bytes(), &marked, &compressed] {
            assert_eq!(format_of(bytes), "SVG", "{before}");
        }
        assert_eq!(format_of(&utf16(&text, true)), "SVG", "{before}");
        assert_eq!(format_of(&utf16(&text, false)), "SVG", "{before}");
    }
}

#[test]
fn web_pages_and_other_xml_are_told_apart() {
    let page = "it is an HTML page, perhaps the error page of a failed download";
    for (text, expected) in [
        ("<!DOCTYPE html><title>404", page),
        ("<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">\n<HTML>", page),
        ("\n  <html lang=\"en\">", page),
        ("<!-- saved from a browser --><html>", page),
        ("\u{feff}<html>", page),
        ("<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=\"http://www.w3.org/1999/xhtml\"><svg>", page),
        ("<?xml version='1.0'?><Error/>", "it is an XML file"),
        ("<?xml version=\"1.0\"?><annotation><svg/></annotation>", "it is an XML file"),
        ("<3 this is text", "it is text"),
        ("<!-- no end", "it is text"),
    ] {
        assert_eq!(format_of(text.as_bytes()), expected, "{text}");
    }
    assert_eq!(format_of(&gzip(b"hello")), "it is a gzip archive, unpack it first");
}

#[test]
fn every_signature_is_recognised_and_every_format_has_a_command() {
    for (at, mark, what) in SIGNATURES {
        let mut bytes = vec![b'~'; *at];
        bytes.extend_from_slice(mark);
        bytes.extend_from_slice(&[0; 64]);
        let found = format_of(&bytes);
        assert!(found == *what || found == format!("it is {what}"), "{what}: {found}");
    }
    for format in FORMATS {
        assert!(!format.endings.is_empty() && format.convert.contains("IN"), "{}", format.name);
        let message = unsupported(format).to_string();
        assert!(message.ends_with(&format.example()), "{message}");
        assert!(!format.example().contains("IN") && !format.example().contains("OUT"), "{message}");
        let twice = FORMATS.iter().filter(|other| other.endings.iter().any(|e| format.endings.contains(e)));
        assert_eq!(twice.count(), 1, "an ending of {} is another format's too", format.name);
    }
}

#[test]
fn formats_without_a_signature_are_told_by_the_ending_of_the_name() {
    let unknown = PictureError::NotAPicture { looks_like: "it starts with the bytes 00 00 02 00".into() };
    for (name, bytes, format) in [
        ("a/b.TGA", &b"\0\0\x02\0"[..], Some("TGA")),
        ("b.pcx", b"\x0a\x05\x01\x08", Some("PCX")),
        ("c.3fr", b"\x01\x02\x03\x04", Some("RAW")),
        ("d.heic", b"\x01\x02\x03\x04", None),
        ("e.tga", b"<html>", None),
        ("f.jpg", b"\0\0\x02\0", None),
    ] {
        let named = unknown.clone().with_name(Path::new(name), bytes);
        let expected = format.map(|format| PictureError::UnsupportedFormat { format });
        assert_eq!(named, expected.unwrap_or_else(|| unknown.clone()), "{name}");
    }
    let cut = PictureError::Truncated { bytes: 4 };
    assert_eq!(cut.clone().with_name(Path::new("a.tga"), b""), cut);
}

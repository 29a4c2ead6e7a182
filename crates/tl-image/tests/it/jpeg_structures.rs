//! JPEG files of every structure, beside libjpeg-turbo: `xtask/reference/jpeg_structures.py` makes them.

use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::Value;
use tl_image::{Limits, PictureError, decode, decode_jpeg, read_header};

/// One file, and what to make of it.
struct Case {
    name: String,
    bytes: Vec<u8>,
    expected: Value,
}

static CASES: LazyLock<Vec<Case>> = LazyLock::new(cases);

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/jpeg");
    let index: Value =
        serde_json::from_slice(&std::fs::read(folder.join("structures.json")).unwrap()).unwrap();
    let files = std::fs::read(folder.join("structures.bin")).unwrap();
    let mut left = files.as_slice();
    let read = |expected: &Value| {
        let length = usize::try_from(expected["length"].as_u64().unwrap()).unwrap();
        let (bytes, rest) = left.split_at(length);
        left = rest;
        let name = expected["name"].as_str().unwrap().to_string();
        Case { name, bytes: bytes.to_vec(), expected: expected.clone() }
    };
    let cases: Vec<Case> = index["cases"].as_array().unwrap().iter().map(read).collect();
    assert!(left.is_empty() && cases.len() > 400);
    cases
}

fn case(name: &str) -> Vec<u8> {
    CASES.iter().find(|case| case.name == name).unwrap().bytes.clone()
}

/// CRC-32 as in PNG: <https://www.w3.org/TR/png-3/#D-CRCAppendix>
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 0 { crc >> 1 } else { 0xedb8_8320 ^ (crc >> 1) };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

/// What is wrong with the outcome, if anything.
fn complaint(case: &Case) -> Option<String> {
    let limits = Limits::default();
    let (header, picture) = (read_header(&case.bytes, &limits), decode(&case.bytes, &limits, [0; 3]));
    let number = |name: &str| u32::try_from(case.expected[name].as_u64().unwrap()).unwrap();
    match (case.expected["refused"].as_str(), picture) {
        (Some(reason), Err(error)) => {
            let text = error.to_string();
            let also = header.is_ok() || header == Err(error);
            (!also || !text.starts_with(reason)).then_some(text)
        }
        (Some(_), Ok(_)) => Some("was read".to_string()),
        (None, Err(error)) => Some(error.to_string()),
        (None, Ok(picture)) => {
            let size = (number("width"), number("height"));
            if picture.dimensions() != size || header.map(|header| header.upright_size()) != Ok(size) {
                return Some(format!("has {:?} pixels", picture.dimensions()));
            }
            (crc32(&picture) != number("crc32")).then(|| "has other pixels".to_string())
        }
    }
}

#[test]
fn every_structure_is_decoded_as_libjpeg_turbo_does_or_refused_by_name() {
    let complaints: Vec<String> = CASES
        .iter()
        .filter_map(|case| complaint(case).map(|words| format!("{}: {words}", case.name)))
        .collect();
    assert!(complaints.is_empty(), "{} of them:\n{}", complaints.len(), complaints.join("\n"));
}

/// A file whose last scans are missing is not a picture with gray in their place.
#[test]
fn several_scans_cut_anywhere_are_damaged_even_with_an_end() {
    for name in
        ["22-11-11 each alone", "11-22-22 each alone, restarts", "inks 21 11 11 21 adobe 2, each alone"]
    {
        let bytes = case(name);
        for length in 4..bytes.len() - 2 {
            let cut = [&bytes[..length], &[0xff, 0xd9]].concat();
            match decode_jpeg(&cut, &Limits::default()) {
                Err(PictureError::Corrupt { .. } | PictureError::Truncated { .. }) => {}
                other => panic!("{name} cut to {length}: {other:?}"),
            }
        }
    }
}

/// A gray picture in which each scan brings one bit of one coefficient, so that all of them are allowed.
fn many_scans(width: u16, height: u16, scans: usize) -> Vec<u8> {
    let mut bytes = b"\xff\xd8\xff\xdb\0\x43\0".to_vec();
    bytes.extend([1; 64]);
    bytes.extend(b"\xff\xc2\0\x0b\x08");
    bytes.extend(height.to_be_bytes());
    bytes.extend(width.to_be_bytes());
    bytes.extend(b"\x01\x01\x11\0");
    // A DC code of one bit without a value, and an AC code of one bit for a run of 2^14 blocks with nothing in them.
    for (class, symbol) in [(0, 0), (0x10, 0xe0)] {
        bytes.extend(b"\xff\xc4\0\x14");
        bytes.extend([class, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, symbol]);
    }
    bytes.extend(b"\xff\xda\0\x08\x01\x01\0\0\0\0");
    let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
    bytes.extend(vec![0; blocks.div_ceil(8)]);
    for scan in 0..scans {
        let coefficient = (scan % 63 + 1) as u8;
        let low = 13 - (scan / 63) as u8;
        let high = if low == 13 { 0 } else { low + 1 };
        bytes.extend([0xff, 0xda, 0, 8, 1, 1, 0, coefficient, coefficient, high << 4 | low]);
        // The code and 14 bits of zeros: runs of 2^14.
        bytes.extend(vec![0; (15 * blocks.div_ceil(1 << 14)).div_ceil(8)]);
    }
    bytes.extend(b"\xff\xd9");
    bytes
}

#[test]
fn a_bomb_of_scans_is_refused_before_it_is_decoded() {
    let (limits, begun) = (Limits::default(), std::time::Instant::now());
    let bomb = many_scans(8000, 7000, 400);
    for decoded in [read_header(&bomb, &limits).map(|_| ()), decode_jpeg(&bomb, &limits).map(|_| ())] {
        let reason = "uses a feature that is not supported (over 76 scans of so many pixels), convert it to JPEG or PNG";
        assert_eq!(decoded.unwrap_err().to_string(), reason);
    }
    assert!(begun.elapsed().as_secs() < 2);
    assert!(decode_jpeg(&many_scans(100, 70, 800), &limits).is_ok());
}

#[test]
fn more_segments_than_any_file_has_are_refused() {
    let comments = b"\xff\xfe\0\x02".repeat(70_000);
    let bytes = [&b"\xff\xd8"[..], &comments, b"\xff\xd9"].concat();
    let reason = decode_jpeg(&bytes, &Limits::default()).unwrap_err();
    assert_eq!(reason.to_string(), "corrupt (more than 65536 segments)");
}

#[test]
fn coefficients_count_as_memory() {
    let bytes = case("11-11-11 each alone");
    let limits = Limits { alloc: 14_000, ..Limits::default() };
    let reason = decode_jpeg(&bytes, &limits).unwrap_err();
    assert_eq!(reason.to_string(), "decoding it takes 16,245 bytes of memory, the limit is 14,000");
}

#[test]
fn the_remedy_for_another_process_is_a_command() {
    let reason = decode_jpeg(&case("written: 12 bits"), &Limits::default()).unwrap_err();
    let command = "pip install imagecodecs; python3 -c \"import imagecodecs as i; \
         i.imwrite('OUT.png', (i.imread('IN.jpg') >> 4).astype('uint8'))\"";
    assert_eq!(reason.to_string(), format!("12-bit JPEG is not supported, convert it ({command})"));
    let reason = decode_jpeg(&case("written: JPEG-LS"), &Limits::default()).unwrap_err();
    assert!(
        reason.to_string().ends_with("i.imwrite('OUT.png', i.jpegls_decode(open('IN.jpg', 'rb').read()))\")"),
        "{reason}"
    );
}

/// Where the segments of a sound file begin and end, the data of scans being part of theirs.
fn segments(bytes: &[u8]) -> Vec<std::ops::Range<usize>> {
    let begins = |at: &usize| bytes[*at] == 0xff && !matches!(bytes[at + 1], 0 | 0xd0..=0xd8 | 0xff);
    let starts: Vec<usize> = (2..bytes.len() - 1).filter(begins).collect();
    starts.windows(2).map(|pair| pair[0]..pair[1]).collect()
}

#[derive(Clone, Debug)]
enum Mutation {
    /// Another marker at a segment.
    Marker {
        segment: usize,
        marker: u8,
    },
    /// Another byte in a segment's first 24: lengths, sampling factors, names of components, tables and bits.
    Head {
        segment: usize,
        at: usize,
        value: u8,
    },
    /// One bit anywhere.
    Bit {
        at: usize,
        bit: u8,
    },
    Delete {
        segment: usize,
    },
    Repeat {
        segment: usize,
        before: usize,
    },
    Exchange {
        one: usize,
        other: usize,
    },
    /// The end is missing, or comes early.
    Cut {
        at: usize,
        ended: bool,
    },
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let (n, small) =
        (any::<usize>(), prop::sample::select(vec![0_u8, 1, 2, 3, 4, 0x11, 0x22, 0x31, 0x41, 0x44, 0xff]));
    let markers = prop::sample::select(vec![
        0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc9, 0xd0, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xe0, 0xee, 0xfe,
    ]);
    prop_oneof![
        (n, markers).prop_map(|(segment, marker)| Mutation::Marker { segment, marker }),
        (n, 2..24_usize, small).prop_map(|(segment, at, value)| Mutation::Head { segment, at, value }),
        (n, 2..24_usize, any::<u8>()).prop_map(|(segment, at, value)| Mutation::Head { segment, at, value }),
        (n, 0..8_u8).prop_map(|(at, bit)| Mutation::Bit { at, bit }),
        n.prop_map(|segment| Mutation::Delete { segment }),
        (n, n).prop_map(|(segment, before)| Mutation::Repeat { segment, before }),
        (n, n).prop_map(|(one, other)| Mutation::Exchange { one, other }),
        (n, any::<bool>()).prop_map(|(at, ended)| Mutation::Cut { at, ended }),
    ]
}

fn mutate(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = segments(bytes).into_iter().map(|place| bytes[place].to_vec()).collect();
    let mut cut = None;
    for mutation in mutations {
        let count = parts.len();
        match *mutation {
            _ if count == 0 => {}
            Mutation::Marker { segment, marker } => parts[segment % count][1] = marker,
            Mutation::Head { segment, at, value } => {
                let part = &mut parts[segment % count];
                let at = at % part.len();
                part[at] = value;
            }
            Mutation::Bit { at, bit } => {
                let part = &mut parts[at % count];
                let at = at / count % part.len();
                part[at] ^= 1 << bit;
            }
            Mutation::Delete { segment } => drop(parts.remove(segment % count)),
            Mutation::Repeat { segment, before } => {
                parts.insert(before % count, parts[segment % count].clone())
            }
            Mutation::Exchange { one, other } => parts.swap(one % count, other % count),
            Mutation::Cut { at, ended } => cut = Some((at, ended)),
        }
    }
    let mut out = [&b"\xff\xd8"[..], &parts.concat()].concat();
    let ended = cut.is_none_or(|(at, ended)| {
        out.truncate(at % out.len());
        ended
    });
    out.extend_from_slice(if ended { b"\xff\xd9" } else { b"" });
    out
}

/// 400 files by default; `TL_DAMAGE_ROUNDS` asks for more.
fn rounds() -> u32 {
    std::env::var("TL_DAMAGE_ROUNDS").map_or(400, |text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: rounds(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_structures_are_read_or_refused_and_never_panic(
        number in any::<usize>(), mutations in prop::collection::vec(mutation(), 1..5)
    ) {
        let limits = Limits { alloc: 16 << 20, ..Limits::default() };
        let bytes = mutate(&CASES[number % CASES.len()].bytes, &mutations);
        let wanted = |_| tl_image::RegionRequest { region: [0.0, 0.0, 16.0, 16.0], output: (8, 8) };
        let part = tl_image::decode_part(&[b"\xff\xd8", &bytes[bytes.len().min(2)..]].concat(), &limits, [0; 3], wanted);
        if let Err(reason) = part {
            prop_assert!(!reason.to_string().is_empty());
        }
        match (decode_jpeg(&bytes, &limits), read_header(&bytes, &limits)) {
            (Ok(picture), Ok(header)) => prop_assert_eq!(picture.dimensions(), header.upright_size()),
            (Ok(_), Err(refused)) => prop_assert!(bytes.len() < 3 || !bytes.starts_with(b"\xff\xd8\xff"), "{}", refused),
            (Err(reason), _) => prop_assert!(!reason.to_string().is_empty()),
        }
    }
}

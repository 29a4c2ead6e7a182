//! PNG, BMP, GIF and WebP of every kind of colours and layout are read right.

use tl_image::{Limits, decode, read_header};

use crate::tiffs::{archive, complaints};

#[test]
fn every_kind_is_read_right() {
    let complaints = complaints("others.tar.gz", 300);
    assert!(complaints.is_empty(), "{}:\n{}", complaints.len(), complaints.join("\n"));
}

/// Sizes in headers, in every format that has no tests of its own for it.
#[test]
fn sizes_that_are_claimed_are_refused_before_memory_is_taken() {
    let limits = Limits::default();
    let files = archive("others.tar.gz");
    let file = |name: &str| files[name].clone();
    let put = |mut bytes: Vec<u8>, at: usize, value: &[u8]| {
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    let (little, big) = (60_000_u32.to_le_bytes(), 60_000_u32.to_be_bytes());
    let bmp = |name: &str| put(put(file(name), 18, &little), 22, &little);
    let cases = [
        ("png", put(put(file("png-rgb-8-plain.png"), 16, &big), 20, &big)),
        ("bmp", bmp("bmp-24-40-up-gap0.bmp")),
        ("bmp, runs", bmp("bmp-rle8-gap0.bmp")),
        ("bmp, OS/2 2.x", bmp("bmp-8-os2.bmp")),
        ("bmp, OS/2 1.x", put(put(file("bmp-8-core.bmp"), 18, &little[..2]), 20, &little[..2])),
        ("gif", put(put(file("gif-plain.gif"), 6, &little[..2]), 8, &little[..2])),
    ];
    for (name, bytes) in cases {
        for error in [decode(&bytes, &limits, [0; 3]).map(drop), read_header(&bytes, &limits).map(drop)] {
            let error = error.unwrap_err().to_string();
            assert_eq!(error, "its header says 60000 x 60000 pixels, the limit is 16384 a side", "{name}");
        }
    }
}

/// The canvas of an animation and the frame inside it say a size each, and so do the pixels.
#[test]
fn sizes_that_contradict_each_other_are_refused() {
    let files = archive("others.tar.gz");
    let limits = Limits { alloc: 4 << 20, ..Limits::default() };
    let webp = &files["webp-rgb.webp"];
    let animated = &files["webp-animated-0-0-22-16-False.webp"];
    let gif = &files["gif-plain.gif"];
    let image = 13 + 24 + 1;
    let mut cases = vec![webp.clone(), animated.clone(), gif.clone()];
    // The frame of a GIF, the canvas and the frame of a WebP, the pixels of a WebP.
    cases[2][image + 4..image + 8].copy_from_slice(&[0xff; 4]);
    let canvas = animated.windows(4).position(|four| four == b"VP8X").unwrap() + 12;
    cases[1][canvas..canvas + 6].copy_from_slice(&[0x5f, 0xea, 0, 0x5f, 0xea, 0]);
    let frame = animated.windows(4).position(|four| four == b"ANMF").unwrap() + 14;
    let mut large = animated.clone();
    large[frame..frame + 6].copy_from_slice(&[0xff; 6]);
    cases.push(large);
    let pixels = webp.windows(4).position(|four| four == b"VP8L").unwrap() + 9;
    cases[0][pixels..pixels + 3].copy_from_slice(&[0xff; 3]);
    for (number, bytes) in cases.into_iter().enumerate() {
        assert!(decode(&bytes, &limits, [0; 3]).is_err(), "case {number}");
    }
}

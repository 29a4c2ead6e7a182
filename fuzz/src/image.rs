//! What tl-image reads: pictures.

use tl_image::{Limits, Preprocess, decode, decode_jpeg, decode_part, read_header};

/// Small enough to try many.
fn limits() -> Limits {
    Limits { side: 2048, pixels: 1 << 20, alloc: 64 << 20, ..Limits::default() }
}

/// Our JPEG decoder, in which nothing contains a panic.
pub fn jpeg(bytes: &[u8]) {
    let _read_or_refused = decode_jpeg(bytes, &limits());
}

/// The header, the whole picture and a part of it, which agree about its size.
pub fn picture(bytes: &[u8]) {
    let limits = limits();
    let header = read_header(bytes, &limits);
    if let Ok(picture) = decode(bytes, &limits, [255; 3]) {
        let size = header.map(|header| header.upright_size());
        assert_eq!(size, Ok(picture.dimensions()), "the header says another size");
    }
    let preprocess = Preprocess { size: 32, ..Preprocess::default() };
    if let Ok(part) = decode_part(bytes, &limits, [255; 3], |full| preprocess.wanted(full)) {
        preprocess.picture_of(&part);
    }
}

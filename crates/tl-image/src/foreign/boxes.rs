//! Files made of the boxes of ISO base media: HEIC, AVIF, JPEG XL, Canon's CR3, and video
//! (<https://mp4ra.org/registered-types/brands>).

/// Brands that are looked at, the major one included.
const MOST_BRANDS: usize = 64;

/// The name of the format.
pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    match bytes.get(4..8)? {
        b"ftyp" => Some(of_brands(bytes)),
        // QuickTime files older than the box of brands.
        b"moov" | b"mdat" | b"wide" | b"pnot" => Some("QuickTime video"),
        _ => None,
    }
}

fn of_brands(bytes: &[u8]) -> &'static str {
    let length = bytes.first_chunk().map_or(0, |length| u32::from_be_bytes(*length)) as usize;
    let end = length.clamp(12, 16 + 4 * MOST_BRANDS).min(bytes.len());
    let major = bytes.get(8..12).unwrap_or_default();
    let others = bytes.get(16..end.max(16)).unwrap_or_default().chunks_exact(4);
    // `mif1` and `msf1` say that it is a still picture, not how it is coded: another brand does.
    let general = matches!(major, b"mif1" | b"msf1" | b"miaf");
    let coded = others.filter(|_| general).find_map(of_brand);
    of_brand(major).or(coded).unwrap_or(if general { "HEIC" } else { "MP4 video" })
}

fn of_brand(brand: &[u8]) -> Option<&'static str> {
    match brand {
        b"avif" | b"avis" => Some("AVIF"),
        b"jxl " => Some("JPEG XL"),
        b"jp2 " | b"jpx " => Some("JPEG 2000"),
        b"crx " => Some("RAW"),
        b"qt  " => Some("QuickTime video"),
        brand if brand.starts_with(b"he") => Some("HEIC"),
        _ => None,
    }
}

//! Where PNG keeps its metadata: in eXIf, and in text chunks, where ImageMagick wrote it before eXIf was invented in 2017.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;

use super::Metadata;

/// Size of the text that one compressed chunk may make: an APP1 segment is no longer than 64 KiB, in hexadecimal twice
/// that.
const TEXT_BYTES: u64 = 1 << 20;
/// Number of text chunks that are looked into.
const TEXTS: usize = 8;
/// ImageMagick's keyword, before `exif`, `APP1` or `xmp`: `coders/png.c`.
const RAW_PROFILE: &[u8] = b"Raw profile type ";
/// Adobe's keyword: XMP specification, part 3, 1.1.5.
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// Follows the chunks to the last, for metadata may come after the pixels.
pub(super) fn metadata(bytes: &[u8]) -> Metadata<'_> {
    let (mut metadata, mut in_text) = (Metadata::default(), Metadata::default());
    let mut rest = bytes.get(8..).unwrap_or_default();
    let mut texts = 0;
    while let Some((kind, content, behind)) = chunk(rest) {
        match kind {
            b"eXIf" => metadata.exif.push(content.into()),
            b"tEXt" | b"zTXt" | b"iTXt" if texts < TEXTS && is_profile(content) => {
                texts += 1;
                add_text(&mut in_text, kind, content);
            }
            _ => {}
        }
        rest = behind;
    }
    metadata.exif.append(&mut in_text.exif);
    metadata.xmp.append(&mut in_text.xmp);
    metadata
}

fn chunk(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (kind, rest) = rest.split_at_checked(4)?;
    let (content, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    Some((kind, content, rest.get(4..)?))
}

fn is_profile(content: &[u8]) -> bool {
    content.starts_with(RAW_PROFILE) || content.starts_with(XMP)
}

fn add_text<'a>(metadata: &mut Metadata<'a>, kind: &[u8], content: &'a [u8]) {
    let Some((keyword, text)) = split(content).and_then(|(keyword, rest)| Some((keyword, text(kind, rest)?)))
    else {
        return;
    };
    let Some(profile) = keyword.strip_prefix(RAW_PROFILE) else {
        metadata.xmp.push(text);
        return;
    };
    let content = from_hexadecimal(&text);
    match profile.to_ascii_lowercase().as_slice() {
        b"exif" => metadata.exif.push(content.into()),
        // Some programs wrote what is behind the prefix alone.
        b"app1" if content.starts_with(b"II") || content.starts_with(b"MM") => {
            metadata.exif.push(content.into())
        }
        b"app1" => metadata.add_app1(content),
        b"xmp" => metadata.xmp.push(content.into()),
        _ => {}
    }
}

/// What stands before and after a zero byte.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(0, bytes)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

/// The text of a chunk behind its keyword: <https://www.w3.org/TR/png-3/#11textinfo>.
fn text<'a>(kind: &[u8], rest: &'a [u8]) -> Option<Cow<'a, [u8]>> {
    match kind {
        b"tEXt" => Some(rest.into()),
        b"zTXt" => Some(inflated(rest.get(1..)?).into()),
        _ => {
            let compressed = *rest.first()? == 1;
            let (_language, rest) = split(rest.get(2..)?)?;
            let (_translated_keyword, rest) = split(rest)?;
            Some(if compressed { inflated(rest).into() } else { rest.into() })
        }
    }
}

/// Decompressed bytes, as many as there are, up to the limit.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    // What was read before an error stays in `text`, and will do if the orientation is in it.
    let _ = ZlibDecoder::new(bytes).take(TEXT_BYTES).read_to_end(&mut text);
    text
}

/// The profile in ImageMagick's form: its name, its length, its bytes in hexadecimal, with line breaks anywhere.
fn from_hexadecimal(text: &[u8]) -> Vec<u8> {
    let mut words = text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let _name_and_length = (words.next(), words.next());
    let digits = words.flatten().map_while(|digit| char::from(*digit).to_digit(16));
    let digits: Vec<u8> = digits.map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

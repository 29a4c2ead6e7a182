//! Text in angle brackets: SVG, wherever in the file its element begins, web pages, other XML.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::GzDecoder;

use super::Foreign;
use super::signatures::WEB_PAGE;

/// How far into a file its first element is looked for: editors write long comments and lists of entities before it.
const LOOKED_AT: usize = 64 << 10;

/// Recognises an SVG, also a compressed one.
pub(super) fn recognise(bytes: &[u8]) -> Option<&'static str> {
    let unpacked = unzipped(bytes);
    let element = first_element(&ascii(unpacked.as_deref().unwrap_or(bytes)))?;
    let local = element.rsplit(':').next().unwrap_or_default().to_string();
    (local == "svg").then_some("SVG")
}

/// What other text it is.
pub(super) fn other(bytes: &[u8]) -> Option<Foreign> {
    let text = ascii(bytes);
    let lower = text.to_ascii_lowercase();
    if lower.trim_start().starts_with("<!doctype html") {
        return Some(Foreign::Other(WEB_PAGE));
    }
    let element = first_element(&text)?;
    let page = lower.contains("<!doctype html") || ["html", "head", "body", "script"].contains(&&*element);
    Some(Foreign::Other(if page { WEB_PAGE } else { "an XML file" }))
}

/// The beginning of what a gzip file holds.
fn unzipped(bytes: &[u8]) -> Option<Vec<u8>> {
    if !bytes.starts_with(b"\x1f\x8b") {
        return None;
    }
    let mut start = Vec::new();
    // One that is cut off may still be told by what is there.
    let _cut_off = GzDecoder::new(bytes).take(LOOKED_AT as u64).read_to_end(&mut start);
    Some(start)
}

/// The beginning in ASCII, whatever the encoding: all that is looked for is.
fn ascii(bytes: &[u8]) -> Cow<'_, str> {
    let start = bytes.get(..LOOKED_AT.min(bytes.len())).unwrap_or_default();
    let wide = |start: &[u8]| {
        start.contains(&0) && (start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff"))
    };
    if wide(start) || start.starts_with(b"<\0") || start.starts_with(b"\0<") {
        let narrow: Vec<u8> = start.iter().copied().filter(u8::is_ascii).filter(|byte| *byte != 0).collect();
        return Cow::Owned(String::from_utf8_lossy(&narrow).into_owned());
    }
    String::from_utf8_lossy(start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start))
}

/// The name of the first element, in small letters, behind declarations, comments and the document type.
fn first_element(text: &str) -> Option<String> {
    let mut rest = text.trim_start_matches(['\u{feff}', '\0']).trim_start();
    loop {
        let inside = rest.strip_prefix('<')?;
        let behind = if let Some(comment) = inside.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if inside.starts_with('?') {
            inside.split_once("?>")?.1
        } else if inside.starts_with('!') {
            behind_document_type(inside)?
        } else {
            let name = inside.split(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).next()?;
            let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
            return is_name.then(|| name.to_ascii_lowercase());
        };
        rest = behind.trim_start();
    }
}

/// The text behind a document type, which may hold a list of entities in square brackets, and these angle brackets.
fn behind_document_type(inside: &str) -> Option<&str> {
    let end = inside.find('>')?;
    match inside.find('[').filter(|open| *open < end) {
        None => inside.get(end + 1..),
        Some(open) => {
            let list = inside.get(open..)?;
            let close = list.find("]>").map(|at| at + 2).or_else(|| {
                let at = list.find(']')?;
                Some(at + list.get(at..)?.find('>')? + 1)
            });
            list.get(close?..)
        }
    }
}

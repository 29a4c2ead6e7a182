//! The orientation in XMP, which says it in XML: as an attribute or as an element.

use image::metadata::Orientation;
use memchr::memmem;

use super::from_number;

/// The namespace of the property: Adobe's XMP specification, part 2, 3.3.
const NAMESPACE: &[u8] = b"http://ns.adobe.com/tiff/1.0/";

/// `None` when the text does not state any.
///
/// `tiff:Orientation="6"` and `<tiff:Orientation>6</tiff:Orientation>`, under whatever prefix the namespace has.
pub(super) fn orientation(text: &[u8]) -> Option<Orientation> {
    let name = [prefix(text).unwrap_or(b"tiff"), b":Orientation"].concat();
    memmem::find_iter(text, &name).find_map(|at| value(&text[at + name.len()..]))
}

/// The word between `xmlns:` and `="http://ns.adobe.com/tiff/1.0/"`.
fn prefix(text: &[u8]) -> Option<&[u8]> {
    let before = &text[..memmem::find(text, NAMESPACE)?];
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'"))?.trim_ascii_end();
    let before = before.strip_suffix(b"=")?.trim_ascii_end();
    let at = before.iter().rposition(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))?;
    before[..=at].ends_with(b"xmlns:").then_some(&before[at + 1..]).filter(|word| !word.is_empty())
}

/// The number behind `="` or `>`.
fn value(text: &[u8]) -> Option<Orientation> {
    let text = text.trim_ascii_start();
    let text = match text.split_first()? {
        (b'=', rest) => rest.trim_ascii_start().split_first().filter(|(quote, _)| b"\"'".contains(quote))?.1,
        (b'>', rest) => rest,
        _ => return None,
    };
    let text = text.trim_ascii_start();
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = std::str::from_utf8(&text[..digits]).ok().filter(|digits| !digits.is_empty())?;
    Some(from_number(number.parse().unwrap_or(u64::MAX)))
}

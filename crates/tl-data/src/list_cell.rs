//! Several labels in one cell, spelt as a list: `['cat', 'dog']` as Python writes it, or `["cat", "dog"]` as JSON.

use std::iter::Peekable;
use std::str::Chars;

/// Is the text written like a list, readable or not: in `[]` or `{}`, in `()` with a quote or comma inside, or as a call
/// such as `array([..])`? Names of classes such as `(other)` are none.
pub(crate) fn is_listlike(text: &str) -> bool {
    let text = text.trim();
    let within = |open: char, close: char| text.strip_prefix(open)?.strip_suffix(close);
    let tuple =
        within('(', ')').is_some_and(|inside| inside.trim().is_empty() || inside.contains([',', '\'', '"']));
    within('[', ']').is_some() || within('{', '}').is_some() || tuple || called(text).is_some()
}

/// What stands between the parentheses of `array(..)`.
fn called(text: &str) -> Option<&str> {
    const NAMES: &[&str] = &["array", "set", "frozenset", "list", "tuple", "tensor", "Index", "Series"];
    let (name, inside) = text.split_once('(')?;
    let name = name.rsplit('.').next().filter(|name| NAMES.contains(name));
    name.and(inside.strip_suffix(')'))
}

/// The elements of a list, if that is what the text is: words in quotes, or numbers, with commas or spaces between them
/// (as NumPy writes it), in brackets; also a tuple, a set or an array.
pub(crate) fn parse(text: &str) -> Option<Vec<String>> {
    let text = text.trim();
    if let Some(inside) = called(text) {
        // `array(['cat'], dtype=object)`; `set()` is empty.
        let list = inside.rsplit_once(", dtype=").map_or(inside, |(list, _)| list).trim();
        return if list.is_empty() { Some(Vec::new()) } else { elements(list) };
    }
    is_listlike(text).then(|| elements(text))?
}

fn elements(text: &str) -> Option<Vec<String>> {
    let inside = [('[', ']'), ('(', ')'), ('{', '}')]
        .iter()
        .find_map(|&(open, close)| text.strip_prefix(open)?.strip_suffix(close))?;
    let mut rest = inside.chars().peekable();
    let mut elements = Vec::new();
    // A comma needs an element before it, as in `('cat',)`.
    let mut comma_may_come = false;
    while let Some(&next) = rest.peek() {
        match next {
            ' ' | '\t' | '\n' | '\r' => drop(rest.next()),
            ',' if comma_may_come => {
                rest.next();
                comma_may_come = false;
            }
            // Python 2 wrote `u'cat'`.
            'u' | 'U' | 'b' if matches!(rest.clone().nth(1), Some('\'' | '"')) => drop(rest.next()),
            '\'' | '"' => {
                elements.push(word(&mut rest)?);
                comma_may_come = true;
            }
            _ => {
                elements.push(number(&mut rest)?);
                comma_may_come = true;
            }
        }
    }
    elements.retain(|element| !element.trim().is_empty());
    Some(elements)
}

/// Reads the text from a quote to the same quote.
fn word(text: &mut Peekable<Chars<'_>>) -> Option<String> {
    let quote = text.next()?;
    let mut word = String::new();
    loop {
        match text.next()? {
            '\\' => word.push(escaped(text)?),
            end if end == quote => return Some(word.trim().to_string()),
            other => word.push(other),
        }
    }
}

fn escaped(text: &mut Peekable<Chars<'_>>) -> Option<char> {
    match text.next()? {
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        'x' => code(text, 2),
        'u' => code(text, 4),
        other => Some(other),
    }
}

/// Reads a character code of so many hexadecimal digits; of a pair of surrogates, both.
fn code(text: &mut Peekable<Chars<'_>>, digits: usize) -> Option<char> {
    let first = hexadecimal(text, digits)?;
    if !(0xd800..0xdc00).contains(&first) {
        return char::from_u32(first);
    }
    let second = (text.next()? == '\\' && text.next()? == 'u').then(|| hexadecimal(text, 4)).flatten()?;
    let pair = [u16::try_from(first).ok()?, u16::try_from(second).ok()?];
    char::decode_utf16(pair).next()?.ok()
}

fn hexadecimal(text: &mut Peekable<Chars<'_>>, digits: usize) -> Option<u32> {
    (0..digits).try_fold(0, |code, _| Some(code * 16 + text.next()?.to_digit(16)?))
}

fn number(text: &mut Peekable<Chars<'_>>) -> Option<String> {
    let mut number = String::new();
    while let Some(next) = text.next_if(|next| next.is_ascii_alphanumeric() || "+-.".contains(*next)) {
        number.push(next);
    }
    number.parse::<f64>().is_ok_and(f64::is_finite).then_some(number)
}

/// The text of a list with these elements; [`parse`] gives them back.
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "only Parquet has lists that are no text"))]
pub(crate) fn spelt(elements: impl Iterator<Item = String>) -> String {
    let quoted = |element: String| format!("\"{}\"", element.replace('\\', "\\\\").replace('"', "\\\""));
    format!("[{}]", elements.map(quoted).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lists_are_read_as_python_json_and_numpy_write_them() {
        for (text, elements) in [
            ("['cat', 'dog']", Some(&["cat", "dog"][..])),
            ("[\"cat\",\"big \\\"red\\\" dog\"]", Some(&["cat", "big \"red\" dog"])),
            ("['cat' 'dog'\n 'cow']", Some(&["cat", "dog", "cow"])),
            ("('cat',)", Some(&["cat"])),
            ("{'cat', \"it's\"}", Some(&["cat", "it's"])),
            ("[3, 17]", Some(&["3", "17"])),
            ("['gr\\u00fcn', '\\ud83d\\ude00', '\\xe4']", Some(&["grün", "😀", "ä"])),
            ("['a, b', 'c]']", Some(&["a, b", "c]"])),
            (" [ ] ", Some(&[])),
            ("['']", Some(&[])),
            ("[u'cat', u\"dog\"]", Some(&["cat", "dog"])),
            ("array(['cat', 'dog'], dtype=object)", Some(&["cat", "dog"])),
            ("np.array(['cat'])", Some(&["cat"])),
            ("array([3, 4])", Some(&["3", "4"])),
            ("{'cat'}", Some(&["cat"])),
            ("set()", Some(&[])),
            ("['cat', None]", None),
            ("[['cat'], ['x']]", None),
            ("{\"a\": 1}", None),
            ("array(['cat'", None),
            ("[cat, dog]", None),
            ("[unclear]", None),
            ("['cat'", None),
            ("['cat]", None),
            ("cat", None),
            ("[,]", None),
            ("(", None),
            ("[nan]", None),
        ] {
            let expected = elements.map(|elements| elements.iter().map(ToString::to_string).collect());
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_written_like_a_list_is_told_from_names() {
        for (texts, expected) in [
            (
                "['a']|[a]|[]|[a, b]|[u'a']|['a', None]|[['a']]|{'a'}|{\"a\": 1}|{}|('a',)|('a')|(a, b)|()|array(['a'])\
                |np.array([1])|set()| [a] ",
                true,
            ),
            ("a|(other)|(1)|cat (big)|[a|a]|['a'|[a] b|a [b]|set (a)|card(1)|\"a\"|", false),
        ] {
            for text in texts.split('|') {
                assert_eq!(is_listlike(text), expected, "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_spelt_is_read_back(elements in prop::collection::vec("[\\PC&&[^\\s]]{1,8}", 0..4)) {
            prop_assert_eq!(parse(&spelt(elements.iter().cloned())), Some(elements));
        }

        #[test]
        fn no_text_does_harm(text in "[\\[\\]'\"a1,\\\\u ]{0,16}") {
            let _ = parse(&text);
        }
    }
}

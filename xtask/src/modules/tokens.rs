//! The words and marks of a Rust source, with their lines: comments are left out, brackets know where they close.
//!
//! This is no parser. `syn` gives lines only with proc-macro2's feature `span-locations`, which would be compiled into every
//! procedural macro of the workspace too, and does not look into the bodies of macros.

use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// What stands between the quotes of a string.
    Text,
    /// `::`, or one other character.
    Mark,
    /// A number, a character or a lifetime.
    Other,
}

/// A token and the line it begins in, counted from 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind,
    pub(super) text: &'a str,
    pub(super) line: usize,
}

/// The tokens of one source.
#[derive(Debug)]
pub(super) struct Tokens<'a> {
    all: Vec<Token<'a>>,
    /// The position of each opening bracket's closing one, for anything else its own.
    closing: Vec<usize>,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(source: &'a str) -> Self {
        let mut reader = Reader { source, at: 0, line: 1, tokens: Vec::new() };
        while reader.token() {}
        let closing = closing(&reader.tokens);
        Self { all: reader.tokens, closing }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// The text of a token, empty behind the last one and for strings, which are no code.
    pub(super) fn code(&self, at: usize) -> &'a str {
        self.all.get(at).filter(|token| token.kind != Kind::Text).map_or("", |token| token.text)
    }

    pub(super) fn get(&self, at: usize) -> Option<&Token<'a>> {
        self.all.get(at)
    }

    pub(super) fn is_word(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|token| token.kind == Kind::Word)
    }

    /// Where the bracket that opens at `at` closes.
    pub(super) fn close(&self, at: usize) -> usize {
        self.closing[at]
    }

    /// What stands between the bracket at `at` and the one that closes it.
    pub(super) fn inside(&self, at: usize) -> Range<usize> {
        (at + 1).min(self.closing[at])..self.closing[at]
    }
}

fn closing(tokens: &[Token<'_>]) -> Vec<usize> {
    let mut closing: Vec<usize> = (0..tokens.len()).collect();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Mark) {
        match token.text {
            "(" | "[" | "{" => open.push(at),
            ")" | "]" | "}" => {
                if let Some(opened) = open.pop() {
                    closing[opened] = at;
                }
            }
            _ => {}
        }
    }
    closing
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<Token<'a>>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.source[self.at..]
    }

    /// Reads one token, white space or comment; false at the end.
    fn token(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return false };
        if rest.starts_with("//") {
            self.skip(rest.find('\n').unwrap_or(rest.len()));
        } else if rest.starts_with("/*") {
            self.skip(block_comment(rest));
        } else if first.is_whitespace() {
            self.skip(first.len_utf8());
        } else if let Some((prefix, content, length)) = string(rest) {
            self.push(Kind::Text, prefix, content, length);
        } else if is_name(first) {
            let raw = if rest.starts_with("r#") { 2 } else { 0 };
            let length = name(&rest[raw..]);
            let kind = if first.is_ascii_digit() { Kind::Other } else { Kind::Word };
            self.push(
                kind,
                raw,
                length,
                raw + length + if kind == Kind::Other { fraction(&rest[length..]) } else { 0 },
            );
        } else if first == '\'' {
            let length = quoted(rest);
            self.push(Kind::Other, 0, length, length);
        } else {
            let length = if rest.starts_with("::") { 2 } else { first.len_utf8() };
            self.push(Kind::Mark, 0, length, length);
        }
        true
    }

    /// Takes a token of `length` bytes, whose text is `content` bytes behind a prefix.
    fn push(&mut self, kind: Kind, prefix: usize, content: usize, length: usize) {
        let text = &self.rest()[prefix..prefix + content];
        self.tokens.push(Token { kind, text, line: self.line });
        self.skip(length);
    }

    fn skip(&mut self, length: usize) {
        self.line += self.rest()[..length].matches('\n').count();
        self.at += length;
    }
}

fn is_name(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}

fn name(rest: &str) -> usize {
    rest.find(|character| !is_name(character)).unwrap_or(rest.len())
}

/// The length of `.5`, behind a number; `..` and `.max(1)` are none.
fn fraction(rest: &str) -> usize {
    match rest.strip_prefix('.') {
        Some(digits) if digits.starts_with(|digit: char| digit.is_ascii_digit()) => 1 + name(digits),
        _ => 0,
    }
}

/// The length of a comment that may hold comments.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let (step, change) = match &rest.as_bytes()[at..] {
            [b'/', b'*', ..] => (2, 1),
            [b'*', b'/', ..] => (2, -1),
            _ => (1, 0),
        };
        (at, depth) = (at + step, depth + change);
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// The length of what is before the content of a string of any kind, of the content, and of the whole.
fn string(rest: &str) -> Option<(usize, usize, usize)> {
    let letters = rest.find(|letter| !matches!(letter, 'r' | 'b' | 'c'))?;
    let raw = rest[..letters].contains('r');
    let hashes = if raw { rest[letters..].bytes().take_while(|&byte| byte == b'#').count() } else { 0 };
    let begin = letters + hashes + 1;
    if letters > 2 || rest.as_bytes().get(begin - 1) != Some(&b'"') {
        return None;
    }
    let end = format!("\"{}", &rest[letters..letters + hashes]);
    let content = if raw { rest[begin..].find(&end)? } else { escaped(&rest[begin..]) };
    Some((begin, content, (begin + content + end.len()).min(rest.len())))
}

/// The length of a string's content, up to the first quote that no backslash is before.
fn escaped(content: &str) -> usize {
    let mut bytes = content.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' => drop(bytes.next()),
            b'"' => return at,
            _ => {}
        }
    }
    content.len()
}

/// The length of a character or of a lifetime, of which both begin with a quote.
fn quoted(rest: &str) -> usize {
    let mut characters = rest[1..].chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), Some(escaped)) => {
            let begin = 2 + escaped.len_utf8();
            rest[begin..].find('\'').map_or(rest.len(), |length| begin + length + 1)
        }
        (Some(character), Some('\'')) => character.len_utf8() + 2,
        _ => 1 + name(&rest[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> Vec<(&str, usize)> {
        let tokens = Tokens::of(source);
        tokens
            .all
            .iter()
            .filter(|token| token.kind == Kind::Word)
            .map(|token| (token.text, token.line))
            .collect()
    }

    #[test]
    fn comments_and_strings_and_characters_are_no_code() {
        let source =
            "a // b\n/* c /* d */ e */ f \"g \\\" h\" r#\"i \" j\"# 'k' '\\'' b'l' 1.5f32..m\n'n: r#o";
        assert_eq!(words(source), [("a", 1), ("f", 2), ("b", 2), ("m", 2), ("o", 3)]);
    }

    #[test]
    fn brackets_know_where_they_close() {
        let tokens = Tokens::of("a { b ( \"}\" ) [ ] } c");
        assert_eq!(tokens.inside(1), 2..8);
        assert_eq!(tokens.close(1), 8);
        assert_eq!(tokens.code(9), "c");
    }
}

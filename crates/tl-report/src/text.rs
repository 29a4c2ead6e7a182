//! Numbers and names as a reader sees them. All output is safe inside HTML text and quoted attributes.

use std::fmt;

use crate::Interval;

/// Text from outside, written with the five characters that mean something in HTML escaped.
pub(crate) struct Escaped<'a>(&'a str);

/// Marks `text` to be written escaped.
pub(crate) fn esc(text: &str) -> Escaped<'_> {
    Escaped(text)
}

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plain = self.0;
        while let Some(at) = plain.find(['&', '<', '>', '"', '\'']) {
            let (before, rest) = plain.split_at(at);
            f.write_str(before)?;
            f.write_str(entity(rest.as_bytes()[0]))?;
            plain = &rest[1..];
        }
        f.write_str(plain)
    }
}

fn entity(byte: u8) -> &'static str {
    match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        b'"' => "&quot;",
        _ => "&#39;",
    }
}

/// A class name in running text.
pub(crate) fn quoted(name: &str) -> String {
    format!("“{}”", esc(name))
}

/// Class names in running text, the first few of them.
pub(crate) fn quoted_list(names: &[&str]) -> String {
    const MOST: usize = 4;
    let shown: Vec<_> = names.iter().take(MOST).map(|name| quoted(name)).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A share in per cent with `decimals`. Rounding never turns almost all into 100 or hardly any into 0.
fn per_cent(share: f64, decimals: usize) -> String {
    let step = 10_f64.powi(-(decimals as i32));
    let value = share * 100.0;
    match share {
        _ if !share.is_finite() => "–".into(),
        _ if share > 0.0 && value < step / 2.0 => format!("&lt;{step:.decimals$}\u{a0}%"),
        _ if share < 1.0 && value >= 100.0 - step / 2.0 => format!("&gt;{:.decimals$}\u{a0}%", 100.0 - step),
        _ => format!("{value:.decimals$}\u{a0}%"),
    }
}

/// A share in per cent, to one decimal.
pub(crate) fn percent(share: f64) -> String {
    per_cent(share, 1)
}

/// A share in whole per cent.
pub(crate) fn percent_whole(share: f64) -> String {
    per_cent(share, 0)
}

/// The ends of an interval in whole per cent, or to one decimal if it is too narrow for that.
pub(crate) fn ends(Interval { low, high }: Interval) -> (String, String) {
    match high - low {
        width if width < 0.05 => (percent(low), percent(high)),
        _ => (percent_whole(low), percent_whole(high)),
    }
}

/// A figure that may not exist.
pub(crate) fn maybe(value: Option<f64>, format: impl Fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| "–".into(), format)
}

/// A whole number with its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things.
pub(crate) fn plural(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", count(number as u64), if number == 1 { one } else { many })
}

/// A number of pictures.
pub(crate) fn pictures(number: usize) -> String {
    plural(number, "picture", "pictures")
}

/// A duration given in seconds.
pub(crate) fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".into();
    }
    match seconds {
        s if s < 0.0995 => format!("{:.0}\u{a0}ms", s * 1e3),
        s if s < 9.95 => format!("{s:.1}\u{a0}s"),
        s if s < 99.5 => format!("{s:.0}\u{a0}s"),
        s if s < 3570.0 => format!("{:.0}\u{a0}min", s / 60.0),
        s => format!("{:.1}\u{a0}h", s / 3600.0),
    }
}

/// A size given in bytes.
pub(crate) fn bytes(number: u64) -> String {
    let size = number as f64;
    match number.checked_ilog2().unwrap_or(0) / 10 {
        0 => format!("{number}\u{a0}B"),
        1 => format!("{:.0}\u{a0}KiB", size / 1024.0),
        2 => format!("{:.0}\u{a0}MiB", size / 1024_f64.powi(2)),
        _ => format!("{:.1}\u{a0}GiB", size / 1024_f64.powi(3)),
    }
}

/// A number of any size to about three digits.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        _ if !value.is_finite() => "–".into(),
        size if size >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The first `most` characters, with an ellipsis if that is not all.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    match text.chars().count() {
        length if length <= most => text.into(),
        _ => text.chars().take(most.saturating_sub(1)).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_escaped() {
        assert_eq!(esc(r#"<b>&"it's" é"#).to_string(), "&lt;b&gt;&amp;&quot;it&#39;s&quot; é");
    }

    #[test]
    fn rounding_never_reaches_certainty() {
        for (share, one, whole) in [
            (0.921_05, "92.1\u{a0}%", "92\u{a0}%"),
            (0.9999, "&gt;99.9\u{a0}%", "&gt;99\u{a0}%"),
            (1.0, "100.0\u{a0}%", "100\u{a0}%"),
            (0.000_01, "&lt;0.1\u{a0}%", "&lt;1\u{a0}%"),
            (0.0, "0.0\u{a0}%", "0\u{a0}%"),
            (f64::NAN, "–", "–"),
        ] {
            assert_eq!((percent(share).as_str(), percent_whole(share).as_str()), (one, whole));
        }
    }

    #[test]
    fn numbers_are_grouped() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (11_178_564, "11,178,564")];
        for (number, expected) in cases {
            assert_eq!(count(number), expected);
        }
    }

    #[test]
    fn durations_and_sizes_have_units() {
        for (seconds, expected) in
            [(0.012, "12\u{a0}ms"), (3.04, "3.0\u{a0}s"), (61.2, "61\u{a0}s"), (600.0, "10\u{a0}min")]
        {
            assert_eq!(duration(seconds), expected);
        }
        assert_eq!(duration(f64::NAN), "–");
        assert_eq!(bytes(0), "0\u{a0}B");
        assert_eq!(bytes(812 << 20), "812\u{a0}MiB");
        assert_eq!(bytes(3 << 29), "1.5\u{a0}GiB");
    }

    #[test]
    fn long_names_end_in_an_ellipsis() {
        assert_eq!(shortened("Löwenzahn", 9), "Löwenzahn");
        assert_eq!(shortened("Löwenzahn", 5), "Löwe…");
    }
}

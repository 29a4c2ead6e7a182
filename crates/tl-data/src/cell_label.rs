//! What a cell says of a class: yes, no, perhaps, or nothing.

/// A cell of a column that is a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellLabel {
    Yes,
    No,
    /// Uncertain, -1 as in CheXpert and MIMIC-CXR: <https://arxiv.org/abs/1901.07031>, section 2.
    Uncertain,
    /// Nothing, or what programs write for it.
    Blank,
}

/// How cells answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LabelNotation {
    /// Labels are 1 and 0, or true and false.
    InNumbers,
    /// Labels are yes and no.
    InWords,
}

impl LabelNotation {
    pub(crate) fn of(self, text: &str) -> Option<CellLabel> {
        match self {
            LabelNotation::InNumbers => label_in_numbers(text),
            LabelNotation::InWords => label_in_words(text),
        }
    }
}

/// What a number, `true` or `false` says; none for any other text.
fn label_in_numbers(text: &str) -> Option<CellLabel> {
    match text.trim().to_ascii_lowercase().as_str() {
        "" | "nan" | "na" | "n/a" | "<na>" | "null" | "none" => Some(CellLabel::Blank),
        "true" => Some(CellLabel::Yes),
        "false" => Some(CellLabel::No),
        "u" | "uncertain" => Some(CellLabel::Uncertain),
        // In half of the world the decimal point is a comma.
        number => of_number(number.replacen(',', ".", 1).parse().ok()?),
    }
}

fn of_number(number: f64) -> Option<CellLabel> {
    [(1.0, CellLabel::Yes), (0.0, CellLabel::No), (-1.0, CellLabel::Uncertain)]
        .into_iter()
        .find(|(value, _)| *value == number)
        .map(|(_, truth)| truth)
}

/// Reads a label in words, where no cell has a number.
pub(crate) fn label_in_words(text: &str) -> Option<CellLabel> {
    match text.trim().to_ascii_lowercase().as_str() {
        "yes" | "y" | "t" => Some(CellLabel::Yes),
        "no" | "n" | "f" => Some(CellLabel::No),
        _ => label_in_numbers(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_yes_no_perhaps_or_nothing() {
        for (texts, expected) in [
            (&["1", "1.0", " 1 ", "true", "TRUE", "1,0", "1.", "1e0", "+1"][..], Some(CellLabel::Yes)),
            (&["0", "0.0", "False", "0,0", "-0", "0E0", "00"], Some(CellLabel::No)),
            (&["-1", "-1.0", "u", "U", "uncertain", "-1,0"], Some(CellLabel::Uncertain)),
            (&["", " ", "NaN", "nan", "NA", "None", "null", "<NA>", "N/A"], Some(CellLabel::Blank)),
            (&["2", "0.7", "yes", "?", "-", "x", "-2", "1 0", "inf", "10"], None),
        ] {
            for text in texts {
                assert_eq!(label_in_numbers(text), expected, "{text:?}");
            }
        }
        assert_eq!(label_in_words("Yes"), Some(CellLabel::Yes));
        assert_eq!(label_in_words("N"), Some(CellLabel::No));
        assert_eq!(label_in_words("maybe"), None);
    }
}

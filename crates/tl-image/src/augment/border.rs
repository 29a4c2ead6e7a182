//! Border modes: which pixels are seen beyond the borders of a picture.

use serde::{Deserialize, Serialize};

/// What is seen beyond the borders of a picture; Keras's `fill_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BorderMode {
    /// The pixel at the border, `aaaa|abcd|dddd`.
    Nearest,
    /// The picture in a mirror, `dcba|abcd|dcba`.
    #[default]
    Reflect,
    /// The picture again, `abcd|abcd|abcd`.
    Wrap,
    /// The border has one colour, `kkkk|abcd|kkkk`.
    Constant,
}

/// A border whose colour is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Edge {
    pub(super) mode: BorderMode,
    pub(super) color: [u8; 3],
}

impl Edge {
    /// Which of `n` pixels of an axis is seen at place `at`; `None`: the colour.
    pub(super) fn fold(&self, at: i64, n: i64) -> Option<i64> {
        if (0..n).contains(&at) {
            return Some(at);
        }
        match self.mode {
            BorderMode::Constant => None,
            BorderMode::Nearest => Some(at.clamp(0, (n - 1).max(0))),
            BorderMode::Wrap => Some(at.rem_euclid(n.max(1))),
            BorderMode::Reflect => {
                let at = at.rem_euclid((2 * n).max(1));
                Some(if at < n { at } else { 2 * n - 1 - at })
            }
        }
    }

    /// The part of `0..len` that is seen when `from..to` is looked at.
    pub(super) fn seen(&self, from: f64, to: f64, len: f64) -> (f64, f64) {
        if from >= 0.0 && to <= len {
            return (from, to);
        }
        match self.mode {
            BorderMode::Constant | BorderMode::Nearest => (from.clamp(0.0, len), to.clamp(0.0, len)),
            BorderMode::Reflect if from >= -len && to <= len => (0.0, to.max(-from)),
            BorderMode::Reflect if from >= 0.0 && to <= 2.0 * len => (from.min(2.0 * len - to), len),
            BorderMode::Reflect | BorderMode::Wrap => (0.0, len),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_those_of_keras() {
        for (mode, expected) in [
            (BorderMode::Nearest, "aaaaaabcddddd"),
            (BorderMode::Reflect, "abcddcbaabcddcbaa"),
            (BorderMode::Wrap, "dabcdabcdabcd"),
            (BorderMode::Constant, "kkkkkabcdkkkk"),
        ] {
            let edge = Edge { mode, color: [0; 3] };
            let start = if mode == BorderMode::Reflect { -8 } else { -5 };
            let seen = |at| edge.fold(at, 4).map_or('k', |i| ['a', 'b', 'c', 'd'][i as usize]);
            let text: String = (start..start + expected.len() as i64).map(seen).collect();
            assert_eq!(text, expected, "{mode:?}");
        }
    }

    /// Every pixel that `fold` may name lies in what `seen` says.
    #[test]
    fn what_is_seen_covers_what_is_folded() {
        for mode in [BorderMode::Nearest, BorderMode::Reflect, BorderMode::Wrap, BorderMode::Constant] {
            let edge = Edge { mode, color: [0; 3] };
            for (from, to) in (-30..30).flat_map(|from| (1..30).map(move |size| (from, from + size))) {
                let (first, last) = edge.seen(from as f64, to as f64, 9.0);
                for at in (from..to).filter_map(|at| edge.fold(at, 9)) {
                    // At an edge that lies outside, one pixel more is taken later.
                    let inside = first <= at as f64 && (at + 1) as f64 <= last;
                    assert!(inside || first == last, "{mode:?} {from}..{to}: {at} not in {first}..{last}");
                }
            }
        }
    }
}

//! What the samples of a pixel mean: photometric interpretation, sample format and extra samples.

use super::{corrupt, tag, unsupported};
use crate::PictureError;
use crate::directory::Directory;

/// How colours are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colors {
    WhiteIsZero,
    BlackIsZero,
    Rgb,
    Palette,
    Cmyk,
    YCbCr,
}

impl Colors {
    /// Samples that make up the colour, without extra samples.
    pub(super) fn samples(self) -> usize {
        match self {
            Colors::WhiteIsZero | Colors::BlackIsZero | Colors::Palette => 1,
            Colors::Rgb | Colors::YCbCr => 3,
            Colors::Cmyk => 4,
        }
    }
}

/// What kind of numbers samples are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// Unsigned whole numbers.
    Whole,
    /// IEEE 754, between 0 and 1.
    Float,
}

/// The sample that says how opaque a pixel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Alpha {
    /// The alpha's number among the samples of a pixel.
    pub(super) at: usize,
    /// Are the colours multiplied with it already ("associated")?
    pub(super) multiplied: bool,
}

/// What the samples of a pixel mean.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meaning {
    pub(super) colors: Colors,
    pub(super) alpha: Option<Alpha>,
}

impl Meaning {
    pub(super) fn read(directory: &Directory<'_>, samples: usize) -> Result<Self, PictureError> {
        let colors = colors(directory)?;
        let extra = samples.checked_sub(colors.samples()).ok_or_else(|| {
            corrupt(format!("{samples} samples a pixel, its colours need {}", colors.samples()))
        })?;
        let alpha = alpha(directory, colors, extra)?;
        let in_doubt = alpha.is_some_and(|alpha| alpha.multiplied)
            && !matches!(colors, Colors::Rgb | Colors::BlackIsZero);
        if in_doubt {
            return Err(unsupported("associated alpha with colours other than RGB and gray"));
        }
        Ok(Meaning { colors, alpha })
    }

    /// Refuses colours in numbers in which they are not read, and a palette of the wrong length.
    pub(super) fn check(&self, numbers: Numbers, bits: u32, palette: usize) -> Result<(), PictureError> {
        let colors = self.colors;
        let refused = match (colors, numbers) {
            (Colors::Palette | Colors::Cmyk | Colors::YCbCr, Numbers::Float) => true,
            (Colors::Cmyk, Numbers::Whole) => bits != 8 && bits != 16,
            (Colors::YCbCr, Numbers::Whole) => bits != 8,
            _ => false,
        };
        if refused {
            return Err(unsupported(format!("{colors:?} colours of {bits} bits")));
        }
        if colors == Colors::Palette && palette != 3 << bits {
            return Err(corrupt(format!("a palette of {palette} values for {bits} bits")));
        }
        Ok(())
    }

    /// The samples that are wanted of each pixel, colour and alpha, by their numbers.
    pub(super) fn wanted(&self) -> Vec<usize> {
        (0..self.colors.samples()).chain(self.alpha.map(|alpha| alpha.at)).collect()
    }
}

fn colors(directory: &Directory<'_>) -> Result<Colors, PictureError> {
    let interpretation =
        directory.number(tag::PHOTOMETRIC).ok_or_else(|| corrupt("it does not say what its colours are"))?;
    match interpretation {
        0 => Ok(Colors::WhiteIsZero),
        1 => Ok(Colors::BlackIsZero),
        2 => Ok(Colors::Rgb),
        3 => Ok(Colors::Palette),
        // InkSet 1 is CMYK, which is also what is meant when the tag is not there.
        5 if directory.number(tag::INK_SET).is_none_or(|set| set == 1) => Ok(Colors::Cmyk),
        6 => Ok(Colors::YCbCr),
        other => Err(unsupported(name(other))),
    }
}

/// Names of the photometric interpretations that are not read.
fn name(interpretation: u64) -> String {
    match interpretation {
        4 => "a mask of transparency without a picture".to_owned(),
        5 => "inks other than CMYK".to_owned(),
        8 => "CIELAB colours".to_owned(),
        9 => "ICCLAB colours".to_owned(),
        10 => "ITULAB colours".to_owned(),
        32803 | 34892 => "raw data of a camera's sensor".to_owned(),
        32844 | 32845 => "LogLuv colours".to_owned(),
        other => format!("photometric interpretation {other}"),
    }
}

/// The first extra sample that is an alpha; others are passed over, as by libtiff. Four samples of RGB without a word
/// about the fourth are taken for RGBA, as by Pillow.
fn alpha(directory: &Directory<'_>, colors: Colors, extra: usize) -> Result<Option<Alpha>, PictureError> {
    let said = directory.numbers(tag::EXTRA_SAMPLES).unwrap_or_default();
    let found = said.iter().take(extra).position(|kind| matches!(*kind, 1 | 2 | COREL_ALPHA));
    if let Some(place) = found {
        return Ok(Some(Alpha { at: colors.samples() + place, multiplied: said[place] == 1 }));
    }
    match (colors, extra, said.is_empty()) {
        (Colors::Rgb, 1, true) => Ok(Some(Alpha { at: 3, multiplied: false })),
        // One band of several is no picture, and a second one that is not explained may be alpha or not.
        (Colors::WhiteIsZero | Colors::BlackIsZero, 2.., _)
        | (Colors::WhiteIsZero | Colors::BlackIsZero, 1, true) => {
            Err(unsupported(format!("{} bands of gray", extra + 1)))
        }
        _ => Ok(None),
    }
}

/// What Corel Draw writes for alpha that is not multiplied: `tif_getimage.c` of libtiff.
const COREL_ALPHA: u64 = 999;

/// The kind of numbers that samples are.
pub(super) fn numbers(directory: &Directory<'_>, bits: u32) -> Result<Numbers, PictureError> {
    let formats = directory.numbers(tag::SAMPLE_FORMAT).unwrap_or_default();
    let format = formats.first().copied().unwrap_or(1);
    if formats.iter().any(|other| *other != format) {
        return Err(unsupported("samples of several formats"));
    }
    match (format, bits) {
        (1, 1..=16) => Ok(Numbers::Whole),
        (1, _) => Err(unsupported(format!("whole numbers of {bits} bits"))),
        (2, _) => Err(unsupported(format!("signed whole numbers of {bits} bits"))),
        (3, 16 | 32 | 64) => Ok(Numbers::Float),
        (3, _) => Err(unsupported(format!("floating-point numbers of {bits} bits"))),
        (5 | 6, _) => Err(unsupported("complex numbers")),
        (other, _) => Err(unsupported(format!("sample format {other}"))),
    }
}

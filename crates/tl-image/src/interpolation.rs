//! Interpolation: how pixels between pixels are made up.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The kernel by which a picture is resampled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Interpolation {
    /// Triangle kernel, 2 pixels wide; Pillow's and torchvision's `BILINEAR` with antialiasing.
    #[default]
    Bilinear,
    /// Cubic kernel with a = -0.5, 4 pixels wide; Pillow's `BICUBIC`.
    Bicubic,
}

impl fmt::Display for Interpolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Interpolation::Bilinear => "bilinear",
            Interpolation::Bicubic => "bicubic",
        })
    }
}

impl FromStr for Interpolation {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "bilinear" => Ok(Interpolation::Bilinear),
            "bicubic" => Ok(Interpolation::Bicubic),
            _ => Err(format!("`{text}` is not an interpolation, choose bilinear or bicubic")),
        }
    }
}

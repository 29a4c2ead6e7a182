//! Precision of the frozen network's products, as a setting and as a model file has it.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tl_frozen::{Arithmetic, Frozen, Output, Precision, Ranges};

use crate::error::ModelError;

/// The precision that was asked for: a fixed one, or a choice left to the program.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum PrecisionChoice {
    /// bf16 if the processor has it, there are many pictures, and features and predictions stay what they are; else f32.
    #[default]
    Auto,
    /// A precision that was named.
    Fixed(Precision),
}

impl fmt::Display for PrecisionChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Fixed(precision) => precision.fmt(f),
        }
    }
}

impl FromStr for PrecisionChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Fixed).map_err(|_| format!("`{text}` is not one of auto, f32, bf16, int8"))
    }
}

impl From<PrecisionChoice> for String {
    fn from(choice: PrecisionChoice) -> Self {
        choice.to_string()
    }
}

impl TryFrom<String> for PrecisionChoice {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

/// How a model's network multiplies, for its file. Left out, in f32.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "precision")]
pub enum Rounding {
    /// Products of bfloat16 numbers.
    Bf16,
    /// Products of bytes, which are quantized.
    Int8 {
        /// The least and greatest value of every step on the way to pooled features: [`Ranges`].
        ranges: Vec<[f32; 2]>,
    },
}

impl Rounding {
    /// How a network multiplies, if not in f32.
    pub fn of(arithmetic: &Arithmetic) -> Option<Self> {
        match arithmetic {
            Arithmetic::F32 => None,
            Arithmetic::Bf16 => Some(Self::Bf16),
            Arithmetic::Int8(ranges) => Some(Self::Int8 { ranges: ranges.values.clone() }),
        }
    }

    pub(crate) fn arithmetic(&self) -> Arithmetic {
        match self {
            Self::Bf16 => Arithmetic::Bf16,
            Self::Int8 { ranges } => {
                let ranges = Ranges { output: Output::Features, values: ranges.clone() };
                Arithmetic::Int8(Arc::new(ranges))
            }
        }
    }
}

/// Refuses a precision that there are no instructions for.
///
/// # Errors
/// [`ModelError::Setting`].
pub fn check_precision(precision: Precision, frozen: &Frozen) -> Result<(), ModelError> {
    let rule = match precision {
        Precision::F32 => return Ok(()),
        _ if !frozen.is_planned() => "f32 on this device: rounded products are the processor's".to_owned(),
        _ if precision.is_available() => return Ok(()),
        Precision::Bf16 => "f32: this processor has no products of bf16 (AVX-512 BF16)".to_owned(),
        Precision::Int8 => "f32: this processor has no products of bytes (AVX-512 VNNI)".to_owned(),
    };
    Err(ModelError::Setting { what: "the precision".to_owned(), value: precision.to_string(), rule })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_reads_as_it_is_written() {
        for name in ["auto", "f32", "bf16", "int8"] {
            assert_eq!(name.parse::<PrecisionChoice>().unwrap().to_string(), name);
        }
        assert!("int4".parse::<PrecisionChoice>().is_err());
    }
}

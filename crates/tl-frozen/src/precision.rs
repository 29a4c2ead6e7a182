//! The numbers in which a frozen network multiplies.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::Output;
use crate::kernels::{Format, Isa};

/// Numbers that factors are rounded to before they are multiplied. Sums are always of 32 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Precision {
    /// Floats of 32 bits: no rounding.
    #[default]
    F32,
    /// bfloat16: the range of a float with 8 bits of precision.
    Bf16,
    /// Bytes: a scale per output channel of the weights, and one per map, fitted to some pictures.
    Int8,
}

impl Precision {
    /// All precisions.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::Int8];

    /// The precision's name, as people type it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }

    /// Whether this processor has instructions for it (AVX-512 BF16, AVX-512 VNNI).
    pub fn is_available(self) -> bool {
        let isa = Isa::detect();
        self == Self::F32 || (isa != Isa::PORTABLE && isa.multiplies(self.format()))
    }

    /// A format with this precision.
    pub(crate) fn format(self) -> Format {
        match self {
            Self::F32 => Format::F32,
            Self::Bf16 => Format::Bf16,
            Self::Int8 => Format::int8([0.0, 1.0]),
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let named = Self::ALL.into_iter().find(|precision| precision.name() == name);
        named.ok_or_else(|| format!("no precision is called `{name}`; there are f32, bf16 and int8"))
    }
}

/// A [`Precision`] with the ranges of values that it needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Arithmetic {
    /// Products of floats.
    #[default]
    F32,
    /// Products of bfloat16 numbers.
    Bf16,
    /// Products of bytes, scaled so that values in these ranges fit.
    Int8(Arc<Ranges>),
}

/// The ranges of a network's values on the way to an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranges {
    /// The output that the network was measured for; for others it has other nodes.
    pub output: Output,
    /// The least and greatest value of every node, by its number before any fusion.
    pub values: Vec<[f32; 2]>,
}

impl Arithmetic {
    /// The precision without the ranges.
    pub fn precision(&self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
            Self::Int8(_) => Precision::Int8,
        }
    }
}

//! In which numbers a frozen network multiplies.

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
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::Bf16, Self::Int8];

    /// Its name, as people type it.
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

    /// A format of these numbers.
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

/// A [`Precision`] with what it needs.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum Arithmetic {
    /// Floats.
    #[default]
    F32,
    /// bfloat16.
    Bf16,
    /// Bytes, scaled so that values in these ranges fit.
    Int8(Arc<Ranges>),
}

/// How large the values of a network become on its way to an output.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranges {
    /// The output. For others a network has other steps.
    pub output: Output,
    /// The least and greatest value of every step.
    pub values: Vec<[f32; 2]>,
}

impl Arithmetic {
    /// Without what it needs.
    pub fn precision(&self) -> Precision {
        match self {
            Self::F32 => Precision::F32,
            Self::Bf16 => Precision::Bf16,
            Self::Int8(_) => Precision::Int8,
        }
    }
}

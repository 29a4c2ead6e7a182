//! Which registers of this processor kernels use.

use std::fmt;

use tl_simd::{Amx, Vectors};

/// Registers with kernels for them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Isa {
    pub(crate) vectors: Vectors,
    /// Matrix registers, for products of narrow numbers.
    pub(crate) matrices: Option<Amx>,
}

/// As one name: it is part of what a store of features is found by.
impl fmt::Debug for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_matrices() { f.write_str("Amx") } else { self.vectors.fmt(f) }
    }
}

impl Isa {
    pub(crate) const PORTABLE: Self = Self { vectors: Vectors::Portable, matrices: None };

    /// All that this processor has, the fastest first.
    #[cfg(test)]
    pub(crate) fn all() -> Vec<Self> {
        let without = Vectors::all().map(|vectors| Self { vectors, matrices: None });
        Some(Self::detect()).into_iter().filter(|isa| isa.has_matrices()).chain(without).collect()
    }

    /// The fastest that this processor has.
    pub(crate) fn detect() -> Self {
        Self { vectors: Vectors::detect(), matrices: Amx::detect() }
    }

    /// Whether products of narrow numbers are done on matrix registers.
    pub(crate) fn has_matrices(self) -> bool {
        self.matrices.is_some()
    }

    /// Floats in a register.
    pub(crate) fn width(self) -> usize {
        self.vectors.width()
    }
}

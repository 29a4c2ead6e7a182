//! Tiles of sums in the vector registers of this processor.

use tl_simd::Vectors;

/// Registers of outputs in a tile.
pub(crate) const REGISTERS: usize = 2;
/// Rows of the largest tile.
pub(crate) const MOST: usize = 14;

/// Floats in a register.
pub(crate) fn width() -> usize {
    Vectors::detect().width()
}

/// Rows of a tile.
pub(crate) fn rows() -> usize {
    Vectors::detect().tile()
}

/// Outputs of a panel of weights: two registers.
pub(crate) fn panel() -> usize {
    REGISTERS * width()
}

//! What settings must be, where several say the same.

/// What a setting is called, what it is, and what it must be.
pub(crate) type OutOfBounds = (&'static str, f64, &'static str);

/// What a share must be.
pub(crate) const SHARE: &str = "from 0 to 1";

/// Is this a number above 0?
pub(crate) fn is_positive(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

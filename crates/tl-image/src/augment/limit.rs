//! Limits of the parameters of operations.

use super::AugmentError;

/// A parameter, its value or the ends of its range, and what is allowed.
pub(super) struct Limit {
    parameter: &'static str,
    ends: [f64; 2],
    allowed: [f64; 2],
    odd: bool,
}

impl Limit {
    pub(super) fn value(parameter: &'static str, value: f64, allowed: [f64; 2]) -> Self {
        Limit::range(parameter, [value, value], allowed)
    }

    pub(super) fn range(parameter: &'static str, ends: [f64; 2], allowed: [f64; 2]) -> Self {
        Limit { parameter, ends, allowed, odd: false }
    }

    pub(super) fn count(parameter: &'static str, value: u32, [lowest, highest]: [u32; 2]) -> Self {
        Limit::value(parameter, value.into(), [lowest.into(), highest.into()])
    }

    pub(super) fn odd(self) -> Self {
        Limit { odd: true, ..self }
    }

    pub(super) fn probability(p: f64) -> Self {
        Limit::value("p", p, [0.0, 1.0])
    }

    pub(super) fn check(&self, op: &'static str) -> Result<(), AugmentError> {
        let (parameter, [lowest, highest], [from, to]) = (self.parameter, self.allowed, self.ends);
        // Written so that a NaN is outside.
        if let Some(value) = self.ends.into_iter().find(|value| !(lowest..=highest).contains(value)) {
            return Err(AugmentError::OutOfRange { op, parameter, value, lowest, highest });
        }
        if from > to {
            return Err(AugmentError::Descending { op, parameter, from, to });
        }
        if self.odd && from % 2.0 == 0.0 {
            return Err(AugmentError::Even { op, parameter, value: from });
        }
        Ok(())
    }
}

#[cfg(test)]
impl Limit {
    pub(super) fn parameter(&self) -> &'static str {
        self.parameter
    }

    pub(super) fn allowed(&self) -> [f64; 2] {
        self.allowed
    }

    pub(super) fn is_odd(&self) -> bool {
        self.odd
    }
}

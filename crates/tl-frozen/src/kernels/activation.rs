//! What happens to a value between the sum that makes it and the store.

#![allow(unsafe_code, reason = "vector instructions; see the contract of `Lanes`")]

use tl_simd::Lanes;

use super::{Map, Memory};

/// A function of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Activation {
    /// Into a range: ReLU is 0 and up, ReLU6 0 to 6.
    Clamp { low: f32, high: f32 },
    /// `x * sigmoid(x)`.
    Silu,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `alpha * x + beta`, into 0..1.
    HardSigmoid { alpha: f32, beta: f32 },
    /// `x` times its hard sigmoid.
    HardSwish { alpha: f32, beta: f32 },
}

impl Activation {
    /// The value itself.
    pub(crate) const NONE: Self = Self::Clamp { low: f32::NEG_INFINITY, high: f32::INFINITY };
    pub(crate) const RELU: Self = Self::Clamp { low: 0.0, high: f32::INFINITY };

    pub(crate) fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// # Safety
    /// The contract of [`Lanes`].
    #[inline(always)]
    pub(crate) unsafe fn apply<L: Lanes>(self, x: L) -> L {
        // SAFETY: the caller's.
        unsafe {
            match self {
                Self::Clamp { low, high } => clamp(x, low, high),
                Self::Silu => x.mul(x.sigmoid()),
                Self::Sigmoid => x.sigmoid(),
                Self::HardSigmoid { alpha, beta } => hard_sigmoid(x, alpha, beta),
                Self::HardSwish { alpha, beta } => x.mul(hard_sigmoid(x, alpha, beta)),
            }
        }
    }
}

/// Values that are no numbers stay as they are.
///
/// # Safety
/// The contract of [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn clamp<L: Lanes>(x: L, low: f32, high: f32) -> L {
    // SAFETY: the caller's.
    unsafe { L::splat(high).min(L::splat(low).max(x)) }
}

#[inline(always)]
unsafe fn hard_sigmoid<L: Lanes>(x: L, alpha: f32, beta: f32) -> L {
    // SAFETY: the caller's.
    unsafe { clamp(x.mul_add(L::splat(alpha), L::splat(beta)), 0.0, 1.0) }
}

/// How other maps join in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Join {
    Add,
    Multiply,
}

/// The end of a step: an activation, other maps joined in at the same place, another activation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Finish {
    pub(crate) first: Activation,
    pub(crate) join: Option<(Join, Map)>,
    pub(crate) last: Activation,
}

/// The cases of a [`Finish`] that the product kernel does without leaving the registers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Quick {
    Clamp { low: f32, high: f32 },
    AddClamp { other: Map, low: f32, high: f32 },
    No,
}

impl Finish {
    pub(crate) fn quick(&self) -> Quick {
        match *self {
            Self { first: Activation::Clamp { low, high }, join: None, last } if last.is_none() => {
                Quick::Clamp { low, high }
            }
            Self { first, join: Some((Join::Add, other)), last: Activation::Clamp { low, high } }
                if first.is_none() =>
            {
                Quick::AddClamp { other, low, high }
            }
            _ => Quick::No,
        }
    }

    /// Behind the last float that is joined in.
    pub(crate) fn end(&self) -> usize {
        self.join.map_or(0, |(_, map)| map.end())
    }

    /// Finishes `count` values of the pixel at `(y, x)`, from `channel` on.
    ///
    /// # Safety
    /// The contract of [`Lanes`]; the joined maps have that place, inside `memory`.
    #[inline(always)]
    pub(crate) unsafe fn apply<L: Lanes>(
        &self,
        value: L,
        memory: Memory,
        [y, x, channel]: [usize; 3],
        count: usize,
    ) -> L {
        // SAFETY: the caller's.
        unsafe {
            let mut value = self.first.apply(value);
            if let Some((join, other)) = &self.join {
                let other = L::load_up_to(memory.at(other.at(y, x) + channel), count);
                value = match join {
                    Join::Add => value.add(other),
                    Join::Multiply => value.mul(other),
                };
            }
            self.last.apply(value)
        }
    }
}

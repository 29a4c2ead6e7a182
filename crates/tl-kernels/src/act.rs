//! Activations.

/// What comes behind a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Nothing.
    None,
    /// Negative values become zero.
    Relu,
    /// Values are kept within 0 and 6.
    Relu6,
}

impl Act {
    #[inline(always)]
    pub(crate) fn of(self, value: f32) -> f32 {
        match self {
            Self::None => value,
            // Not a number stays that, so that training which has come to nothing is noticed.
            Self::Relu if value < 0.0 => 0.0,
            Self::Relu => value,
            Self::Relu6 => value.clamp(0.0, 6.0),
        }
    }

    /// The gradient in front of the activation, from the one behind it and the value in front, or behind: that is as good.
    /// What is not a number passes it on.
    #[inline(always)]
    pub(crate) fn back(self, value: f32, gradient: f32) -> f32 {
        let passes = match self {
            Self::None => true,
            Self::Relu => value > 0.0 || value.is_nan(),
            Self::Relu6 => (value > 0.0 && value < 6.0) || value.is_nan(),
        };
        if passes { gradient } else { 0.0 }
    }
}

/// Calls `work` with the activation as a constant of the loop.
macro_rules! for_act {
    ($act:expr, $name:ident => $work:expr) => {
        match $act {
            Act::None => {
                const $name: Act = Act::None;
                $work
            }
            Act::Relu => {
                const $name: Act = Act::Relu;
                $work
            }
            Act::Relu6 => {
                const $name: Act = Act::Relu6;
                $work
            }
        }
    };
}
pub(crate) use for_act;

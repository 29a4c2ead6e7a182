//! Vector and matrix registers of the processor: what kernels need of them.
//!
//! A kernel is written once, over [`Lanes`]; [`with_lanes`] compiles it for every kind of vector registers, and [`Vectors`]
//! says which this processor has. Whoever has an [`Amx`] may load matrix registers.
//!
//! ```
//! use tl_simd::{Lanes, Vectors, with_lanes};
//!
//! with_lanes! {
//!     /// # Safety
//!     /// `values` is valid for eight floats, and the processor has the registers.
//!     unsafe fn double(values: *mut f32) = double_any
//! }
//!
//! #[inline(always)]
//! unsafe fn double_any<L: Lanes>(values: *mut f32) {
//!     for first in (0..8).step_by(L::WIDTH) {
//!         let (at, left) = (values.wrapping_add(first), 8 - first);
//!         // SAFETY: the caller's.
//!         unsafe {
//!             let value = L::load_up_to(at, left);
//!             value.add(value).store_up_to(at, left);
//!         }
//!     }
//! }
//!
//! let mut values = [1.0; 8];
//! // SAFETY: there are eight, and the registers were detected.
//! unsafe { double(Vectors::detect(), values.as_mut_ptr()) };
//! assert_eq!(values, [2.0; 8]);
//! ```

mod amx;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod lanes;
#[cfg(target_arch = "aarch64")]
mod neon;
mod portable;
mod rounding;
mod vectors;

pub use amx::{Amx, Matrices, SIDE, Shapes};
#[cfg(target_arch = "x86_64")]
pub use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub use avx512::Avx512;
pub use lanes::{Lanes, WIDEST};
#[cfg(target_arch = "aarch64")]
pub use neon::Neon;
pub use portable::Portable;
pub use rounding::{bf16, byte, pair};
pub use vectors::Vectors;

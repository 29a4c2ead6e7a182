//! The most multiply-adds that one thread can do: what the speed of a step is compared with (the roof of Williams, Waterman and
//! Patterson 2009, *Roofline*, <https://doi.org/10.1145/1498765.1498785>).

#![allow(unsafe_code, reason = "vector instructions")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use tl_simd::{Lanes, WIDEST, with_float_lanes};

use super::isa::Isa;

/// Independent sums: more than a multiply-add's latency times the multiply-adds a cycle, and few enough for registers.
const SUMS: usize = 12;
const ROUNDS: usize = 100_000;

/// Billions of f32 operations per second on one thread, a multiply-add counted as two: the best of some trials of
/// multiply-adds on registers, with the instructions that plans use on this machine.
pub fn peak_gflops() -> f64 {
    let trial = || {
        let begun = Instant::now();
        let isa = Isa::detect();
        // SAFETY: the registers were detected.
        unsafe { multiply_adds(isa.vectors) }
        begun.elapsed()
    };
    let best: Duration = (0..100).map(|_| trial()).min().unwrap_or(Duration::MAX);
    (2 * SUMS * ROUNDS * Isa::detect().width()) as f64 / best.as_secs_f64() / 1e9
}

with_float_lanes! {
    /// # Safety
    /// The processor has the registers.
    unsafe fn multiply_adds() = multiply_adds_any
}

#[inline(always)]
unsafe fn multiply_adds_any<L: Lanes>() {
    // SAFETY: the caller's; the array is as wide as the widest register.
    unsafe {
        let (factor, term) = (L::splat(black_box(0.5)), L::splat(black_box(1.0)));
        let mut sums = [L::splat(black_box(0.0)); SUMS];
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = sum.mul_add(factor, term);
            }
        }
        for sum in sums {
            let mut values = [0.0; WIDEST];
            sum.store(values.as_mut_ptr());
            black_box(values);
        }
    }
}

//! Loops over floats, compiled for the vector instructions of the processor that runs them.

use pulp::{Arch, Simd, WithSimd};

/// Floats that a sum keeps apart, so that it is made of vectors; the order of additions, and so every bit, is the same on
/// all processors with fused multiplication and addition.
const LANES: usize = 16;

/// Runs `work` compiled for this processor; what it calls must be inlined into it.
pub(crate) fn vectorised<R>(work: impl FnOnce() -> R) -> R {
    struct Work<F>(F);
    impl<R, F: FnOnce() -> R> WithSimd for Work<F> {
        type Output = R;

        #[inline(always)]
        fn with_simd<S: Simd>(self, _simd: S) -> R {
            (self.0)()
        }
    }
    Arch::new().dispatch(Work(work))
}

/// `to += factor * from`
#[inline(always)]
pub(crate) fn add_scaled(to: &mut [f32], from: &[f32], factor: f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.mul_add(factor, *to));
}

/// The sum of products.
#[inline(always)]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (a, rest_a) = a.as_chunks::<LANES>();
    let (b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for lane in 0..LANES {
            sums[lane] = a[lane].mul_add(b[lane], sums[lane]);
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// The sum of `of(value)`.
#[inline(always)]
pub(crate) fn sum(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0_f32; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for lane in 0..LANES {
            sums[lane] += of(chunk[lane]);
        }
    }
    sums.iter().sum::<f32>() + rest.iter().map(|&value| of(value)).sum::<f32>()
}

/// The sums of `of(a, b)`, two at once.
#[inline(always)]
pub(crate) fn sums(a: &[f32], b: &[f32], of: impl Fn(f32, f32) -> [f32; 2]) -> [f32; 2] {
    let mut sums = [[0.0_f32; LANES]; 2];
    let (chunks_a, rest_a) = a.as_chunks::<LANES>();
    let (chunks_b, rest_b) = b.as_chunks::<LANES>();
    for (a, b) in chunks_a.iter().zip(chunks_b) {
        for lane in 0..LANES {
            let [first, second] = of(a[lane], b[lane]);
            sums[0][lane] += first;
            sums[1][lane] += second;
        }
    }
    let mut total = sums.map(|lanes| lanes.iter().sum::<f32>());
    for (&a, &b) in rest_a.iter().zip(rest_b) {
        let [first, second] = of(a, b);
        total[0] += first;
        total[1] += second;
    }
    total
}

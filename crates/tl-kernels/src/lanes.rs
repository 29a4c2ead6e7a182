//! Loops over floats, compiled for the vector instructions of the processor that runs them.

/// Floats that a sum keeps apart, so that it is made of vectors; the order of additions, and so every bit, is the same on
/// all processors with fused multiplication and addition.
const LANES: usize = 16;

/// Compiles functions three times, for AVX-512, for AVX2 and for any processor, and calls the widest that this one can run.
/// What they call must be marked `#[inline(always)]`, or it is compiled for any processor.
macro_rules! vectorised {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$doc])*
        fn $name($($arg: $type),*) $(-> $ret)? {
            #[inline(always)]
            fn plain($($arg: $type),*) $(-> $ret)? $body

            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
                fn widest($($arg: $type),*) $(-> $ret)? {
                    plain($($arg),*)
                }

                #[target_feature(enable = "avx2,fma")]
                fn wide($($arg: $type),*) $(-> $ret)? {
                    plain($($arg),*)
                }

                #[allow(unsafe_code, reason = "each call has its safety argument")]
                match $crate::lanes::width() {
                    // SAFETY: the processor has the instructions that the function is compiled for, as `width` found out.
                    $crate::lanes::Width::Avx512 => return unsafe { widest($($arg),*) },
                    // SAFETY: as above.
                    $crate::lanes::Width::Avx2 => return unsafe { wide($($arg),*) },
                    $crate::lanes::Width::Any => {}
                }
            }
            plain($($arg),*)
        }
    )*};
}

pub(crate) use vectorised;

/// Vector instructions of this processor.
#[cfg(target_arch = "x86_64")]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Width {
    Avx512,
    Avx2,
    Any,
}

/// What the processor has; asking again costs a load.
#[cfg(target_arch = "x86_64")]
pub(crate) fn width() -> Width {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let more = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    let all = more && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw");
    match (avx2, all) {
        (true, true) => Width::Avx512,
        (true, false) => Width::Avx2,
        _ => Width::Any,
    }
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

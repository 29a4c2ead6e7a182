//! Loops over floats, compiled for the vector instructions of the processor that runs them.

/// Compiles functions three times, for AVX-512, for AVX2 and for any processor, and calls the widest that this one can run.
/// What they call must be marked `#[inline(always)]`, or it is compiled for any processor.
macro_rules! vectorised {
    ($($(#[$doc:meta])* $vis:vis fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)? $body:block)*) => {$(
        $(#[$doc])*
        $vis fn $name($($arg: $type),*) $(-> $ret)? {
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

                use tl_simd::Vectors;

                #[allow(unsafe_code, reason = "each call has its safety argument")]
                match Vectors::detect() {
                    // SAFETY: the processor has the instructions that the function is compiled for, as was detected.
                    Vectors::Avx512Bf16 | Vectors::Avx512 => return unsafe { widest($($arg),*) },
                    // SAFETY: as above.
                    Vectors::Avx2 => return unsafe { wide($($arg),*) },
                    Vectors::Portable => {}
                }
            }
            plain($($arg),*)
        }
    )*};
}

pub(crate) use vectorised;

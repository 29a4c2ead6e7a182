//! Loops over floats, compiled for the vector instructions of the processor that runs them.

#[cfg(target_arch = "x86_64")]
use std::sync::atomic::{AtomicU8, Ordering};

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
    Any = 1,
    Avx2,
    Avx512,
}

/// What the processor has; asking again costs a load.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) fn width() -> Width {
    static FOUND: AtomicU8 = AtomicU8::new(0);
    match FOUND.load(Ordering::Relaxed) {
        1 => Width::Any,
        2 => Width::Avx2,
        3 => Width::Avx512,
        _ => {
            let found = detect();
            FOUND.store(found as u8, Ordering::Relaxed);
            found
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[cold]
fn detect() -> Width {
    let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    let more = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl");
    let all = more && is_x86_feature_detected!("avx512dq") && is_x86_feature_detected!("avx512bw");
    match (avx2, all) {
        (true, true) => Width::Avx512,
        (true, false) => Width::Avx2,
        _ => Width::Any,
    }
}

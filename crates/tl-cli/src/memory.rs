//! Memory that stays with the program.
//!
//! A step of training takes and frees some hundred large blocks. mimalloc gives what is free for a second back to the
//! system, which hands it out again page by page, cleared: a third of the time of a step.

#![allow(unsafe_code, reason = "a setting of a library in C")]

use libmimalloc_sys::{mi_option_set_default, mi_option_t};

/// `mi_option_purge_delay`, in milliseconds: <https://github.com/microsoft/mimalloc/blob/v3.3.2/include/mimalloc.h>
const PURGE_DELAY: mi_option_t = 15;

/// Keeps what is free, unless `MIMALLOC_PURGE_DELAY` says something else. To be called before there are threads.
pub(crate) fn keep() {
    // SAFETY: the option exists, and nothing else reads or sets options yet.
    unsafe { mi_option_set_default(PURGE_DELAY, -1) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use libmimalloc_sys::mi_option_get;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        // SAFETY: the option exists; a program that tests sets no other.
        let purge_delay = || unsafe { mi_option_get(PURGE_DELAY) };
        assert_eq!(purge_delay(), 1000, "mimalloc 3's default");
        keep();
        assert_eq!(purge_delay(), -1);
    }
}

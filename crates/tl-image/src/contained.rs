//! Panics of other people's readers, held where one file is read.
//!
//! A picture, table or archive may hold whatever bytes it likes, and the decoders of formats have panicked on some. That
//! costs the file, by name, and never the job.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;

/// The panic of a reader, as an error.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("its decoder stopped: {message}")]
pub struct Panicked {
    /// The panic's message, on one line.
    pub message: String,
}

thread_local! {
    static DEPTH: Cell<usize> = const { Cell::new(0) };
}

/// Does what reads one file; a panic in it is an error.
///
/// What `work` has changed when it panics is thrown away with it, or is not looked at again. It should not hand work to other
/// threads: their panics come back here too, but [`is_contained`] is not true there.
pub fn contained<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    let _within = Within::enter();
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| Panicked { message: words(&*payload) })
}

/// [`contained`] for work that fails with errors of its own, of which a panic becomes one.
pub fn contained_or<T, E: From<Panicked>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    contained(work).unwrap_or_else(|panicked| Err(panicked.into()))
}

/// Whether a panic on this thread, now, is one that [`contained`] turns into an error: a panic hook has nothing to say then.
pub fn is_contained() -> bool {
    DEPTH.get() > 0
}

/// A guard that says, until it is dropped, that a panic would be contained.
struct Within;

impl Within {
    fn enter() -> Self {
        DEPTH.set(DEPTH.get() + 1);
        Within
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get().saturating_sub(1));
    }
}

fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let words: Vec<&str> = text.unwrap_or_default().split_whitespace().collect();
    if words.is_empty() { "no message".to_string() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_message_on_one_line() {
        for (work, message) in [
            ((|| panic!("a {} of\n  two lines", "message")) as fn(), "a message of two lines"),
            (|| panic!("fixed"), "fixed"),
            (|| std::panic::panic_any(7), "no message"),
            (
                || {
                    std::hint::black_box(Vec::<u8>::new()[std::hint::black_box(3)]);
                },
                "index out of bounds: the len is 0 but the index is 3",
            ),
        ] {
            assert_eq!(contained(work).unwrap_err().to_string(), format!("its decoder stopped: {message}"));
        }
        assert_eq!(contained(|| 5), Ok(5));
    }

    #[test]
    fn the_mark_is_there_as_long_as_something_is_contained_and_on_that_thread_alone() {
        assert!(!is_contained());
        let seen = contained(|| {
            let inner = contained(|| -> bool { panic!("inner") });
            (inner.is_err(), is_contained(), std::thread::spawn(is_contained).join().unwrap())
        });
        assert_eq!(seen, Ok((true, true, false)));
        assert!(!is_contained());
    }
}

//! One function for each target of the fuzzer. The same files are modules of the crates' own tests, which replay the corpus.

pub mod data;
pub mod file;
pub mod image;
#[cfg(feature = "networks")]
pub mod model;
#[cfg(feature = "networks")]
pub mod settings;
#[cfg(feature = "networks")]
#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../../crates/tl-weights/tests/load/tiny.rs"]
mod tiny;
#[cfg(feature = "networks")]
pub mod weights;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static SAID: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Ends the process at a panic, unless it becomes an error that names the file: that one is printed, once for each place.
pub fn stop_at_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if !tl_image::is_contained() {
            eprintln!("{panic}");
            std::process::abort();
        }
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        if SAID.lock().unwrap_or_else(PoisonError::into_inner).insert(place) {
            eprintln!("contained: {panic}");
        }
    }));
}

//! The observer (callback) of fetching: what it tells whoever follows it.

use tl_weights::{Event, Weights};

/// Follows weights on their way here. Every method may be called from any thread, and does nothing unless overridden.
pub trait FetchObserver: Sync {
    /// Weights are not here, and are about to be fetched.
    fn fetching(&self, _weights: &Weights) {}
    /// How far fetching is.
    fn transfer(&self, _event: Event<'_>) {}
}

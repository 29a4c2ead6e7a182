//! What of a network is wanted.

use tl_backbones::Boundary;

/// What of the network is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// Pooled features.
    Features,
    /// Logits of the classes the network was pretrained on.
    Logits,
    /// The maps behind the stages before a boundary, channel by channel.
    Maps(Boundary),
}

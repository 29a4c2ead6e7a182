//! The outputs of a network that can be asked for.

use tl_backbones::Boundary;

/// An output of a network that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Output {
    /// The pooled features that a head reads.
    Features,
    /// The logits of the classes the network was pretrained on.
    Logits,
    /// The maps behind the stages before a boundary, channel by channel.
    Maps(Boundary),
}

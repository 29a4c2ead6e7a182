//! What training leaves: a head, and the network that it is for where that was trained too.

use tl_backbones::Backbone;
use tl_heads::{FittedHead, Pooling};

use crate::fit::Method;

/// A network with a head.
#[derive(Debug)]
pub(crate) struct Model {
    /// The fine-tuned network; `None`: as pretrained. On the heap: by value, a network takes 50 KB of stack wherever it
    /// passes.
    pub(crate) backbone: Option<Box<Backbone>>,
    pub(crate) head: FittedHead,
    pub(crate) pooling: Pooling,
    /// How the model was trained, in words.
    pub(crate) how: String,
    /// Parameters of the backbone that were trained.
    pub(crate) trained: u64,
}

impl Model {
    /// A head on the network as pretrained.
    pub(crate) fn frozen(head: FittedHead, method: Method) -> Self {
        Self { backbone: None, head, pooling: Pooling::Published, how: method.describe(), trained: 0 }
    }
}

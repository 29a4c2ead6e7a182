//! Whether a gradient has come to a node already.
//!
//! burn adds up the gradients that come to a node, and for maps that lie pixel by pixel it does so value by value and puts
//! the sum in another order. So what comes second here takes what came first, and is added to it by the kernels.

use burn::backend::Flex;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::flex::FlexTensor;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Shared by all operations that read the same node.
#[derive(Debug, Clone)]
pub(crate) struct Arrived(Arc<AtomicBool>);

/// Nodes that operations which have not run backward read.
static NODES: Mutex<Option<HashMap<NodeId, Weak<AtomicBool>>>> = Mutex::new(None);
/// Of so many nodes and more, those are forgotten that nobody reads.
const MANY: usize = 1024;

impl Arrived {
    /// For an operation that reads the node.
    pub(crate) fn at(node: NodeId) -> Self {
        let mut nodes = NODES.lock().unwrap_or_else(PoisonError::into_inner);
        let nodes = nodes.get_or_insert_default();
        if let Some(known) = nodes.get(&node).and_then(Weak::upgrade) {
            return Self(known);
        }
        if nodes.len() >= MANY && nodes.len() == nodes.capacity() {
            nodes.retain(|_, node| node.strong_count() > 0);
        }
        let new = Arc::new(AtomicBool::new(false));
        nodes.insert(node, Arc::downgrade(&new));
        Self(new)
    }

    /// The gradient that has come to a parent so far, if there is one and the parent is no leaf; it is to be registered again.
    pub(crate) fn take<S, const N: usize>(
        &self,
        ops: &Ops<S, N>,
        parent: usize,
        grads: &mut Gradients,
    ) -> Option<FlexTensor> {
        let node = ops.parents.get(parent)?.as_ref()?;
        // What an operation makes is no leaf.
        let inside = node.requirement == ops.node.requirement;
        (inside && self.0.load(Ordering::Relaxed)).then(|| grads.consume::<Flex>(node))
    }

    /// Registers a gradient with that of [`take`](Self::take) in it.
    pub(crate) fn register<S, const N: usize>(
        &self,
        ops: &Ops<S, N>,
        parent: usize,
        grads: &mut Gradients,
        gradient: FlexTensor,
    ) {
        if let Some(Some(node)) = ops.parents.get(parent) {
            grads.register::<Flex>(node.id, gradient);
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

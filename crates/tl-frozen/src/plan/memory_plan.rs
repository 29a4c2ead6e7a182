//! Where every node's maps lie, decided once: who shares a buffer with whom, how wide its border of zeros is, and where in
//! the one memory it starts.

use super::execution_graph::{Conv, ExecutionGraph, Kind, Node, NodeId, Shape};
use crate::kernels::{Borders, Format, Map, Tiling};

/// The number of floats in a cache line.
const LINE: usize = 16;

/// The buffers in the memory of one picture.
#[derive(Debug)]
pub(crate) struct MemoryPlan {
    buffers: Vec<Buffer>,
    allocations: Vec<Option<Allocation>>,
    /// The number of floats that all buffers take together.
    pub(crate) floats: usize,
}

/// The buffer in which a node's maps lie, and the channel at which they start in it.
#[derive(Debug, Clone, Copy)]
struct Allocation {
    buffer: usize,
    channel: usize,
}

#[derive(Debug)]
struct Buffer {
    shape: Shape,
    /// Pixels of zeros above, to the left, below, to the right.
    around: [usize; 4],
    /// Lanes of zeros behind the last pixel.
    behind: usize,
    /// The first node that writes to the buffer, and the last that reads it.
    alive: [NodeId; 2],
    start: usize,
    /// What zero looks like, in each byte.
    zero: u8,
}

impl MemoryPlan {
    pub(crate) fn new(graph: &ExecutionGraph, uses: &[usize]) -> Self {
        let mut plan = Self { buffers: Vec::new(), allocations: vec![None; graph.nodes.len()], floats: 0 };
        for id in (0..graph.nodes.len()).rev().filter(|&id| uses[id] > 0) {
            plan.allocate(graph, uses, id);
        }
        plan.allocate_slices(graph, uses);
        for (id, node) in graph.nodes.iter().enumerate().filter(|&(id, _)| uses[id] > 0) {
            plan.live(graph, id, node);
        }
        plan.arrange();
        plan
    }

    /// Gives a node a buffer if it has none; nodes before it that can write right there share it.
    fn allocate(&mut self, graph: &ExecutionGraph, uses: &[usize], id: NodeId) {
        let node = &graph.nodes[id];
        if matches!(node.kind, Kind::Slice(_)) {
            return;
        }
        let allocation = match self.allocations[id] {
            Some(allocation) => allocation,
            None => Allocation { buffer: self.make(node), channel: 0 },
        };
        self.allocations[id] = Some(allocation);
        let writes =
            |input: NodeId| matches!(graph.nodes[input].kind, Kind::Conv(_) | Kind::Each(_) | Kind::Pool(_));
        match node.kind {
            Kind::Concat => {
                let mut channel = allocation.channel;
                for &input in &node.inputs {
                    let concat = matches!(graph.nodes[input].kind, Kind::Concat);
                    if self.allocations[input].is_none() && (writes(input) || concat) {
                        self.allocations[input] = Some(Allocation { channel, ..allocation });
                    }
                    channel += graph.nodes[input].shape.channels;
                }
            }
            // In place, where nobody else reads what was there.
            Kind::Each(_) => {
                let input = node.inputs[0];
                let same = graph.nodes[input].shape == node.shape && graph.nodes[input].holds == node.holds;
                if same && uses[input] == 1 && writes(input) && self.allocations[input].is_none() {
                    self.allocations[input] = Some(allocation);
                }
            }
            _ => {}
        }
    }

    fn make(&mut self, node: &Node) -> usize {
        let (shape, zero) = (node.shape, node.holds.zero());
        // Products may look at more lanes than there are, and ignore what they find.
        let behind = if node.holds == Format::F32 || shape.channels.is_multiple_of(LINE) { 0 } else { LINE };
        self.buffers.push(Buffer { shape, around: [0; 4], behind, alive: [usize::MAX, 0], start: 0, zero });
        self.buffers.len() - 1
    }

    /// Gives slices the place that they have in their input's buffer.
    fn allocate_slices(&mut self, graph: &ExecutionGraph, uses: &[usize]) {
        for (id, node) in graph.nodes.iter().enumerate().filter(|&(id, _)| uses[id] > 0) {
            if let (Kind::Slice(first), Some(allocation)) =
                (&node.kind, node.inputs.first().and_then(|&i| self.allocations[i]))
            {
                self.allocations[id] = Some(Allocation { channel: allocation.channel + first, ..allocation });
            }
        }
    }

    /// Notes what a node writes and reads, and how far beyond the edges it looks.
    fn live(&mut self, graph: &ExecutionGraph, id: NodeId, node: &Node) {
        let end = if id == graph.output { graph.nodes.len() } else { id };
        self.touch(id, id);
        self.touch(id, end);
        node.reads().for_each(|read| self.touch(read, id));
        if let (Kind::Conv(conv), Some(&input)) = (&node.kind, node.inputs.first())
            && let Some(allocation) = self.allocations[input]
        {
            let needed = conv.looks_beyond(graph.nodes[input].shape, node.shape);
            let around = &mut self.buffers[allocation.buffer].around;
            *around = std::array::from_fn(|side| around[side].max(needed[side]));
        }
    }

    fn touch(&mut self, node: NodeId, at: NodeId) {
        if let Some(allocation) = self.allocations[node] {
            let alive = &mut self.buffers[allocation.buffer].alive;
            *alive = [at.min(alive[0]), at.max(alive[1])];
        }
    }

    /// Gives every buffer the lowest place that is free as long as it is alive, the largest buffers first.
    fn arrange(&mut self) {
        let mut order: Vec<usize> = (0..self.buffers.len()).collect();
        order.sort_by_key(|&buffer| std::cmp::Reverse(self.buffers[buffer].floats()));
        let mut placed: Vec<usize> = Vec::new();
        for buffer in order {
            let [first, last] = self.buffers[buffer].alive;
            let mut taken: Vec<_> = placed.iter().map(|&other| &self.buffers[other]).collect();
            taken.retain(|other| other.alive[0] <= last && first <= other.alive[1]);
            taken.sort_by_key(|other| other.start);
            let floats = self.buffers[buffer].floats();
            let mut start = 0;
            for other in taken {
                if start + floats <= other.start {
                    break;
                }
                start = start.max(other.start + other.floats());
            }
            self.buffers[buffer].start = start;
            self.floats = self.floats.max(start + floats);
            placed.push(buffer);
        }
    }

    /// The place of a node's maps in the memory.
    pub(crate) fn map(&self, graph: &ExecutionGraph, node: NodeId) -> Option<Map> {
        let allocation = self.allocations[node]?;
        let (inner, shape) = (self.buffers[allocation.buffer].inner(), graph.nodes[node].shape);
        let Shape { channels, height, width } = shape;
        let holds = graph.nodes[node].holds;
        Some(Map { start: inner.start + allocation.channel, channels, height, width, holds, ..inner })
    }

    /// The borders that have to be made when this node runs, the first to write there.
    pub(crate) fn borders(&self, node: NodeId) -> Option<Borders> {
        let buffer = &self.buffers[self.allocations[node]?.buffer];
        let first = buffer.alive[0] == node && (buffer.around != [0; 4] || buffer.behind > 0);
        let Buffer { around, behind, zero, .. } = *buffer;
        first.then(|| Borders { inner: buffer.inner(), around, behind, zero })
    }

    /// Whether an input of a concatenation was written where it belongs.
    pub(crate) fn is_within(&self, input: NodeId, concat: NodeId, channel: usize) -> bool {
        match (self.allocations[input], self.allocations[concat]) {
            (Some(a), Some(b)) => a.buffer == b.buffer && a.channel == b.channel + channel,
            _ => false,
        }
    }
}

impl Buffer {
    /// The distance from a pixel to the next. Where it were a multiple of 2 KiB, half of what the first-level cache's sets span (64 sets
    /// of 64 bytes), the pixels of a tile would fall on two sets and evict each other: then it is a cache line more.
    fn pixel(&self) -> usize {
        let channels = self.shape.channels;
        if channels.is_multiple_of(512) && self.shape.width > 1 { channels + 16 } else { channels }
    }

    fn row(&self) -> usize {
        let [_, left, _, right] = self.around;
        (left + self.shape.width + right) * self.pixel()
    }

    fn floats(&self) -> usize {
        let [top, _, below, _] = self.around;
        ((top + self.shape.height + below) * self.row() + self.behind).next_multiple_of(LINE)
    }

    fn inner(&self) -> Map {
        let [top, left, _, _] = self.around;
        let (row, pixel) = (self.row(), self.pixel());
        let Shape { channels, height, width } = self.shape;
        let start = self.start + top * row + left * pixel;
        Map { start, row, pixel, height, width, channels, holds: Format::F32 }
    }
}

impl Conv {
    /// Pixels above, to the left, below and to the right of the input that the filter sees.
    fn looks_beyond(&self, input: Shape, output: Shape) -> [usize; 4] {
        let (sizes, counts) = ([input.height, input.width], [output.height, output.width]);
        let behind = [0, 1].map(|axis| {
            // Winograd's tiles are whole.
            let count = counts[axis].next_multiple_of(self.tiling.map_or(1, Tiling::outputs));
            let last = (count - 1) * self.stride[axis] + (self.kernel[axis] - 1) * self.dilation[axis];
            (last + 1).saturating_sub(self.padding[axis] + sizes[axis])
        });
        [self.padding[0], self.padding[1], behind[0], behind[1]]
    }
}

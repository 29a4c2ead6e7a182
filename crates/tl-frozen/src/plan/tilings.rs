//! Which convolutions run by Winograd's method.

use super::execution_graph::{Conv, ExecutionGraph, Kind, Shape};
use crate::kernels::Tiling;

/// What fetching a weight costs, in multiply-adds: weights that no cache holds come at about ten gigabytes a second.
const FETCH: usize = 50;
/// What transforming a channel of a tile costs, there or back, per place of the tile.
const TRANSFORM: usize = 8;
/// Fewer channels than this leave too little between the transforms.
const FEWEST_CHANNELS: usize = 32;

/// Chooses for every convolution what costs least, where direct products take so many numbers at once.
pub(crate) fn choose(graph: &mut ExecutionGraph, numbers: usize) {
    for id in 0..graph.nodes.len() {
        let (output, input) = (graph.nodes[id].shape, graph.nodes[id].inputs.first().copied());
        let Some(input) = input.map(|input| graph.nodes[input].shape) else { continue };
        if let Kind::Conv(conv) = &mut graph.nodes[id].kind {
            conv.tiling = conv.best_tiling(input, output, numbers);
        }
    }
}

impl Conv {
    fn best_tiling(&self, input: Shape, output: Shape, numbers: usize) -> Option<Tiling> {
        let plain =
            self.kernel == [3, 3] && self.stride == [1, 1] && self.dilation == [1, 1] && self.groups == 1;
        if !plain || input.channels.min(output.channels) < FEWEST_CHANNELS {
            return None;
        }
        let weights = input.channels * output.channels;
        let direct = weights * 9 * (output.height * output.width + FETCH) / numbers;
        let cost = |tiling: Tiling| {
            let tiles = output.height.div_ceil(tiling.outputs()) * output.width.div_ceil(tiling.outputs());
            let transforms = tiles * tiling.places() * (input.channels + output.channels) * TRANSFORM;
            weights * tiling.places() * (tiles + FETCH) + transforms
        };
        let tilings = [Tiling::Two, Tiling::Four].into_iter();
        tilings.filter(|&tiling| cost(tiling) < direct).min_by_key(|&tiling| cost(tiling))
    }
}

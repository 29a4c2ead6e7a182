//! How large the values of a network become: what bytes are scaled to.

use tl_backbones::Backbone;

use super::execution_graph::ExecutionGraph;
use super::memory_plan::MemoryPlan;
use super::{Network, PlanError, lower, workers};
use crate::kernels::{Arena, Isa};
use crate::{Output, Precision, Ranges, network};

impl Ranges {
    /// The ranges that the values take over some normalised pictures, `[batch, 3, size, size]` flattened.
    ///
    /// # Errors
    /// If the network has an operation that plans do not know.
    pub fn measure(
        backbone: &Backbone,
        output: Output,
        images_bchw: &[f32],
        size: usize,
    ) -> Result<Self, PlanError> {
        let isa = Isa::detect();
        let image_chw = [3, size, size];
        let network = Network::new(isa, Precision::F32, network::capture(backbone, output, image_chw)?)?;
        let found = ranges(isa, &network.graph, images_bchw, network.image)?;
        let mut values = vec![[0.0; 2]; network.recorded];
        network.numbers.iter().zip(found).for_each(|(&number, range)| values[number] = range);
        Ok(Self { output, values })
    }
}

/// The least and greatest value of every node's maps over some images of so many floats each.
fn ranges(
    isa: Isa,
    graph: &ExecutionGraph,
    images: &[f32],
    image: usize,
) -> Result<Vec<[f32; 2]>, PlanError> {
    let uses = graph.uses();
    let memory = MemoryPlan::new(graph, &uses);
    let steps = lower::lower(graph, &uses, &memory, isa)?;
    let scratch = steps.iter().map(|step| step.kernel.scratch()).max().unwrap_or(0);
    let mut arena = Arena::new(memory.floats + scratch);
    let mut ranges = vec![[0.0_f32; 2]; graph.nodes.len()];
    for image in images.chunks_exact(image.max(1)) {
        let mut steps = steps.iter().peekable();
        // Later nodes may overwrite what this one has made.
        for (id, [low, high]) in ranges.iter_mut().enumerate().filter(|&(id, _)| uses[id] > 0) {
            while let Some(step) = steps.next_if(|step| step.node <= id) {
                workers::time(step, &mut arena, image);
            }
            let Some(map) = memory.map(graph, id) else { continue };
            for y in 0..map.height {
                for x in 0..map.width {
                    for &value in &arena.floats()[map.at(y, x)..][..map.channels] {
                        (*low, *high) = (low.min(value), high.max(value));
                    }
                }
            }
        }
    }
    Ok(ranges)
}

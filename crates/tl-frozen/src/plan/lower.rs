//! From nodes whose memory is planned to calls of kernels.

use tl_simd::pair;

use super::PlanError;
use super::execution_graph::{Conv, Epilogue, ExecutionGraph, Kind, NodeId, ScaleShift};
use super::kernel_calls::{Kernel, KernelCall};
use super::memory_plan::MemoryPlan;
use crate::kernels::{
    Arena, Depthwise, Elementwise, Finish, Format, Grid, Isa, Map, Narrow, Panel, Pool, Product, Tiling,
    Winograd, pack_depthwise, pack_panels,
};

/// Output pixels below which matrix registers are not worth their weights.
const FEWEST_PIXELS: usize = 4;

/// The calls of kernels that compute a graph, in order.
pub(crate) fn lower(
    graph: &ExecutionGraph,
    uses: &[usize],
    memory: &MemoryPlan,
    isa: Isa,
) -> Result<Vec<KernelCall>, PlanError> {
    let lowering = Lowering { graph, memory, isa };
    let mut steps = Vec::new();
    for id in (0..graph.nodes.len()).filter(|&id| uses[id] > 0) {
        for kernel in lowering.kernels(id)? {
            if kernel.end() > memory.floats {
                return Err(PlanError::Internal { detail: format!("node {id} leaves its memory") });
            }
            steps.push(KernelCall { node: id, kernel, borders: None });
        }
        if let (Some(step), Some(borders)) = (steps.last_mut(), memory.borders(id)) {
            step.borders = Some(borders);
        }
    }
    Ok(steps)
}

struct Lowering<'a> {
    graph: &'a ExecutionGraph,
    memory: &'a MemoryPlan,
    isa: Isa,
}

impl Lowering<'_> {
    fn map(&self, id: NodeId) -> Result<Map, PlanError> {
        let nowhere = || PlanError::Internal { detail: format!("node {id} has no place") };
        self.memory.map(self.graph, id).ok_or_else(nowhere)
    }

    fn kernels(&self, id: NodeId) -> Result<Vec<Kernel>, PlanError> {
        let node = &self.graph.nodes[id];
        let output = self.map(id)?;
        let first = node.inputs.first().map(|&input| self.map(input)).transpose()?;
        let finish = self.finish(&node.epilogue, output)?;
        let missing = || PlanError::Internal { detail: format!("node {id} has no input") };
        Ok(match &node.kind {
            Kind::Image => vec![Kernel::Image { isa: self.isa, output }],
            Kind::Slice(_) => Vec::new(),
            Kind::Conv(conv) => vec![self.conv(conv, first.ok_or_else(missing)?, output, finish)],
            Kind::Each(each) => vec![self.each(each.as_ref(), first.ok_or_else(missing)?, output, finish)],
            Kind::Quantize(_) => {
                let (input, isa) = (first.ok_or_else(missing)?, self.isa);
                vec![Kernel::Narrow(Narrow { isa, input, output }.flattened())]
            }
            Kind::Flatten => vec![Kernel::Flatten { input: first.ok_or_else(missing)?, output }],
            Kind::Pool(windows) => {
                let (input, isa) = (first.ok_or_else(missing)?, self.isa);
                let (rows, columns) = (windows.rows.clone(), windows.columns.clone());
                vec![Kernel::Pool(Pool { isa, input, output, rows, columns, reduce: windows.reduce })]
            }
            Kind::Concat => self.copies(id, output, finish)?,
        })
    }

    /// The inputs of a concatenation that could not be written where they belong.
    fn copies(&self, id: NodeId, output: Map, finish: Finish) -> Result<Vec<Kernel>, PlanError> {
        let (mut channel, mut kernels) = (0, Vec::new());
        for &input in &self.graph.nodes[id].inputs {
            let from = self.map(input)?;
            if !self.memory.is_within(input, id, channel) {
                let to = Map { start: output.start + channel, channels: from.channels, ..output };
                kernels.push(self.each(None, from, to, finish));
            }
            channel += from.channels;
        }
        Ok(kernels)
    }

    fn finish(&self, epilogue: &Epilogue, output: Map) -> Result<Finish, PlanError> {
        let join = match epilogue.join {
            None => None,
            Some((join, other)) => {
                let map = self.map(other)?;
                let same = (map.height, map.width) == (output.height, output.width);
                Some((join, if same { map } else { map.spread(output.height, output.width) }))
            }
        };
        Ok(Finish { first: epilogue.first, join, last: epilogue.last })
    }

    fn each(&self, each: Option<&ScaleShift>, input: Map, output: Map, finish: Finish) -> Kernel {
        let padded = |values: &[f32]| padded(values, self.isa.width());
        let scale_shift = each.map(|each| (padded(&each.scale), padded(&each.shift)));
        Kernel::Elementwise(Elementwise { isa: self.isa, input, output, scale_shift, finish }.flattened())
    }

    fn conv(&self, conv: &Conv, input: Map, output: Map, finish: Finish) -> Kernel {
        if let Some(tiling) = conv.tiling {
            return self.winograd(conv, tiling, input, output, finish);
        }
        let origin = input.start - conv.padding[0] * input.row - conv.padding[1] * input.pixel;
        let step = [conv.stride[0] * input.row, conv.stride[1] * input.pixel];
        let grid = |rows: usize, columns: usize| {
            let places = (0..rows).flat_map(move |y| (0..columns).map(move |x| (y, x)));
            let [down, right] = [conv.dilation[0] * input.row, conv.dilation[1] * input.pixel];
            places.map(|(y, x)| y * down + x * right).collect::<Vec<_>>()
        };
        let [rows, columns] = conv.kernel;
        let isa = self.isa;
        let channels = conv.bias.len();
        if conv.is_depthwise(channels) {
            let places = rows * columns;
            let weights =
                pack_depthwise(isa, conv.groups, places, |c, place| conv.weights[c * places + place]);
            let bias = padded(&conv.bias, isa.width());
            let taps = grid(rows, columns);
            return Kernel::Depthwise(Depthwise {
                isa,
                origin,
                step,
                taps,
                row: (conv.dilation[1] == 1 && conv.stride[1] == 1).then_some(columns),
                channels,
                output,
                weights,
                bias,
                finish,
            });
        }
        let joined_rows = input.pixel == input.channels && conv.groups == 1 && conv.dilation[1] == 1;
        let taps = if joined_rows { grid(rows, 1) } else { grid(rows, columns) };
        let (spans, lanes) = spans(conv, input.channels, channels, 2 * isa.width());
        let places_in_span = if joined_rows { columns } else { 1 };
        let lane_of = |o: usize, k: usize| (k / spans, k % spans + lanes[o / (2 * isa.width())]);
        let rounded = Rounded::new(conv);
        let span = spans * places_in_span;
        let grid = self.grid(conv, output, step, span);
        let padded_span = grid.map_or(span, |grid| grid.padded);
        let value = |o: usize, k: usize| {
            let (run, at) = (k / padded_span, k % padded_span);
            if at >= span {
                return 0.0;
            }
            let (place, lane) = lane_of(o, run * span + at);
            rounded.lane(o, place, lane)
        };
        let (weights, starts) = pack_panels(isa, channels, taps.len() * padded_span, value);
        let weights = Arena::of(&weights);
        let panels = starts.into_iter().zip(lanes.iter().copied());
        let panels = panels.map(|(weights, channel)| Panel { weights, channel }).collect();
        let [bias, scales] = rounded.bias_and_scales().map(|values| padded(&values, 2 * isa.width()));
        let format = conv.format;
        Kernel::Product(Product {
            isa,
            format,
            origin,
            step,
            taps,
            span,
            channels,
            output,
            panels,
            weights,
            bias,
            scales,
            finish,
            grid,
        })
    }

    /// How matrix registers go over a product of narrow numbers. Of a few pixels they would be all but empty.
    fn grid(&self, conv: &Conv, output: Map, step: [usize; 2], span: usize) -> Option<Grid> {
        let pixels = output.height * output.width;
        if !self.isa.has_matrices() || conv.format == Format::F32 || pixels < FEWEST_PIXELS {
            return None;
        }
        Some(Grid::new([output.height, output.width], step, span))
    }

    fn winograd(&self, conv: &Conv, tiling: Tiling, input: Map, output: Map, finish: Finish) -> Kernel {
        let isa = self.isa;
        let start = input.start - conv.padding[0] * input.row - conv.padding[1] * input.pixel;
        let (mut weights, mut panels) = (Vec::new(), Vec::new());
        for place in 0..tiling.places() {
            let value = |o: usize, c: usize| {
                let at = (o * input.channels + c) * 9;
                tiling.filter(place, &conv.weights[at..at + 9])
            };
            let (packed, starts) = pack_panels(isa, output.channels, input.channels, value);
            weights.extend(packed);
            panels = starts.into_iter().map(|weights| Panel { weights, channel: 0 }).collect();
        }
        let bias = padded(&conv.bias, 2 * isa.width());
        let (zeros, input) = (vec![0.0; bias.len()], Map { start, ..input });
        let scratch_start = self.memory.floats;
        Kernel::Winograd(Winograd {
            isa,
            tiling,
            input,
            output,
            weights,
            panels,
            bias,
            zeros,
            finish,
            scratch_start,
        })
    }
}

/// How many input lanes a panel of outputs looks at, and from which on each panel does. With groups that is a part of
/// them, in which every output uses only its own group's.
fn spans(conv: &Conv, lanes: usize, outputs: usize, panel: usize) -> (usize, Vec<usize>) {
    let (inputs_of_group, outputs_of_group) = (conv.inputs() / conv.groups, outputs / conv.groups);
    let numbers = conv.format.numbers();
    let ranges = (0..outputs).step_by(panel).map(|first| {
        let last = (first + panel).min(outputs) - 1;
        let start = first / outputs_of_group * inputs_of_group;
        let end = (last / outputs_of_group + 1) * inputs_of_group;
        (start / numbers, end.div_ceil(numbers))
    });
    let ranges: Vec<_> = ranges.collect();
    let span = ranges.iter().map(|(start, end)| end - start).max().unwrap_or(0);
    (span, ranges.into_iter().map(|(start, _)| start.min(lanes - span)).collect())
}

/// A convolution's weights in the numbers of its format.
struct Rounded<'a> {
    conv: &'a Conv,
    inputs: usize,
    /// The factor of a weight's byte for each output; without bytes there are none.
    scales: Vec<f32>,
}

impl<'a> Rounded<'a> {
    fn new(conv: &'a Conv) -> Self {
        let of_output = (conv.weights.len() / conv.bias.len().max(1)).max(1);
        let scale = |weights: &[f32]| {
            let largest = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs()));
            if largest > 0.0 { largest / 127.0 } else { 1.0 }
        };
        let bytes = matches!(conv.format, Format::Int8 { .. });
        let scales = if bytes { conv.weights.chunks(of_output).map(scale).collect() } else { Vec::new() };
        Self { conv, inputs: conv.inputs(), scales }
    }

    /// The weights that a lane of the input at a place of the filter meets on its way to output `o`.
    fn lane(&self, o: usize, place: usize, lane: usize) -> f32 {
        let numbers = self.conv.format.numbers();
        let weight = |i: usize| self.conv.weight(self.inputs, o, place, lane * numbers + i);
        match self.conv.format {
            Format::F32 => weight(0),
            Format::Bf16 => pair(weight(0), weight(1)),
            Format::Int8 { .. } => {
                let byte = |i: usize| (weight(i) / self.scales[o]).round_ties_even() as i8;
                f32::from_ne_bytes([0, 1, 2, 3].map(|i| byte(i).to_ne_bytes()[0]))
            }
        }
    }

    /// The bias that a sum starts or ends with, and the scale that a sum of bytes is multiplied with.
    fn bias_and_scales(&self) -> [Vec<f32>; 2] {
        let Format::Int8 { scale, zero } = self.conv.format else {
            return [self.conv.bias.clone(), Vec::new()];
        };
        let of_output = self.conv.weights.len() / self.conv.bias.len().max(1);
        let outputs = self.conv.weights.chunks(of_output.max(1)).zip(&self.scales).zip(&self.conv.bias);
        // Every byte is `zero` too high, also where the filter looks beyond the edges. What that adds to a sum depends on the weights
        // alone and is taken off here, once: Jacob et al. 2017, <https://arxiv.org/abs/1712.05877>, section 2.3.
        let bias = outputs.map(|((weights, &weight_scale), bias)| {
            let sum: f32 = weights.iter().map(|weight| (weight / weight_scale).round_ties_even()).sum();
            bias - f32::from(zero) * sum * (scale * weight_scale)
        });
        [bias.collect(), self.scales.iter().map(|weight_scale| scale * weight_scale).collect()]
    }
}

impl Conv {
    /// The weight of output `o` for input channel `c` at a place of the filter: zero outside its group.
    fn weight(&self, inputs: usize, o: usize, place: usize, c: usize) -> f32 {
        let (of_group, outputs) = (inputs / self.groups, self.bias.len() / self.groups);
        let places = self.kernel[0] * self.kernel[1];
        let first = o / outputs * of_group;
        let within = c.checked_sub(first).filter(|&c| c < of_group);
        within.map_or(0.0, |c| self.weights[(o * of_group + c) * places + place])
    }
}

fn padded(values: &[f32], width: usize) -> Vec<f32> {
    let mut padded = values.to_vec();
    padded.resize(values.len().next_multiple_of(width), 0.0);
    padded
}

//! From nodes with places to steps of kernels.

use super::PlanError;
use super::graph::{Conv, Ending, Graph, Kind, NodeId, ScaleShift};
use super::place::Places;
use super::steps::{Kernel, Step};
use crate::kernels::{
    Depthwise, Elementwise, Finish, Isa, Map, Panel, Pool, Product, Tiling, Winograd, pack_depthwise,
    pack_panels,
};

/// The steps of a graph, in order.
pub(crate) fn lower(
    graph: &Graph,
    uses: &[usize],
    places: &Places,
    isa: Isa,
) -> Result<Vec<Step>, PlanError> {
    let lowering = Lowering { graph, places, isa };
    let mut steps = Vec::new();
    for id in (0..graph.nodes.len()).filter(|&id| uses[id] > 0) {
        for kernel in lowering.kernels(id)? {
            if kernel.end() > places.floats {
                return Err(PlanError::Internal { detail: format!("node {id} leaves its memory") });
            }
            steps.push(Step { kernel, borders: None });
        }
        if let (Some(step), Some(borders)) = (steps.last_mut(), places.borders(id)) {
            step.borders = Some(borders);
        }
    }
    Ok(steps)
}

struct Lowering<'a> {
    graph: &'a Graph,
    places: &'a Places,
    isa: Isa,
}

impl Lowering<'_> {
    fn map(&self, id: NodeId) -> Result<Map, PlanError> {
        let nowhere = || PlanError::Internal { detail: format!("node {id} has no place") };
        self.places.map(self.graph, id).ok_or_else(nowhere)
    }

    fn kernels(&self, id: NodeId) -> Result<Vec<Kernel>, PlanError> {
        let node = &self.graph.nodes[id];
        let output = self.map(id)?;
        let first = node.inputs.first().map(|&input| self.map(input)).transpose()?;
        let finish = self.finish(&node.ending, output)?;
        let missing = || PlanError::Internal { detail: format!("node {id} has no input") };
        Ok(match &node.kind {
            Kind::Image => vec![Kernel::Image(output)],
            Kind::Slice(_) => Vec::new(),
            Kind::Conv(conv) => vec![self.conv(conv, first.ok_or_else(missing)?, output, finish)],
            Kind::Each(each) => vec![self.each(each.as_ref(), first.ok_or_else(missing)?, output, finish)],
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
            if !self.places.is_within(input, id, channel) {
                let to = Map { start: output.start + channel, channels: from.channels, ..output };
                kernels.push(self.each(None, from, to, finish));
            }
            channel += from.channels;
        }
        Ok(kernels)
    }

    fn finish(&self, ending: &Ending, output: Map) -> Result<Finish, PlanError> {
        let join = match ending.join {
            None => None,
            Some((join, other)) => {
                let map = self.map(other)?;
                let same = (map.height, map.width) == (output.height, output.width);
                Some((join, if same { map } else { map.spread(output.height, output.width) }))
            }
        };
        Ok(Finish { first: ending.first, join, last: ending.last })
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
        if conv.groups > 1 && conv.groups == input.channels && conv.groups == output.channels {
            let places = rows * columns;
            let weights =
                pack_depthwise(isa, conv.groups, places, |c, place| conv.weights[c * places + place]);
            let bias = padded(&conv.bias, isa.width());
            let taps = grid(rows, columns);
            return Kernel::Depthwise(Depthwise { isa, origin, step, taps, output, weights, bias, finish });
        }
        let joined_rows = input.pixel == input.channels && conv.groups == 1 && conv.dilation[1] == 1;
        let taps = if joined_rows { grid(rows, 1) } else { grid(rows, columns) };
        let (spans, channels) = spans(conv, input.channels, output.channels, 2 * isa.width());
        let places_in_span = if joined_rows { columns } else { 1 };
        let value = |o: usize, k: usize| {
            let (place, c) = (k / spans, k % spans + channels[o / (2 * isa.width())]);
            conv.weight(input.channels, o, place, c)
        };
        let (weights, starts) = pack_panels(isa, output.channels, rows * columns * spans, value);
        let panels = starts.into_iter().zip(channels.iter().copied());
        let panels = panels.map(|(weights, channel)| Panel { weights, channel }).collect();
        let bias = padded(&conv.bias, 2 * isa.width());
        let span = spans * places_in_span;
        Kernel::Product(Product { isa, origin, step, taps, span, output, panels, weights, bias, finish })
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
        let scratch_start = self.places.floats;
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

/// How many input channels a panel of outputs looks at, and from which on each panel does. With groups that is a part of
/// them, in which every output uses only its own group's.
fn spans(conv: &Conv, inputs: usize, outputs: usize, panel: usize) -> (usize, Vec<usize>) {
    let (inputs_of_group, outputs_of_group) = (inputs / conv.groups, outputs / conv.groups);
    let ranges = (0..outputs).step_by(panel).map(|first| {
        let last = (first + panel).min(outputs) - 1;
        (first / outputs_of_group * inputs_of_group, (last / outputs_of_group + 1) * inputs_of_group)
    });
    let ranges: Vec<_> = ranges.collect();
    let span = ranges.iter().map(|(start, end)| end - start).max().unwrap_or(0);
    (span, ranges.into_iter().map(|(start, _)| start.min(inputs - span)).collect())
}

impl Conv {
    /// Of output `o` for input channel `c` at a place of the filter: zero outside its group.
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

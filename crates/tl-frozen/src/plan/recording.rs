//! What burn's capture device recorded, as a [`Graph`].

use burn::tensor::{CapturedGraph, TensorData};
use burn_ir::{
    ActivationOperationIr as Act, BaseOperationIr as Base, Conv2dOpIr, FloatOperationIr as Float,
    ModuleOperationIr as Layer, NumericOperationIr as Numeric, OperationIr, ScalarIr, TensorId, TensorIr,
};
use std::collections::{BTreeMap, HashMap};

use super::PlanError;
use super::graph::{Conv, Graph, Kind, Node, NodeId, ScaleShift, Shape};
use super::windows;
use crate::kernels::{Activation, Format, Join};

/// The graph whose image is the first tensor that was recorded, and whose output is the last.
pub(crate) fn read(recording: CapturedGraph) -> Result<Graph, PlanError> {
    let mut reader = Reader { values: recording.values, nodes: Vec::new(), known: HashMap::new() };
    for operation in &recording.graph.operations {
        reader.add(operation)?;
    }
    let output = reader.nodes.len().checked_sub(1);
    let output = output.ok_or_else(|| PlanError::Capture { detail: "nothing was recorded".to_owned() })?;
    Ok(Graph { nodes: reader.nodes, output })
}

/// What has been read of a recording.
struct Reader {
    values: BTreeMap<TensorId, TensorData>,
    nodes: Vec<Node>,
    known: HashMap<TensorId, NodeId>,
}

impl Reader {
    fn add(&mut self, operation: &OperationIr) -> Result<(), PlanError> {
        let (node, out) = match operation {
            OperationIr::Drop(_) => return Ok(()),
            OperationIr::Init(_) if !self.nodes.is_empty() => return Ok(()),
            OperationIr::Init(init) => (Node::new(Kind::Image, Vec::new(), shape(&init.out)?), &init.out),
            OperationIr::Module(layer) => self.layer(layer)?,
            OperationIr::Activation(activation) => self.activation(activation)?,
            OperationIr::Float(_, Float::Matmul(op)) => {
                (self.linear(&op.lhs, &op.rhs, None, &op.out)?, &op.out)
            }
            OperationIr::NumericFloat(_, numeric) => self.numeric(numeric)?,
            OperationIr::BaseFloat(base) => match self.base(base)? {
                Some(found) => found,
                None => return Ok(()),
            },
            other => return Err(unsupported(other)),
        };
        self.known.insert(out.id, self.nodes.len());
        self.nodes.push(node);
        Ok(())
    }

    fn layer<'a>(&mut self, layer: &'a Layer) -> Result<(Node, &'a TensorIr), PlanError> {
        Ok(match layer {
            Layer::Conv2d(op) => (self.conv(op)?, &op.out),
            Layer::Linear(op) => (self.linear(&op.x, &op.weight, op.bias.as_ref(), &op.out)?, &op.out),
            Layer::BatchNorm(op) => {
                let [gamma, beta, mean, variance] = [&op.gamma, &op.beta, &op.mean, &op.variance];
                let [gamma, beta] = [self.value(gamma)?, self.value(beta)?];
                let [mean, variance] = [self.value(mean)?, self.value(variance)?];
                let each = ScaleShift::batch_norm([&gamma, &beta, &mean, &variance], float(&op.epsilon));
                (Node::new(Kind::Each(Some(each)), vec![self.node(&op.x)?], shape(&op.out)?), &op.out)
            }
            Layer::MaxPool2d(op) if op.dilation == [1, 1] => {
                let (from, to) = (shape(&op.x)?, shape(&op.out)?);
                let windows = windows::max(from, to, op.kernel_size, op.stride, op.padding);
                (Node::new(Kind::Pool(windows), vec![self.node(&op.x)?], to), &op.out)
            }
            // Where sizes are rounded up, only some of what is outside the maps counts.
            Layer::AvgPool2d(op) if !op.ceil_mode => {
                let (from, to, counts) = (shape(&op.x)?, shape(&op.out)?, op.count_include_pad);
                let windows = windows::mean(from, to, op.kernel_size, op.stride, op.padding, counts);
                (Node::new(Kind::Pool(windows), vec![self.node(&op.x)?], to), &op.out)
            }
            Layer::AdaptiveAvgPool2d(op) => {
                let windows = windows::adaptive(shape(&op.x)?, op.output_size);
                (Node::new(Kind::Pool(windows), vec![self.node(&op.x)?], shape(&op.out)?), &op.out)
            }
            other => return Err(unsupported(other)),
        })
    }

    /// A vector times weights `[input, output]`.
    fn linear(
        &self,
        x: &TensorIr,
        weight: &TensorIr,
        bias: Option<&TensorIr>,
        out: &TensorIr,
    ) -> Result<Node, PlanError> {
        let (x_shape, out) = (shape(x)?, shape(out)?);
        let (inputs, outputs) = (x_shape.channels, out.channels);
        let weight_io = self.value(weight)?;
        if x_shape.len() != inputs || weight_io.len() != inputs * outputs {
            return Err(unsupported(&("product", x, weight)));
        }
        let transposed = (0..outputs * inputs).map(|i| weight_io[i % inputs * outputs + i / inputs]);
        let conv = Conv::pointwise(transposed.collect(), self.bias(bias, outputs)?);
        Ok(Node::new(Kind::Conv(conv), vec![self.node(x)?], out))
    }

    fn conv(&mut self, op: &Conv2dOpIr) -> Result<Node, PlanError> {
        let [outputs, _, height, width] = [0, 1, 2, 3].map(|axis| op.weight.shape[axis]);
        let conv = Conv {
            weights: self.value(&op.weight)?,
            bias: self.bias(op.bias.as_ref(), outputs)?,
            kernel: [height, width],
            stride: op.options.stride,
            padding: op.options.padding.map(|(before, _)| before),
            dilation: op.options.dilation,
            groups: op.options.groups,
            tiling: None,
            format: Format::F32,
        };
        Ok(Node::new(Kind::Conv(conv), vec![self.node(&op.x)?], shape(&op.out)?))
    }

    fn activation<'a>(&mut self, activation: &'a Act) -> Result<(Node, &'a TensorIr), PlanError> {
        let (input, out, function) = match activation {
            Act::Relu(op) => (&op.input, &op.out, Activation::RELU),
            Act::Sigmoid(op) => (&op.input, &op.out, Activation::Sigmoid),
            Act::HardSigmoid(op) => {
                let (alpha, beta) = (float(&op.alpha), float(&op.beta));
                (&op.tensor, &op.out, Activation::HardSigmoid { alpha, beta })
            }
            other => return Err(unsupported(other)),
        };
        Ok((Node::activation(self.node(input)?, shape(out)?, function), out))
    }

    fn numeric<'a>(&mut self, numeric: &'a Numeric) -> Result<(Node, &'a TensorIr), PlanError> {
        Ok(match numeric {
            Numeric::Clamp(op) => {
                let function = Activation::Clamp { low: float(&op.min), high: float(&op.max) };
                (Node::activation(self.node(&op.tensor)?, shape(&op.out)?, function), &op.out)
            }
            Numeric::Add(op) if self.is_constant(&op.rhs) => {
                let (shift, out) = (self.value(&op.rhs)?, shape(&op.out)?);
                if shift.len() != out.channels {
                    return Err(unsupported(numeric));
                }
                let each = ScaleShift { scale: vec![1.0; shift.len()], shift };
                (Node::new(Kind::Each(Some(each)), vec![self.node(&op.lhs)?], out), &op.out)
            }
            Numeric::Add(op) => (self.join(Join::Add, [&op.lhs, &op.rhs], &op.out)?, &op.out),
            Numeric::Mul(op) => (self.join(Join::Multiply, [&op.lhs, &op.rhs], &op.out)?, &op.out),
            Numeric::MulScalar(op) => (self.each(&op.lhs, float(&op.rhs), 0.0)?, &op.out),
            Numeric::AddScalar(op) => (self.each(&op.lhs, 1.0, float(&op.rhs))?, &op.out),
            Numeric::MeanDim(op) if op.axis >= 2 => {
                let windows = windows::whole(shape(&op.input)?, op.axis);
                (Node::new(Kind::Pool(windows), vec![self.node(&op.input)?], shape(&op.out)?), &op.out)
            }
            other => return Err(unsupported(other)),
        })
    }

    /// `None` where the values stay what they are, in the same order.
    fn base<'a>(&mut self, base: &'a Base) -> Result<Option<(Node, &'a TensorIr)>, PlanError> {
        Ok(Some(match base {
            Base::Cat(op) if op.dim == 1 => {
                let inputs = op.tensors.iter().map(|tensor| self.node(tensor)).collect::<Result<_, _>>()?;
                (Node::new(Kind::Concat, inputs, shape(&op.out)?), &op.out)
            }
            Base::Slice(op) => {
                let (from, out) = (shape(&op.tensor)?, shape(&op.out)?);
                let whole = (out.height, out.width) == (from.height, from.width);
                let channels = op.ranges.get(1).filter(|range| whole && range.step == 1 && range.start >= 0);
                let first = channels.ok_or_else(|| unsupported(base))?.start as usize;
                (Node::new(Kind::Slice(first), vec![self.node(&op.tensor)?], out), &op.out)
            }
            // Linear layers reshape their bias.
            Base::Reshape(op) if self.is_constant(&op.input) => {
                let values = self.values.get(&op.input.id).cloned();
                self.values.extend(values.map(|values| (op.out.id, values)));
                return Ok(None);
            }
            Base::Reshape(op) => {
                let (input, from, to) = (self.node(&op.input)?, shape(&op.input)?, shape(&op.out)?);
                if from == to {
                    self.known.insert(op.out.id, input);
                    return Ok(None);
                }
                if to.len() != to.channels {
                    return Err(unsupported(base));
                }
                (Node::new(Kind::Flatten, vec![input], to), &op.out)
            }
            other => return Err(unsupported(other)),
        }))
    }

    fn join(&self, join: Join, [a, b]: [&TensorIr; 2], out: &TensorIr) -> Result<Node, PlanError> {
        let out = shape(out)?;
        // What is spread over all places is what joins in.
        let (a, b) = if shape(a)? == out { (a, b) } else { (b, a) };
        let vector = Shape { height: 1, width: 1, ..out };
        if shape(a)? != out || ![out, vector].contains(&shape(b)?) {
            return Err(unsupported(&(join, a, b)));
        }
        Ok(Node::joined(self.node(a)?, out, join, self.node(b)?))
    }

    fn each(&self, input: &TensorIr, scale: f32, shift: f32) -> Result<Node, PlanError> {
        let shape = shape(input)?;
        let each = ScaleShift { scale: vec![scale; shape.channels], shift: vec![shift; shape.channels] };
        Ok(Node::new(Kind::Each(Some(each)), vec![self.node(input)?], shape))
    }

    fn node(&self, tensor: &TensorIr) -> Result<NodeId, PlanError> {
        self.known.get(&tensor.id).copied().ok_or_else(|| unsupported(&("constant", tensor)))
    }

    fn is_constant(&self, tensor: &TensorIr) -> bool {
        self.values.contains_key(&tensor.id) && !self.known.contains_key(&tensor.id)
    }

    /// A parameter's values.
    fn value(&self, tensor: &TensorIr) -> Result<Vec<f32>, PlanError> {
        let data = self.values.get(&tensor.id).ok_or_else(|| unsupported(&("computed parameter", tensor)))?;
        Ok(data.as_slice::<f32>().map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec))
    }

    fn bias(&self, bias: Option<&TensorIr>, outputs: usize) -> Result<Vec<f32>, PlanError> {
        bias.map_or_else(|| Ok(vec![0.0; outputs]), |bias| self.value(bias))
    }
}

impl Conv {
    /// From `[output][input]`.
    fn pointwise(weights: Vec<f32>, bias: Vec<f32>) -> Self {
        let one = [1, 1];
        Self {
            weights,
            bias,
            kernel: one,
            stride: one,
            padding: [0, 0],
            dilation: one,
            groups: 1,
            tiling: None,
            format: Format::F32,
        }
    }
}

impl ScaleShift {
    /// From gamma, beta, mean and variance.
    fn batch_norm([gamma, beta, mean, variance]: [&[f32]; 4], epsilon: f32) -> Self {
        let scale: Vec<f32> =
            gamma.iter().zip(variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt()).collect();
        let shift = scale.iter().zip(mean).zip(beta).map(|((scale, mean), beta)| beta - mean * scale);
        Self { shift: shift.collect(), scale }
    }
}

/// `[1, c, h, w]` or `[1, c]`.
fn shape(tensor: &TensorIr) -> Result<Shape, PlanError> {
    let dims: Vec<usize> = (0..tensor.shape.num_dims()).map(|axis| tensor.shape[axis]).collect();
    match dims[..] {
        [1, channels, height, width] => Ok(Shape { channels, height, width }),
        [1, channels] => Ok(Shape { channels, height: 1, width: 1 }),
        _ => Err(unsupported(tensor)),
    }
}

fn float(scalar: &ScalarIr) -> f32 {
    scalar.elem()
}

fn unsupported(operation: &impl std::fmt::Debug) -> PlanError {
    let text = format!("{operation:?}");
    PlanError::Unsupported { operation: text.chars().take(200).collect() }
}

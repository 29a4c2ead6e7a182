//! What burn's capture device recorded, as a [`Graph`].

use burn::tensor::CapturedGraph;
use burn_ir::{
    BaseOperationIr as Base, FloatOperationIr as Float, ModuleOperationIr as Layer,
    NumericOperationIr as Numeric, OperationIr, SliceOpIr, TensorId, TensorIr,
};
use std::collections::HashMap;

use super::constants::{Constants, Known};
use super::operations::{axes_of, elementary, float, kind, name, picture, refused, unsupported};
use super::{Capture, CaptureError, CheckpointKey};
use crate::{Binary, Builder, Constant, Conv2d, Graph, NodeId, Operation, Padding, Pool, Provenance};

/// The graph of a recording, which has the capture's inputs and outputs.
pub(super) fn read(
    recording: CapturedGraph,
    capture: &Capture,
    keys: &HashMap<TensorId, CheckpointKey>,
) -> Result<Graph, CaptureError> {
    let constants = Constants::new(recording.values, keys);
    let mut reader = Reader { constants, builder: Graph::builder(), nodes: HashMap::new() };
    for (name, shape, id) in &capture.inputs {
        let node = reader.builder.input(name, shape.clone())?;
        reader.nodes.insert(*id, node);
    }
    let operations = &recording.graph.operations;
    for operation in operations {
        reader.read(operation).map_err(|error| counted(error, operation, operations))?;
    }
    for (name, id) in &capture.outputs {
        let computed = || CaptureError::Burn { detail: format!("output `{name}` depends on no input") };
        let node = reader.nodes.get(id).copied().ok_or_else(computed)?;
        reader.builder.output(name, node)?;
    }
    Ok(reader.builder.finish()?)
}

/// An operation that graphs do not have, with how many of its kind there are.
fn counted(error: CaptureError, operation: &OperationIr, all: &[OperationIr]) -> CaptureError {
    match error {
        CaptureError::Unsupported { operation: name, .. } => {
            let count = all.iter().filter(|other| kind(other) == kind(operation)).count();
            CaptureError::Unsupported { operation: name, count }
        }
        other => other,
    }
}

/// What has been read of a recording.
struct Reader<'a> {
    constants: Constants<'a>,
    builder: Builder,
    nodes: HashMap<TensorId, NodeId>,
}

impl Reader<'_> {
    fn read(&mut self, operation: &OperationIr) -> Result<(), CaptureError> {
        match operation {
            OperationIr::Drop(_) => return Ok(()),
            OperationIr::Init(init) => {
                if !self.nodes.contains_key(&init.out.id) {
                    self.constants.initialise(&init.out);
                }
                return Ok(());
            }
            _ if operation.inputs().all(|input| self.constants.get(input).is_some()) => {
                return self.constants.compute(operation);
            }
            _ => {}
        }
        let out = operation.outputs().next().ok_or_else(|| unsupported(operation))?;
        let node = match operation {
            OperationIr::Module(layer) => self.layer(operation, layer)?,
            OperationIr::Float(_, Float::Matmul(op)) => {
                let linear = self.linear(operation, &op.rhs, None)?;
                self.add(operation, linear, &[&op.lhs])?
            }
            OperationIr::NumericFloat(_, numeric) => self.numeric(operation, numeric)?,
            OperationIr::BaseFloat(base) => self.base(operation, base)?,
            other => self.elementary(other)?,
        };
        let (recorded, inferred) = (picture(operation, out)?, self.builder.nodes()[node.index()].shape());
        if recorded != *inferred {
            let (operation, inferred) = (name(operation), inferred.clone());
            return Err(CaptureError::Shape { operation, recorded, inferred });
        }
        self.nodes.insert(out.id, node);
        Ok(())
    }

    fn layer(&mut self, whole: &OperationIr, layer: &Layer) -> Result<NodeId, CaptureError> {
        let (operation, x) = match layer {
            Layer::Conv2d(op) => {
                let [(top, bottom), (left, right)] = op.options.padding;
                let conv = Conv2d {
                    weight: self.constant(whole, &op.weight)?.constant.clone(),
                    bias: op.bias.as_ref().map(|bias| self.vector(whole, bias)).transpose()?,
                    stride: op.options.stride,
                    padding: Padding { top, bottom, left, right },
                    dilation: op.options.dilation,
                    groups: op.options.groups,
                };
                (Operation::Conv2d(conv), &op.x)
            }
            Layer::Linear(op) => (self.linear(whole, &op.weight, op.bias.as_ref())?, &op.x),
            Layer::BatchNorm(op) => {
                let norm = Operation::BatchNorm {
                    gamma: self.vector(whole, &op.gamma)?,
                    beta: self.vector(whole, &op.beta)?,
                    mean: self.vector(whole, &op.mean)?,
                    variance: self.vector(whole, &op.variance)?,
                    epsilon: float(&op.epsilon),
                };
                (norm, &op.x)
            }
            Layer::MaxPool2d(op) if op.dilation == [1, 1] => {
                let (kernel, stride, padding) = (op.kernel_size, op.stride, op.padding);
                (Operation::MaxPool(Pool { kernel, stride, padding, ceil_mode: op.ceil_mode }), &op.x)
            }
            Layer::MaxPool2d(_) => return Err(refused(whole, "with dilation")),
            Layer::AvgPool2d(op) => {
                let (kernel, stride, padding) = (op.kernel_size, op.stride, op.padding);
                let pool = Pool { kernel, stride, padding, ceil_mode: op.ceil_mode };
                (Operation::AvgPool { pool, count_include_pad: op.count_include_pad }, &op.x)
            }
            Layer::AdaptiveAvgPool2d(op) => (Operation::AdaptiveAvgPool { output: op.output_size }, &op.x),
            _ => return Err(unsupported(whole)),
        };
        self.add(whole, operation, &[x])
    }

    fn linear(
        &self,
        whole: &OperationIr,
        weight: &TensorIr,
        bias: Option<&TensorIr>,
    ) -> Result<Operation, CaptureError> {
        let weight = self.constant(whole, weight)?.linear_weight();
        let weight = weight.ok_or_else(|| refused(whole, "of weights that are no matrix"))?;
        Ok(Operation::Linear { weight, bias: bias.map(|bias| self.vector(whole, bias)).transpose()? })
    }

    fn numeric(&mut self, whole: &OperationIr, numeric: &Numeric) -> Result<NodeId, CaptureError> {
        match numeric {
            Numeric::MulScalar(op) => self.scalar(whole, &op.lhs, float(&op.rhs), 0.0),
            Numeric::DivScalar(op) => self.scalar(whole, &op.lhs, 1.0 / float(&op.rhs), 0.0),
            Numeric::AddScalar(op) => self.scalar(whole, &op.lhs, 1.0, float(&op.rhs)),
            Numeric::SubScalar(op) => self.scalar(whole, &op.lhs, 1.0, -float(&op.rhs)),
            Numeric::Add(op) => match (self.constants.get(&op.lhs), self.constants.get(&op.rhs)) {
                (None, Some(shift)) => self.varying(whole, &op.lhs, shift.clone(), |x| [1.0, x]),
                (Some(shift), None) => self.varying(whole, &op.rhs, shift.clone(), |x| [1.0, x]),
                _ => self.add(whole, Operation::Binary(Binary::Add), &[&op.lhs, &op.rhs]),
            },
            Numeric::Sub(op) => match (self.constants.get(&op.lhs), self.constants.get(&op.rhs)) {
                (None, Some(shift)) => self.varying(whole, &op.lhs, shift.clone(), |x| [1.0, -x]),
                (Some(shift), None) => self.varying(whole, &op.rhs, shift.clone(), |x| [-1.0, x]),
                _ => Err(unsupported(whole)),
            },
            Numeric::Mul(op) => match (self.constants.get(&op.lhs), self.constants.get(&op.rhs)) {
                (None, Some(scale)) => self.varying(whole, &op.lhs, scale.clone(), |x| [x, 0.0]),
                (Some(scale), None) => self.varying(whole, &op.rhs, scale.clone(), |x| [x, 0.0]),
                _ => self.add(whole, Operation::Binary(Binary::Multiply), &[&op.lhs, &op.rhs]),
            },
            Numeric::Div(op) => match self.constants.get(&op.rhs) {
                Some(divisor) => self.varying(whole, &op.lhs, divisor.clone(), |x| [1.0 / x, 0.0]),
                None => self.add(whole, Operation::Binary(Binary::Divide), &[&op.lhs, &op.rhs]),
            },
            _ => self.elementary(whole),
        }
    }

    fn base(&mut self, whole: &OperationIr, base: &Base) -> Result<NodeId, CaptureError> {
        match base {
            Base::Cat(op) => {
                let axis = op.dim.checked_sub(1).ok_or_else(|| refused(whole, "of pictures"))?;
                let tensors: Vec<&TensorIr> = op.tensors.iter().collect();
                self.add(whole, Operation::Concat { axis }, &tensors)
            }
            Base::Slice(op) => self.slice(whole, op),
            Base::Reshape(op) => {
                let shape = picture(whole, &op.out)?;
                self.add(whole, Operation::Reshape { shape }, &[&op.input])
            }
            _ => Err(unsupported(whole)),
        }
    }

    /// A slice along every axis that is cut; one of a whole axis where none is.
    fn slice(&mut self, whole: &OperationIr, op: &SliceOpIr) -> Result<NodeId, CaptureError> {
        let lengths = axes_of(&op.tensor);
        let mut cuts = Vec::new();
        for (axis, (range, &length)) in op.ranges.iter().zip(lengths.axes()).enumerate() {
            let place = |at: isize| {
                let from_the_end = if at < 0 { at + length as isize } else { at };
                from_the_end.clamp(0, length as isize) as usize
            };
            let (start, end) = (place(range.start), range.end.map_or(length, place));
            match axis.checked_sub(1) {
                _ if range.step != 1 => return Err(refused(whole, "with steps")),
                None if (start, end) != (0, length) => return Err(refused(whole, "of pictures")),
                Some(axis) if (start, end) != (0, length) => cuts.push(Operation::Slice { axis, start, end }),
                _ => {}
            }
        }
        if cuts.is_empty() {
            let end = lengths.axes().get(1).copied().unwrap_or_default();
            cuts.push(Operation::Slice { axis: 0, start: 0, end });
        }
        let mut node = self.node(whole, &op.tensor)?;
        for cut in cuts {
            node = self.builder.add(cut, &[node])?;
        }
        Ok(node)
    }

    /// An operation that is the same for constants, but for the axes, of which the batch is one.
    fn elementary(&mut self, whole: &OperationIr) -> Result<NodeId, CaptureError> {
        let mut operation = elementary(whole).ok_or_else(|| unsupported(whole))?;
        if let Operation::Reduce { axes, .. } = &mut operation {
            let inner: Option<Vec<usize>> = axes.iter().map(|axis| axis.checked_sub(1)).collect();
            *axes = inner.ok_or_else(|| refused(whole, "over pictures"))?;
        }
        let inputs: Vec<&TensorIr> = whole.inputs().collect();
        self.add(whole, operation, &inputs)
    }

    /// `x * scale + shift`, of numbers.
    fn scalar(
        &mut self,
        whole: &OperationIr,
        x: &TensorIr,
        scale: f32,
        shift: f32,
    ) -> Result<NodeId, CaptureError> {
        let length = picture(whole, x)?.axes().first().copied().unwrap_or_default();
        let repeated = |value: f32| Constant::vector(vec![value; length], Provenance::Code);
        let operation = Operation::ScaleShift { axis: 0, scale: repeated(scale), shift: repeated(shift) };
        self.add(whole, operation, &[x])
    }

    /// `x * scale + shift`, both made of each value of a constant that varies along one axis.
    fn varying(
        &mut self,
        whole: &OperationIr,
        x: &TensorIr,
        constant: Known,
        function: impl Fn(f32) -> [f32; 2],
    ) -> Result<NodeId, CaptureError> {
        let shape = picture(whole, x)?;
        let (values, provenance) = (constant.constant.values(), constant.constant.provenance());
        let lengths = constant.constant.shape().axes();
        // Axes are counted from the innermost when ranks differ; the outermost of a full rank is the batch.
        let missing = (shape.rank() + 1).checked_sub(lengths.len());
        let missing = missing.ok_or_else(|| refused(whole, "with a constant of more axes"))?;
        let mut long = lengths.iter().enumerate().filter(|&(_, &length)| length != 1);
        let axis = match (long.next(), long.next()) {
            (None, _) => None,
            (Some((axis, _)), None) => {
                let axis = (axis + missing).checked_sub(1);
                Some(axis.ok_or_else(|| refused(whole, "with a constant that differs between pictures"))?)
            }
            _ => return Err(refused(whole, "with a constant that varies along more than one axis")),
        };
        let length = shape.axes().get(axis.unwrap_or(0)).copied().unwrap_or_default();
        let value = |i: usize| function(values[if axis.is_some() { i } else { 0 }]);
        if axis.is_some() && values.len() != length {
            return Err(refused(whole, "that repeats what is no constant"));
        }
        let pairs: Vec<[f32; 2]> = (0..length).map(value).collect();
        let vector = |which: usize| {
            let made: Vec<f32> = pairs.iter().map(|pair| pair[which]).collect();
            // What is the same for any constant comes from the code.
            let same = [function(1.0)[which], function(2.0)[which]];
            let kept = axis.is_some() && made[..] == values[..];
            let provenance = match provenance {
                _ if same[0] == same[1] => Provenance::Code,
                provenance if kept => provenance.clone(),
                provenance => Provenance::derived([provenance]),
            };
            Constant::vector(made, provenance)
        };
        let operation = Operation::ScaleShift { axis: axis.unwrap_or(0), scale: vector(0), shift: vector(1) };
        self.add(whole, operation, &[x])
    }

    fn add(
        &mut self,
        whole: &OperationIr,
        operation: Operation,
        inputs: &[&TensorIr],
    ) -> Result<NodeId, CaptureError> {
        let nodes: Result<Vec<NodeId>, CaptureError> =
            inputs.iter().map(|input| self.node(whole, input)).collect();
        Ok(self.builder.add(operation, &nodes?)?)
    }

    fn node(&self, whole: &OperationIr, tensor: &TensorIr) -> Result<NodeId, CaptureError> {
        picture(whole, tensor)?;
        let node = self.nodes.get(&tensor.id).copied();
        node.ok_or_else(|| refused(whole, "of a constant"))
    }

    fn constant(&self, whole: &OperationIr, tensor: &TensorIr) -> Result<&Known, CaptureError> {
        self.constants.get(tensor).ok_or_else(|| refused(whole, "with computed weights"))
    }

    fn vector(&self, whole: &OperationIr, tensor: &TensorIr) -> Result<Constant, CaptureError> {
        let vector = self.constant(whole, tensor)?.vector();
        vector.ok_or_else(|| refused(whole, "with weights that vary along more than one axis"))
    }
}

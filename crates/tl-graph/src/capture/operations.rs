//! burn's operations, and what they are called.

use burn_ir::{
    ActivationOperationIr as Act, FloatOperationIr as Float, NumericOperationIr as Numeric, OperationIr,
    ScalarIr, TensorIr,
};

use super::{BATCH, CaptureError};
use crate::{Activation, Binary, Operation, Reduction, Shape};

/// An operation that reads tensors alone and means the same for constants and for pictures; axes are burn's.
pub(super) fn elementary(operation: &OperationIr) -> Option<Operation> {
    let reduce = |reduction: Reduction, axes: &[usize]| {
        let mut axes = axes.to_vec();
        axes.sort_unstable();
        Operation::Reduce { reduction, axes }
    };
    let clamp = |low: Option<&ScalarIr>, high: Option<&ScalarIr>| {
        Operation::Activation(Activation::Clamp { low: low.map(float), high: high.map(float) })
    };
    Some(match operation {
        OperationIr::Activation(Act::Relu(_)) => Operation::Activation(Activation::Relu),
        OperationIr::Activation(Act::Sigmoid(_)) => Operation::Activation(Activation::Sigmoid),
        OperationIr::Activation(Act::HardSigmoid(op)) => {
            let (alpha, beta) = (float(&op.alpha), float(&op.beta));
            Operation::Activation(Activation::HardSigmoid { alpha, beta })
        }
        OperationIr::Float(_, Float::Sqrt(_)) => Operation::Activation(Activation::Sqrt),
        OperationIr::NumericFloat(_, numeric) => match numeric {
            Numeric::Clamp(op) => clamp(Some(&op.min), Some(&op.max)),
            Numeric::ClampMin(op) => clamp(Some(&op.rhs), None),
            Numeric::ClampMax(op) => clamp(None, Some(&op.rhs)),
            Numeric::MeanDim(op) => reduce(Reduction::Mean, &[op.axis]),
            Numeric::SumDim(op) => reduce(Reduction::Sum, &[op.axis]),
            Numeric::SumDims(op) => reduce(Reduction::Sum, &op.axes),
            Numeric::MaxDim(op) => reduce(Reduction::Max, &[op.axis]),
            Numeric::Add(_) => Operation::Binary(Binary::Add),
            Numeric::Mul(_) => Operation::Binary(Binary::Multiply),
            Numeric::Div(_) => Operation::Binary(Binary::Divide),
            _ => return None,
        },
        _ => return None,
    })
}

/// The shape of a tensor as burn has it, batch included.
pub(super) fn axes_of(tensor: &TensorIr) -> Shape {
    Shape::new((0..tensor.shape.num_dims()).map(|axis| tensor.shape[axis]).collect::<Vec<_>>())
}

/// The shape of a tensor for one picture.
pub(super) fn picture(operation: &OperationIr, tensor: &TensorIr) -> Result<Shape, CaptureError> {
    match axes_of(tensor).axes() {
        [BATCH, rest @ ..] => Ok(Shape::new(rest)),
        _ => Err(refused(operation, "that mixes the pictures of a batch")),
    }
}

pub(super) fn float(scalar: &ScalarIr) -> f32 {
    scalar.elem()
}

pub(super) fn unsupported(operation: &OperationIr) -> CaptureError {
    CaptureError::Unsupported { operation: name(operation), count: 1 }
}

pub(super) fn refused(operation: &OperationIr, reason: &'static str) -> CaptureError {
    CaptureError::Refused { operation: name(operation), reason }
}

/// What burn calls an operation, and the shape of what it makes: `MaxDim [2, 512]`.
pub(super) fn name(operation: &OperationIr) -> String {
    let shape = operation.outputs().next().map(|out| format!(" {}", axes_of(out)));
    kind(operation) + &shape.unwrap_or_default()
}

/// What burn calls an operation: `MaxDim`.
pub(super) fn kind(operation: &OperationIr) -> String {
    // burn derives `Debug`: `NumericFloat(F32, MaxDim(ReduceDimOpIr { ..`.
    let text = format!("{operation:?}");
    let inner = text.split('(').nth(1).and_then(|inner| inner.rsplit(", ").next()).unwrap_or(&text);
    inner.split([' ', '{', ')']).next().unwrap_or(inner).to_owned()
}

//! Constants while a recording is read: parameters, and what is computed of parameters alone.

use burn::tensor::TensorData;
use burn_ir::{BaseOperationIr as Base, NumericOperationIr as Numeric, OperationIr, TensorId, TensorIr};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::operations::{axes_of, elementary, float, unsupported};
use super::{CaptureError, CheckpointKey};
use crate::interpret::{View, apply};
use crate::{Constant, Provenance, Shape};

/// A constant in burn's order of values.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) constant: Constant,
    /// The checkpoint's key of a tensor whose transpose it is.
    transpose_of: Option<String>,
}

/// The constants of a recording by burn's numbers.
#[derive(Debug)]
pub(super) struct Constants<'a> {
    values: BTreeMap<TensorId, TensorData>,
    keys: &'a HashMap<TensorId, CheckpointKey>,
    known: HashMap<TensorId, Known>,
}

impl<'a> Constants<'a> {
    pub(super) fn new(
        values: BTreeMap<TensorId, TensorData>,
        keys: &'a HashMap<TensorId, CheckpointKey>,
    ) -> Self {
        Self { values, keys, known: HashMap::new() }
    }

    pub(super) fn get(&self, tensor: &TensorIr) -> Option<&Known> {
        self.known.get(&tensor.id)
    }

    /// Takes up a tensor that was moved to the device or made in the code.
    pub(super) fn initialise(&mut self, tensor: &TensorIr) {
        let Some(data) = self.values.remove(&tensor.id) else { return };
        let values: Vec<f32> =
            data.as_slice::<f32>().map_or_else(|_| data.iter::<f32>().collect(), <[f32]>::to_vec);
        let (provenance, transpose_of) = match self.keys.get(&tensor.id) {
            Some(CheckpointKey { name, transposed: false }) => (Provenance::Checkpoint(name.clone()), None),
            Some(CheckpointKey { name, .. }) => (Provenance::Derived(vec![name.clone()]), Some(name.clone())),
            None => (Provenance::Code, None),
        };
        if let Some(constant) = Constant::new(axes_of(tensor), values, provenance) {
            self.known.insert(tensor.id, Known { constant, transpose_of });
        }
    }

    /// Computes an operation that reads constants alone.
    pub(super) fn compute(&mut self, operation: &OperationIr) -> Result<(), CaptureError> {
        let unsupported = || unsupported(operation);
        let out = operation.outputs().next().ok_or_else(unsupported)?;
        let known = self.computed(operation, axes_of(out)).ok_or_else(unsupported)?;
        self.known.insert(out.id, known);
        Ok(())
    }

    fn computed(&self, operation: &OperationIr, shape: Shape) -> Option<Known> {
        let inputs: Option<Vec<&Known>> = operation.inputs().map(|input| self.get(input)).collect();
        let inputs = inputs?;
        let first = inputs.first()?.constant.clone();
        let map =
            |function: &dyn Fn(f32) -> f32| first.values().iter().map(|&value| function(value)).collect();
        let values: Arc<[f32]> = match operation {
            // The same values in the same order.
            OperationIr::BaseFloat(Base::Reshape(_)) => {
                let provenance = first.provenance().clone();
                let constant = Constant::new(shape, first.values().clone(), provenance)?;
                return Some(Known { constant, transpose_of: None });
            }
            OperationIr::BaseFloat(Base::SwapDims(op)) => {
                let mut axes: Vec<usize> = (0..first.shape().rank()).collect();
                axes.swap(op.dim1, op.dim2);
                permuted(&first, &axes)
            }
            OperationIr::BaseFloat(Base::Permute(op)) => permuted(&first, &op.axes),
            OperationIr::NumericFloat(_, Numeric::MulScalar(op)) => map(&|value| value * float(&op.rhs)),
            OperationIr::NumericFloat(_, Numeric::AddScalar(op)) => map(&|value| value + float(&op.rhs)),
            OperationIr::NumericFloat(_, Numeric::DivScalar(op)) => map(&|value| value / float(&op.rhs)),
            operation => {
                let views: Vec<View<'_>> = inputs.iter().map(|known| known.view()).collect();
                let fits = views.iter().all(|view| view.shape.rank() == shape.rank());
                let operation = elementary(operation).filter(|_| fits)?;
                apply(&operation, &views, &shape).ok()?.into()
            }
        };
        let provenance = Provenance::derived(inputs.iter().map(|known| known.constant.provenance()));
        Some(Known { constant: Constant::new(shape, values, provenance)?, transpose_of: None })
    }
}

impl Known {
    fn view(&self) -> View<'_> {
        View { shape: self.constant.shape(), values: self.constant.values() }
    }

    /// The constant with one axis; the others have a length of 1.
    pub(super) fn vector(&self) -> Option<Constant> {
        let long = self.constant.shape().axes().iter().filter(|&&length| length != 1).count();
        (long <= 1)
            .then(|| Constant::vector(self.constant.values().clone(), self.constant.provenance().clone()))
    }

    /// The weights `[outputs, inputs]` of a linear layer, which burn has as `[inputs, outputs]`.
    pub(super) fn linear_weight(&self) -> Option<Constant> {
        let &[inputs, outputs] = self.constant.shape().axes() else { return None };
        let provenance = match &self.transpose_of {
            Some(key) => Provenance::Checkpoint(key.clone()),
            None => Provenance::derived([self.constant.provenance()]),
        };
        Constant::new(Shape::new([outputs, inputs]), permuted(&self.constant, &[1, 0]), provenance)
    }
}

/// The values in the order of other axes: axis `i` of the result is axis `axes[i]`.
fn permuted(constant: &Constant, axes: &[usize]) -> Arc<[f32]> {
    let from = constant.shape().axes();
    let stride = |axis: usize| from[axis + 1..].iter().product::<usize>();
    let steps: Vec<(usize, usize)> = axes.iter().map(|&axis| (from[axis], stride(axis))).collect();
    let place = |index: usize| {
        let digits = steps.iter().rev().scan(index, |rest, (length, stride)| {
            let digit = *rest % length;
            *rest /= length;
            Some(digit * stride)
        });
        digits.sum::<usize>()
    };
    (0..constant.values().len()).map(|index| constant.values()[place(index)]).collect()
}

//! What each operation means: loops over values, sums in double precision. Slow, for tests and as the definition.

use crate::epilogue::{Epilogue, Join};
use crate::error::Problem;
use crate::operation::{Activation, Binary, Conv2d, Operation, Pool, Reduction};
use crate::windows::adaptive_windows;
use crate::{Graph, GraphError, Shape};

/// Values with their shape, the last axis being the innermost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) values: &'a [f32],
}

impl Graph {
    /// Runs the graph on one picture: the values of its outputs, in order. `inputs` are those of the graph's inputs, in order.
    ///
    /// # Errors
    /// [`GraphError::Inputs`] and [`GraphError::Values`] if there are more or fewer inputs, or values, than the graph takes.
    pub fn interpret(&self, inputs: &[&[f32]]) -> Result<Vec<Vec<f32>>, GraphError> {
        let expected = self.inputs().count();
        if inputs.len() != expected {
            return Err(GraphError::Inputs { expected, actual: inputs.len() });
        }
        let mut given = inputs.iter();
        let mut all: Vec<Vec<f32>> = Vec::with_capacity(self.nodes().len());
        for node in self.nodes() {
            let values = match node.operation() {
                Operation::Input { shape } => {
                    let values = given.next().copied().unwrap_or_default();
                    checked(node.name(), shape, values)?.to_vec()
                }
                operation => {
                    let view =
                        |id: &crate::NodeId| View { shape: self.node(*id).shape(), values: &all[id.index()] };
                    let inputs: Vec<View<'_>> = node.inputs().iter().map(view).collect();
                    let made = apply(operation, &inputs, node.shape())
                        .map_err(|problem| problem.of(operation.name()))?;
                    let joined = node.epilogue().join.map(|(_, other)| view(&other));
                    finished(made, node.epilogue(), joined, node.shape())
                }
            };
            all.push(values);
        }
        Ok(self.outputs().iter().map(|output| all[output.node.index()].clone()).collect())
    }
}

fn checked<'a>(name: &str, shape: &Shape, values: &'a [f32]) -> Result<&'a [f32], GraphError> {
    let (expected, actual) = (shape.values(), values.len());
    let wrong =
        || GraphError::Values { what: format!("input `{name}`"), shape: shape.clone(), expected, actual };
    (expected == actual).then_some(values).ok_or_else(wrong)
}

/// What an operation makes of its inputs, before the epilogue; `shape` is that of its output.
pub(crate) fn apply(operation: &Operation, inputs: &[View<'_>], shape: &Shape) -> Result<Vec<f32>, Problem> {
    let (Some(&x), all) = (inputs.first(), inputs) else {
        return Err(Problem::InputCount { expected: 1, actual: 0 });
    };
    Ok(match operation {
        Operation::Input { .. } => return Err(Problem::InputCount { expected: 0, actual: all.len() }),
        Operation::Conv2d(conv) => conv2d(conv, x, shape),
        Operation::Linear { weight, bias } => {
            let rows = weight.values().chunks(x.values.len().max(1));
            let sums = rows.map(|row| row.iter().zip(x.values).map(|(w, x)| product(*w, *x)).sum::<f64>());
            let biased =
                |(o, sum): (usize, f64)| sum + bias.as_ref().map_or(0.0, |bias| bias.values()[o].into());
            sums.enumerate().map(|sum| biased(sum) as f32).collect()
        }
        Operation::BatchNorm { gamma, beta, mean, variance, epsilon } => along(x, 0, |c, value| {
            let [gamma, beta, mean, variance] =
                [gamma, beta, mean, variance].map(|constant| f64::from(constant.values()[c]));
            (value - mean) / (variance + f64::from(*epsilon)).sqrt() * gamma + beta
        }),
        Operation::ScaleShift { axis, scale, shift } => {
            along(x, *axis, |i, value| value * f64::from(scale.values()[i]) + f64::from(shift.values()[i]))
        }
        Operation::MaxPool(pool) => {
            let greatest = |values: &mut dyn Iterator<Item = f32>| values.fold(f32::NEG_INFINITY, f32::max);
            pooled(pool, x, |values, _| greatest(values))?
        }
        Operation::AvgPool { pool, count_include_pad } => pooled(pool, x, |values, padded| {
            let (count, sum) = values.fold((0, 0.0), |(n, sum), value| (n + 1, sum + f64::from(value)));
            (sum / if *count_include_pad { padded } else { count } as f64) as f32
        })?,
        Operation::AdaptiveAvgPool { output } => adaptive(*output, x),
        Operation::Reduce { reduction, axes } => reduce(*reduction, axes, x, shape),
        Operation::Activation(activation) => x.values.iter().map(|&value| activation.apply(value)).collect(),
        Operation::Binary(binary) => {
            let (a, b) = (spread(all[0], shape), spread(all[all.len() - 1], shape));
            a.zip(b).map(|(a, b)| binary.apply(a, b)).collect()
        }
        Operation::Concat { axis } => concat(*axis, all),
        Operation::Slice { axis, start, end } => {
            let [_, length, inner] = x.shape.around(*axis);
            let blocks = x.values.chunks((length * inner).max(1));
            blocks.flat_map(|block| &block[start * inner..end * inner]).copied().collect()
        }
        Operation::Reshape { .. } => x.values.to_vec(),
    })
}

fn finished(mut values: Vec<f32>, epilogue: &Epilogue, other: Option<View<'_>>, shape: &Shape) -> Vec<f32> {
    let activate = |values: &mut Vec<f32>, activation: Option<Activation>| {
        let activation = activation.into_iter();
        activation
            .for_each(|activation| values.iter_mut().for_each(|value| *value = activation.apply(*value)));
    };
    activate(&mut values, epilogue.first);
    if let (Some((join, _)), Some(other)) = (epilogue.join, other) {
        let binary = if join == Join::Add { Binary::Add } else { Binary::Multiply };
        values
            .iter_mut()
            .zip(spread(other, shape))
            .for_each(|(value, other)| *value = binary.apply(*value, other));
    }
    activate(&mut values, epilogue.last);
    values
}

fn product(a: f32, b: f32) -> f64 {
    f64::from(a) * f64::from(b)
}

/// Each value by a function that knows its place along one axis.
fn along(x: View<'_>, axis: usize, function: impl Fn(usize, f64) -> f64) -> Vec<f32> {
    let [_, length, inner] = x.shape.around(axis);
    let place = |i: usize| i / inner.max(1) % length.max(1);
    x.values.iter().enumerate().map(|(i, &value)| function(place(i), value.into()) as f32).collect()
}

/// Weight by weight, each with all the values that it meets: weights are the most of what small pictures read.
fn conv2d(conv: &Conv2d, x: View<'_>, shape: &Shape) -> Vec<f32> {
    let ([_, height, width], [outputs, rows, columns]) = (three(x.shape), three(shape));
    let [_, inputs, down, across] = std::array::from_fn(|axis| conv.weight.shape().axes()[axis]);
    let of_group = outputs / conv.groups;
    let mut made = Vec::with_capacity(shape.values());
    let mut weights = conv.weight.values().iter();
    for o in 0..outputs {
        let bias = conv.bias.as_ref().map_or(0.0, |bias| f64::from(bias.values()[o]));
        let mut sums = vec![bias; rows * columns];
        for c in (0..inputs).map(|c| o / of_group * inputs + c) {
            let map = &x.values[c * height * width..(c + 1) * height * width];
            for (ky, kx) in (0..down).flat_map(|ky| (0..across).map(move |kx| (ky, kx))) {
                let weight = weights.next().copied().unwrap_or_default();
                for (row, sums) in sums.chunks_mut(columns.max(1)).enumerate() {
                    let y = (row * conv.stride[0] + ky * conv.dilation[0]).wrapping_sub(conv.padding.top);
                    let seen = if y < height { &map[y * width..(y + 1) * width] } else { &[] };
                    for (column, sum) in sums.iter_mut().enumerate() {
                        let x = column * conv.stride[1] + kx * conv.dilation[1];
                        let value = seen.get(x.wrapping_sub(conv.padding.left));
                        *sum += value.map_or(0.0, |&value| product(value, weight));
                    }
                }
            }
        }
        made.extend(sums.into_iter().map(|sum| sum as f32));
    }
    made
}

/// Each window's values, and how many they are with the padding, to one.
fn pooled(
    pool: &Pool,
    x: View<'_>,
    reduce: impl Fn(&mut dyn Iterator<Item = f32>, usize) -> f32,
) -> Result<Vec<f32>, Problem> {
    let [channels, height, width] = three(x.shape);
    let [rows, columns] = pool.windows([height, width])?;
    let mut made = Vec::new();
    for c in 0..channels {
        let plane = &x.values[c * height * width..(c + 1) * height * width];
        for down in &rows {
            for across in &columns {
                let row = |y: usize| &plane[y * width..(y + 1) * width][across.inside.clone()];
                let mut values = down.inside.clone().flat_map(row).copied();
                made.push(reduce(&mut values, down.padded * across.padded));
            }
        }
    }
    Ok(made)
}

fn adaptive([down, across]: [usize; 2], x: View<'_>) -> Vec<f32> {
    let [channels, height, width] = three(x.shape);
    let mut made = Vec::new();
    for c in 0..channels {
        for rows in adaptive_windows(height, down) {
            for columns in adaptive_windows(width, across) {
                let row = |y: usize| &x.values[(c * height + y) * width..][columns.clone()];
                let sum: f64 = rows.clone().flat_map(row).map(|&value| f64::from(value)).sum();
                made.push((sum / (rows.len() * columns.len()) as f64) as f32);
            }
        }
    }
    made
}

fn reduce(reduction: Reduction, axes: &[usize], x: View<'_>, shape: &Shape) -> Vec<f32> {
    let start = if reduction == Reduction::Max { f64::NEG_INFINITY } else { 0.0 };
    let mut made = vec![start; shape.values()];
    for (i, &value) in x.values.iter().enumerate() {
        let kept = &mut made[reduced_place(i, axes, x.shape)];
        *kept = if reduction == Reduction::Max { kept.max(value.into()) } else { *kept + f64::from(value) };
    }
    let count: usize = axes.iter().map(|&axis| x.shape.axes()[axis]).product();
    let divisor = if reduction == Reduction::Mean { count as f64 } else { 1.0 };
    made.into_iter().map(|value| (value / divisor) as f32).collect()
}

/// Where the value at `index` goes when these axes get a length of 1.
fn reduced_place(index: usize, axes: &[usize], shape: &Shape) -> usize {
    let mut rest = index;
    let mut strides = (0, 1);
    for (axis, &length) in shape.axes().iter().enumerate().rev() {
        if !axes.contains(&axis) {
            strides = (strides.0 + rest % length * strides.1, strides.1 * length);
        }
        rest /= length;
    }
    strides.0
}

fn concat(axis: usize, inputs: &[View<'_>]) -> Vec<f32> {
    let [outer, ..] = inputs[0].shape.around(axis);
    let mut made = Vec::new();
    for block in 0..outer {
        for input in inputs {
            let [_, length, inner] = input.shape.around(axis);
            made.extend_from_slice(&input.values[block * length * inner..(block + 1) * length * inner]);
        }
    }
    made
}

/// The values of a tensor whose axes of length 1 are repeated.
fn spread<'a>(x: View<'a>, shape: &Shape) -> impl Iterator<Item = f32> + 'a {
    let single = |axis: &usize| x.shape.axes()[*axis] == 1 && shape.axes()[*axis] != 1;
    let repeated: Vec<usize> = (0..shape.rank()).filter(single).collect();
    let shape = shape.clone();
    (0..shape.values()).map(move |i| x.values[reduced_place(i, &repeated, &shape)])
}

/// Channels, height and width, which the operation's inference has checked to be there.
fn three(shape: &Shape) -> [usize; 3] {
    std::array::from_fn(|axis| shape.axes()[axis])
}

impl Activation {
    /// The function's value.
    pub fn apply(self, x: f32) -> f32 {
        let hard = |alpha: f32, beta: f32| (x * alpha + beta).clamp(0.0, 1.0);
        let sigmoid = || 1.0 / (1.0 + f64::from(-x).exp());
        match self {
            Self::Relu => x.max(0.0),
            Self::Clamp { low, high } => {
                let x = low.map_or(x, |low| x.max(low));
                high.map_or(x, |high| x.min(high))
            }
            Self::Sigmoid => sigmoid() as f32,
            Self::HardSigmoid { alpha, beta } => hard(alpha, beta),
            Self::Silu => (f64::from(x) * sigmoid()) as f32,
            Self::HardSwish { alpha, beta } => x * hard(alpha, beta),
            Self::Sqrt => x.sqrt(),
        }
    }
}

impl Binary {
    fn apply(self, a: f32, b: f32) -> f32 {
        match self {
            Self::Add => a + b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
        }
    }
}

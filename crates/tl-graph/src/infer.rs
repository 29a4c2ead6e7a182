//! The shape of what an operation makes of its inputs, or why it cannot.

use crate::error::Problem;
use crate::operation::{Conv2d, Operation, Padding};
use crate::{Constant, Shape};

/// The shape that an operation makes of inputs of these shapes.
pub(crate) fn shape(operation: &Operation, inputs: &[&Shape]) -> Result<Shape, Problem> {
    let made = match (operation, inputs) {
        (Operation::Input { shape }, []) => shape.clone(),
        (Operation::Concat { axis }, [first, rest @ ..]) => concat(*axis, first, rest)?,
        (Operation::Binary(_), [first, second]) => {
            let shapes = || Problem::Shapes { first: (*first).clone(), second: (*second).clone() };
            first.broadcast(second).ok_or_else(shapes)?
        }
        (_, [input]) => of_one(operation, input)?,
        _ => {
            let expected = match operation {
                Operation::Input { .. } => 0,
                Operation::Binary(_) => 2,
                _ => 1,
            };
            return Err(Problem::InputCount { expected, actual: inputs.len() });
        }
    };
    // What no memory holds is refused before anybody asks for it.
    let fits = |&values: &usize| values <= isize::MAX as usize / size_of::<f64>();
    match made.checked_values().filter(fits).ok_or(Problem::TooLarge)? {
        0 => Err(Problem::Zero { what: "size" }),
        _ => Ok(made),
    }
}

/// Whether another tensor joins in at the end of a node of this shape.
pub(crate) fn joined(node: &Shape, other: &Shape) -> Result<(), Problem> {
    let fits = node.broadcast(other).is_some_and(|both| both == *node);
    fits.then_some(()).ok_or_else(|| Problem::Shapes { first: node.clone(), second: other.clone() })
}

fn of_one(operation: &Operation, input: &Shape) -> Result<Shape, Problem> {
    match operation {
        Operation::Conv2d(conv) => conv2d(conv, input),
        Operation::Linear { weight, bias } => linear(weight, bias.as_ref(), input),
        Operation::BatchNorm { gamma, beta, mean, variance, .. } => {
            let channels = length(input, 0)?;
            for (name, constant) in [("gamma", gamma), ("beta", beta), ("mean", mean), ("variance", variance)]
            {
                fits(name, constant, &[channels])?;
            }
            Ok(input.clone())
        }
        Operation::ScaleShift { axis, scale, shift } => {
            let length = length(input, *axis)?;
            fits("scale", scale, &[length])?;
            fits("shift", shift, &[length])?;
            Ok(input.clone())
        }
        Operation::MaxPool(pool) | Operation::AvgPool { pool, .. } => {
            let [channels, height, width] = maps(input)?;
            let [height, width] = pool.output([height, width])?;
            Ok(Shape::new([channels, height, width]))
        }
        Operation::AdaptiveAvgPool { output: [down, across] } => {
            let [channels, ..] = maps(input)?;
            Ok(Shape::new([channels, *down, *across]))
        }
        Operation::Reduce { axes, .. } => reduce(axes, input),
        Operation::Activation(_) => Ok(input.clone()),
        Operation::Slice { axis, start, end } => {
            let (start, end, length) = (*start, *end, length(input, *axis)?);
            if start >= end || end > length {
                return Err(Problem::Slice { start, end, length });
            }
            Ok(input.with(*axis, end - start))
        }
        Operation::Reshape { shape } if shape.checked_values() == Some(input.values()) => Ok(shape.clone()),
        Operation::Reshape { shape } => Err(Problem::Shapes { first: input.clone(), second: shape.clone() }),
        Operation::Input { .. } => Err(Problem::InputCount { expected: 0, actual: 1 }),
        Operation::Binary(_) => Err(Problem::InputCount { expected: 2, actual: 1 }),
        Operation::Concat { axis } => length(input, *axis).map(|_| input.clone()),
    }
}

fn conv2d(conv: &Conv2d, input: &Shape) -> Result<Shape, Problem> {
    let [channels, height, width] = maps(input)?;
    let &[outputs, _, down, across] = conv.weight.shape().axes() else {
        return Err(Problem::Rank { expected: 4, shape: conv.weight.shape().clone() });
    };
    let groups = conv.groups;
    if groups == 0 {
        return Err(Problem::Zero { what: "number of groups" });
    }
    if let Some(&channels) = [channels, outputs].iter().find(|channels| !channels.is_multiple_of(groups)) {
        return Err(Problem::Groups { groups, channels });
    }
    fits("weight", &conv.weight, &[outputs, channels / groups, down, across])?;
    conv.bias.iter().try_for_each(|bias| fits("bias", bias, &[outputs]))?;
    let Padding { top, bottom, left, right } = conv.padding;
    let rows = places(height, [top, bottom], down, conv.stride[0], conv.dilation[0])?;
    let columns = places(width, [left, right], across, conv.stride[1], conv.dilation[1])?;
    Ok(Shape::new([outputs, rows, columns]))
}

/// How often a filter fits along an axis.
fn places(
    size: usize,
    [before, behind]: [usize; 2],
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> Result<usize, Problem> {
    for (what, length) in [("kernel", kernel), ("stride", stride), ("dilation", dilation)] {
        if length == 0 {
            return Err(Problem::Zero { what });
        }
    }
    let window = (kernel - 1).checked_mul(dilation).and_then(|reach| reach.checked_add(1));
    let padded = size.checked_add(before).and_then(|size| size.checked_add(behind));
    let (window, size) = window.zip(padded).ok_or(Problem::TooLarge)?;
    let room = size.checked_sub(window).ok_or(Problem::Window { window, size })?;
    Ok(room / stride + 1)
}

fn linear(weight: &Constant, bias: Option<&Constant>, input: &Shape) -> Result<Shape, Problem> {
    let &[inputs] = input.axes() else {
        return Err(Problem::Rank { expected: 1, shape: input.clone() });
    };
    let &[outputs, _] = weight.shape().axes() else {
        return Err(Problem::Rank { expected: 2, shape: weight.shape().clone() });
    };
    fits("weight", weight, &[outputs, inputs])?;
    bias.iter().try_for_each(|bias| fits("bias", bias, &[outputs]))?;
    Ok(Shape::new([outputs]))
}

fn reduce(axes: &[usize], input: &Shape) -> Result<Shape, Problem> {
    let ascending = axes.windows(2).all(|pair| pair[0] < pair[1]);
    let Some(&last) = axes.last().filter(|_| ascending) else {
        return Err(Problem::Axis { axis: axes.first().copied().unwrap_or_default(), shape: input.clone() });
    };
    length(input, last)?;
    Ok(axes.iter().fold(input.clone(), |shape, &axis| shape.with(axis, 1)))
}

fn concat(axis: usize, first: &Shape, rest: &[&Shape]) -> Result<Shape, Problem> {
    let mut together = length(first, axis)?;
    for &other in rest {
        let same = other.rank() == first.rank() && other.with(axis, 0) == first.with(axis, 0);
        if !same {
            return Err(Problem::Shapes { first: first.clone(), second: other.clone() });
        }
        together = together.checked_add(other.axes()[axis]).ok_or(Problem::TooLarge)?;
    }
    Ok(first.with(axis, together))
}

fn fits(name: &'static str, constant: &Constant, expected: &[usize]) -> Result<(), Problem> {
    let actual = constant.shape();
    let wrong =
        || Problem::Constant { constant: name, expected: Shape::new(expected), actual: actual.clone() };
    (actual.axes() == expected).then_some(()).ok_or_else(wrong)
}

/// Channels, height and width.
fn maps(input: &Shape) -> Result<[usize; 3], Problem> {
    input.axes().try_into().map_err(|_| Problem::Rank { expected: 3, shape: input.clone() })
}

fn length(input: &Shape, axis: usize) -> Result<usize, Problem> {
    input.axes().get(axis).copied().ok_or_else(|| Problem::Axis { axis, shape: input.clone() })
}

//! Batch normalisation as part of the convolution before it.

use super::Drafts;
use crate::graph::Draft;
use crate::operation::{Conv2d, Operation};
use crate::{Constant, Graph, GraphError, Provenance};

/// Batch normalisations become a scale and a shift per channel, and go into the weights and the bias of the convolution or
/// linear layer before them, or into a scale and shift before them, where nobody else reads that.
///
/// # Errors
/// None that a graph which was checked could have.
pub fn fold_batch_norm(graph: Graph) -> Result<Graph, GraphError> {
    let mut drafts = Drafts::new(graph);
    for id in 0..drafts.nodes.len() {
        let Some(node) = &mut drafts.nodes[id] else { continue };
        if let Operation::BatchNorm { gamma, beta, mean, variance, epsilon } = &node.operation {
            node.operation = scale_shift([gamma, beta, mean, variance], *epsilon);
        }
        while let Some((before, folded)) = folded(&drafts, id) {
            drafts.replace(id, before, folded);
        }
    }
    drafts.finish()
}

/// A batch normalisation, of gamma, beta, mean and variance, as a scale and a shift.
fn scale_shift(constants: [&Constant; 4], epsilon: f32) -> Operation {
    let [gamma, beta, mean, variance] = constants.map(|constant| constant.values());
    let scale = gamma.iter().zip(&**variance).map(|(gamma, variance)| gamma / (variance + epsilon).sqrt());
    let scale: Vec<f32> = scale.collect();
    let shift = scale.iter().zip(&**mean).zip(&**beta).map(|((scale, mean), beta)| beta - mean * scale);
    let shift: Vec<f32> = shift.collect();
    let from =
        |constants: &[&Constant]| Provenance::derived(constants.iter().map(|constant| constant.provenance()));
    let [gamma, beta, mean, variance] = constants;
    Operation::ScaleShift {
        axis: 0,
        scale: Constant::vector(scale, from(&[gamma, variance])),
        shift: Constant::vector(shift, from(&[gamma, beta, mean, variance])),
    }
}

/// A scale and shift and the node before it as one, and which node that was.
fn folded(drafts: &Drafts, id: usize) -> Option<(crate::NodeId, Draft)> {
    let node = drafts.nodes[id].as_ref()?;
    let Operation::ScaleShift { axis, scale, shift } = &node.operation else { return None };
    let &[input] = node.inputs.as_slice() else { return None };
    let before = drafts.of_one_reader(input).filter(|before| before.epilogue.is_none())?;
    let operation = match &before.operation {
        Operation::Conv2d(conv) if *axis == 0 => {
            let (weight, bias) = scaled(&conv.weight, conv.bias.as_ref(), scale, shift)?;
            Operation::Conv2d(Conv2d { weight, bias: Some(bias), ..conv.clone() })
        }
        Operation::Linear { weight, bias } if *axis == 0 => {
            let (weight, bias) = scaled(weight, bias.as_ref(), scale, shift)?;
            Operation::Linear { weight, bias: Some(bias) }
        }
        Operation::ScaleShift { axis: first, scale: scale_before, shift: shift_before } if first == axis => {
            let both = scale_before.values().iter().zip(&**scale.values()).map(|(a, b)| a * b);
            Operation::ScaleShift {
                axis: *axis,
                scale: Constant::vector(both.collect::<Vec<_>>(), derived(&[scale_before, scale])),
                shift: shifted(Some(shift_before), scale, shift),
            }
        }
        _ => return None,
    };
    let (name, epilogue) = (node.name.clone(), node.epilogue);
    Some((input, Draft { name, operation, inputs: before.inputs.clone(), epilogue }))
}

/// Weights and bias of a layer whose outputs are scaled and shifted.
fn scaled(
    weight: &Constant,
    bias: Option<&Constant>,
    scale: &Constant,
    shift: &Constant,
) -> Option<(Constant, Constant)> {
    let shifted = shifted(bias, scale, shift);
    if is_one(scale) {
        return Some((weight.clone(), shifted));
    }
    let per_output = (weight.values().len() / scale.values().len().max(1)).max(1);
    let rows = weight.values().chunks(per_output).zip(&**scale.values());
    let values = rows.flat_map(|(row, scale)| row.iter().map(move |value| value * scale));
    let values: Vec<f32> = values.collect();
    let weight = Constant::new(weight.shape().clone(), values, derived(&[weight, scale]))?;
    Some((weight, shifted))
}

/// A shift, zero if there is none, that is scaled and shifted.
fn shifted(before: Option<&Constant>, scale: &Constant, shift: &Constant) -> Constant {
    if before.is_none() && is_one(scale) {
        return shift.clone();
    }
    let old = |i: usize| before.map_or(0.0, |before| before.values()[i]);
    let both = scale.values().iter().zip(&**shift.values()).enumerate();
    let values: Vec<f32> = both.map(|(i, (scale, shift))| old(i) * scale + shift).collect();
    let constants: Vec<&Constant> = before.into_iter().chain([scale, shift]).collect();
    Constant::vector(values, derived(&constants))
}

/// Whether a scale changes nothing, as beside a bias that was added.
fn is_one(scale: &Constant) -> bool {
    scale.values().iter().all(|&value| value == 1.0)
}

fn derived(constants: &[&Constant]) -> Provenance {
    Provenance::derived(constants.iter().map(|constant| constant.provenance()))
}

//! Random graphs.

use proptest::prelude::*;

use super::{batch_norm, constant, values};
use crate::{
    Activation, Binary, Conv2d, Graph, NodeId, Operation, Padding, Pool, Provenance, Reduction, Shape,
};

/// Of one value's rounding to f32, over the largest value of the graph. Measured: at most 2e-6.
pub(super) const TOLERANCE: f32 = 1e-5;

/// A graph, and an image for it.
pub(super) fn graphs() -> impl Strategy<Value = (Graph, Vec<f32>)> {
    let image = (1..7_usize, 1..9_usize, 1..9_usize, any::<u32>());
    (image, proptest::collection::vec(any::<[u8; 5]>(), 1..24)).prop_map(|((c, h, w, seed), steps)| {
        let mut builder = Graph::builder();
        let image = builder.input("image", Shape::new([c, h, w])).unwrap();
        for (place, [kind, near, other, a, b]) in steps.iter().copied().enumerate() {
            let count = builder.nodes().len();
            // Mostly what was made last, so that there is something to fuse.
            let input = NodeId(count - 1 - usize::from(near % 3).min(count - 1));
            let other = NodeId(usize::from(other) % count);
            let shape = builder.nodes()[input.index()].shape().clone();
            let (operation, two) = operation(kind, [a, b].map(usize::from), &shape, place);
            let inputs = if two { vec![input, other] } else { vec![input] };
            // What does not fit is refused, and left out.
            let _ = builder.add(operation, &inputs);
        }
        let nodes = builder.nodes().len();
        builder.output("last", NodeId(nodes - 1)).unwrap();
        builder.output("another", NodeId(seed as usize % nodes)).unwrap();
        let _ = image;
        (builder.finish().unwrap(), values(seed, c * h * w))
    })
}

/// Some operation, and whether it reads two tensors.
fn operation(kind: u8, [a, b]: [usize; 2], shape: &Shape, place: usize) -> (Operation, bool) {
    let channels = shape.axes().first().copied().unwrap_or(1);
    let key = format!("{}{place}", "n".repeat(place));
    let pool = Pool {
        kernel: [1 + a % 3, 1 + b % 3],
        stride: [1 + b % 2, 1 + a % 2],
        padding: [(a % 3).div_ceil(2), 0],
        ceil_mode: a % 2 == 0,
    };
    let activations = [
        Activation::Relu,
        Activation::Clamp { low: Some(0.0), high: Some(6.0) },
        Activation::Sigmoid,
        Activation::HardSigmoid { alpha: 1.0 / 6.0, beta: 0.5 },
        Activation::Silu,
    ];
    let one = match kind % 16 {
        0..=2 => Operation::Conv2d(convolution(&key, [a, b], channels)),
        3 | 4 => batch_norm(&key, channels),
        5 | 6 => Operation::Activation(activations[a % 5]),
        7 => Operation::ScaleShift {
            axis: a % shape.rank(),
            scale: constant(&key, &[shape.axes()[a % shape.rank()]]),
            shift: constant(&format!("{key}s"), &[shape.axes()[a % shape.rank()]]),
        },
        8 => Operation::MaxPool(pool),
        9 => Operation::AvgPool { pool, count_include_pad: b % 2 == 0 },
        10 => {
            let reductions = [Reduction::Mean, Reduction::Mean, Reduction::Sum, Reduction::Max];
            Operation::Reduce { reduction: reductions[b % 4], axes: vec![a % shape.rank()] }
        }
        11 if a % 2 == 0 => Operation::Slice { axis: b % shape.rank(), start: b % 2, end: 1 + b % 2 },
        11 => Operation::Reshape { shape: Shape::new([shape.values()]) },
        12 => return (Operation::Concat { axis: a % shape.rank() }, true),
        13 | 14 => return (Operation::Binary(Binary::Add), true),
        _ => return (Operation::Binary(Binary::Multiply), true),
    };
    // A vector is taken by a linear layer.
    if let (Operation::Conv2d(_), &[inputs]) = (&one, shape.axes()) {
        let (weight, bias) =
            (constant(&key, &[1 + a % 4, inputs]), constant(&format!("{key}b"), &[1 + a % 4]));
        return (Operation::Linear { weight, bias: (b % 2 == 0).then_some(bias) }, false);
    }
    (one, false)
}

fn convolution(key: &str, [a, b]: [usize; 2], channels: usize) -> Conv2d {
    let groups = [1, 1, channels][b % 3];
    let outputs = groups * (1 + a % 3);
    let bias = constant(&format!("{key}b"), &[outputs]);
    Conv2d {
        weight: constant(key, &[outputs, channels / groups, 1 + a % 3, 1 + b % 2]),
        bias: (a % 2 == 0).then_some(bias),
        stride: [1 + b % 2, 1],
        padding: Padding { top: a % 2, bottom: b % 2, left: 0, right: a % 3 },
        dilation: [1, 1 + a % 2],
        groups,
    }
}

/// Asserts that two graphs have the same outputs, but for rounding.
pub(super) fn assert_same(graph: &Graph, other: &Graph, image: &[f32], what: &str) {
    let expected = graph.interpret(&[image]).unwrap();
    let actual = other.interpret(&[image]).unwrap();
    let mut largest = 1.0_f32;
    for id in 0..graph.nodes().len() {
        let all = crate::cut_at(graph.clone(), graph.nodes()[id].name()).unwrap();
        for value in all.interpret(&[image]).unwrap().into_iter().flatten() {
            largest = largest.max(value.abs());
        }
    }
    assert_eq!(actual.len(), expected.len());
    for (actual, expected) in actual.iter().flatten().zip(expected.iter().flatten()) {
        assert!(
            (actual - expected).abs() <= TOLERANCE * largest,
            "{what}: {actual}, not {expected}\n{graph:?}"
        );
    }
    let names = |graph: &Graph| graph.outputs().iter().map(|output| output.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(graph), names(other));
    for node in other.nodes() {
        let keys = |graph: &Graph| {
            graph.constants().flat_map(|constant| constant.provenance().keys().to_vec()).collect::<Vec<_>>()
        };
        assert!(keys(other).iter().all(|key| keys(graph).contains(key)));
        // A node's name is its value's.
        assert_eq!(graph.node(graph.find(node.name()).unwrap()).shape(), node.shape());
        assert!(node.operation().constants().all(|constant| *constant.provenance() != Provenance::Code));
    }
}

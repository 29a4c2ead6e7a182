use super::{batch_norm, constant, conv};
use crate::{Binary, Conv2d, Graph, GraphError, NodeId, Operation, Padding, Pool, Reduction, Shape};

#[test]
fn what_does_not_fit_is_refused_by_name() {
    let conv = |change: &dyn Fn(&mut Conv2d)| {
        let mut conv = conv("a", [2, 4, 3, 3]);
        change(&mut conv);
        Operation::Conv2d(conv)
    };
    let bias = |length| Some(constant("b", &[length]));
    let reduce = |axes: &[usize]| Operation::Reduce { reduction: Reduction::Mean, axes: axes.to_vec() };
    let pool = |kernel, padding| Pool {
        kernel: [kernel; 2],
        stride: [1, 1],
        padding: [padding; 2],
        ceil_mode: false,
    };
    let linear = |shape: [usize; 2]| Operation::Linear { weight: constant("w", &shape), bias: None };
    let scale = |axis, length| {
        let (scale, shift) = (constant("s", &[length]), constant("t", &[length]));
        Operation::ScaleShift { axis, scale, shift }
    };
    let cases: [(Operation, &str); 22] = [
        (conv(&|conv| conv.groups = 0), "conv2d: its number of groups is zero"),
        (conv(&|conv| conv.groups = 3), "conv2d: 3 groups do not divide 4 channels"),
        (conv(&|conv| conv.groups = 2), "conv2d: its weight has the shape [2, 4, 3, 3], not [2, 2, 3, 3]"),
        (conv(&|conv| conv.bias = bias(3)), "conv2d: its bias has the shape [3], not [2]"),
        (conv(&|conv| conv.stride = [0, 1]), "conv2d: its stride is zero"),
        (conv(&|conv| conv.dilation = [1, 0]), "conv2d: its dilation is zero"),
        (conv(&|conv| conv.dilation = [3, 1]), "conv2d: a window of 7 does not fit into 6 values"),
        (
            conv(&|conv| conv.padding = Padding { top: usize::MAX, ..Padding::default() }),
            "conv2d: the sizes are too large",
        ),
        (batch_norm("n", 3), "batch_norm: its gamma has the shape [3], not [4]"),
        (linear([2, 4]), "linear: its input has the shape [4, 6, 5], not 1 axes"),
        (scale(3, 4), "scale_shift: axis 3 is not an axis of [4, 6, 5], or is named twice"),
        (scale(1, 4), "scale_shift: its scale has the shape [4], not [6]"),
        (Operation::MaxPool(pool(7, 0)), "max_pool2d: a window of 7 does not fit into 6 values"),
        (
            Operation::AvgPool { pool: pool(1, 1), count_include_pad: true },
            "avg_pool2d: padding of 1 is more than half of a window of 1",
        ),
        (Operation::AdaptiveAvgPool { output: [0, 1] }, "adaptive_avg_pool2d: its size is zero"),
        (reduce(&[1, 1]), "reduce_mean: axis 1 is not an axis of [4, 6, 5], or is named twice"),
        (reduce(&[3]), "reduce_mean: axis 3 is not an axis of [4, 6, 5], or is named twice"),
        (Operation::Slice { axis: 1, start: 2, end: 7 }, "slice: 2..7 is not inside an axis of length 6"),
        (Operation::Slice { axis: 1, start: 2, end: 2 }, "slice: 2..2 is not inside an axis of length 6"),
        (
            Operation::Reshape { shape: Shape::new([119]) },
            "reshape: the shapes [4, 6, 5] and [119] do not go together",
        ),
        (Operation::Concat { axis: 3 }, "concat: axis 3 is not an axis of [4, 6, 5], or is named twice"),
        (Operation::Binary(Binary::Add), "add: it reads 2 tensors, not 1"),
    ];
    for (operation, expected) in cases {
        let mut builder = Graph::builder();
        let image = builder.input("image", Shape::new([4, 6, 5])).unwrap();
        assert_eq!(builder.add(operation, &[image]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn inputs_that_do_not_go_together_are_refused() {
    let mut builder = Graph::builder();
    let a = builder.input("a", Shape::new([4, 6, 5])).unwrap();
    let b = builder.input("b", Shape::new([4, 6, 4])).unwrap();
    let expected = "the shapes [4, 6, 5] and [4, 6, 4] do not go together";
    for (operation, name) in
        [(Operation::Binary(Binary::Add), "add"), (Operation::Concat { axis: 0 }, "concat")]
    {
        let refused = builder.add(operation, &[a, b]).unwrap_err().to_string();
        assert_eq!(refused, format!("{name}: {expected}"));
    }
    let later = builder.add(Operation::Concat { axis: 2 }, &[a, NodeId(2)]).unwrap_err().to_string();
    assert_eq!(later, "concat: it reads node 2, which does not come before it");
    let twice = builder.input("a", Shape::new([1])).unwrap_err().to_string();
    assert_eq!(twice, "two nodes are called `a`");
    assert_eq!(Graph::builder().finish(), Err(GraphError::NoOutput));
}

#[test]
fn a_graph_runs_on_what_it_takes_only() {
    let mut builder = Graph::builder();
    let image = builder.input("image", Shape::new([4])).unwrap();
    builder.output("image", image).unwrap();
    let graph = builder.finish().unwrap();
    assert_eq!(graph.interpret(&[]).unwrap_err().to_string(), "the graph has 1 inputs, not 0");
    let short = graph.interpret(&[&[1.0]]).unwrap_err().to_string();
    assert_eq!(short, "input `image` has 1 values, its shape [4] has 4");
}

use proptest::prelude::*;

use super::random::{assert_same, graphs};
use super::{batch_norm, constant, conv};
use crate::{
    Activation, Binary, Builder, Epilogue, Graph, GraphError, Join, NodeId, Operation, Provenance, Reduction,
    Shape, cut_at, fold_batch_norm, fuse, without_dead_nodes,
};

type Pass = fn(Graph) -> Result<Graph, GraphError>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_pass_changes_no_output((graph, image) in graphs()) {
        let passes: [(&str, Pass); 4] = [
            ("fold_batch_norm", fold_batch_norm),
            ("fuse", fuse),
            ("without_dead_nodes", without_dead_nodes),
            ("both", |graph| fuse(fold_batch_norm(graph)?)),
        ];
        for (what, pass) in passes {
            let passed = pass(graph.clone()).unwrap();
            prop_assert!(passed.nodes().len() <= graph.nodes().len());
            prop_assert!(passed.uses().iter().skip(1).all(|&uses| uses > 0));
            assert_same(&graph, &passed, &image, what);
            // Nothing is left to be done.
            prop_assert_eq!(pass(passed.clone()).unwrap(), passed);
        }
    }
}

fn image(builder: &mut Builder) -> NodeId {
    builder.input("image", Shape::new([3, 5, 5])).unwrap()
}

fn finished(mut builder: Builder, output: NodeId) -> Graph {
    builder.output("features", output).unwrap();
    builder.finish().unwrap()
}

fn names(graph: &Graph) -> Vec<&str> {
    graph.nodes().iter().map(|node| node.operation().name()).collect()
}

#[test]
fn a_residual_block_becomes_two_convolutions() {
    let mut builder = Graph::builder();
    let relu = || Operation::Activation(Activation::Relu);
    let start = image(&mut builder);
    let mut x = start;
    for (block, last) in ["a", "b"].iter().zip([false, true]) {
        x = builder.add(Operation::Conv2d(conv(block, [3, 3, 1, 1])), &[x]).unwrap();
        x = builder.add(batch_norm(&format!("{block}n"), 3), &[x]).unwrap();
        x = if last { builder.add(Operation::Binary(Binary::Add), &[start, x]).unwrap() } else { x };
        x = builder.add(relu(), &[x]).unwrap();
    }
    let graph = fuse(fold_batch_norm(finished(builder, x)).unwrap()).unwrap();
    assert_eq!(names(&graph), ["input", "conv2d", "conv2d"]);
    let [_, first, second] = graph.nodes() else { unreachable!() };
    let relu = Some(Activation::Relu);
    assert_eq!(*first.epilogue(), Epilogue { first: relu, join: None, last: None });
    assert_eq!(*second.epilogue(), Epilogue { first: None, join: Some((Join::Add, NodeId(0))), last: relu });
    assert_eq!(second.name(), "relu_7");
    let keys = ["a.weight", "an.weight", "an.running_var"].map(str::to_owned).to_vec();
    assert_eq!(*first.operation().constants().next().unwrap().provenance(), Provenance::Derived(keys));
}

#[test]
fn a_gated_value_is_one_activation() {
    for (gate, expected) in [
        (Activation::Sigmoid, Activation::Silu),
        (Activation::HardSigmoid { alpha: 0.2, beta: 0.5 }, Activation::HardSwish { alpha: 0.2, beta: 0.5 }),
    ] {
        let mut builder = Graph::builder();
        let x = image(&mut builder);
        let gate = builder.add(Operation::Activation(gate), &[x]).unwrap();
        let gated = builder.add(Operation::Binary(Binary::Multiply), &[gate, x]).unwrap();
        let graph = fuse(finished(builder, gated)).unwrap();
        assert_eq!(graph.nodes().last().unwrap().operation(), &Operation::Activation(expected));
        assert_eq!(graph.nodes().len(), 2);
    }
}

#[test]
fn means_over_one_axis_after_the_other_are_one() {
    let mut builder = Graph::builder();
    let mean = |axis| Operation::Reduce { reduction: Reduction::Mean, axes: vec![axis] };
    let x = image(&mut builder);
    let x = builder.add(mean(2), &[x]).unwrap();
    let x = builder.add(mean(1), &[x]).unwrap();
    let graph = fuse(finished(builder, x)).unwrap();
    let axes = vec![1, 2];
    let both = Operation::Reduce { reduction: Reduction::Mean, axes };
    assert_eq!(graph.nodes()[1].operation(), &both);
}

#[test]
fn what_is_an_output_too_is_not_taken_in() {
    let mut builder = Graph::builder();
    let x = image(&mut builder);
    let x = builder.add(Operation::Conv2d(conv("a", [3, 3, 1, 1])), &[x]).unwrap();
    builder.output("before", x).unwrap();
    let x = builder.add(batch_norm("n", 3), &[x]).unwrap();
    let x = builder.add(Operation::Activation(Activation::Relu), &[x]).unwrap();
    let graph = fuse(fold_batch_norm(finished(builder, x)).unwrap()).unwrap();
    assert_eq!(names(&graph), ["input", "conv2d", "scale_shift"]);
}

#[test]
fn a_constant_along_another_axis_stays_apart() {
    let mut builder = Graph::builder();
    let x = image(&mut builder);
    let x = builder.add(Operation::Conv2d(conv("a", [5, 3, 1, 1])), &[x]).unwrap();
    let (scale, shift) = (constant("scale", &[5]), constant("shift", &[5]));
    let x = builder.add(Operation::ScaleShift { axis: 2, scale, shift }, &[x]).unwrap();
    let graph = fold_batch_norm(finished(builder, x)).unwrap();
    assert_eq!(names(&graph), ["input", "conv2d", "scale_shift"]);
}

#[test]
fn a_graph_is_cut_at_an_output_or_a_node() {
    let mut builder = Graph::builder();
    let x = image(&mut builder);
    let x = builder.add(Operation::Activation(Activation::Relu), &[x]).unwrap();
    builder.output("stage", x).unwrap();
    let x = builder.add(Operation::Activation(Activation::Sigmoid), &[x]).unwrap();
    let graph = finished(builder, x);
    for name in ["stage", "relu_1"] {
        let part = cut_at(graph.clone(), name).unwrap();
        assert_eq!(names(&part), ["input", "relu"]);
        assert_eq!(part.outputs()[0].name, name);
    }
    assert_eq!(cut_at(graph, "x"), Err(GraphError::NoSuchNode { name: "x".to_owned() }));
}

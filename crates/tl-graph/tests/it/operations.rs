//! Single operations, and ways of using them, as burn computes them or as graphs refuse them.

use burn::module::{Module, Param};
use burn::nn::PaddingConfig2d;
use burn::nn::conv::Conv2dConfig;
use burn::tensor::activation::{hard_swish, relu, silu, softmax};
use burn::tensor::module::{adaptive_avg_pool2d, avg_pool2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, MaxPoolOptions};
use burn::tensor::{Device, Tensor, TensorData};
use tl_graph::{CaptureError, Graph, Operation, Shape, capture, fold_batch_norm, fuse};

use crate::formula::values;
use crate::{assert_near, keys};

const IMAGE: [usize; 3] = [4, 7, 6];

/// Constants along the batch's, the channels', the rows' and the columns' axis, and along two.
#[derive(Module, Debug)]
struct Constants {
    channels: Param<Tensor<4>>,
    rows: Param<Tensor<4>>,
    columns: Param<Tensor<4>>,
    pictures: Param<Tensor<4>>,
    grid: Param<Tensor<4>>,
}

fn constants() -> Constants {
    let param = |shape: [usize; 4]| {
        let values = values(&format!("{shape:?}"), &shape);
        Param::from_data(TensorData::new(values, shape), &Device::flex())
    };
    let [channels, rows, columns] = IMAGE;
    Constants {
        channels: param([1, channels, 1, 1]),
        rows: param([1, 1, rows, 1]),
        columns: param([1, 1, 1, columns]),
        pictures: param([2, 1, 1, 1]),
        grid: param([1, 1, rows, columns]),
    }
}

type Forward = fn(&Constants, Tensor<4>) -> Tensor<4>;

fn captured(forward: Forward) -> Result<Graph, CaptureError> {
    let module = constants();
    capture(&module, &keys(&module), |module, capture| {
        let image_bchw = capture.input("image", Shape::new(IMAGE))?;
        capture.output("output", forward(module, image_bchw))
    })
}

#[test]
fn an_operation_is_what_burn_computes() {
    let cases: [(&str, Forward); 23] = [
        ("channels", |c, x| x * c.channels.val() + c.channels.val()),
        ("rows", |c, x| c.rows.val() + x * c.rows.val()),
        ("columns", |c, x| x - c.columns.val()),
        ("from a constant", |c, x| c.columns.val() - x),
        ("over a constant", |c, x| x / (c.columns.val() + 3.0)),
        ("numbers", |_, x| (x * 3.0 - 1.0) / 4.0 + 0.5),
        ("sum", |_, x| x.clone() + relu(x)),
        ("spread", |_, x| x.clone().mean_dim(3).mean_dim(2) * x),
        ("silu", |_, x| silu(x)),
        ("hard swish", |_, x| hard_swish(x)),
        ("clamp", |_, x| x.clone().clamp_min(-0.5) + x.clamp_max(0.25)),
        ("max", |_, x| x.max_dim(2)),
        ("max pool", |_, x| {
            max_pool2d(x, MaxPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]))
        }),
        ("max pool, ceil", |_, x| {
            max_pool2d(
                x,
                MaxPoolOptions::new([3, 2]).with_stride([2, 3]).with_padding([0, 1]).with_ceil_mode(true),
            )
        }),
        ("mean pool", |_, x| {
            avg_pool2d(x, AvgPoolOptions::new([3, 3]).with_stride([2, 2]).with_padding([1, 1]))
        }),
        ("mean pool without padding", |_, x| {
            let options = AvgPoolOptions::new([3, 3]).with_padding([1, 1]);
            avg_pool2d(x, options.with_stride([1, 1]).with_count_include_pad(false))
        }),
        ("mean pool, ceil", |_, x| {
            avg_pool2d(
                x,
                AvgPoolOptions::new([2, 3]).with_stride([2, 2]).with_padding([1, 1]).with_ceil_mode(true),
            )
        }),
        ("adaptive", |_, x| adaptive_avg_pool2d(x, [3, 4])),
        ("rows behind one another", |_, x| Tensor::cat(vec![x.clone(), x.clone() * 2.0, x], 2)),
        ("part", |_, x| x.slice([0..2, 1..3, 2..7, 0..5])),
        ("reshaped", |_, x| {
            let [batch, ..] = x.dims();
            x.reshape([batch, 2, 2, 42])
        }),
        ("an input that is not last", |_, x| {
            let _later = x.clone() * 2.0;
            x * 3.0
        }),
        ("padded at two sides", |_, x| {
            let conv =
                Conv2dConfig::new([4, 6], [3, 3]).with_stride([2, 2]).with_padding(PaddingConfig2d::Same);
            let weight = values("w", &[6, 4, 3, 3]);
            let mut conv = conv.with_bias(false).init(&Device::flex());
            conv.weight = Param::from_data(TensorData::new(weight, [6, 4, 3, 3]), &Device::flex());
            conv.to_device(&x.device()).forward(x)
        }),
    ];
    let image = values("image", &IMAGE);
    for (what, forward) in cases {
        let graph = captured(forward).unwrap_or_else(|error| panic!("{what}: {error}"));
        let module = constants();
        let [channels, height, width] = IMAGE;
        let image_bchw =
            Tensor::from_data(TensorData::new(image.clone(), [1, channels, height, width]), &Device::flex());
        // Batches of two are what is captured; a slice of two pictures is all of one.
        let image_bchw = image_bchw.repeat_dim(0, 2);
        let expected: Vec<f32> = forward(&module, image_bchw).into_data().iter().collect();
        let expected = &expected[..expected.len() / 2];
        let passed = fuse(fold_batch_norm(graph.clone()).unwrap()).unwrap();
        for graph in [graph, passed] {
            assert_near(&graph.interpret(&[&image]).unwrap()[0], expected, 1e-6, what);
        }
    }
}

#[test]
fn an_operation_that_graphs_do_not_have_is_named() {
    let cases: [(Forward, &str); 7] = [
        (
            |_, x| softmax(softmax(x, 1), 2),
            "graphs have no operation for burn's Softmax [2, 4, 7, 6] (the network has 2 of this kind)",
        ),
        (
            |_, x| x.exp(),
            "graphs have no operation for burn's Exp [2, 4, 7, 6] (the network has 1 of this kind)",
        ),
        (
            |c, x| x + c.grid.val(),
            "graphs have no Add [2, 4, 7, 6] with a constant that varies along more than one axis",
        ),
        (
            |c, x| x + c.pictures.val(),
            "graphs have no Add [2, 4, 7, 6] with a constant that differs between pictures",
        ),
        (|_, x| x.slice([0..1, 0..4, 0..7, 0..6]), "graphs have no Slice [1, 4, 7, 6] of pictures"),
        (|_, x| Tensor::cat(vec![x.clone(), x], 0), "graphs have no Cat [4, 4, 7, 6] of pictures"),
        (
            |_, x| x.reshape([1, 8, 7, 6]),
            "graphs have no Reshape [1, 8, 7, 6] that mixes the pictures of a batch",
        ),
    ];
    for (forward, expected) in cases {
        assert_eq!(captured(forward).unwrap_err().to_string(), expected);
    }
}

#[test]
fn an_output_need_not_be_what_is_computed_last() {
    let module = constants();
    let graph = capture(&module, &keys(&module), |module, capture| {
        let image_bchw: Tensor<4> = capture.input("image", Shape::new(IMAGE))?;
        let first = relu(image_bchw);
        capture.output("first", first.clone())?;
        let second = first * module.channels.val();
        capture.output("second", second.clone())?;
        drop(silu(second));
        Ok(())
    });
    let graph = graph.unwrap();
    let outputs: Vec<_> =
        graph.outputs().iter().map(|output| graph.node(output.node).operation().name()).collect();
    assert_eq!(outputs, ["relu", "scale_shift"]);
    let image = values("image", &IMAGE);
    assert_eq!(graph.interpret(&[&image]).unwrap().len(), 2);
    assert!(!matches!(graph.nodes().last().unwrap().operation(), Operation::ScaleShift { .. }));
}

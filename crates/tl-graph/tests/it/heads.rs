use burn::tensor::{Device, Tensor, TensorData};
use tl_graph::{Shape, capture, fold_batch_norm, fuse};
use tl_heads::{HeadConfig, Pooling};

use crate::formula::values;
use crate::{assert_near, keys};

/// Of a logit, over the largest.
const TOLERANCE: f32 = 1e-5;
const MAPS: [usize; 3] = [6, 4, 5];

#[test]
fn a_graph_gives_what_its_head_gives() {
    let device = Device::flex();
    for name in HeadConfig::NAMES {
        let config = HeadConfig { init: tl_heads::Init::Scaled, ..HeadConfig::named(name).unwrap() };
        let [channels, height, width] = MAPS;
        let head = config.init(config.pooling.width(channels, height, width), 7, 3, &device);
        let maps = values("maps", &MAPS);
        let pooled = |maps_bchw: Tensor<4>| match config.pooling {
            Pooling::Published => Pooling::Average.apply(maps_bchw),
            pooling => pooling.apply(maps_bchw),
        };
        let graph = capture(&head, &keys(&head), |head, capture| {
            let maps_bchw = capture.input("maps", Shape::new(MAPS))?;
            capture.output("logits", head.forward(pooled(maps_bchw), None))
        });
        let graph = graph.unwrap();
        let maps_bchw =
            Tensor::from_data(TensorData::new(maps.clone(), [1, channels, height, width]), &device);
        let expected: Vec<f32> = head.forward(pooled(maps_bchw), None).into_data().iter().collect();
        let passed = fuse(fold_batch_norm(graph.clone()).unwrap()).unwrap();
        for (graph, what) in [(graph, "plain"), (passed, "fused")] {
            let actual = graph.interpret(&[&maps]).unwrap();
            assert_near(&actual[0], &expected, TOLERANCE, &format!("{name}, {what}"));
        }
    }
}

use super::*;
use crate::{HeadConfig, nearest_neighbours, nearest_prototype};
use burn::tensor::Device;
use std::collections::HashMap;

type Tensors = HashMap<String, (Vec<usize>, Vec<f32>)>;

fn tensors(head: &FittedHead) -> Tensors {
    head.tensors().into_iter().map(|(name, shape, values)| (name, (shape, values))).collect()
}

fn read(kinds: &[LayerKind], tensors: &Tensors) -> Result<FittedHead, HeadError> {
    FittedHead::from_tensors(kinds, &mut |name| {
        tensors.get(name).cloned().ok_or_else(|| "is not there".to_owned())
    })
}

fn heads() -> Vec<FittedHead> {
    let features_nd = Matrix::new(3, 2, vec![1.0, 0.5, -2.0, 1.0, 0.0, 3.0]).unwrap();
    let named = HeadConfig::NAMES.iter().filter_map(|name| HeadConfig::named(name));
    let mut heads: Vec<_> = named.map(|config| config.init(2, 2, 1, &Device::flex()).fitted()).collect();
    heads.push(nearest_neighbours(&features_nd, &[0, 1, 1], 2, 2).unwrap());
    heads.push(nearest_prototype(&features_nd, &[0, 1, 1], 2).unwrap());
    heads
}

#[test]
fn heads_come_back_from_their_tensors_and_kinds() {
    for head in heads() {
        let kinds = serde_json::to_string(&head.kinds()).unwrap();
        let kinds: Vec<LayerKind> = serde_json::from_str(&kinds).unwrap();
        assert_eq!(read(&kinds, &tensors(&head)).unwrap(), head);
    }
}

#[test]
fn a_single_linear_layer_has_the_names_of_old_and_others_are_counted() {
    let names = |head: FittedHead| head.tensors().into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
    assert_eq!(names(LinearHead::zeros(2, 3).into()), ["head.weight", "head.bias"]);
    let dense = HeadConfig::named("dense256").unwrap().init(2, 2, 1, &Device::flex()).fitted();
    assert_eq!(names(dense), ["head.0.weight", "head.0.bias", "head.2.weight", "head.2.bias"]);
}

#[test]
fn damaged_tensors_are_refused() {
    let mut tried = 0;
    for head in heads() {
        let (kinds, whole) = (head.kinds(), tensors(&head));
        for name in whole.keys() {
            for damage in damages(&whole[name]) {
                let mut damaged = whole.clone();
                damaged.insert(name.clone(), damage.clone());
                let error = read(&kinds, &damaged).expect_err(name).to_string();
                assert!(error.contains("tensor") || error.contains("cannot vote"), "{error}");
                tried += 1;
            }
            let mut damaged = whole.clone();
            damaged.remove(name);
            let missing = HeadError::Tensor { name: name.clone(), reason: "is not there".to_owned() };
            assert_eq!(read(&kinds, &damaged), Err(missing));
        }
    }
    assert!(tried > 100, "{tried}");
}

/// The tensor with one row more, of no rows, flattened, of a shape without its values, and with a NaN.
fn damages((shape, values): &(Vec<usize>, Vec<f32>)) -> Vec<(Vec<usize>, Vec<f32>)> {
    let row = values.len() / shape[0];
    let mut longer = (shape.clone(), values.iter().chain(&values[..row]).copied().collect::<Vec<_>>());
    longer.0[0] += 1;
    let mut empty = (shape.clone(), Vec::new());
    empty.0[0] = 0;
    let mut nan = (shape.clone(), values.clone());
    nan.1[0] = f32::NAN;
    let cube = (vec![1, shape[0], row], values.clone());
    let huge = (vec![usize::MAX, 4], values.clone());
    vec![longer, empty, nan, cube, huge]
}

#[test]
fn kinds_that_are_no_head_are_refused() {
    let vote = |k, classes| LayerKind::Neighbours { k, classes };
    let neighbours = tensors(&heads()[HeadConfig::NAMES.len()]);
    for kinds in [
        vec![],
        vec![LayerKind::Relu, LayerKind::Normalise],
        vec![vote(1, 2), LayerKind::Linear],
        vec![LayerKind::Normalise, vote(0, 2)],
        vec![LayerKind::Normalise, vote(4, 2)],
        vec![LayerKind::Normalise, vote(1, 0)],
        vec![LayerKind::Normalise, vote(1, 1)],
        vec![LayerKind::Normalise, vote(1, usize::MAX)],
    ] {
        assert!(read(&kinds, &neighbours).is_err(), "{kinds:?}");
    }
}

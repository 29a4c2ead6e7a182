//! The network of three layers of `xtask/reference/formats.py`.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use std::collections::BTreeMap;
use std::io::Write;
use tl_backbones::KeyPath;
use tl_weights::{LoadReport, WeightsError, load_file};

#[derive(Module, Debug)]
pub(crate) struct Tiny {
    conv: Conv2d,
    bn: BatchNorm,
    fc: Linear,
}

pub(crate) fn tiny() -> Tiny {
    let device = Device::flex();
    Tiny {
        conv: Conv2dConfig::new([3, 4], [3, 3]).init(&device),
        bn: BatchNormConfig::new(4).init(&device),
        fc: LinearConfig::new(4, 2).init(&device),
    }
}

pub(crate) const SHAPES: [(&str, &[usize]); 8] = [
    ("bn.bias", &[4]),
    ("bn.running_mean", &[4]),
    ("bn.running_var", &[4]),
    ("bn.weight", &[4]),
    ("conv.bias", &[4]),
    ("conv.weight", &[4, 3, 3, 3]),
    ("fc.bias", &[2]),
    ("fc.weight", &[2, 4]),
];

/// The values of the script, by key, in PyTorch's order.
pub(crate) fn expected() -> BTreeMap<String, Vec<f32>> {
    let values = |(place, (key, shape)): (usize, (&str, &[usize]))| {
        let count = shape.iter().product();
        (key.to_owned(), (0..count).map(|i: usize| (7 * place + i) as f32 / 64.0).collect())
    };
    SHAPES.into_iter().enumerate().map(values).collect()
}

/// The values of a module, by key, in PyTorch's order.
pub(crate) fn values<M: Module>(module: &M) -> BTreeMap<String, Vec<f32>> {
    let mut values = Values::default();
    module.visit(&mut values);
    values.found
}

#[derive(Default)]
struct Values {
    path: KeyPath,
    found: BTreeMap<String, Vec<f32>>,
}

impl ModuleVisitor for Values {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let tensor = if self.path.is_transposed(D) { tensor.swap_dims(0, 1) } else { tensor };
        self.found.insert(self.path.key(), tensor.into_data().try_to_vec().unwrap());
    }
}

/// Loads a file of this content.
pub(crate) fn load(network: &mut Tiny, content: &[u8]) -> Result<LoadReport, WeightsError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(content).unwrap();
    load_file(network, file.path())
}

/// A committed file.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

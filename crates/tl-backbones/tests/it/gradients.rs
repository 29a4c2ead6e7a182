//! Derivatives of the loss with respect to a first, a middle and a last weight.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, FloatDType, Gradients, Tensor};
use tl_backbones::{Architecture, KeyPath};

use crate::formula::{filled, image};
use crate::golden::Golden;
use crate::small;

/// The references are computed in f64 and stored in f32. The images are such that no activation is within 4 times the
/// rounding error of its layer from a place where a derivative jumps (`xtask/reference/kinks.py`): of other images,
/// rounding decides whether a ReLU passes an activation, and one of these moves a gradient by up to 1e-2.
///
/// 4e-7 is measured in f64, 2.1e-6 in f32.
const TOLERANCES: [(FloatDType, f64); 2] = [(FloatDType::F64, 1e-6), (FloatDType::F32, 1e-4)];

#[test]
fn gradients_of_a_small_variant_of_each_family_are_those_of_its_reference() {
    for (row, (dtype, tolerance)) in small().flat_map(|row| TOLERANCES.map(|case| (row, case))) {
        let errors = errors(&row, dtype);
        let shown = errors.iter().map(|(key, error)| format!("{key} {error:.1e}"));
        println!("{} {dtype:?}: {}", row.name, shown.collect::<Vec<_>>().join(", "));
        assert_eq!(errors.len(), 3, "{}", row.name);
        assert!(errors.iter().all(|(_, error)| *error <= tolerance), "{} {dtype:?}: {errors:?}", row.name);
    }
}

/// Of each gradient in the golden file: its key and its error.
fn errors(row: &Architecture, dtype: FloatDType) -> Vec<(String, f64)> {
    let golden = Golden::read(row.name).unwrap();
    let device = Device::flex().autodiff();
    let backbone = filled(row, &device).map(&mut Cast(dtype));
    let (number, shape) = golden.gradient_image();
    let logits_bk = backbone.logits(image(number, shape, &device).cast(dtype));
    let labels_b = Tensor::from_ints([1], &device);
    let loss = CrossEntropyLossConfig::new().init(&device).forward(logits_bk, labels_b);
    let mut compare = Compare {
        path: KeyPath::default(),
        row: *row,
        wanted: golden.names("grad."),
        golden,
        gradients: loss.backward(),
        errors: Vec::new(),
    };
    backbone.visit(&mut compare);
    compare.errors
}

struct Cast(FloatDType);

impl ModuleMapper for Cast {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        // The cast is outside the graph: else the parameter would no longer be a leaf, and get no gradient.
        let cast = Tensor::from_inner(param.val().inner().cast(self.0));
        Param::initialized(param.id, cast.require_grad())
    }
}

struct Compare {
    path: KeyPath,
    row: Architecture,
    golden: Golden,
    wanted: Vec<String>,
    gradients: Gradients,
    errors: Vec<(String, f64)>,
}

impl ModuleVisitor for Compare {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let (key, _) = self.row.published(&self.path.key(), &self.path.checkpoint_shape(param));
        if self.wanted.contains(&key) {
            let gradient = param.val().grad(&self.gradients).unwrap();
            let gradient = if self.path.is_transposed(D) { gradient.swap_dims(0, 1) } else { gradient };
            self.errors.push((key.clone(), self.golden.error(&format!("grad.{key}"), gradient).unwrap()));
        }
    }
}

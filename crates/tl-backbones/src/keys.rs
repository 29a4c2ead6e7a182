//! Keys of parameters: where one is in a module, as PyTorch's checkpoints spell it.

use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;
use std::collections::BTreeMap;

/// The way from a module to one of its parameters, kept up to date by a [`ModuleVisitor`]'s or mapper's
/// `enter_module` and `exit_module`.
#[derive(Debug, Clone, Default)]
pub struct KeyPath {
    names: Vec<String>,
    containers: Vec<String>,
}

impl KeyPath {
    /// Enters a module: to be called by `enter_module` with its arguments.
    pub fn enter(&mut self, name: &str, container: &str) {
        self.containers.push(container.to_owned());
        if !container.starts_with("Enum:") {
            self.names.push(name.to_owned());
        }
    }

    /// Leaves a module: to be called by `exit_module` with its arguments.
    pub fn exit(&mut self, container: &str) {
        self.containers.pop();
        if !container.starts_with("Enum:") {
            self.names.pop();
        }
    }

    /// The key in a PyTorch checkpoint: names joined by dots, without enum variants, `gamma` and `beta` of a
    /// normalisation spelt `weight` and `bias`.
    pub fn key(&self) -> String {
        let spelt = self.names.iter().map(|name| match name.as_str() {
            "gamma" => "weight",
            "beta" => "bias",
            name => name,
        });
        spelt.collect::<Vec<_>>().join(".")
    }

    /// Whether the parameter is the one named `module` or inside the module of this name.
    pub fn is_within(&self, module: &str) -> bool {
        let mut names = self.names.iter();
        module.split('.').all(|expected| names.next().is_some_and(|name| name == expected))
    }

    /// A parameter's shape in a PyTorch checkpoint, where the weights of a linear layer are transposed.
    pub fn checkpoint_shape<const D: usize>(&self, param: &Param<Tensor<D>>) -> Vec<usize> {
        let mut shape = param.lazy_shape().as_slice().to_vec();
        if self.is_transposed(D) {
            shape.reverse();
        }
        shape
    }

    /// Whether PyTorch keeps a parameter of this rank at this place transposed.
    pub fn is_transposed(&self, rank: usize) -> bool {
        rank == 2 && self.containers.last().is_some_and(|container| container == "Struct:Linear")
    }
}

/// The keys that a PyTorch checkpoint of this module has, and their shapes; counters of batches are left out.
///
/// Nothing is initialised by asking.
pub fn checkpoint_shapes<M: Module>(module: &M) -> BTreeMap<String, Vec<usize>> {
    checkpoint_places(module).into_iter().map(|place| (place.key, place.shape)).collect()
}

/// Where a parameter or a running statistic is in a PyTorch checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointPlace {
    /// burn's number of the parameter.
    pub id: ParamId,
    /// Its key, as [`checkpoint_shapes`] spells it.
    pub key: String,
    /// The shape of the checkpoint's tensor.
    pub shape: Vec<usize>,
    /// Whether the checkpoint's tensor is its transpose.
    pub transposed: bool,
}

/// The place of every parameter and running statistic in a PyTorch checkpoint of this module.
///
/// Nothing is initialised by asking.
pub fn checkpoint_places<M: Module>(module: &M) -> Vec<CheckpointPlace> {
    let mut places = Places::default();
    module.visit(&mut places);
    places.found
}

#[derive(Default)]
struct Places {
    path: KeyPath,
    found: Vec<CheckpointPlace>,
}

impl ModuleVisitor for Places {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push(CheckpointPlace {
            id: param.id,
            key: self.path.key(),
            shape: self.path.checkpoint_shape(param),
            transposed: self.path.is_transposed(D),
        });
    }
}

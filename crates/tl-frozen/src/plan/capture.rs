//! From a burn module to a [`Graph`]: the module runs once on burn's capture device, which records instead of computing.
//!
//! One picture of zeros goes through; the first thing recorded is that picture, the last is what is wanted. Only the
//! parameters that are needed are moved to the device.

use burn::module::{Module, ModuleMapper, Param, ParamGroup};
use burn::tensor::{Device, Tensor};
use tl_backbones::Backbone;

use super::PlanError;
use super::graph::Graph;
use super::recording;
use crate::Output;

/// The graph of a network for images of this many channels, height and width.
pub(crate) fn capture(
    backbone: &Backbone,
    output: Output,
    [channels, height, width]: [usize; 3],
) -> Result<Graph, PlanError> {
    let device = Device::capture();
    let end = backbone.end();
    let group = match output {
        Output::Logits => ParamGroup::all(),
        Output::Features => backbone.stage_group(0..end.0),
        Output::Maps(boundary) => backbone.stage_group(0..boundary.0),
    };
    let image_bchw = Tensor::<4>::zeros([1, channels, height, width], &Device::flex());
    let captured = device.capture_scope(|scope| {
        let image_bchw = image_bchw.to_device(&device);
        // A clone would share its running statistics with the original, which would move along.
        let backbone = backbone.valid().map(&mut OntoDevice { group, device: device.clone() });
        match output {
            Output::Logits => drop(backbone.logits(image_bchw)),
            Output::Features => drop(backbone.features(image_bchw)),
            Output::Maps(boundary) => drop(backbone.forward_stages(0..boundary.0, image_bchw)),
        }
        scope.complete([], [])
    });
    let captured = captured.map_err(|error| PlanError::Capture { detail: error.to_string() })?;
    recording::read(captured)
}

/// Moves the parameters of a group to the capture device.
struct OntoDevice {
    group: ParamGroup,
    device: Device,
}

impl ModuleMapper for OntoDevice {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !self.group.matches(&param.id, None) {
            return param;
        }
        let id = param.id;
        Param::initialized(id, param.into_value().to_device(&self.device))
    }
}

//! A backbone as a graph.

use std::collections::HashMap;

use burn::module::{ParamGroup, ParamId};
use tl_backbones::{Backbone, checkpoint_places};
use tl_graph::{CaptureError, CheckpointKey, Graph, Shape};

use crate::Output;

/// What an output needs of a network, for images of this many channels, height and width. Other parameters are left alone.
pub(crate) fn capture(
    backbone: &Backbone,
    output: Output,
    image_chw: [usize; 3],
) -> Result<Graph, CaptureError> {
    let end = backbone.end();
    let group = match output {
        Output::Logits => ParamGroup::all(),
        Output::Features => backbone.stage_group(0..end.0),
        Output::Maps(boundary) => backbone.stage_group(0..boundary.0),
    };
    tl_graph::capture(backbone, &keys(backbone, &group), |backbone, capture| {
        let images_bchw = capture.input("image", Shape::new(image_chw))?;
        match output {
            Output::Logits => capture.output("logits", backbone.logits(images_bchw)),
            Output::Features => capture.output("features", backbone.features(images_bchw)),
            Output::Maps(boundary) => {
                capture.output("maps", backbone.forward_stages(0..boundary.0, images_bchw))
            }
        }
    })
}

/// The checkpoint's keys of the parameters of a group.
fn keys(backbone: &Backbone, group: &ParamGroup) -> HashMap<ParamId, CheckpointKey> {
    let places = checkpoint_places(backbone).into_iter().filter(|place| group.matches(&place.id, None));
    places.map(|place| (place.id, CheckpointKey { name: place.key, transposed: place.transposed })).collect()
}

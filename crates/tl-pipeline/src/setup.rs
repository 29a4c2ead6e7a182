//! The setup: what is settled before the first picture goes through the network.

use burn::tensor::Device;
use tl_backbones::Architecture;

use crate::config::TrainConfig;
use crate::head_init::HeadInit;
use crate::observer::Observer;

/// The settings of a job, resolved, and what it works with.
pub(crate) struct Setup<'a> {
    pub(crate) config: &'a TrainConfig,
    /// The devices of training in steps, at least one; everything else is done on the first.
    pub(crate) devices: &'a [Device],
    pub(crate) architecture: Architecture,
    /// What the head begins from.
    pub(crate) warm: Option<HeadInit>,
    pub(crate) observer: &'a dyn Observer,
}

impl<'a> Setup<'a> {
    /// The device that holds the network.
    pub(crate) fn device(&self) -> &'a Device {
        &self.devices[0]
    }
}

//! A network in which nothing learns.

use burn::tensor::{Device, Tensor, TensorData};
use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};
use tl_backbones::{Backbone, Boundary};
use tl_heads::Matrix;

use crate::{Arithmetic, Output, Plan, PlanError};

/// A backbone used for inference alone, on the device it was built on.
///
/// On the processor (burn-flex) it runs as a [`Plan`], compiled when an output is first asked for at a size; on other
/// devices, and where a network cannot be compiled, as the burn module.
#[derive(Debug)]
pub struct Frozen {
    backbone: Backbone,
    device: Device,
    arithmetic: Arithmetic,
    plans: Mutex<HashMap<(Output, usize), Compiled>>,
}

/// How many times as long burn's own operations take as a plan does. Measured on one thread at 224 pixels: 5.6 (MobileNet v3 small) to
/// 9.1 (ResNet-18), 6.2 for EfficientNet-Lite0 and ResNet-50.
const SLOWER: u32 = 6;

type Compiled = Result<Arc<Plan>, PlanError>;

/// A network that runs as a burn module although it is on the processor, and why: all of it, whatever share the reason concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotCompiled {
    /// The reason why there is no plan.
    pub reason: PlanError,
}

impl fmt::Display for NotCompiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.reason {
            PlanError::Unsupported { multiply_adds, .. } => {
                format!("all {} million multiply-adds a picture are", multiply_adds.div_ceil(1_000_000))
            }
            _ => "the whole network is".to_owned(),
        };
        let Self { reason } = self;
        write!(
            f,
            "{reason}; so {what} computed by burn's own operations, which take about {SLOWER} times as long"
        )
    }
}

impl Frozen {
    /// Freezes `backbone`, whose parameters are on `device`; a device without autodiff.
    pub fn new(backbone: Backbone, device: Device) -> Self {
        Self { backbone, device, arithmetic: Arithmetic::F32, plans: Mutex::default() }
    }

    /// The same network with other products, of which only plans know: on another device, and of bytes for another output
    /// than their ranges are of, it computes in floats.
    #[must_use]
    pub fn with_arithmetic(self, arithmetic: Arithmetic) -> Self {
        Self { arithmetic, plans: Mutex::default(), ..self }
    }

    /// Whether it runs as plans, on the processor.
    pub fn is_planned(&self) -> bool {
        self.device == Device::flex()
    }

    /// The arithmetic of the network's products.
    pub fn arithmetic(&self) -> &Arithmetic {
        &self.arithmetic
    }

    /// The network that is frozen.
    pub fn backbone(&self) -> &Backbone {
        &self.backbone
    }

    /// The device that the network runs on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Normalised pictures, `[batch, 3, size, size]` flattened, to what is wanted of them, a row each.
    ///
    /// More than one thread is of use to a plan only.
    pub fn output(
        &self,
        output: Output,
        images_bchw: Vec<f32>,
        size: usize,
        threads: NonZeroUsize,
    ) -> Matrix {
        match self.plan(output, size) {
            Some(Ok(plan)) => plan.run(&images_bchw, threads),
            _ => self.by_module(output, images_bchw, size),
        }
    }

    /// [`output`](Self::output) of pooled features, `[batch, features]`, on one thread.
    pub fn features(&self, images_bchw: Vec<f32>, size: usize) -> Matrix {
        self.output(Output::Features, images_bchw, size, NonZeroUsize::MIN)
    }

    /// [`output`](Self::output) of the logits of the classes the network was pretrained on, on one thread.
    pub fn logits(&self, images_bchw: Vec<f32>, size: usize) -> Matrix {
        self.output(Output::Logits, images_bchw, size, NonZeroUsize::MIN)
    }

    /// Why the network runs as a burn module although it is on the processor.
    pub fn not_compiled(&self) -> Option<NotCompiled> {
        let plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = plans.values().find_map(|plan| plan.as_ref().err().cloned());
        reason.map(|reason| NotCompiled { reason })
    }

    /// `None` on other devices than the processor.
    fn plan(&self, output: Output, size: usize) -> Option<Compiled> {
        if !self.is_planned() {
            return None;
        }
        let mut plans = self.plans.lock().unwrap_or_else(PoisonError::into_inner);
        let arithmetic = match &self.arithmetic {
            Arithmetic::Int8(ranges) if ranges.output != output => &Arithmetic::F32,
            arithmetic => arithmetic,
        };
        let compile =
            || Plan::compile_with(arithmetic, &self.backbone, output, [3, size, size]).map(Arc::new);
        Some(plans.entry((output, size)).or_insert_with(compile).clone())
    }

    fn by_module(&self, output: Output, images_bchw: Vec<f32>, size: usize) -> Matrix {
        let images_bchw = self.images(images_bchw, size);
        match output {
            Output::Features => matrix(self.backbone.features(images_bchw)),
            Output::Logits => matrix(self.backbone.logits(images_bchw)),
            Output::Maps(Boundary(stages)) => {
                matrix(self.backbone.forward_stages(0..stages, images_bchw).flatten(1, 3))
            }
        }
    }

    /// burn's operations do not take empty batches: at least one picture.
    fn images(&self, images_bchw: Vec<f32>, size: usize) -> Tensor<4> {
        let batch = images_bchw.len() / (3 * size * size).max(1);
        Tensor::from_data(TensorData::new(images_bchw, [batch, 3, size, size]), &self.device)
    }
}

fn matrix(tensor: Tensor<2>) -> Matrix {
    let [_, columns] = tensor.dims();
    Matrix::with_columns(columns, tensor.into_data().iter::<f32>().collect())
}

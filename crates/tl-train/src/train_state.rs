//! The train state, what learns in one phase: a network, its optimiser, and the moving average of its weights.

use burn::module::Module;
use burn::optim::{GradientsAccumulator, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use std::collections::BTreeMap;
use tl_backbones::Boundary;
use tl_heads::{Loss, Pooling};
use tl_kernels::{multiply_in, multiplying};

use crate::groups::Rates;
use crate::network::{Inputs, Network};
use crate::optimizer::Optimizer;
use crate::segments::Segments;
use crate::state_dict::StateDict;

/// A network in training, in one phase, and how its steps are taken.
pub(crate) struct TrainState {
    pub(crate) network: Network,
    pub(crate) optimizer: Optimizer,
    pub(crate) average: Option<ModelEma>,
    pub(crate) boundary: Boundary,
    /// The stages behind the boundary, cut.
    pub(crate) segments: Segments,
    pub(crate) pooling: Pooling,
    /// Devices with automatic differentiation. The first holds the network; batches are dealt out to all.
    pub(crate) devices: Vec<Device>,
}

/// A batch at the boundary.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    /// `[pictures, channels, height, width]` flattened, as [`Batch::shape`] says.
    pub(crate) rows: Vec<f32>,
    pub(crate) shape: [usize; 3],
    /// `[pictures, classes]` flattened; sums of a row are 1, or the number of its labels.
    pub(crate) targets_bk: Vec<f32>,
    pub(crate) pictures: usize,
}

/// How one step is taken.
pub(crate) struct StepRule<'a> {
    pub(crate) loss: &'a Loss,
    pub(crate) rates: &'a Rates,
    /// The schedule's share of the peak learning rates in this step.
    pub(crate) share: f64,
    pub(crate) clip: Option<f64>,
    /// What the dropout of the step comes from.
    pub(crate) key: u64,
}

impl TrainState {
    /// Takes one step on some batches, whose gradients are added up, and returns the mean loss before it.
    ///
    /// Several devices each get every n-th batch and a copy of the network; gradients are added up in the order of the
    /// batches, whichever is ready first.
    pub(crate) fn step(&mut self, batches: &[Batch], rule: &StepRule<'_>) -> f64 {
        let pictures: usize = batches.iter().map(|batch| batch.pictures).sum();
        let mut gradients = GradientsAccumulator::new();
        let mut mean = 0.0;
        for (loss, of_batch) in self.gradients(batches, pictures, rule) {
            mean += loss;
            gradients.accumulate(&self.network, of_batch);
        }
        // The caller ends training; weights that are not finite help nobody.
        if mean.is_finite() {
            self.update(gradients.grads(), rule);
        }
        mean
    }

    /// Each batch's share of the mean loss and of the gradients.
    fn gradients(
        &self,
        batches: &[Batch],
        pictures: usize,
        rule: &StepRule<'_>,
    ) -> Vec<(f64, GradientsParams)> {
        let one = |number: usize, network: &Network, device: &Device| {
            let share = batches[number].pictures as f64 / pictures.max(1) as f64;
            self.gradient(
                &batches[number],
                network,
                device,
                rule,
                rule.key.wrapping_add(number as u64),
                share,
            )
        };
        let [home, ..] = self.devices.as_slice() else { return Vec::new() };
        let devices = self.devices.len().min(batches.len());
        if devices < 2 {
            return (0..batches.len()).map(|number| one(number, &self.network, home)).collect();
        }
        let products = multiplying();
        let work = |rank: usize, network: &Network| {
            // What this thread was told, the others have not heard.
            let _multiplying = multiply_in(products);
            let mine = (rank..batches.len()).step_by(devices);
            mine.map(|number| (number, one(number, network, &self.devices[rank]))).collect::<Vec<_>>()
        };
        let work = &work;
        // Copies that share no running statistics: those of the first device's batches count, as in PyTorch's DDP.
        let copy = |device: &Device| self.network.valid().train().fork(device);
        let copies: Vec<Network> = self.devices[1..devices].iter().map(copy).collect();
        let mut done: Vec<(usize, (f64, GradientsParams))> = std::thread::scope(|scope| {
            let others = copies.iter().enumerate();
            let threads: Vec<_> =
                others.map(|(i, network)| scope.spawn(move || work(i + 1, network))).collect();
            let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            // On this thread, which burn's running statistics know their updates by.
            let mut done = work(0, &self.network);
            done.extend(threads.into_iter().flat_map(join));
            done
        });
        done.sort_by_key(|(number, _)| *number);
        let back = |(_, (loss, gradients)): (usize, (f64, GradientsParams))| {
            (loss, gradients.to_device(&home.clone().inner(), &self.network))
        };
        done.into_iter().map(back).collect()
    }

    fn gradient(
        &self,
        batch: &Batch,
        network: &Network,
        device: &Device,
        rule: &StepRule<'_>,
        key: u64,
        share: f64,
    ) -> (f64, GradientsParams) {
        let (inputs, kept) = network.up_to_last(&self.segments, self.inputs(batch, device));
        let logits_bk = network.logits(self.segments.last(), inputs, self.pooling, Some(key));
        let [_, classes] = logits_bk.dims();
        let targets = TensorData::new(batch.targets_bk.clone(), [batch.pictures, classes]);
        let loss = rule.loss.forward(logits_bk, Tensor::from_data(targets, device));
        let mean = f64::from(loss.clone().into_scalar::<f32>()) * share;
        (mean, network.gradients(kept, loss.mul_scalar(share).backward()))
    }

    fn update(&mut self, gradients: GradientsParams, rule: &StepRule<'_>) {
        let scale = rule.clip.map_or(1.0, |most| (most / self.network.gradient_norm(&gradients)).min(1.0));
        let rates = |key: &str| rule.rates.of(key) * rule.share;
        self.network = self.network.clone().step(gradients, scale, &rates, &mut self.optimizer);
        if let Some(average) = &mut self.average {
            average.add(&self.network);
        }
    }

    /// `logits_bk` of a batch as the network is now, moving average and evaluation mode included.
    pub(crate) fn logits(&self, network: &Network, batch: &Batch, device: &Device) -> Tensor<2> {
        network.logits(self.boundary, self.inputs(batch, device), self.pooling, None)
    }

    /// The network that is judged and kept, for inference.
    pub(crate) fn judged(&self) -> Network {
        let network = self.average.as_ref().map(|average| self.network.with_state(&average.state()));
        network.as_ref().unwrap_or(&self.network).valid()
    }

    fn inputs(&self, batch: &Batch, device: &Device) -> Inputs {
        let [channels, height, width] = batch.shape;
        let values = batch.rows.clone();
        if self.boundary == self.network.end() {
            Inputs::Features(Tensor::from_data(TensorData::new(values, [batch.pictures, channels]), device))
        } else {
            let shape = [batch.pictures, channels, height, width];
            Inputs::Maps(Tensor::from_data(TensorData::new(values, shape), device))
        }
    }
}

/// A moving average of the parameters that learn: Polyak and Juditsky 1992, with timm's start, where early steps count
/// more: <https://github.com/huggingface/pytorch-image-models/blob/v1.0.20/timm/utils/model_ema.py>.
pub(crate) struct ModelEma {
    decay: f64,
    steps: usize,
    values: BTreeMap<String, Tensor<1>>,
}

const STEPS: &str = "steps";

impl ModelEma {
    pub(crate) fn new(decay: f64, network: &Network) -> Self {
        Self { decay, steps: 0, values: network.parameters() }
    }

    fn add(&mut self, network: &Network) {
        self.steps += 1;
        let decay = self.decay.min((1 + self.steps) as f64 / (10 + self.steps) as f64);
        for (key, value) in network.parameters() {
            let Some(average) = self.values.remove(&key) else { continue };
            self.values.insert(key, average.mul_scalar(decay) + value.mul_scalar(1.0 - decay));
        }
    }

    pub(crate) fn state(&self) -> StateDict {
        let values = |tensor: &Tensor<1>| tensor.to_data().iter::<f32>().collect();
        let tensors = self.values.iter().map(|(key, tensor)| (key.clone(), values(tensor)));
        StateDict { tensors: tensors.collect(), counters: [(STEPS.to_owned(), self.steps)].into() }
    }

    /// What [`state`](Self::state) gave.
    pub(crate) fn restored(decay: f64, state: &StateDict, device: &Device) -> Self {
        let tensor = |values: &Vec<f32>| {
            Tensor::<1>::from_data(TensorData::new(values.clone(), [values.len()]), device)
        };
        let values = state.tensors.iter().map(|(key, values)| (key.clone(), tensor(values)));
        let steps = state.counters.get(STEPS).copied().unwrap_or_default();
        Self { decay, steps, values: values.collect() }
    }
}

#[cfg(test)]
mod tests;

//! Pictures per second of training steps: `step_speed NETWORK BATCH SECONDS WHAT [DEVICE] [STAGES]`, one line of JSON.
//!
//! WHAT is `ours` (the kernels of tl-kernels), `checkpointed` (the same, with `--checkpoint-activations`), `bf16` (the same
//! with products of rounded factors) or `burn` (burn's own operations). The last STAGES stages and a head for 10
//! classes learn, all by default, by SGD with momentum; weights are random, pictures noise, in f32, as in
//! `xtask/reference/step_speed.py`. With fewer stages the prefix runs as a compiled plan in every step, or, if WHAT is
//! `cached`, once before the first, as from the second epoch on in training. On other devices than `cpu` burn's own operations
//! run, with everything in bfloat16 if WHAT is `bf16`, and a step ends when the device has done it.

use burn::module::{Module, ModuleMapper, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Linear, LinearConfig};
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use std::num::NonZeroUsize;
use std::time::Instant;
use tl_backbones::{Backbone, Boundary};
use tl_frozen::{Frozen, Output};
use tl_train::{Optimizer, OptimizerConfig, OptimizerKind, Segments};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CLASSES: usize = 10;

#[derive(Module, Debug)]
struct Network {
    backbone: Backbone,
    head: Linear,
}

/// A step of the optimiser.
struct Update<'a> {
    gradients: GradientsParams,
    optimizer: &'a mut Optimizer,
}

impl ModuleMapper for Update<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.remove::<D>(param.id) else { return param };
        let key = param.id.to_string();
        param.map(|old| {
            let (shape, value) = (old.shape(), old.inner());
            let flat = [shape.num_elements()];
            let new = self.optimizer.step(&key, D, 1e-4, value.reshape(flat), gradient.reshape(flat));
            Tensor::from_inner(new.reshape(shape)).require_grad()
        })
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, batch, seconds, what, rest @ ..] = words.as_slice() else {
        return Err(
            "step_speed NETWORK BATCH SECONDS ours|checkpointed|bf16|burn|cached [cpu|ndarray|cuda] [STAGES]"
                .into(),
        );
    };
    let (batch, seconds): (usize, f64) = (batch.parse()?, seconds.parse()?);
    let architecture = tl_backbones::architecture(name)?;
    let named = rest.iter().find(|word| word.parse::<usize>().is_err());
    let mut plain = tl_model::open_device(named.map_or("cpu", String::as_str))?;
    if plain != Device::flex() && what == "bf16" {
        plain.configure(FloatDType::BF16)?;
    }
    let side = architecture.input_size;
    let device = plain.clone().autodiff();
    tl_kernels::choose(what != "burn");
    let products = if what == "bf16" { tl_kernels::Products::Bf16 } else { tl_kernels::Products::F32 };
    let _multiplying = tl_kernels::multiply_in(products);
    let backbone = architecture.init(&plain);
    let end = backbone.end().0;
    let learning: usize = rest.iter().find_map(|word| word.parse().ok()).unwrap_or(end);
    let boundary = Boundary(end - learning.min(end));
    let frozen = Frozen::new(backbone.clone(), plain.clone());
    let head = LinearConfig::new(architecture.features, CLASSES).init(&device);
    let mut network = Network { backbone: backbone.train().freeze(boundary), head };
    let sgd = OptimizerConfig { kind: OptimizerKind::Sgd, decay: 0.0, ..OptimizerConfig::default() };
    let mut optimizer = sgd.init();
    let pixels: Vec<f32> =
        (0..batch * 3 * side * side).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect();
    let labels: Vec<i64> = (0..batch).map(|i| (i % CLASSES) as i64).collect();
    let labels_b = Tensor::<1, Int>::from_data(TensorData::new(labels, [batch]), &device);
    let summary = tl_backbones::summary(&architecture);
    let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let prefix = |output| frozen.output(output, pixels.clone(), side, threads).values().to_vec();
    let output = if boundary.0 == end { Output::Features } else { Output::Maps(boundary) };
    let segments = match what.as_str() {
        "checkpointed" => Segments::of_stages(&summary, boundary),
        _ => Segments::whole(boundary),
    };
    let kept = (what == "cached" && boundary.0 > 0).then(|| prefix(output));
    let rows = || kept.clone().unwrap_or_else(|| prefix(output));
    let mut times = Vec::new();
    let begun = Instant::now();
    while times.len() < 3 || begun.elapsed().as_secs_f64() < seconds {
        let step = Instant::now();
        let values = if boundary.0 == 0 { pixels.clone() } else { rows() };
        let shape = boundary.0.checked_sub(1).map_or([3, side, side], |stage| summary.stages[stage].output);
        let (features_bd, kept) = if boundary.0 == end {
            let shape = [batch, values.len() / batch];
            (Tensor::from_data(TensorData::new(values, shape), &device), None)
        } else {
            let [channels, height, width] = shape;
            let maps = TensorData::new(values, [batch, channels, height, width]);
            let kept = segments.forward(&network.backbone, Tensor::from_data(maps, &device));
            let last = segments.last().0..end;
            let maps_bchw = network.backbone.forward_stages(last, kept.last_bchw.clone());
            (network.backbone.pool(maps_bchw), Some(kept))
        };
        let loss = CrossEntropyLossConfig::new()
            .init(&device)
            .forward(network.head.forward(features_bd), labels_b.clone());
        let gradients = match kept {
            Some(kept) => kept.backward(&network, &network.backbone, loss.backward()),
            None => GradientsParams::from_grads(loss.backward(), &network),
        };
        network = network.map(&mut Update { gradients, optimizer: &mut optimizer });
        plain.sync()?;
        times.push(step.elapsed().as_secs_f64());
    }
    // The first step finds its memory.
    let mut times = times.split_off(1);
    times.sort_by(f64::total_cmp);
    let median = batch as f64 / times[times.len() / 2];
    println!(
        "{}",
        serde_json::json!({"median": median, "steps": times.len(), "peak_mib": peak_mib(), "faults": faults()})
    );
    Ok(())
}

/// The most memory this process has held, where the system says.
fn peak_mib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1024)
}

/// Page faults that needed no reading, where the system says.
fn faults() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    stat.rsplit(") ").next()?.split_whitespace().nth(7)?.parse().ok()
}

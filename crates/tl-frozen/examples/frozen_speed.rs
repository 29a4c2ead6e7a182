//! Pictures per second of compiled networks: `frozen_speed NETWORK BATCH THREADS SECONDS [bf16|int8] [profile|ndarray|cuda]`,
//! random weights.
//!
//! Prints one line of JSON, or with `profile` a table of the steps. `cargo xtask bench frozen` runs it beside the peers. On
//! another device than the processor, if built with its feature, the network runs as the burn module.

use anyhow::{Context, Result};
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tl_backbones::Architecture;
use tl_frozen::{Arithmetic, Output, Plan, Precision, Ranges};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let text = |index: usize| arguments.get(index).with_context(|| format!("argument {index} is missing"));
    let row = tl_backbones::architecture(text(0)?)?;
    let (batch, threads): (usize, NonZeroUsize) = (text(1)?.parse()?, text(2)?.parse()?);
    let seconds = Duration::from_secs_f64(text(3)?.parse()?);
    let side = row.input_size;
    if let Some(device) = other_device(&arguments) {
        return module(&row, batch, seconds, &arguments, device?);
    }
    let begun = Instant::now();
    let backbone = row.init(&Device::flex());
    let images: Vec<f32> = (0..batch * 3 * side * side).map(|i| (i % 251) as f32 / 125.0 - 1.0).collect();
    let precision = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or_default();
    let arithmetic = match precision {
        Precision::F32 => Arithmetic::F32,
        Precision::Bf16 => Arithmetic::Bf16,
        Precision::Int8 => {
            let seen = &images[..3 * side * side];
            Arithmetic::Int8(Arc::new(Ranges::measure(&backbone, Output::Features, seen, side)?))
        }
    };
    let plan = Plan::compile_with(&arithmetic, &backbone, Output::Features, [3, side, side])?;
    let compiled = begun.elapsed().as_secs_f64();
    if arguments.iter().any(|argument| argument == "profile") {
        return profile(&plan, &images[..3 * side * side]);
    }
    plan.run(&images, threads);
    let (mut times, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < seconds || times.len() < 3 {
        let start = Instant::now();
        plan.run(&images, threads);
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let (median, best) = (times[times.len() / 2], times[0]);
    println!(
        "{{\"network\": \"{}\", \"precision\": \"{precision}\", \"batch\": {batch}, \"threads\": {threads}, \"median\": {:.2}, \"best\": {:.2}, \"compile_seconds\": {compiled:.3}, \"arena_mib\": {:.1}}}",
        row.name,
        batch as f64 / median,
        batch as f64 / best,
        plan.memory_bytes() as f64 / f64::from(1 << 20)
    );
    Ok(())
}

/// The device that is named, if another than the processor is.
#[allow(deprecated, reason = "burn keeps `ndarray` until 0.23")]
fn other_device(arguments: &[String]) -> Option<Result<Device>> {
    let name = arguments.iter().find(|word| ["ndarray", "cuda"].contains(&word.as_str()))?;
    #[cfg(feature = "ndarray")]
    if name == "ndarray" {
        return Some(Ok(Device::ndarray()));
    }
    #[cfg(feature = "cuda")]
    if name == "cuda" {
        return Some(Ok(Device::cuda(0)));
    }
    Some(Err(anyhow::anyhow!("this example was built without the feature `{name}`")))
}

/// The burn module, on images that are on the device already, until the features are back.
fn module(
    row: &Architecture,
    batch: usize,
    seconds: Duration,
    arguments: &[String],
    mut device: Device,
) -> Result<()> {
    let precision = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or_default();
    match precision {
        Precision::F32 => {}
        Precision::Bf16 => device.configure(FloatDType::BF16)?,
        Precision::Int8 => anyhow::bail!("int8 is the processor's"),
    }
    let backbone = row.init(&device);
    let shape = [batch, 3, row.input_size, row.input_size];
    let images = (0..shape.iter().product()).map(|i: usize| (i % 251) as f32 / 125.0 - 1.0).collect();
    let images_bchw = Tensor::<4>::from_data(TensorData::new(images, shape), &device);
    let run = || backbone.features(images_bchw.clone()).into_data();
    // The first passes choose kernels and find memory.
    (0..3).for_each(|_| drop(run()));
    let (mut times, begun) = (Vec::new(), Instant::now());
    while begun.elapsed() < seconds || times.len() < 3 {
        let start = Instant::now();
        run();
        times.push(start.elapsed().as_secs_f64());
    }
    times.sort_by(f64::total_cmp);
    let [median, best] = [times[times.len() / 2], times[0]].map(|seconds| batch as f64 / seconds);
    let name = row.name;
    println!(
        "{{\"network\": \"{name}\", \"precision\": \"{precision}\", \"batch\": {batch}, \"median\": {median:.2}, \"best\": {best:.2}}}"
    );
    Ok(())
}

/// One thread: every step, then what each kind of layer takes, beside the processor's peak.
fn profile(plan: &Plan, image: &[f32]) -> Result<()> {
    let steps = plan.profile(image, 30);
    let total: f64 = steps.iter().map(|step| step.time.as_secs_f64()).sum();
    let mut kinds: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for step in &steps {
        let (seconds, [c, h, w]) = (step.time.as_secs_f64(), step.output);
        let speed = gflops(step.multiply_adds, seconds);
        println!("{:>12} {c:>5}x{h:>3}x{w:>3} {:>9.1} us {speed:>7.1} GFLOP/s", step.kind, seconds * 1e6);
        let kind = kinds.entry(step.kind).or_default();
        (kind.0, kind.1) = (kind.0 + seconds, kind.1 + step.multiply_adds);
    }
    let peak = tl_frozen::peak_gflops();
    let work = steps.iter().map(|step| step.multiply_adds).sum();
    println!("\n| kind | ms | of the time | GFLOP/s | of the peak, {peak:.0} |\n|---|---|---|---|---|");
    for (kind, (seconds, work)) in kinds.into_iter().chain([("all", (total, work))]) {
        let (speed, share) = (gflops(work, seconds), 100.0 * seconds / total);
        let of_peak = 100.0 * speed / peak;
        println!("| {kind} | {:.2} | {share:.0} % | {speed:.0} | {of_peak:.0} % |", seconds * 1e3);
    }
    Ok(())
}

fn gflops(multiply_adds: usize, seconds: f64) -> f64 {
    2.0 * multiply_adds as f64 / seconds / 1e9
}

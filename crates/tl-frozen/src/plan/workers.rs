//! The threads that run a plan: a picture each, or all on the steps of one picture.

#![allow(unsafe_code, reason = "hands the memory of a picture to kernels")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Plan;
use super::steps::{Shares, Step};
use crate::kernels::{Arena, Map, Part};

/// Runs all images; `values` gets a row for each.
pub(crate) fn run(plan: &Plan, images_bchw: &[f32], values: &mut [f32], threads: usize) {
    let images = images_bchw.len() / plan.image.max(1);
    if images == 0 {
        return;
    }
    let row = values.len() / images;
    let each = images_bchw.chunks_exact(plan.image).zip(values.chunks_exact_mut(row.max(1)));
    if threads > images {
        each.for_each(|(image, values)| together(plan, image, values, threads));
        return;
    }
    let queue = Mutex::new(each);
    let work = || {
        let mut arena = plan.arena(1);
        loop {
            let next = queue.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((image, values)) = next else { break };
            alone(plan, &mut arena, image);
            take_out(plan.output, &arena, values);
        }
        plan.give_back(arena);
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}

/// One image on this thread.
fn alone(plan: &Plan, arena: &mut Arena, image_chw: &[f32]) {
    let memory = arena.memory();
    for step in &plan.steps {
        // SAFETY: the arena is the plan's, `lower` has checked the steps, and no other thread has this memory.
        unsafe { step.run(memory, image_chw, Part::ALL) }
    }
}

/// One image on several threads, which share the parts of each step.
fn together(plan: &Plan, image_chw: &[f32], values: &mut [f32], threads: usize) {
    let mut arena = plan.arena(threads);
    let memory = arena.memory();
    let shares = Shares::new(plan.steps.len(), threads);
    let work = || {
        shares.run(|step, index| {
            // SAFETY: as in `alone`; each part is taken once, and no step starts before the last is done.
            unsafe { plan.steps[step].run(memory, image_chw, Part { index, of: threads }) }
        });
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    take_out(plan.output, &arena, values);
    plan.give_back(arena);
}

/// How long one step takes.
pub(crate) fn time(step: &Step, arena: &mut Arena, image_chw: &[f32]) -> Duration {
    let begun = Instant::now();
    // SAFETY: as in `alone`.
    unsafe { step.run(arena.memory(), image_chw, Part::ALL) };
    begun.elapsed()
}

/// Maps channel by channel.
fn take_out(output: Map, arena: &Arena, values: &mut [f32]) {
    let floats = arena.floats();
    let places = (0..output.height).flat_map(|y| (0..output.width).map(move |x| (y, x)));
    let plane = output.height * output.width;
    for (place, (y, x)) in places.enumerate() {
        let start = output.at(y, x);
        for (c, value) in floats[start..start + output.channels].iter().enumerate() {
            values[c * plane + place] = *value;
        }
    }
}

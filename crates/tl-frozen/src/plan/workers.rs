//! The threads that run a plan: a picture each, or all on the steps of one picture.

#![allow(unsafe_code, reason = "hands the memory of a picture to kernels")]

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::Plan;
use super::kernel_calls::{KernelCall, WorkQueue};
use crate::kernels::{Arena, Map, Memory, WorkPart};

/// Pictures that a thread works on at once, where weights are large.
const TOGETHER: usize = 4;

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
    let group = images.div_ceil(threads).min(TOGETHER);
    let queue = Mutex::new(each);
    let work = || {
        let mut arenas: Vec<Arena> = (0..group).map(|_| plan.arena(1)).collect();
        loop {
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            let next: Vec<_> = queue.by_ref().take(group).collect();
            drop(queue);
            if next.is_empty() {
                break;
            }
            let images: Vec<&[f32]> = next.iter().map(|(image, _)| *image).collect();
            alone(plan, &mut arenas[..images.len()], &images);
            for ((_, values), arena) in next.into_iter().zip(&arenas) {
                take_out(plan.output, arena, values);
            }
        }
        arenas.into_iter().for_each(|arena| plan.give_back(arena));
    };
    std::thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(work)));
        work();
    });
}

/// Runs some images on this thread: one after the other as long as maps are large, then call by call as weights are.
fn alone(plan: &Plan, arenas: &mut [Arena], images: &[&[f32]]) {
    let memories: Vec<Memory> = arenas.iter_mut().map(Arena::memory).collect();
    let (each, all) = plan.steps.split_at(plan.heavy);
    // SAFETY: the arenas are the plan's, `lower` has checked the steps, no other thread has these memories, and the first
    // step, which is never heavy, reads the image.
    unsafe {
        for (&memory, image) in memories.iter().zip(images) {
            each.iter().for_each(|step| step.run(memory, image, WorkPart::ALL));
        }
        all.iter().for_each(|step| step.run_several(&memories));
    }
}

/// Runs one image on several threads, which share the parts of each call.
fn together(plan: &Plan, image_chw: &[f32], values: &mut [f32], threads: usize) {
    let mut arena = plan.arena(threads);
    let memory = arena.memory();
    let queue = WorkQueue::new(plan.steps.len(), threads);
    let work = || {
        queue.run(|step, index| {
            // SAFETY: as in `alone`; each part is taken once, and no step starts before the last is done.
            unsafe { plan.steps[step].run(memory, image_chw, WorkPart { index, of: threads }) }
        });
    };
    // Threads that are there already: to start one takes two per cent of a small network's time.
    rayon::in_place_scope(|scope| {
        (1..threads).for_each(|_| scope.spawn(|_| work()));
        work();
    });
    take_out(plan.output, &arena, values);
    plan.give_back(arena);
}

/// The time that one call of a kernel takes.
pub(crate) fn time(step: &KernelCall, arena: &mut Arena, image_chw: &[f32]) -> Duration {
    let begun = Instant::now();
    // SAFETY: as in `alone`.
    unsafe { step.run(arena.memory(), image_chw, WorkPart::ALL) };
    begun.elapsed()
}

/// Copies the output's maps out of the memory, channel by channel.
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

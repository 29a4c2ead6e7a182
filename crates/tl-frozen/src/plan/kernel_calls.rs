//! The calls of kernels that a plan is made of, and how one or several threads run them.

#![allow(unsafe_code, reason = "kernels write to the memory that threads share")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::KernelCost;
use super::execution_graph::NodeId;
use crate::kernels::{
    Borders, Depthwise, Elementwise, Format, Image, Isa, Map, Memory, Narrow, Pool, Product, Winograd,
    WorkPart,
};

/// A kernel with its arguments, and the borders that it is the first to need.
#[derive(Debug)]
pub(crate) struct KernelCall {
    /// The node of the graph that the call computes, or a part of it.
    pub(crate) node: NodeId,
    pub(crate) kernel: Kernel,
    pub(crate) borders: Option<Borders>,
}

/// The kernel that a call runs, with its arguments.
#[derive(Debug)]
pub(crate) enum Kernel {
    /// Puts the picture into maps.
    Image {
        isa: Isa,
        output: Map,
    },
    Product(Product),
    Winograd(Winograd),
    Depthwise(Depthwise),
    Elementwise(Elementwise),
    Narrow(Narrow),
    Pool(Pool),
    /// Puts maps into a vector, channel by channel.
    Flatten {
        input: Map,
        output: Map,
    },
}

impl Kernel {
    fn output(&self) -> Map {
        match self {
            Self::Image { output, .. } => *output,
            Self::Product(op) => op.output,
            Self::Winograd(op) => op.output,
            Self::Depthwise(op) => op.output,
            Self::Elementwise(op) => op.output,
            Self::Narrow(op) => op.output,
            Self::Pool(op) => op.output,
            Self::Flatten { output, .. } => *output,
        }
    }

    /// The offset behind the last float that the kernel writes, or reads of maps it was given.
    pub(crate) fn end(&self) -> usize {
        match self {
            Self::Image { output, .. } => output.end(),
            Self::Product(op) => op.end().max(op.output.end()),
            Self::Winograd(op) => op.end().max(op.output.end()),
            Self::Depthwise(op) => op.end().max(op.output.end()),
            Self::Elementwise(op) => {
                let joined = op.finish.join.map_or(0, |(_, map)| map.end());
                op.input.end().max(op.output.end()).max(joined)
            }
            Self::Narrow(op) => op.input.end().max(op.output.end()),
            Self::Pool(op) => op.input.end().max(op.output.end()),
            Self::Flatten { input, output } => input.end().max(output.end()),
        }
    }

    /// Floats that each thread needs besides the memory of the picture.
    pub(crate) fn scratch(&self) -> usize {
        if let Self::Winograd(op) = self { op.scratch() } else { 0 }
    }

    /// The kind of layer that the kernel computes, for tables.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Image { .. } => "picture",
            Self::Product(op) if op.output.height * op.output.width == 1 => "vector",
            Self::Product(op) => match (op.format, op.is_pointwise()) {
                (Format::F32, true) => "1x1",
                (Format::F32, false) => "dense",
                (Format::Bf16, true) => "1x1 bf16",
                (Format::Bf16, false) => "dense bf16",
                (Format::Int8 { .. }, true) => "1x1 int8",
                (Format::Int8 { .. }, false) => "dense int8",
            },
            Self::Winograd(_) => "Winograd",
            Self::Depthwise(_) => "depthwise",
            Self::Elementwise(_) => "elementwise",
            Self::Narrow(_) => "rounding",
            Self::Pool(_) => "pooling",
            Self::Flatten { .. } => "flatten",
        }
    }

    /// Multiply-adds for one picture, those with padding to whole registers included.
    pub(crate) fn multiply_adds(&self) -> usize {
        match self {
            Self::Product(op) => op.multiply_adds(),
            Self::Winograd(op) => op.multiply_adds(),
            Self::Depthwise(op) => op.multiply_adds(),
            _ => 0,
        }
    }

    /// The number of floats that the weights take.
    pub(crate) fn weights(&self) -> usize {
        match self {
            Self::Product(op) => op.weights.floats().len(),
            Self::Winograd(op) => op.weights.len(),
            Self::Depthwise(op) => op.weights.len(),
            _ => 0,
        }
    }

    /// # Safety
    /// `memory` is as large as the plan says, and threads that run at the same time run other parts of this step.
    unsafe fn run(&self, memory: Memory, image_chw: &[f32], part: WorkPart) {
        // SAFETY: the caller's; `lower` has checked that the step stays inside the memory.
        unsafe {
            match self {
                &Self::Image { isa, output } => Image { isa, image_chw, output }.run(memory, part),
                Self::Product(op) => op.run(&[memory], part),
                Self::Winograd(op) => op.run(memory, part),
                Self::Depthwise(op) => op.run(memory, part),
                Self::Elementwise(op) => op.run(memory, part),
                Self::Narrow(op) => op.run(memory, part),
                Self::Pool(op) => op.run(memory, part),
                Self::Flatten { input, output } => flatten(*input, *output, memory, part),
            }
        }
    }
}

impl KernelCall {
    /// What the call costs, its time not measured yet.
    pub(crate) fn cost(&self) -> KernelCost {
        let Map { channels, height, width, .. } = self.kernel.output();
        KernelCost {
            kind: self.kernel.name(),
            output: [channels, height, width],
            multiply_adds: self.kernel.multiply_adds(),
            time: Duration::MAX,
        }
    }

    /// Runs the kernel for several pictures, so that its weights come into the cache once.
    ///
    /// # Safety
    /// As for [`Kernel::run`], for every memory; none is that of the picture itself.
    pub(crate) unsafe fn run_several(&self, memories: &[Memory]) {
        // SAFETY: the caller's.
        unsafe {
            if let Kernel::Product(op) = &self.kernel {
                let borders =
                    self.borders.iter().flat_map(|borders| memories.iter().map(move |&at| (borders, at)));
                borders.for_each(|(borders, memory)| borders.run(memory));
                return op.run(memories, WorkPart::ALL);
            }
            memories.iter().for_each(|&memory| self.run(memory, &[], WorkPart::ALL));
        }
    }

    /// Runs a part of the call; the first thread makes the borders, which nobody else touches meanwhile.
    ///
    /// # Safety
    /// As for [`Kernel::run`].
    pub(crate) unsafe fn run(&self, memory: Memory, image_chw: &[f32], part: WorkPart) {
        // SAFETY: the caller's.
        unsafe {
            if let (Some(borders), 0) = (&self.borders, part.index) {
                borders.run(memory);
            }
            self.kernel.run(memory, image_chw, part);
        }
    }
}

/// The first call from which on taking pictures together, which fetches weights once but leaves maps to colder caches, moves
/// less memory than taking them one by one.
pub(crate) fn heavy(steps: &[KernelCall]) -> usize {
    let weights = |step: &KernelCall| step.kernel.weights();
    let maps = |step: &KernelCall| {
        let Map { height, width, channels, .. } = step.kernel.output();
        height * width * channels
    };
    // Maps are written and read.
    let cost = |first: usize| {
        let (each, all) = steps.split_at(first);
        each.iter().map(weights).sum::<usize>() + 2 * all.iter().map(maps).sum::<usize>()
    };
    (1..=steps.len()).min_by_key(|&first| cost(first)).unwrap_or(steps.len())
}

unsafe fn flatten(input: Map, output: Map, memory: Memory, part: WorkPart) {
    for y in part.of(input.height) {
        for x in 0..input.width {
            for c in 0..input.channels {
                let to = output.start + (c * input.height + y) * input.width + x;
                // SAFETY: the place is in the input, and the vector has as many floats as the input.
                unsafe { *memory.at(to) = *memory.at(input.at(y, x) + c) }
            }
        }
    }
}

/// The parts of the calls for one picture, taken by whichever thread is free, so that a thread that the system has put
/// aside holds up nobody unless it has taken a part.
#[derive(Debug)]
pub(crate) struct WorkQueue {
    steps: usize,
    parts: usize,
    /// The step in hand and its next part, as `step * (parts + 1) + part`.
    next: AtomicUsize,
    /// Parts of the step that are done.
    done: AtomicUsize,
}

impl WorkQueue {
    pub(crate) fn new(steps: usize, parts: usize) -> Self {
        Self { steps, parts, next: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    /// Runs parts until all steps are done: `work(step, part)`. A step starts when the one before it is done.
    pub(crate) fn run(&self, work: impl Fn(usize, usize)) {
        let mut waited = 0_u32;
        loop {
            let next = self.next.load(Ordering::Acquire);
            let (step, part) = (next / (self.parts + 1), next % (self.parts + 1));
            if step >= self.steps {
                return;
            }
            let taken = part < self.parts
                && self.next.compare_exchange(next, next + 1, Ordering::AcqRel, Ordering::Relaxed).is_ok();
            if taken {
                work(step, part);
                waited = 0;
                if self.done.fetch_add(1, Ordering::AcqRel) + 1 == self.parts {
                    // Nobody counts again before the next step is there to be taken.
                    self.done.store(0, Ordering::Relaxed);
                    self.next.store((step + 1) * (self.parts + 1), Ordering::Release);
                }
            } else if part == self.parts {
                // Awake for a while: steps are a few dozen microseconds apart.
                waited += 1;
                if waited < 2000 { std::hint::spin_loop() } else { std::thread::yield_now() }
            }
        }
    }
}

//! Do all threads load pictures? `cargo bench -p tl-data --bench loading`: a step's 32 pictures of 20 ms each, asleep, so
//! that the processor's own speed does not matter: with 8 threads it has to be 8 times as fast.
#![allow(missing_docs, reason = "criterion's macros")]

use std::ops::ControlFlow;
use std::thread::sleep;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use tl_data::load_groups;

const PICTURE: Duration = Duration::from_millis(20);
const STEP: usize = 32;
const STEPS: usize = 4;

fn loading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("four steps of 32 pictures, 20 ms each");
    group.sample_size(10);
    for threads in [1, 2, 4, 8, 16] {
        group.bench_function(BenchmarkId::new("threads", threads), |b| {
            b.iter(|| {
                let steps = (0..STEPS).map(|step| (step, vec![PICTURE; STEP]));
                load_groups(steps, threads, STEP + threads + 4, sleep, |_, _| ControlFlow::<()>::Continue(()))
            });
        });
    }
}

criterion_group!(benches, loading);
criterion_main!(benches);

//! The ordered loader: order, back-pressure, and no hang whoever panics.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::Duration;

use tl_data::load_ordered;

const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

#[test]
fn results_come_in_the_order_of_the_jobs() {
    for threads in [0, 1, 2, 3, 8] {
        for queue in [0, 1, 2, 50] {
            let mut results = Vec::new();
            // Early jobs take longest.
            let work = |i: u64| {
                sleep(Duration::from_micros(300_u64.saturating_sub(10 * i)));
                i * 2
            };
            let done = load_ordered(0..40, threads, queue, work, |result| {
                results.push(result);
                GO_ON
            });
            assert_eq!(done, GO_ON);
            assert_eq!(
                results,
                (0..40).map(|i| i * 2).collect::<Vec<_>>(),
                "{threads} threads, queue {queue}"
            );
        }
    }
}

#[test]
fn no_jobs_are_done_at_once() {
    assert_eq!(load_ordered(0..0, 4, 4, |i: i32| i, |_| GO_ON), GO_ON);
}

#[test]
fn the_queue_holds_workers_back() {
    let begun = AtomicUsize::new(0);
    let mut handed_over = 0;
    let work = |_| begun.fetch_add(1, Ordering::SeqCst);
    let _ = load_ordered(0..50, 4, 3, work, |_| {
        handed_over += 1;
        sleep(Duration::from_millis(1));
        let ahead = begun.load(Ordering::SeqCst) - handed_over;
        assert!(ahead <= 3, "{ahead} jobs ahead");
        GO_ON
    });
    assert_eq!(handed_over, 50);
}

#[test]
fn breaking_ends_the_work() {
    let begun = AtomicUsize::new(0);
    let work = |i| {
        begun.fetch_add(1, Ordering::SeqCst);
        i
    };
    let stop_at_5 = |i| if i == 5 { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) };
    assert_eq!(load_ordered(0.., 3, 4, work, stop_at_5), ControlFlow::Break("enough"));
    assert!(begun.into_inner() <= 6 + 4);
}

/// What a panic carried, as text.
fn panic_of(run: impl FnOnce()) -> &'static str {
    catch_unwind(AssertUnwindSafe(run)).unwrap_err().downcast_ref::<&str>().unwrap()
}

#[test]
fn a_panic_anywhere_reaches_the_caller() {
    for threads in [1, 4] {
        let mut seen = Vec::new();
        let in_work = panic_of(|| {
            let work = |i| if i == 20 { panic!("in work") } else { i };
            let _ = load_ordered(0..1000, threads, 8, work, |i| {
                seen.push(i);
                GO_ON
            });
        });
        assert_eq!(in_work, "in work");
        assert_eq!(seen, (0..20).collect::<Vec<_>>());
        let in_sink = panic_of(|| {
            let _ =
                load_ordered(0..1000, threads, 8, |i| i, |i| if i == 20 { panic!("in sink") } else { GO_ON });
        });
        assert_eq!(in_sink, "in sink");
        let in_jobs = panic_of(|| {
            let jobs = (0..1000).inspect(|&i| assert!(i != 20, "in jobs"));
            let _ = load_ordered(jobs, threads, 8, |i| i, |_| GO_ON);
        });
        assert_eq!(in_jobs, "in jobs");
    }
}

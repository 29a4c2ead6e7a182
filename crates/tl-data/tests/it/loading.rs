//! The ordered loader: order, back-pressure, and no hang whoever panics.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::thread::sleep;
use std::time::Duration;

use tl_data::{load_groups, load_ordered};

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

#[test]
fn groups_come_whole_and_in_order_whatever_their_sizes() {
    // Empty ones, one item, more items than the queue has room for.
    let sizes = [0, 1, 5, 0, 0, 17, 2, 1, 0];
    for threads in [0, 1, 2, 3, 8] {
        for ahead in [0, 1, 4, 50] {
            let groups = sizes.iter().enumerate().map(|(g, &size)| (g, (0..size).map(|i| (g, i)).collect()));
            let work = |(g, i): (usize, u64)| {
                sleep(Duration::from_micros(200_u64.saturating_sub(20 * i)));
                (g, 10 * i)
            };
            let mut seen = Vec::new();
            let done = load_groups(groups, threads, ahead, work, |group, items: Vec<_>| {
                assert_eq!(items, (0..sizes[group]).map(|i| (group, 10 * i)).collect::<Vec<_>>());
                seen.push(group);
                GO_ON
            });
            assert_eq!((done, seen.len()), (GO_ON, sizes.len()), "{threads} threads, {ahead} ahead");
            assert!(seen.is_sorted());
        }
    }
}

#[test]
fn one_group_is_worked_on_by_all_threads_at_once() {
    for threads in [2, 8, 32] {
        // Each item waits until so many others are at work, which no fewer threads can be.
        let (at_work, all) = (Mutex::new(0), Condvar::new());
        let met = |_| {
            let mut here = at_work.lock().unwrap();
            *here += 1;
            all.notify_all();
            let alone = |here: &mut usize| *here < threads;
            !all.wait_timeout_while(here, Duration::from_secs(20), alone).unwrap().1.timed_out()
        };
        let _ = load_groups([((), vec![(); threads])], threads, threads + 4, met, |(), met: Vec<bool>| {
            assert!(met.iter().all(|met| *met), "fewer than {threads} threads worked at once");
            GO_ON
        });
    }
}

#[test]
fn what_is_ahead_of_a_group_is_bounded() {
    let begun = AtomicUsize::new(0);
    let mut handed_over = 0;
    let groups = (0..10).map(|group| (group, vec![(); 6]));
    let _ = load_groups(
        groups,
        4,
        9,
        |()| begun.fetch_add(1, Ordering::SeqCst),
        |_, items| {
            handed_over += items.len();
            sleep(Duration::from_millis(2));
            let ahead = begun.load(Ordering::SeqCst) - handed_over;
            assert!(ahead <= 9, "{ahead} items ahead");
            GO_ON
        },
    );
    assert_eq!(handed_over, 60);
}

#[test]
fn a_panic_in_a_group_comes_after_the_groups_before_it_and_a_break_ends_all() {
    let mut seen = Vec::new();
    let groups = || (0..100).map(|group| (group, vec![group; 3]));
    let panic = panic_of(|| {
        let work = |group| if group == 7 { panic!("in work") } else { group };
        let _ = load_groups(groups(), 4, 8, work, |group, _: Vec<i32>| {
            seen.push(group);
            GO_ON
        });
    });
    assert_eq!((panic, seen), ("in work", (0..7).collect()));
    let begun = AtomicUsize::new(0);
    let work = |group| {
        begun.fetch_add(1, Ordering::SeqCst);
        group
    };
    let stop = |group, _: Vec<i32>| {
        if group == 5 { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) }
    };
    assert_eq!(load_groups(groups(), 4, 8, work, stop), ControlFlow::Break("enough"));
    assert!(begun.into_inner() <= 6 * 3 + 8);
}

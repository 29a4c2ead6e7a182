//! An ordered parallel map with a bounded queue: decoding runs ahead of training, but not far.

use std::any::Any;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

/// Does `work` on each job on `threads` threads and hands the results to `sink` on this one, in the order of the jobs.
///
/// At most `queue` jobs are ahead of `sink`, begun or finished, so memory is bounded however slow `sink` is. The order
/// and the results do not depend on `threads`; 0 of either counts as 1. Jobs are taken from the iterator only when
/// they are begun. When `sink` breaks, jobs that are running are finished, no more are begun, and the value is
/// returned.
///
/// # Panics
///
/// When `work`, the iterator or `sink` panics: with the same payload, after the threads have ended. What was finished
/// before the job that panicked is still handed to `sink`.
///
/// ```
/// use std::ops::ControlFlow;
///
/// let mut squares = Vec::new();
/// let done = tl_data::load_ordered(0..5, 2, 4, |i| i * i, |square| {
///     squares.push(square);
///     ControlFlow::<()>::Continue(())
/// });
/// assert_eq!(done, ControlFlow::Continue(()));
/// assert_eq!(squares, [0, 1, 4, 9, 16]);
/// ```
pub fn load_ordered<J, R, B>(
    jobs: J,
    threads: usize,
    queue: usize,
    work: impl Fn(J::Item) -> R + Sync,
    sink: impl FnMut(R) -> ControlFlow<B>,
) -> ControlFlow<B>
where
    J: IntoIterator,
    J::IntoIter: Send,
    R: Send,
{
    let queue = Queue::new(jobs.into_iter(), queue.max(1));
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| queue.serve(&work));
        }
        // Dropped on every way out, a panic of `sink` included: otherwise the scope would wait for ever.
        let _stop = StopOnDrop(&queue);
        queue.drain(sink)
    })
}

struct Queue<I, R> {
    ahead: usize,
    state: Mutex<State<I, R>>,
    /// A job may be begun: for the threads, one of which is woken for each result that is handed over.
    room: Condvar,
    /// The result that comes next is there, or there are no more: for the one who hands over.
    ready: Condvar,
}

struct State<I, R> {
    /// `None` once it is exhausted.
    jobs: Option<I>,
    begun: usize,
    handed_over: usize,
    finished: BTreeMap<usize, Outcome<R>>,
    stopped: bool,
}

impl<I: Iterator, R> State<I, R> {
    fn next_job(&mut self) -> Option<(usize, I::Item)> {
        let jobs = self.jobs.as_mut()?;
        let taken = catch_unwind(AssertUnwindSafe(|| jobs.next()));
        let index = self.begun;
        match taken {
            Ok(Some(job)) => {
                self.begun += 1;
                return Some((index, job));
            }
            Ok(None) => {}
            // The panic comes after the results of the jobs before it, like that of a job.
            Err(panic) => {
                self.begun += 1;
                self.finished.insert(index, Err(panic));
            }
        }
        self.jobs = None;
        None
    }
}

/// A result, or what a panic carried.
type Outcome<R> = Result<R, Box<dyn Any + Send>>;

impl<I: Iterator, R> Queue<I, R> {
    fn new(jobs: I, ahead: usize) -> Self {
        let finished = BTreeMap::new();
        let state = State { jobs: Some(jobs), begun: 0, handed_over: 0, finished, stopped: false };
        Queue { ahead, state: Mutex::new(state), room: Condvar::new(), ready: Condvar::new() }
    }

    /// What each thread does until there is nothing left to begin.
    fn serve(&self, work: impl Fn(I::Item) -> R) {
        while let Some((index, job)) = self.begin() {
            let outcome = catch_unwind(AssertUnwindSafe(|| work(job)));
            self.finish(index, outcome);
        }
    }

    /// Waits until a job may be begun. `None`: there are no more.
    fn begin(&self) -> Option<(usize, I::Item)> {
        let mut state = self.lock();
        while !state.stopped && state.begun - state.handed_over >= self.ahead {
            state = wait(&self.room, state);
        }
        if state.stopped {
            return None;
        }
        let job = state.next_job();
        // `drain` may be waiting for the news that there are no more.
        if job.is_none() {
            self.ready.notify_one();
        }
        job
    }

    fn finish(&self, index: usize, outcome: Outcome<R>) {
        let mut state = self.lock();
        state.finished.insert(index, outcome);
        if index == state.handed_over {
            self.ready.notify_one();
        }
    }

    /// Hands results over in order until the jobs are done or `sink` breaks.
    fn drain<B>(&self, mut sink: impl FnMut(R) -> ControlFlow<B>) -> ControlFlow<B> {
        while let Some(outcome) = self.take_next() {
            match outcome {
                Ok(result) => sink(result)?,
                Err(panic) => resume_unwind(panic),
            }
        }
        ControlFlow::Continue(())
    }

    /// Waits for the result that comes next. `None`: all jobs are done.
    fn take_next(&self) -> Option<Outcome<R>> {
        let mut state = self.lock();
        loop {
            let next = state.handed_over;
            if let Some(outcome) = state.finished.remove(&next) {
                state.handed_over += 1;
                self.room.notify_one();
                return Some(outcome);
            }
            if state.jobs.is_none() && state.begun == state.handed_over {
                return None;
            }
            state = wait(&self.ready, state);
        }
    }

    /// No panic happens while the lock is held, so poison carries no news.
    fn lock(&self) -> MutexGuard<'_, State<I, R>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait<'a, T>(changed: &Condvar, guard: MutexGuard<'a, T>) -> MutexGuard<'a, T> {
    changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
}

struct StopOnDrop<'a, I: Iterator, R>(&'a Queue<I, R>);

impl<I: Iterator, R> Drop for StopOnDrop<'_, I, R> {
    fn drop(&mut self) {
        self.0.lock().stopped = true;
        self.0.room.notify_all();
    }
}

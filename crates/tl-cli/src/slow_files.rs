//! Files that take long are named while they are read: a network drive that hangs looks like a program that does.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;
use tl_data::overdue;
use tl_train::TrainObserver;

/// The time that a file may take before it is named.
pub(crate) const SLOW: Duration = Duration::from_secs(30);
/// Maximum interval at which the thread looks for slow files.
const LOOK: Duration = Duration::from_secs(1);

/// Does a job; a file that is read for longer than `after` is named, once, while it is read.
pub(crate) fn naming_slow_files<T>(watch: &dyn TrainObserver, after: Duration, job: impl FnOnce() -> T) -> T {
    let (running, over) = channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            // It ends when the job does, also by a panic: then the other end is dropped.
            while over.recv_timeout(after.min(LOOK)) == Err(RecvTimeoutError::Timeout) {
                for path in overdue(after) {
                    let seconds = after.as_secs();
                    watch.noted("slow", &format!("still reading {} after {seconds} s", path.display()));
                }
            }
        });
        let _running = running;
        job()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::Mutex;

    #[derive(Default)]
    struct Notes(Mutex<Vec<String>>);

    impl TrainObserver for Notes {
        fn noted(&self, what: &str, note: &str) {
            self.0.lock().unwrap().push(format!("{what}: {note}"));
        }
    }

    #[test]
    fn a_file_that_takes_long_is_named_once_while_it_is_read() {
        let said = Notes::default();
        let answer = naming_slow_files(&said, Duration::from_millis(20), || {
            drop(tl_data::reading(Path::new("quick.jpg")));
            let _held = tl_data::reading(Path::new("on/a/drive.jpg"));
            thread::sleep(Duration::from_millis(400));
            7
        });
        assert_eq!(answer, 7);
        assert_eq!(*said.0.lock().unwrap(), ["slow: still reading on/a/drive.jpg after 0 s"]);
    }

    #[test]
    fn a_job_that_panics_is_not_waited_for() {
        fn job() {
            panic!("as it should");
        }
        let panic = std::panic::catch_unwind(|| naming_slow_files(&Notes::default(), SLOW, job));
        assert!(panic.is_err());
    }
}

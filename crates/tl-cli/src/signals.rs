//! Ctrl-C and SIGTERM stop training where it can be gone on with.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::low_level::{emulate_default_handler, exit};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;
use std::{io, thread};

use crate::failure::STOPPED;

/// Interval at which the thread of [`Stop::after`] looks for signals.
const LOOK: Duration = Duration::from_millis(20);

/// Whether a signal has asked for an end.
///
/// The first signal only sets a flag, if the work at hand asks for it, so that it can write a checkpoint first; the second
/// ends the program at once with [`STOPPED`]. Work that does not ask, such as a download, is ended by the first.
#[derive(Clone)]
pub(crate) struct Stop {
    asked: Arc<AtomicBool>,
    unheard: Arc<AtomicBool>,
}

impl Stop {
    /// Takes the signals over until the program ends.
    pub(crate) fn on_signals() -> io::Result<Self> {
        let stop = Self { asked: Arc::default(), unheard: Arc::new(AtomicBool::new(true)) };
        for signal in [SIGINT, SIGTERM] {
            // They are carried out in this order: the signal that sets the flag does not see it set.
            flag::register_conditional_shutdown(signal, STOPPED.into(), Arc::clone(&stop.asked))?;
            flag::register_conditional_default(signal, Arc::clone(&stop.unheard))?;
            flag::register(signal, Arc::clone(&stop.asked))?;
        }
        Ok(stop)
    }

    /// Catches signals as [`Stop`] does, for a program that has changed the terminal: a thread looks for signals, and calls
    /// `restore` before one ends the program. A handler of a signal could not, there is little that it may do.
    pub(crate) fn after(restore: fn()) -> io::Result<Self> {
        let stop = Self { asked: Arc::default(), unheard: Arc::new(AtomicBool::new(true)) };
        let came = [(SIGINT, Arc::default()), (SIGTERM, Arc::default())];
        for (signal, came) in &came {
            flag::register(*signal, Arc::clone(came))?;
        }
        let watched = stop.clone();
        thread::spawn(move || {
            loop {
                thread::sleep(LOOK);
                let come = came.iter().filter(|(_, came)| came.swap(false, SeqCst));
                come.for_each(|(signal, _)| watched.carry_out(*signal, restore));
            }
        });
        Ok(stop)
    }

    fn carry_out(&self, signal: i32, restore: fn()) {
        if self.unheard.load(SeqCst) {
            restore();
            // It returns only if it failed.
            let _failed = emulate_default_handler(signal);
        }
        if self.asked.swap(true, SeqCst) {
            restore();
            exit(STOPPED.into());
        }
    }

    /// Whether a signal has come.
    pub(crate) fn is_set(&self) -> bool {
        self.asked.load(SeqCst)
    }

    /// Whether to stop; from now on the first signal is waited with until this is asked again.
    pub(crate) fn asked(&self) -> bool {
        self.unheard.store(false, SeqCst);
        self.asked.load(SeqCst)
    }

    /// The work that asked is over: what comes next may not ask.
    pub(crate) fn leave(&self) {
        self.unheard.store(true, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use signal_hook::low_level::raise;
    use std::process::Command;

    /// In a process of its own: signals are taken over for good, by other tests of this program too.
    #[test]
    fn work_that_asks_outlives_the_first_signal() {
        const ALONE: &str = "TL_TEST_SIGNALS";
        if std::env::var_os(ALONE).is_none() {
            let test = "signals::tests::work_that_asks_outlives_the_first_signal";
            let mut program = Command::new(std::env::current_exe().unwrap());
            assert!(program.args(["--exact", test]).env(ALONE, "1").status().unwrap().success());
            return;
        }
        let stop = Stop::on_signals().unwrap();
        assert!(!stop.asked());
        raise(SIGTERM).unwrap();
        assert!(stop.asked());
    }
}

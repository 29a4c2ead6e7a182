//! The whole screen of a terminal, and the way back from it, which every end of the program must take.

use anstream::{AutoStream, ColorChoice};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::style::force_color_output;
use ratatui::crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen};
use std::io::{self, Write, stderr};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Whether the whole screen is taken. Changed, and written to, only with the lock of standard error.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Takes the terminal of standard error. Keys stay as they are, so that Ctrl-C is a signal.
pub(crate) fn take() -> io::Result<Terminal<CrosstermBackend<Frames>>> {
    force_color_output(AutoStream::choice(&stderr()) != ColorChoice::Never);
    let terminal = Terminal::new(CrosstermBackend::new(Frames::default()))?;
    let mut out = stderr().lock();
    TAKEN.store(true, SeqCst);
    execute!(out, EnterAlternateScreen, Hide)?;
    Ok(terminal)
}

/// Gives the terminal back, if it is taken: what was there before is there again.
pub(crate) fn leave() {
    let mut out = stderr().lock();
    if TAKEN.swap(false, SeqCst) {
        // A terminal that is gone needs nothing.
        let _gone = execute!(out, LeaveAlternateScreen, Show);
    }
}

pub(crate) fn is_taken() -> bool {
    TAKEN.load(SeqCst)
}

/// Writes what was drawn at once, and only while the screen is taken.
#[derive(Default)]
pub(crate) struct Frames(Vec<u8>);

impl Write for Frames {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut out = stderr().lock();
        let frame = std::mem::take(&mut self.0);
        if is_taken() { out.write_all(&frame) } else { Ok(()) }
    }
}

//! Calls that Windows refuses as long as another program looks at a file.
//!
//! Scanners for viruses, indexers and previews open what is new for some milliseconds. Meanwhile Windows renames and removes
//! nothing, and says that access is denied: what is refused for good says so too, so the call is tried again for two seconds.

use std::io;
use std::thread::sleep;
use std::time::Duration;

/// Waits between calls double from this one on, as far as [`LONGEST`].
const FIRST: Duration = Duration::from_millis(1);
const LONGEST: Duration = Duration::from_millis(32);
/// Calls after the first: the waits add up to two seconds.
const AGAIN: u32 = 66;

/// Makes a call, on Windows again and again while it is refused.
pub(crate) fn patiently<T>(call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    again(call, if cfg!(windows) { AGAIN } else { 0 }, sleep)
}

fn again<T>(
    mut call: impl FnMut() -> io::Result<T>,
    times: u32,
    mut wait: impl FnMut(Duration),
) -> io::Result<T> {
    let mut pause = FIRST;
    for _ in 0..times {
        match call() {
            Err(error) if may_pass(error.raw_os_error()) => wait(pause),
            done => return done,
        }
        pause = LONGEST.min(2 * pause);
    }
    call()
}

/// `ERROR_ACCESS_DENIED`, `ERROR_SHARING_VIOLATION`, `ERROR_LOCK_VIOLATION`:
/// <https://learn.microsoft.com/en-us/windows/win32/debug/system-error-codes--0-499->
fn may_pass(code: Option<i32>) -> bool {
    matches!(code, Some(5 | 32 | 33))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A call that fails with `code` so many times: how it ends, how often it was made, and how long was waited.
    fn tried(code: i32, failures: u32, times: u32) -> (bool, u32, Duration) {
        let (mut calls, mut waited) = (0, Duration::ZERO);
        let call = || {
            calls += 1;
            if calls <= failures { Err(io::Error::from_raw_os_error(code)) } else { Ok(()) }
        };
        let result = again(call, times, |time| waited += time);
        (result.is_ok(), calls, waited)
    }

    #[test]
    fn what_passes_is_waited_for_two_seconds_at_most_and_nothing_else_is() {
        assert_eq!(tried(5, 0, AGAIN), (true, 1, Duration::ZERO));
        assert_eq!(tried(32, 3, AGAIN), (true, 4, Duration::from_millis(1 + 2 + 4)));
        assert_eq!(tried(5, 100, AGAIN), (false, 67, Duration::from_millis(1983)));
        assert_eq!(tried(2, 100, AGAIN), (false, 1, Duration::ZERO));
        assert_eq!(tried(5, 100, 0), (false, 1, Duration::ZERO));
    }
}

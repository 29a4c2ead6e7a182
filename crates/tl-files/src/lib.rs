//! Files and folders that appear whole or not at all, and their names as text.
//!
//! ```text
//! report.html                                   the old content until the moment that the new one has its name
//! .report.html.9f86d081884c7d65.unfinished      being written: locked as long as its process lives
//! .pets.e3b0c44298fc1c14.unfinished/            a folder being written
//!   .lock                                       locked as long as its process lives
//! ```
//!
//! [`AtomicFile`] and [`AtomicFolder`] write under a name that no other process, thread or container has, and rename when
//! everything is durable: a crash or a power loss at any moment leaves the old or the new. What processes that are gone
//! have left is told by its lock, which the system lets go of however a process ends: [`sweep`] removes it. On file systems
//! without locks such a thing stays until it is a day old.
//!
//! [`name_text`] and [`path_text`] write names that need not be UTF-8 as text, and [`shown`] writes text from outside as it may
//! reach a terminal.
//!
//! Every call that a commit makes goes through a [`Disk`], so that tests can let each of them fail (feature `faults`).

mod device_name;
mod disk;
#[cfg(any(test, feature = "faults"))]
pub mod faulty;
mod file;
mod folder;
mod literal_prefix;
mod name;
mod name_text;
mod patience;
mod sweep;

pub use disk::{Disk, Fault, Os, create_folders, sync_folder, words};
pub use file::{AtomicFile, replace, settle};
pub use folder::{AtomicFolder, remove_folder};
pub use literal_prefix::without_literal_prefix;
pub use name_text::{
    Shown, bytes_text, ending, name_text, optional_path_as_text, path_as_text, path_of_bytes, path_of_text,
    path_text, shown, shown_path, steers,
};
pub use sweep::{sweep, sweep_mine};

//! Files in memory.

#![allow(unsafe_code, reason = "maps files")]

use memmap2::Mmap;
use std::fs::File;
use std::io;
use std::path::Path;

/// Maps a file of a store, to be read.
pub(super) fn map(path: &Path) -> io::Result<Mmap> {
    let file = File::open(path)?;
    // SAFETY: nobody may change the bytes of a mapped file. A store writes a file under another name and renames it
    // when it is whole; after that it is only replaced or removed as a whole, which leaves the mapped bytes as they
    // were. Whoever else writes into a store's files breaks this: readers then see other bytes, which they copy once
    // and hash before they believe them, or end by the system's signal where the file was cut short meanwhile.
    unsafe { Mmap::map(&file) }
}

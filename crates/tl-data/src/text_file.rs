//! A table or list as text.

use std::fs::File;
use std::path::Path;

use crate::encoding::{Decoded, decode_text};
use crate::table_limits::read_bounded;
use crate::{SourceError, reading};

/// The file as text.
pub(crate) fn read_decoded(path: &Path) -> Result<Decoded, SourceError> {
    let _named_if_slow = reading(path);
    let refused = |error: std::io::Error| SourceError::unreadable(path, &error);
    let bytes = read_bounded(path, File::open(path).map_err(refused)?)?;
    decode_text(path, &bytes)
}

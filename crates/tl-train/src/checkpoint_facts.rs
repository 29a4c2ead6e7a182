//! What errors say of checkpoints: their form, and which are passed over.

use std::fmt;
use std::path::PathBuf;

/// The only form of checkpoint that this version reads and writes. A change of anything in a manifest counts it up.
pub(crate) const SCHEMA: u32 = 1;

/// A damaged checkpoint. Displayed as `step-000120 (model.safetensors: 10 bytes short)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    /// The damaged checkpoint's folder.
    pub path: PathBuf,
    /// What is wrong with it, beginning with the name of the file.
    pub reason: String,
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.path.file_name().unwrap_or(self.path.as_os_str());
        write!(f, "{} ({})", tl_files::shown(tl_files::name_text(name)), self.reason)
    }
}

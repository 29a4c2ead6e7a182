//! Reads a checkpoint's folder and believes nothing that its hashes do not confirm.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use super::manifest::{self, Contents, Manifest, Unreadable};
use super::name::Name;
use crate::error::TrainError;

/// Why a checkpoint cannot be gone on from.
#[derive(Debug)]
pub(super) enum Unusable {
    /// The checkpoint's bytes are not those that were written: an earlier one will do.
    Damaged(String),
    /// The checkpoint belongs to another run: an earlier one would not do either.
    Foreign(TrainError),
}

/// The manifest of the checkpoint in `folder`, which is of the run `run`, and all its files.
pub(super) fn load(
    folder: &Path,
    name: Name,
    run: &str,
) -> Result<(Manifest, BTreeMap<String, Vec<u8>>), Unusable> {
    let manifest = manifest(folder, name, run)?;
    let files = manifest
        .files
        .iter()
        .map(|(name, expected)| Ok((name.clone(), verified(folder, name, expected)?)))
        .collect::<Result<_, _>>()?;
    Ok((manifest, files))
}

/// The manifest alone.
pub(super) fn manifest(folder: &Path, name: Name, run: &str) -> Result<Manifest, Unusable> {
    let bytes =
        fs::read(folder.join(manifest::FILE)).map_err(|error| damaged(manifest::FILE, &words(&error)))?;
    let manifest = Manifest::from_bytes(&bytes).map_err(|unreadable| match unreadable {
        Unreadable::Damaged(reason) => damaged(manifest::FILE, &reason),
        Unreadable::Other(other) => Unusable::Foreign(TrainError::CheckpointSchema {
            path: folder.to_owned(),
            schema: other.schema,
            tl: other.tl,
        }),
    })?;
    if manifest.run != run {
        return Err(Unusable::Foreign(TrainError::CheckpointOfAnotherRun {
            path: folder.to_owned(),
            differences: Vec::new(),
        }));
    }
    if manifest.step != name.step {
        return Err(damaged(manifest::FILE, &format!("it is of step {}", manifest.step)));
    }
    Ok(manifest)
}

fn verified(folder: &Path, name: &str, expected: &Contents) -> Result<Vec<u8>, Unusable> {
    if !is_plain(name) {
        return Err(damaged(manifest::FILE, &format!("`{name}` is not the name of a file in a checkpoint")));
    }
    let content = content(&folder.join(name), expected.bytes).map_err(|reason| damaged(name, &reason))?;
    if Contents::of(&content) == *expected { Ok(content) } else { Err(damaged(name, manifest::DIFFERS)) }
}

/// The bytes of a file that should have `expected` of them; of another length, it is not read.
fn content(path: &Path, expected: u64) -> Result<Vec<u8>, String> {
    let actual = fs::metadata(path).map_err(|error| words(&error))?.len();
    if actual < expected {
        return Err(format!("{} short", bytes(expected - actual)));
    }
    if actual > expected {
        return Err(format!("{} too long", bytes(actual - expected)));
    }
    fs::read(path).map_err(|error| words(&error))
}

/// Whether a file may be called so: nothing that leads out of the folder, and not as the manifest.
pub(super) fn is_plain(name: &str) -> bool {
    let unfit = |c: char| matches!(c, '/' | '\\' | ':') || c.is_control();
    !matches!(name, "" | "." | ".." | manifest::FILE) && !name.contains(unfit)
}

fn bytes(number: u64) -> String {
    if number == 1 { "1 byte".to_owned() } else { format!("{number} bytes") }
}

fn damaged(file: &str, reason: &str) -> Unusable {
    Unusable::Damaged(format!("{file}: {reason}"))
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "missing".to_owned(),
        _ => tl_files::words(error),
    }
}

//! Writes checkpoints, so that at every moment there is one to go on from.

use std::io;
use std::path::{Path, PathBuf};

use super::Checkpoints;
use super::disk::{self, Disk, Fault, Os};
use super::load;
use super::manifest::{self, Contents, Manifest, SCHEMA};
use super::name::{self, Name};
use crate::TrainError;

impl Checkpoints {
    /// Writes a checkpoint and makes it durable, then removes those that are out of date; returns its folder.
    ///
    /// `step` is the number of steps that are behind it, `cursor` anything that says where training stands (numbers in it
    /// must be finite: JSON has no others), `files` are names and contents. A step that is there already, because a
    /// resumed run has come to it again, is replaced, in a folder called `step-000120.r1`.
    ///
    /// # Errors
    /// [`TrainError::CheckpointWrite`] naming the file: what was there before is untouched.
    /// [`TrainError::CheckpointRemove`] naming the folder: the new checkpoint is written.
    pub fn commit(
        &self,
        step: u64,
        cursor: &serde_json::Value,
        files: &[(&str, &[u8])],
    ) -> Result<PathBuf, TrainError> {
        self.commit_on(&Os, step, cursor, files)
    }

    pub(super) fn commit_on(
        &self,
        disk: &dyn Disk,
        step: u64,
        cursor: &serde_json::Value,
        files: &[(&str, &[u8])],
    ) -> Result<PathBuf, TrainError> {
        let name = Name::vacant(step, &self.names()?);
        let manifest = self.manifest(step, cursor, files);
        self.write(disk, name, &manifest, files).map_err(|fault| self.not_written(name, fault))?;
        for outdated in name::outdated(&self.names()?, name, self.keep.get()) {
            self.remove(disk, outdated)?;
        }
        Ok(self.path(name))
    }

    fn manifest(&self, step: u64, cursor: &serde_json::Value, files: &[(&str, &[u8])]) -> Manifest {
        Manifest {
            schema: SCHEMA,
            tl: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.run.clone(),
            step,
            cursor: cursor.clone(),
            files: files.iter().map(|(name, content)| ((*name).to_owned(), Contents::of(content))).collect(),
        }
    }

    /// The commit proper: it has happened if and only if the folder has its name.
    fn write(
        &self,
        disk: &dyn Disk,
        name: Name,
        manifest: &Manifest,
        files: &[(&str, &[u8])],
    ) -> Result<(), Fault> {
        let (scratch, path) = (self.scratch(name), self.path(name));
        disk.create_folder(&scratch).map_err(Fault::at(&scratch))?;
        let written = fill(disk, &scratch, manifest, files)
            .and_then(|()| disk.rename(&scratch, &path).map_err(Fault::at(&path)));
        if let Err(fault) = written {
            // There is nobody to tell, and the fault matters more; the next open tries again.
            let _ = disk.remove_folder(&scratch);
            return Err(fault);
        }
        disk.sync_folder(&self.folder).map_err(Fault::at(&self.folder))
    }

    fn scratch(&self, name: Name) -> PathBuf {
        let mut number = 0;
        loop {
            let scratch = name.scratch(&self.folder, number);
            if !scratch.exists() {
                return scratch;
            }
            number += 1;
        }
    }

    /// Takes the folder's name away first, so that what has the name of a checkpoint is never half removed.
    fn remove(&self, disk: &dyn Disk, name: Name) -> Result<(), TrainError> {
        let (path, scratch) = (self.path(name), self.scratch(name));
        disk.rename(&path, &scratch)
            .and_then(|()| disk.remove_folder(&scratch))
            .map_err(|reason| TrainError::CheckpointRemove { path, reason })
    }

    fn not_written(&self, name: Name, Fault { path, reason }: Fault) -> TrainError {
        let earlier = self.newest_but(Some(name)).ok().flatten();
        let earlier = earlier.and_then(|checkpoint| Some(checkpoint.path.file_name()?.display().to_string()));
        TrainError::CheckpointWrite { path, reason, earlier }
    }
}

/// Every file of a checkpoint, durable, and then their names.
fn fill(disk: &dyn Disk, folder: &Path, manifest: &Manifest, files: &[(&str, &[u8])]) -> Result<(), Fault> {
    for (name, content) in files {
        let path = folder.join(name);
        if !load::is_plain(name) {
            let reason =
                io::Error::new(io::ErrorKind::InvalidInput, "a checkpoint's file cannot be called so");
            return Err(Fault { path, reason });
        }
        disk::write_durably(disk, &path, content)?;
    }
    let path = folder.join(manifest::FILE);
    let bytes = manifest.to_bytes().map_err(|error| Fault::at(&path)(error.into()))?;
    disk::write_durably(disk, &path, &bytes)?;
    disk.sync_folder(folder).map_err(Fault::at(folder))
}

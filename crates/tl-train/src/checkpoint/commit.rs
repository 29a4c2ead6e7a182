//! Writes checkpoints, so that at every moment there is one to go on from.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use tl_files::{AtomicFolder, Disk, Fault, Os};

use super::manifest::{self, Contents, Manifest};
use super::name::{self, Name};
use super::{Checkpoints, load};
use crate::checkpoint_facts::SCHEMA;
use crate::error::TrainError;

/// Makes the content of a file when it is written.
pub(crate) type Content<'a> = &'a dyn Fn() -> Result<Vec<u8>, TrainError>;

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

    /// [`commit`](Self::commit) of contents that are made one after the other, when each is written.
    ///
    /// # Errors
    /// As there; or that of a content, of which what was there before is untouched.
    pub(crate) fn commit_each(
        &self,
        step: u64,
        cursor: &serde_json::Value,
        files: &[(&str, Content<'_>)],
    ) -> Result<PathBuf, TrainError> {
        self.commit_each_on(&Os, step, cursor, files)
    }

    pub(super) fn commit_on(
        &self,
        disk: &dyn Disk,
        step: u64,
        cursor: &serde_json::Value,
        files: &[(&str, &[u8])],
    ) -> Result<PathBuf, TrainError> {
        let made = |&(_, content): &(&str, &[u8])| {
            let content = content.to_vec();
            move || Ok::<_, TrainError>(content.clone())
        };
        let contents: Vec<_> = files.iter().map(made).collect();
        let named = files.iter().zip(&contents);
        let files: Vec<(&str, Content<'_>)> =
            named.map(|((name, _), content)| (*name, content as Content<'_>)).collect();
        self.commit_each_on(disk, step, cursor, &files)
    }

    fn commit_each_on(
        &self,
        disk: &dyn Disk,
        step: u64,
        cursor: &serde_json::Value,
        files: &[(&str, Content<'_>)],
    ) -> Result<PathBuf, TrainError> {
        let name = Name::vacant(step, &self.names()?);
        let manifest = self.manifest(step, cursor);
        self.write(disk, name, manifest, files).map_err(|failed| match failed {
            Failed::Disk(fault) => self.not_written(name, fault),
            Failed::Content(error) => *error,
        })?;
        for outdated in name::outdated(&self.names()?, name, self.keep.get()) {
            self.remove(disk, outdated)?;
        }
        Ok(self.path(name))
    }

    /// The manifest of a new checkpoint, without its files, which are added as they are written.
    fn manifest(&self, step: u64, cursor: &serde_json::Value) -> Manifest {
        Manifest {
            schema: SCHEMA,
            tl: env!("CARGO_PKG_VERSION").to_owned(),
            run: self.run.clone(),
            step,
            cursor: cursor.clone(),
            files: BTreeMap::new(),
        }
    }

    /// The commit proper: it has happened if and only if the folder has its name.
    fn write(
        &self,
        disk: &dyn Disk,
        name: Name,
        manifest: Manifest,
        files: &[(&str, Content<'_>)],
    ) -> Result<(), Failed> {
        let mut folder = AtomicFolder::begin_on(disk, &self.folder, &name.to_string())?;
        fill(&folder, manifest, files)?;
        folder.commit(&name.to_string())?;
        Ok(())
    }

    /// What has the name of a checkpoint is never half removed.
    fn remove(&self, disk: &dyn Disk, name: Name) -> Result<(), TrainError> {
        let path = self.path(name);
        tl_files::remove_folder(disk, &path).map_err(|reason| TrainError::CheckpointRemove { path, reason })
    }

    fn not_written(&self, name: Name, Fault { path, reason }: Fault) -> TrainError {
        let earlier = self.newest_but(Some(name)).ok().flatten();
        let earlier = earlier.and_then(|checkpoint| Some(checkpoint.path.file_name()?.display().to_string()));
        TrainError::CheckpointWrite { path, reason, earlier }
    }
}

/// Every file of a checkpoint, durable.
fn fill(
    folder: &AtomicFolder<'_>,
    mut manifest: Manifest,
    files: &[(&str, Content<'_>)],
) -> Result<(), Failed> {
    for (name, content) in files {
        if !load::is_plain(name) {
            let reason =
                io::Error::new(io::ErrorKind::InvalidInput, "a checkpoint's file cannot be called so");
            return Err(Fault { path: folder.path().join(name), reason }.into());
        }
        let content = content().map_err(|error| Failed::Content(Box::new(error)))?;
        folder.write(name, &content)?;
        manifest.files.insert((*name).to_owned(), Contents::of(&content));
    }
    let path = folder.path().join(manifest::FILE);
    let bytes = manifest.to_bytes().map_err(|error| Fault::at(&path)(error.into()))?;
    Ok(folder.write(manifest::FILE, &bytes)?)
}

/// Why a checkpoint was not written.
enum Failed {
    Disk(Fault),
    /// There is no content to write.
    Content(Box<TrainError>),
}

impl From<Fault> for Failed {
    fn from(fault: Fault) -> Self {
        Self::Disk(fault)
    }
}

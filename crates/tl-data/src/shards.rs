//! Pictures in tar files, in the layout of WebDataset: <https://github.com/webdataset/webdataset#the-webdataset-format>
//!
//! The members of one sample have the same key, which is the name up to the first dot of its last part. A shard is
//! read through once for the names, in sequence and without the pictures' bytes; nothing is ever unpacked.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Component, Path, PathBuf};

use tar::{Archive, Entry};
use tl_files::ending;
use tl_files::{bytes_text, path_of_bytes};
use tl_image::contained;
use tl_image::ends_like_a_picture;

use crate::leftover::{is_left_behind, is_passed_over};
use crate::listing::{Candidate, Listing, Named};
use crate::picture_location::slashed;
use crate::{SampleError, SourceError, Span, natural, reading};

/// Longest class name in a `.cls` member, in bytes.
const LONGEST_LABEL: u64 = 4096;

/// Longest name of a member with what else is told of it, in bytes.
const LONGEST_NAME: u64 = 1 << 20;

/// Lists the pictures of a tar file or of the tar files in a folder.
///
/// Errors: there are none, one cannot be read through, or they hold no picture.
pub(crate) fn list(path: &Path) -> Result<Listing, SourceError> {
    let (root, shards) = find(path)?;
    let mut listing = Listing::new(root);
    let mut named = Vec::new();
    for shard in shards {
        let members = Members::read(&listing.root.join(&shard))?;
        named.extend(members.finish(&shard, &mut listing));
    }
    if named.is_empty() && listing.rejected.is_empty() {
        return Err(SourceError::NothingListed { path: path.to_path_buf() });
    }
    listing.add_named(named);
    Ok(listing)
}

/// The folder, and the shards in it by name in natural order.
fn find(path: &Path) -> Result<(PathBuf, Vec<PathBuf>), SourceError> {
    if path.is_file() {
        let name = path.file_name().map(PathBuf::from).unwrap_or_default();
        return Ok((path.parent().unwrap_or(Path::new("")).to_path_buf(), vec![name]));
    }
    let entries = std::fs::read_dir(path).map_err(|error| SourceError::unreadable(path, &error))?;
    let tars = entries.flatten().map(|entry| entry.path()).filter(|p| ending(p) == "tar" && p.is_file());
    let mut names: Vec<PathBuf> = tars.filter_map(|path| path.file_name().map(PathBuf::from)).collect();
    names.retain(|name| !is_passed_over(name.as_os_str(), false));
    names.sort_by_cached_key(|name| natural::path_key(name));
    match names.is_empty() {
        true => Err(SourceError::NoShards { path: path.to_path_buf() }),
        false => Ok((path.to_path_buf(), names)),
    }
}

/// What one shard holds.
#[derive(Default)]
struct Members {
    /// Key, name and place of each picture, in the order of the tar.
    pictures: Vec<(String, PathBuf, Span)>,
    labels: BTreeMap<String, String>,
    /// Members that are no regular files.
    special: Vec<PathBuf>,
    ignored: usize,
}

impl Members {
    fn read(shard: &Path) -> Result<Self, SourceError> {
        let _named_if_slow = reading(shard);
        contained(|| Self::read_known(shard)).map_err(|panicked| SourceError::stopped(shard, &panicked))?
    }

    fn read_known(shard: &Path) -> Result<Self, SourceError> {
        let refused = |error: std::io::Error| explain(shard, &error);
        let file = File::open(shard).map_err(refused)?;
        let length = file.metadata().map_err(refused)?.len();
        check_names(&file).map_err(refused)?;
        let mut members = Members::default();
        let mut archive = Archive::new(file);
        for entry in archive.entries_with_seek().map_err(refused)? {
            members.add(entry.map_err(refused)?, length).map_err(refused)?;
        }
        Ok(members)
    }

    fn add(&mut self, mut entry: Entry<'_, File>, length: u64) -> std::io::Result<()> {
        let path = path_of_bytes(entry.path_bytes().into_owned());
        let name = slashed(&path);
        let (key, ending) = key(&name);
        let span = Span { offset: entry.raw_file_position(), bytes: entry.size() };
        if entry.header().entry_type().is_dir() {
            return Ok(());
        } else if is_left_between(&path) {
            self.ignored += 1;
        } else if !entry.header().entry_type().is_file() {
            self.special.push(path);
        } else if span.offset.saturating_add(span.bytes) > length {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        } else if ending == "cls" {
            let mut label = Vec::new();
            entry.by_ref().take(LONGEST_LABEL).read_to_end(&mut label)?;
            self.labels.insert(key, bytes_text(&label).trim().to_string());
        } else if ends_like_a_picture(&name) {
            self.pictures.push((key, path, span));
        } else {
            self.ignored += 1;
        }
        Ok(())
    }

    fn finish(self, shard: &Path, listing: &mut Listing) -> Vec<Named> {
        listing.ignored += self.ignored;
        for name in self.special {
            listing.reject(inside(shard, &name), SampleError::Special);
        }
        let mut named = Vec::new();
        for (key, name, span) in self.pictures {
            let path = inside(shard, &name);
            match self.labels.get(&key).filter(|label| !label.is_empty()) {
                Some(label) => {
                    let file = Candidate { path, span: Some(span), ..Candidate::default() };
                    named.push(Named { file, labels: vec![label.clone()] });
                }
                None => {
                    let detail = format!("the tar has no `{key}.cls`");
                    listing.reject(path, SampleError::Unlabelled { detail });
                }
            }
        }
        named
    }
}

/// A name that is too long for its header is a member of its own, which is read into memory whole.
fn check_names(file: &File) -> std::io::Result<()> {
    let mut archive = Archive::new(file);
    for entry in archive.entries_with_seek()?.raw(true) {
        let entry = entry?;
        let kind = entry.header().entry_type();
        let names = kind.is_gnu_longname() || kind.is_gnu_longlink();
        let about = kind.is_pax_local_extensions() || kind.is_pax_global_extensions();
        if (names || about) && entry.size() > LONGEST_NAME {
            return Err(std::io::Error::other("a member's name is longer than any name"));
        }
    }
    (&mut &*file).rewind()
}

/// Is a part of this name hidden, or left behind by a system or a tool?
fn is_left_between(path: &Path) -> bool {
    let folder = |part: Component<'_>| matches!(part, Component::Normal(name) if is_passed_over(name, true));
    path.components().any(folder) || path.file_name().is_some_and(|name| is_left_behind(name, false))
}

/// The key of a member and its ending, in small letters.
fn key(name: &str) -> (String, String) {
    let start = name.rfind('/').map_or(0, |at| at + 1);
    let dot = name.get(start..).and_then(|last| last.find('.')).map_or(name.len(), |at| start + at);
    let (key, ending) = name.split_at(dot);
    (key.to_string(), ending.trim_start_matches('.').to_ascii_lowercase())
}

/// Path of a member: the shard's name, then the name in it. Only the first part of it ever names a file.
fn inside(shard: &Path, name: &Path) -> PathBuf {
    let normal = |part: &Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir);
    shard.join(name.components().filter(normal).collect::<PathBuf>())
}

fn explain(shard: &Path, error: &std::io::Error) -> SourceError {
    let gzip = File::open(shard).is_ok_and(|mut file| {
        let mut start = [0; 2];
        file.read_exact(&mut start).is_ok() && start == [0x1f, 0x8b]
    });
    match (gzip, error.kind()) {
        (true, _) => SourceError::Unreadable {
            path: shard.to_path_buf(),
            detail: "it is compressed, unpack it with gunzip".into(),
        },
        (false, std::io::ErrorKind::UnexpectedEof) => SourceError::Unreadable {
            path: shard.to_path_buf(),
            detail: "the tar ends too early, copy it again".into(),
        },
        (false, _) => SourceError::unreadable(shard, error),
    }
}

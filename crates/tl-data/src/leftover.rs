//! What operating systems and tools leave between pictures: passed over by every source alike.

use std::ffi::OsStr;
use std::path::{Component, Path};

use tl_files::name_text;

/// Names of files and folders, in small letters.
const NAMES: &[&str] = &[
    // Windows.
    "thumbs.db",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "desktop.ini",
    "$recycle.bin",
    "system volume information",
    "zbthumbnail.info",
    // macOS; `Icon` ends in a carriage return.
    "__macosx",
    "icon\r",
    "network trash folder",
    "temporary items",
    // Network storage: Synology, QNAP.
    "@eadir",
    "#recycle",
    "#snapshot",
    "@recycle",
    "@recently-snapshot",
    "@__thumb",
    "@synoresource",
    "@tmp",
    // Linux.
    "lost+found",
    // Windows again: older recycle bins, and what its disk check saves.
    "recycle.bin",
    // Programs.
    "picasa.ini",
    "pspbrwse.jbf",
    "__pycache__",
];

/// How names begin. Most are hidden too, which says nothing where a table names them.
const BEGINNINGS: &[&str] = &[
    "._",
    "~$",
    ".~",
    ".ds_store",
    ".localized",
    ".apdisk",
    ".appledouble",
    ".trash",
    ".spotlight-",
    ".fseventsd",
    ".documentrevisions",
    ".temporaryitems",
    ".thumbnails",
    ".directory",
    ".nfs",
    ".fuse_hidden",
    ".picasa",
    ".dropbox",
    ".nextcloudsync",
    ".sync_",
    ".ipynb_checkpoints",
    ".git",
    // FrontPage.
    "_vti_",
];

/// How names end that are streams beside a file, copied to a system that has none. The colon becomes another character
/// on the way: U+F03A in Windows' own Linux.
const STREAMS: &[&str] = &["zone.identifier", "@synoeastream", "@synoresource"];

/// Older recycle bins of Windows, in capital letters: `recycled` is a class of waste.
const BINS: &[&str] = &["RECYCLER", "RECYCLED"];

/// How names of files, not of folders, end that go with a picture, a lock or a download that is not there yet.
const ENDINGS: &[&str] = &[
    "aae",
    "xmp",
    "thm",
    "pp3",
    "dop",
    "on1",
    "crdownload",
    "part",
    "partial",
    "download",
    "opdownload",
    "tmp",
    "lnk",
    "url",
    "webloc",
    "pyc",
    "swp",
];

/// Is this the name of something that a system or a tool leaves behind, and nobody means when they speak of their
/// pictures? AppleDouble files (`._1.jpg`) and whatever else begins with `._`, `~$` or `.~` are among them.
pub(crate) fn is_left_behind(name: &OsStr, is_folder: bool) -> bool {
    let written = name_text(name);
    let name = first_copy(&written.to_lowercase());
    let ending = name.rsplit_once('.').map(|(_, ending)| ending).filter(|_| !is_folder);
    NAMES.contains(&name.as_str())
        || STREAMS.iter().any(|end| name.ends_with(end))
        || is_folder && (BINS.contains(&&*written) || is_found(&name))
        || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
        || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

/// The name without the number that a second copy gets: `thumbs (2).db`, `__macosx 2`.
fn first_copy(name: &str) -> String {
    let (stem, ending) = name.rsplit_once('.').map_or((name, ""), |(stem, _)| (stem, &name[stem.len()..]));
    let first = without_number(name).map(str::to_string);
    let first = first.or_else(|| Some(format!("{}{ending}", without_number(stem)?)));
    first.unwrap_or_else(|| name.to_string())
}

fn without_number(name: &str) -> Option<&str> {
    let (first, last) = name.rsplit_once(' ')?;
    let inside = last.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(last);
    (!inside.is_empty() && inside.chars().all(|c| c.is_ascii_digit())).then_some(first)
}

/// `found.000`, `found.001`: what the disk check of Windows saves.
fn is_found(name: &str) -> bool {
    let number = name.strip_prefix("found.");
    number.is_some_and(|number| number.len() == 3 && number.chars().all(|c| c.is_ascii_digit()))
}

/// Is this an entry of a folder, or a member of an archive, that a source passes over: hidden, left behind by a system or
/// a tool, or, for a file, of a kind that commonly lies beside pictures (`README`, `*.txt`, `*.json`, ..)?
pub fn is_passed_over(name: &OsStr, is_folder: bool) -> bool {
    is_hidden(name)
        || is_left_behind(name, is_folder)
        || (!is_folder && is_well_known_other(&name_text(name)))
}

/// Is this a path that a table or a list may name only because a program listed everything there was? Hidden folders
/// are none: caches of downloaded pictures lie in such.
pub(crate) fn is_named_by_chance(root: &Path, path: &Path) -> bool {
    let left_behind =
        |part: Component<'_>| matches!(part, Component::Normal(name) if is_left_behind(name, true));
    let name = path.file_name().unwrap_or_default();
    let inside = !path.has_root() && path.components().any(left_behind);
    // Tables and lists lose the carriage return at its end.
    let icon = name == "Icon" && root.join(path).with_file_name("Icon\r").exists();
    inside || icon || is_left_behind(name, false) || is_well_known_other(&name_text(name))
}

pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// Files that commonly lie beside pictures and are none.
fn is_well_known_other(name: &str) -> bool {
    const NAMES: &[&str] = &["thumbs.db", "desktop.ini", "license", "licence", "readme"];
    const ENDINGS: &[&str] = &["txt", "md", "csv", "json", "toml", "xml", "yaml", "yml", "html"];
    let name = name.to_lowercase();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending);
    NAMES.contains(&name.as_str()) || ending.is_some_and(|ending| ENDINGS.contains(&ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_are_never_taken_for_leftovers() {
        for name in [
            "1.jpg",
            "icon.png",
            "Icon",
            "part.png",
            "thumbs.png",
            "a.tmp.jpg",
            "~.jpg",
            "lost.webp",
            "1",
            "thumbs (2).png",
            "1 (2).jpg",
            "zone identifier.jpg",
        ] {
            assert!(!is_passed_over(OsStr::new(name), false), "{name}");
            assert!(!is_named_by_chance(Path::new(""), Path::new(name)), "{name}");
        }
    }

    #[test]
    fn classes_that_are_called_like_a_recycle_bin_are_classes() {
        for name in
            ["recycled", "Recycled", "recycler", "found", "found.x", "tmp", "cat 2", "vti", "RECYCLED 1"]
        {
            assert!(!is_passed_over(OsStr::new(name), true), "{name}");
        }
    }

    #[test]
    fn a_table_may_name_pictures_in_hidden_folders() {
        for (path, expected) in [
            (".cache/kaggle/1.jpg", false),
            ("/home/a/.data/1.jpg", false),
            ("/lost+found/1.jpg", false),
            ("__MACOSX/cat/1.jpg", true),
            ("cat/._1.jpg", true),
            ("/data/cat/Thumbs.db", true),
            ("cat/1.json", true),
        ] {
            assert_eq!(is_named_by_chance(Path::new(""), Path::new(path)), expected, "{path}");
        }
    }
}

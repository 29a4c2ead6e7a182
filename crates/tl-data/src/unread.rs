//! Pictures in formats that are not read: how many of each, and what converts them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tl_files::ending;
use tl_image::PictureError;
use tl_image::UnsupportedFormat;

use crate::numbers::{counted, grouped};
use crate::{Dataset, Rejected, SampleError};

/// Files of one format that is not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unread {
    /// The format's name.
    pub format: String,
    /// Number of files of the format.
    pub files: usize,
    /// The command that converts one of them, `FILE` standing for its name.
    pub command: String,
    /// The endings of their names, in small letters, if they are the format's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endings: Vec<String>,
}

impl Unread {
    /// The formats among files that cannot be used, by name.
    pub(crate) fn of<'a>(rejected: impl IntoIterator<Item = &'a Rejected>) -> Vec<Self> {
        let mut found: BTreeMap<&str, Self> = BTreeMap::new();
        for file in rejected {
            let SampleError::Picture(PictureError::UnsupportedFormat { format }) = file.reason else {
                continue;
            };
            let Some(known) = UnsupportedFormat::named(format) else { continue };
            let unread = found.entry(format).or_insert_with(|| Unread::none_of(known));
            unread.files += 1;
            let ending = ending(&file.path);
            if known.endings.contains(&ending.as_str()) && !unread.endings.contains(&ending) {
                unread.endings.push(ending);
                unread.endings.sort();
            }
        }
        found.into_values().collect()
    }

    fn none_of(format: &UnsupportedFormat) -> Self {
        let (command, endings) = (format.example(), Vec::new());
        Unread { format: format.name.to_string(), files: 0, command, endings }
    }

    /// `3 pictures in a format that is not read: HEIC 3`; none without any.
    pub fn summary(all: &[Self]) -> Option<String> {
        let files: usize = all.iter().map(|unread| unread.files).sum();
        let listed = all.iter().map(|unread| format!("{} {}", unread.format, grouped(unread.files as u64)));
        let listed = listed.collect::<Vec<_>>().join(", ");
        let a_format = if all.len() == 1 { "a format that is not read" } else { "formats that are not read" };
        (files > 0).then(|| format!("{} in {a_format}: {listed}", counted(files, "picture")))
    }

    /// What to do about them: a command for each format.
    pub fn remedy(all: &[Self]) -> String {
        let each = all.iter().map(|unread| format!("{}: `{}`", unread.format, unread.command));
        format!("convert them, {}", each.collect::<Vec<_>>().join("; "))
    }

    /// A command for the shell that converts all of them below a folder whose names have the format's ending.
    pub(crate) fn command_for_all(&self, folder: &str) -> Option<String> {
        let format = UnsupportedFormat::named(&self.format)?;
        let names: Vec<String> = self.endings.iter().map(|ending| format!("-iname '*.{ending}'")).collect();
        let named = match names.as_slice() {
            [] => return None,
            [one] => one.clone(),
            several => format!("\\( {} \\)", several.join(" -o ")),
        };
        Some(format!("find {folder} {named} -exec {} \\;", format.command("{}", "{}")))
    }
}

impl Dataset {
    /// The pictures in formats that are not read, by format.
    pub fn unread(&self) -> Vec<Unread> {
        Unread::of(&self.rejected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejected(path: &str, format: &'static str) -> Rejected {
        let reason = PictureError::UnsupportedFormat { format }.into();
        Rejected { path: path.into(), bytes: None, reason }
    }

    #[test]
    fn formats_are_counted_with_the_command_that_converts_them() {
        let files = [
            rejected("a/1.HEIC", "HEIC"),
            rejected("a/2.hif", "HEIC"),
            rejected("b/3.jpg", "SVG"),
            Rejected { reason: PictureError::Empty.into(), ..rejected("b/4.heic", "HEIC") },
        ];
        let unread = Unread::of(&files);
        let summary = Unread::summary(&unread);
        assert_eq!(summary.as_deref(), Some("3 pictures in formats that are not read: HEIC 2, SVG 1"));
        let one = Unread::of(&files[..1]);
        let summary = Unread::summary(&one);
        assert_eq!(summary.as_deref(), Some("1 picture in a format that is not read: HEIC 1"));
        assert_eq!(
            Unread::remedy(&unread),
            "convert them, HEIC: `heif-convert FILE.heic FILE.png`; SVG: `rsvg-convert FILE.svg -o FILE.png`"
        );
        let all: Vec<_> = unread.iter().map(|unread| unread.command_for_all("photos")).collect();
        let heic = r"find photos \( -iname '*.heic' -o -iname '*.hif' \) -exec heif-convert {} {}.png \;";
        assert_eq!(all, [Some(heic.to_string()), None]);
        assert_eq!(Unread::summary(&[]), None);
    }
}

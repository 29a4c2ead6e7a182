//! From folders on a disk to a data set, or to a message.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use tl_data::{
    ClassId, DataError, Dataset, MaxBad, PictureLocation, SampleError, SampleId, Spread, check_bad, scan,
};
use tl_image::{ColorMode, Format, Limits, PictureError};

/// A folder with these pictures, each of another colour.
fn folder(pictures: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (i, name) in pictures.iter().enumerate() {
        write_picture(&folder.path().join(name), i as u8);
    }
    folder
}

fn write_picture(path: &Path, shade: u8) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    RgbImage::from_pixel(6, 4, Rgb([shade; 3])).save(path).unwrap();
}

fn scanned(root: &Path) -> Result<Dataset, DataError> {
    scan(root, &Limits::default(), &|_| {})
}

fn paths(data: &Dataset) -> Vec<String> {
    data.samples.iter().map(|sample| sample.path.to_string_lossy().into_owned()).collect()
}

/// `path: reason` of each rejected file.
fn rejected(data: &Dataset) -> Vec<String> {
    data.rejected.iter().map(ToString::to_string).collect()
}

#[test]
fn classes_and_pictures_are_in_natural_order() {
    let folder = folder(&["b/1.png", "a10/x.png", "a2/img10.png", "a2/img2.png", "a2/deep/er/1.png"]);
    let data = scanned(folder.path()).unwrap();
    assert_eq!(data.classes, ["a2", "a10", "b"]);
    assert_eq!(paths(&data), ["a2/deep/er/1.png", "a2/img2.png", "a2/img10.png", "a10/x.png", "b/1.png"]);
    assert_eq!(data.class_counts(), [3, 1, 1]);
    assert_eq!(data.samples[4].class, ClassId(2));
    assert_eq!(data.file_of(SampleId(4)), folder.path().join("b/1.png"));
    assert_eq!(data.samples[0].header.format, Format::Png);
    assert_eq!(data.samples[0].header.color, ColorMode::Rgb);
}

#[test]
fn the_content_decides_and_not_the_ending() {
    let folder = folder(&["a/1.png", "b/1.png"]);
    fs::rename(folder.path().join("a/1.png"), folder.path().join("a/1.jpg")).unwrap();
    fs::rename(folder.path().join("b/1.png"), folder.path().join("b/no ending")).unwrap();
    assert_eq!(paths(&scanned(folder.path()).unwrap()), ["a/1.jpg", "b/no ending"]);
}

#[test]
fn hidden_and_well_known_other_files_are_counted_only() {
    let folder = folder(&["a/1.png", "b/1.png", "a/.hidden/1.png", ".git/1.png"]);
    for name in ["a/.DS_Store", "a/Thumbs.db", "b/notes.TXT", "b/labels.csv", "README", "LICENSE"] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let data = scanned(folder.path()).unwrap();
    assert_eq!((data.len(), data.ignored, rejected(&data)), (2, 8, vec![]));
}

#[test]
fn bad_files_are_named_and_the_rest_is_kept() {
    let folder = folder(&["a/1.png", "b/1.png", "loose.jpg"]);
    let whole = fs::read(folder.path().join("a/1.png")).unwrap();
    fs::write(folder.path().join("a/cut.png"), &whole[..40]).unwrap();
    fs::write(folder.path().join("a/empty.jpg"), b"").unwrap();
    fs::write(folder.path().join("a/text.jpg"), b"<!DOCTYPE html>").unwrap();
    fs::create_dir(folder.path().join("b/folder.jpg")).unwrap();
    write_picture(&folder.path().join("b/folder.jpg/inside.png"), 9);
    let data = scanned(folder.path()).unwrap();
    assert_eq!(paths(&data), ["a/1.png", "b/1.png"]);
    assert_eq!(
        rejected(&data),
        [
            "a/cut.png: ends too early (truncated after 40 bytes)",
            "a/empty.jpg: the file is empty",
            "a/text.jpg: not a picture (it is an HTML page, perhaps the error page of a failed download)",
            "b/folder.jpg: a folder whose name ends like a picture's, rename it if it holds pictures",
            "loose.jpg: lies outside the class folders, move it into one of them",
        ]
    );
    assert_eq!(data.rejected[0].bytes, Some(40));
    assert_eq!(data.files(), 7);
}

#[test]
fn a_large_file_is_not_read() {
    let folder = folder(&["a/1.png", "b/1.png"]);
    let file = fs::File::create(folder.path().join("a/large.jpg")).unwrap();
    file.set_len(1 << 40).unwrap();
    let data = scanned(folder.path()).unwrap();
    let expected = "a/large.jpg: the file has 1,099,511,627,776 bytes, the limit is 268,435,456";
    assert_eq!(rejected(&data), [expected]);
    assert_eq!(data.rejected[0].bytes, Some(1 << 40));
}

#[cfg(unix)]
#[test]
fn links_are_followed_but_not_in_circles() {
    use std::os::unix::fs::symlink;
    let folder = folder(&["a/1.png", "b/1.png"]);
    let elsewhere = self::folder(&["c/2.png"]);
    symlink(elsewhere.path().join("c"), folder.path().join("c")).unwrap();
    symlink(folder.path().join("b/1.png"), folder.path().join("a/copy.png")).unwrap();
    symlink(folder.path().join("a"), folder.path().join("a/circle")).unwrap();
    symlink("nowhere", folder.path().join("b/broken.png")).unwrap();
    let data = scanned(folder.path()).unwrap();
    assert_eq!(paths(&data), ["a/1.png", "a/copy.png", "b/1.png", "c/2.png"]);
    assert_eq!(
        rejected(&data),
        [
            "a/circle: a link to a folder that contains it",
            "b/broken.png: cannot be read (no such file or directory)",
        ]
    );
}

/// Opening a pipe nobody writes to would wait for ever.
#[cfg(unix)]
#[test]
fn pipes_and_sockets_are_not_opened() {
    let folder = folder(&["a/1.png", "b/1.png"]);
    let made = std::process::Command::new("mkfifo").arg(folder.path().join("a/pipe.jpg")).status().unwrap();
    assert!(made.success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("b/socket.jpg")).unwrap();
    let reason = "not a regular file (a pipe, socket or device)";
    let expected = [format!("a/pipe.jpg: {reason}"), format!("b/socket.jpg: {reason}")];
    assert_eq!(rejected(&scanned(folder.path()).unwrap()), expected);
    let single = PictureLocation::from(folder.path().join("a/pipe.jpg")).decode(&Limits::default(), [0; 3]);
    assert_eq!(single, Err(SampleError::Special));
}

#[test]
fn folders_that_are_no_data_set_are_explained() {
    let empty = folder(&[]);
    let loose = folder(&["1.png", "2.png"]);
    let single = folder(&["cat/1.png", "cat/2.png"]);
    let no_pictures = folder(&[]);
    fs::create_dir_all(no_pictures.path().join("a")).unwrap();
    fs::create_dir_all(no_pictures.path().join("b")).unwrap();
    let only_bad = folder(&[]);
    fs::create_dir_all(only_bad.path().join("a")).unwrap();
    fs::write(only_bad.path().join("a/1.jpg"), b"x").unwrap();
    let one_empty = folder(&["a/1.png", "b/1.png"]);
    fs::create_dir_all(one_empty.path().join("c")).unwrap();
    fs::write(one_empty.path().join("c/1.jpg"), b"").unwrap();
    let file = loose.path().join("1.png");
    let missing = PathBuf::from("/nowhere/at all");
    let at = |folder: &TempDir| folder.path().display().to_string();
    for (root, message, hint) in [
        (
            missing.as_path(),
            "no such folder: /nowhere/at all".to_string(),
            "check the spelling; the path is relative to the current folder".to_string(),
        ),
        (
            file.as_path(),
            format!("not a folder: {}", file.display()),
            "give the folder that holds the class folders, not a file; a list of paths ends in .txt, a table in .csv, .tsv or \
             .parquet"
                .to_string(),
        ),
        (
            empty.path(),
            format!("no pictures in class folders in {}: the folder has no sub-folders", at(&empty)),
            "one folder for each class, with pictures inside".to_string(),
        ),
        (
            loose.path(),
            format!(
                "no pictures in class folders in {}: 2 pictures lie directly in it, outside any class folder",
                at(&loose)
            ),
            format!(
                "give each class a folder of its own and move its pictures there: {}/cat/1.jpg",
                at(&loose)
            ),
        ),
        (
            no_pictures.path(),
            format!("no pictures in class folders in {}: 2 sub-folders without pictures", at(&no_pictures)),
            "one folder for each class, with pictures inside".to_string(),
        ),
        (
            only_bad.path(),
            format!(
                "no pictures in class folders in {}: 1 sub-folder with 1 file, none a readable picture",
                at(&only_bad)
            ),
            "one folder for each class, with pictures inside".to_string(),
        ),
        (
            single.path(),
            format!("only one class folder in {}: `cat`", at(&single)),
            "a classifier needs at least two; is this the folder above or below the one you mean?"
                .to_string(),
        ),
        (
            one_empty.path(),
            "no readable picture in the class folder `c`\n  c/1.jpg: the file is empty".to_string(),
            "delete the folder or put pictures into it".to_string(),
        ),
    ] {
        let error = scanned(root).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint(), Some(hint));
    }
}

#[test]
fn too_many_bad_files_are_listed() {
    let folder = folder(&["a/1.png", "b/1.png"]);
    for i in 1..=22 {
        fs::write(folder.path().join(format!("a/bad{i}.jpg")), b"").unwrap();
    }
    let data = scanned(folder.path()).unwrap();
    assert!(check_bad(&data.rejected, data.files(), &MaxBad::Count(22)).is_ok());
    let error = check_bad(&data.rejected, data.files(), &MaxBad::default()).unwrap_err();
    let list: Vec<String> = (1..=20).map(|i| format!("\n  a/bad{i}.jpg: the file is empty")).collect();
    let expected = format!("22 of 24 files cannot be used, the limit is 1{}\n  and 2 more", list.concat());
    assert_eq!(error.to_string(), expected);
    assert_eq!(error.hint().unwrap(), "repair or remove them, or go on without them: --max-bad 22");
}

#[test]
fn pictures_that_fail_later_move_to_the_rejected() {
    let folder = folder(&["a/1.png", "a/2.png", "b/1.png"]);
    let data = scanned(folder.path()).unwrap();
    let left =
        data.without(vec![(SampleId(0), PictureError::Corrupt { detail: "bad checksum".into() }.into())]);
    assert_eq!(paths(&left), ["a/2.png", "b/1.png"]);
    assert_eq!(rejected(&left), ["a/1.png: corrupt (bad checksum)"]);
    assert_eq!(left.files(), 3);
}

#[test]
fn the_summary_counts_sizes_and_copies() {
    let folder = folder(&["a/1.png", "a/2.png", "b/1.png"]);
    fs::copy(folder.path().join("a/1.png"), folder.path().join("a/copy.png")).unwrap();
    fs::copy(folder.path().join("b/1.png"), folder.path().join("a/wrong.png")).unwrap();
    RgbImage::new(300, 400).save(folder.path().join("b/large.jpg")).unwrap();
    let summary = scanned(folder.path()).unwrap().summary();
    assert_eq!(summary.formats, [("JPEG".to_string(), 1), ("PNG".to_string(), 5)].into());
    assert_eq!(summary.colors, [("RGB".to_string(), 6)].into());
    assert_eq!(summary.widths, Spread { min: 6, median: 6, max: 300 });
    assert_eq!(summary.heights, Spread { min: 4, median: 4, max: 400 });
    assert_eq!((summary.median_aspect, summary.oriented), (1.5, 0));
    assert_eq!(
        (summary.duplicates, &summary.conflicts),
        (2, &vec![("a/wrong.png".into(), "b/1.png".into())])
    );
    assert_eq!(summary.share_smaller_than(224), 5.0 / 6.0);
    assert_eq!(serde_json::to_value(&summary).unwrap()["widths"]["max"], 300);
}

#[test]
fn progress_is_told_for_each_file() {
    let folder = folder(&["a/1.png", "a/2.png", "b/1.png"]);
    let calls = AtomicUsize::new(0);
    scan(folder.path(), &Limits::default(), &|progress| {
        assert_eq!(progress.total, 3);
        calls.fetch_add(progress.done, Ordering::Relaxed);
    })
    .unwrap();
    assert_eq!(calls.into_inner(), 1 + 2 + 3);
}

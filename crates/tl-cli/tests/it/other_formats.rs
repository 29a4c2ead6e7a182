//! Files in formats that are not read: pictures, and weights.

use std::fs;

use crate::folders::two_classes;
use crate::program::{tl, tl_ok};

const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08meta";

#[test]
fn pictures_in_formats_that_are_not_read_are_counted_with_the_command_that_converts_them() {
    let folder = two_classes(6);
    let at = folder.path();
    for name in ["a.heic", "b.HIF", "c.jpg"] {
        fs::write(at.join("data/warm").join(name), HEIC).unwrap();
    }
    fs::write(at.join("data/cold/d.svg"), "<?xml version=\"1.0\"?>\n<!-- x --><svg/>").unwrap();
    let counted = "unread    4 pictures in formats that are not read: HEIC 3, SVG 1";
    let checked = tl(at, &["data", "check", "data"]);
    assert_eq!(checked.code, 1);
    assert!(checked.stdout.contains(counted), "{}", checked.stdout);
    assert!(checked.stdout.contains("HEIC: `heif-convert FILE.heic FILE.png`"), "{}", checked.stdout);
    let refused = tl(at, &["train", "data", "--quiet"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("4 of 16 files cannot be used"), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("rsvg-convert FILE.svg -o FILE.png`; or go on without them: --max-bad 4"),
        "{}",
        refused.stderr
    );
    let trained = tl_ok(at, &["train", "data", "--max-bad", "4", "--resize", "crop"]);
    assert!(trained.stderr.contains(counted), "{}", trained.stderr);
    assert!(trained.stderr.contains("heif-convert"), "{}", trained.stderr);
    let answered = tl(at, &["predict", "runs/data-1", "data/warm/a.heic"]);
    let error = "error: cannot use `data/warm/a.heic`: HEIC is not supported, convert it to JPEG, PNG or WebP: heif-convert FILE.heic FILE.png\n";
    assert_eq!((answered.code, answered.stderr.as_str()), (1, error));
}

#[test]
fn weights_of_other_programs_are_called_what_they_are() {
    let folder = two_classes(4);
    let at = folder.path();
    fs::write(at.join("model.h5"), b"\x89HDF\r\n\x1a\n\0\0\0\0").unwrap();
    fs::write(at.join("model.onnx"), b"\x08\x08\x12\x07pytorch\x3a\x02\x0a\0\x42\x02\x10\x11").unwrap();
    fs::create_dir(at.join("saved")).unwrap();
    fs::write(at.join("saved/saved_model.pb"), b"\x08\x01\x12\0").unwrap();
    for (file, kind) in [
        ("model.h5", "a Keras file, or other HDF5; "),
        ("model.onnx", "an ONNX model; "),
        ("saved", "a TensorFlow SavedModel; "),
    ] {
        for arguments in [
            &["train", "data", "--weights", file][..],
            &["extract", "data", "--out", "x.npy", "--weights", file],
            &["predict", file, "data"],
            &["train", "data", "--init-from", file],
        ] {
            let ended = tl(at, arguments);
            assert_eq!(ended.code, 1, "{arguments:?}");
            assert!(ended.stderr.contains(&format!("it is {kind}")), "{arguments:?}: {}", ended.stderr);
            assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
        }
    }
}

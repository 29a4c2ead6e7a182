use std::fs;
use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;

fn zipped(names: &[&str]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for name in names {
        zip.start_file(*name, stored).unwrap();
        zip.write_all(b"content").unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A field of a message: number, and what it holds.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, content.len() as u8], content].concat()
}

/// What PyTorch's exporter begins with.
fn onnx() -> Vec<u8> {
    let graph = field(7, &field(1, b"a node that is short"));
    [&[0x08, 0x08][..], &field(2, b"pytorch"), &field(3, b"2.5.0"), &graph, &field(8, &[0x10, 17])].concat()
}

/// The graph first, and larger than what is looked at.
fn large_onnx() -> Vec<u8> {
    let size = 200_000_u32;
    let mut bytes = vec![
        0x08,
        0x07,
        0x3a,
        (size & 0x7f) as u8 | 0x80,
        (size >> 7 & 0x7f) as u8 | 0x80,
        (size >> 14) as u8,
    ];
    bytes.resize(bytes.len() + size as usize, 7);
    bytes
}

fn kind(bytes: &[u8]) -> Option<&'static str> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    fs::write(&file, bytes).unwrap();
    foreign_weights(&file).map(|found| found.kind)
}

#[test]
fn files_of_other_programs_are_called_what_they_are() {
    let tflite = [&[0x1c, 0, 0, 0][..], b"TFL3", &[0; 64]].concat();
    let saved_model = [&[0x08, 0x01][..], &field(2, &field(1, b"meta"))].concat();
    let graph = field(1, &[field(1, b"input"), field(2, b"Placeholder")].concat());
    let cases: Vec<(Vec<u8>, Option<&str>)> = vec![
        (b"\x89HDF\r\n\x1a\n\0\0".to_vec(), Some("a Keras file, or other HDF5")),
        (zipped(&["config.json", "metadata.json", "model.weights.h5"]), Some("a Keras file (.keras)")),
        (onnx(), Some("an ONNX model")),
        (large_onnx(), Some("an ONNX model")),
        (tflite, Some("a TensorFlow Lite model")),
        (saved_model, Some("a TensorFlow SavedModel")),
        (graph, Some("a TensorFlow graph (.pb)")),
        (
            zipped(&["net/data.pkl", "net/code/__torch__.py", "net/constants.pkl", "net/data/0"]),
            Some("a TorchScript archive"),
        ),
        (zipped(&["arr_0.npy", "arr_1.npy"]), Some("a NumPy archive (.npz)")),
        (b"\x93NUMPY\x01\0v\0{}".to_vec(), Some("a NumPy array")),
        (b"GGUF\x03\0\0\0".to_vec(), Some("a GGUF file of llama.cpp")),
        (
            b"\n<!DOCTYPE HTML><title>404".to_vec(),
            Some("an HTML page, perhaps the error page of a failed download"),
        ),
        (
            b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>".to_vec(),
            Some("an XML file, perhaps the error page of a failed download"),
        ),
        (b"<?xml version=\"1.0\"?><net name=\"n\" version=\"11\">".to_vec(), Some("an OpenVINO model")),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n".to_vec(),
            Some("a pointer of git-lfs, not the file itself"),
        ),
        (zipped(&["readme.txt"]), Some("a ZIP archive, and not one that PyTorch writes")),
        (zipped(&["checkpoints/best.pth"]), Some("a ZIP archive with a checkpoint in it")),
        (zipped(&["a/data.pkl"])[..40].to_vec(), Some("a ZIP archive that is damaged or cut off")),
        (b"\x1f\x8b\x08\0".to_vec(), Some("a gzip archive")),
    ];
    for (bytes, expected) in cases {
        assert_eq!(kind(&bytes), expected, "{:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(20)]));
    }
}

#[test]
fn files_that_are_read_are_not_foreign() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for file in
        ["zip.pth", "legacy.pth", "tar.pth", "wrapped.pth", "bf16.pth", "f32.safetensors", "f16.safetensors"]
    {
        assert_eq!(foreign_weights(&golden.join(file)), None, "{file}");
    }
    for bytes in [&b""[..], b"\x80\x02}q\x00.", b"some words", b"\x08", b"\x08\x01", &[0; 40], &[0xff; 40]] {
        assert_eq!(kind(bytes), None, "{bytes:?}");
    }
    assert_eq!(foreign_weights(&golden.join("no such file")), None);
    assert_eq!(foreign_weights(&golden), None);
}

#[test]
fn folders_of_other_programs_are_called_what_they_are() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("saved_model.pb"), b"\x08\x01").unwrap();
    assert_eq!(foreign_weights(folder.path()).map(|found| found.kind), Some("a TensorFlow SavedModel"));
}

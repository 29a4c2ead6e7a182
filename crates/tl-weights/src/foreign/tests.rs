use std::fs;
use std::io::Write;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::*;
use crate::check_file;

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

fn kind(bytes: &[u8]) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("weights");
    fs::write(&file, bytes).unwrap();
    foreign_weights(&file).map(|found| found.kind.into_owned())
}

/// What is said of a file of this name.
fn said(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, bytes).unwrap();
    check_file(&file).unwrap_err().to_string()
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
        assert_eq!(
            kind(&bytes).as_deref(),
            expected,
            "{:?}",
            String::from_utf8_lossy(&bytes[..bytes.len().min(20)])
        );
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
    let found = foreign_weights(folder.path()).unwrap();
    assert_eq!(found.kind, "a TensorFlow SavedModel");
}

/// `bytes` behind zeros up to `place`.
fn behind(place: usize, bytes: &[u8]) -> Vec<u8> {
    [&vec![0; place], bytes].concat()
}

#[test]
fn whatever_is_of_no_kind_that_is_read_is_said_to_be_so_with_what_it_is() {
    let again = "; download it again, and look at it before you use it";
    let python = "the same network's weights of PyTorch are: `tl weights list` names them";
    let keras = format!("; weights of Keras and TensorFlow are not read; {python}");
    let torch7 = format!("; files of Lua's Torch are not read; {python}");
    let flax = format!("; weights of Flax and JAX are not read; {python}");
    let network = "; it holds a network of its own, with weights under other names; the checkpoint that it was exported \
                   from is read";
    let read = "; files of PyTorch (.pth, .pt) and safetensors are read";
    let (mut foreign_tar, mut header) = (tar::Builder::new(Vec::new()), tar::Header::new_ustar());
    header.set_size(0);
    foreign_tar.append_data(&mut header, "a.txt", &b""[..]).unwrap();
    let foreign_tar = foreign_tar.into_inner().unwrap();
    let malformed_tar = [behind(257, b"ustar\0"), vec![7; 500]].concat();
    let mut opset_first = field(8, &[0x10, 17]);
    opset_first.extend(b"\x08\x08\x3a\x05\x0a\x03abc");
    let cases: Vec<(&str, Vec<u8>, String)> = vec![
        ("a.pth", vec![], format!("an empty file{again}")),
        ("a.pth", vec![0; 1000], format!("a file of zeros{again}")),
        ("a.pth", vec![0; 100_000], format!("a file that begins with 64 KiB of zeros{again}")),
        ("a.onnx", [onnx(), vec![0; 40]].concat(), format!("an ONNX model{network}")),
        ("a.onnx", onnx()[..40].to_vec(), format!("an ONNX model{network}")),
        ("a.onnx", large_onnx()[..300].to_vec(), format!("an ONNX model{network}")),
        ("a.onnx", opset_first, format!("an ONNX model{network}")),
        ("a.h5", behind(512, &HDF5), format!("a Keras file, or other HDF5{keras}")),
        ("a.h5", behind(4096, &HDF5), format!("a Keras file, or other HDF5{keras}")),
        ("a.index", vec![0, 0, 2, 8, 1], format!("a part of a TensorFlow checkpoint{keras}")),
        ("a.data-00000-of-00001", vec![1; 30], format!("a part of a TensorFlow checkpoint{keras}")),
        ("a.msgpack", b"\x81\xa6params\x80".to_vec(), format!("a MessagePack file, as Flax writes it{flax}")),
        ("a.t7", b"\x04\0\0\0\x01\0\0\0\x03\0\0\0V 1".to_vec(), format!("a file of Torch7 (.t7){torch7}")),
        ("a.t7", b"\x03\0\0\0\x01\0\0\0\x03\0\0\0".to_vec(), format!("a file of Torch7 (.t7){torch7}")),
        ("a.t7", b"4\n1\n3\nV 1\n13\n".to_vec(), format!("a file of Torch7 (.t7){torch7}")),
        ("a.pth", malformed_tar, format!("a tar archive that is damaged or cut off{again}")),
        (
            "a.pth",
            foreign_tar,
            "a tar archive, and not one that PyTorch writes; unpack it, and give the checkpoint that is in it".to_owned(),
        ),
        ("a.pth", b"\n hello w\xc3\xb6rld\nx".to_vec(), format!("a text that begins with `hello w\u{f6}rld`{read}")),
        ("a.pth", b"cos\nsystem\n(S'true'\ntR.".to_vec(), format!("a text that begins with `cos`{read}")),
        (
            "a.pth",
            vec![0xff; 9],
            format!("of no kind that is known, it begins with the bytes ff ff ff ff ff ff ff ff{read}"),
        ),
        ("a.pth", vec![1], format!("of no kind that is known, it begins with the bytes 01{read}")),
        ("a.pth", b"\x80\x02}q\x00.".to_vec(), "a pickle without tensors".to_owned()),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(said(name, &bytes), format!("not a readable file of weights: it is {expected}"));
    }
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_refused_before_they_are_opened() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for path in [&pipe, Path::new("/dev/zero")] {
        let said = check_file(path).unwrap_err().to_string();
        let expected = "not a readable file of weights: it is a pipe, a device or a socket; copy it into a file, and give that";
        assert_eq!(said, expected);
    }
}

//! Files made to do harm: a typed error, nothing loaded, nothing run, little memory.

use std::io::{Cursor, Write};
use tl_weights::WeightsError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::tiny::{golden, load, tiny, values};

/// A safetensors file with this header and so many bytes of tensors.
fn safetensors(header: &str, bytes: usize) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), &vec![0; bytes]].concat()
}

fn refused(file: &[u8]) -> WeightsError {
    let mut network = tiny();
    let before = values(&network);
    let error = load(&mut network, file).unwrap_err();
    assert_eq!(values(&network), before, "changed by a file that was refused: {error}");
    error
}

fn detail(error: WeightsError) -> String {
    match error {
        WeightsError::Format { detail } => detail,
        error => panic!("{error:?}"),
    }
}

#[test]
fn lies_in_a_safetensors_header_are_found_out() {
    let tensor = |shape: &str, from: u64, to: u64| {
        format!(r#"{{"dtype":"F32","shape":{shape},"data_offsets":[{from},{to}]}}"#)
    };
    let cases = [
        (
            "a tensor of an exabyte",
            format!(r#"{{"fc.bias":{}}}"#, tensor("[288230376151711744]", 0, 1 << 60)),
        ),
        ("sizes that overflow", format!(r#"{{"fc.bias":{}}}"#, tensor("[9223372036854775807,9]", 0, 8))),
        (
            "tensors one over the other",
            format!(r#"{{"fc.bias":{},"bn.bias":{}}}"#, tensor("[2]", 0, 8), tensor("[2]", 4, 12)),
        ),
        ("another size than the offsets say", format!(r#"{{"fc.bias":{}}}"#, tensor("[3]", 0, 8))),
        ("offsets that run backwards", format!(r#"{{"fc.bias":{}}}"#, tensor("[2]", 8, 0))),
        ("nesting", format!(r#"{{"a":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000))),
        ("no object", "{".to_owned()),
    ];
    for (what, header) in cases {
        for bytes in [8, 12] {
            let error = refused(&safetensors(&header, bytes));
            assert!(matches!(error, WeightsError::Format { .. }), "{what}: {error:?}");
        }
    }
}

#[test]
fn a_header_longer_than_the_file_or_than_any_network_is_refused() {
    let file = safetensors("{}", 0);
    for length in [3_u64, 1 << 20, 1 << 40, u64::MAX] {
        let file = [&length.to_le_bytes(), &file[8..]].concat();
        assert!(!detail(refused(&file)).is_empty());
    }
}

#[test]
fn more_tensors_than_the_network_needs_are_refused_before_one_is_read() {
    let header = r#"{"other":{"dtype":"U8","shape":[4096],"data_offsets":[0,4096]}}"#;
    // 138 values of at most 8 bytes.
    assert_eq!(refused(&safetensors(header, 4096)), WeightsError::TooLarge { bytes: 4096, expected: 1104 });
}

#[test]
fn integers_are_no_weights() {
    let header = r#"{"bn.bias":{"dtype":"I32","shape":[4],"data_offsets":[0,16]}}"#;
    assert_eq!(refused(&safetensors(header, 16)), WeightsError::Type { key: "bn.bias".to_owned() });
}

/// `{"fc.bias": os.system("touch MARK")}`, in protocol 2.
fn calling(mark: &std::path::Path) -> Vec<u8> {
    let command = format!("touch {}", mark.display());
    let mut pickle = b"\x80\x02}X\x07\x00\x00\x00fc.biascos\nsystem\nX".to_vec();
    pickle.extend((command.len() as u32).to_le_bytes());
    pickle.extend(command.as_bytes());
    pickle.extend(b"\x85Rs.");
    pickle
}

fn zipped(pickle: &[u8], method: CompressionMethod) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, content) in [
        ("archive/data.pkl", pickle),
        ("archive/version", b"3\n"),
        ("archive/byteorder", b"little"),
        ("archive/data/0", &[0; 4]),
    ] {
        zip.start_file(name, options).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn tarred(pickle: &[u8]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_ustar();
    header.set_size(pickle.len() as u64);
    tar.append_data(&mut header, "pickle", pickle).unwrap();
    tar.into_inner().unwrap()
}

#[test]
fn a_pickle_that_calls_something_is_refused_in_every_container_and_not_run() {
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let pickle = calling(&mark);
    let legacy = golden("legacy.pth");
    // The first three pickles: magic number, version, system.
    let system = legacy.windows(2).enumerate().filter(|(_, pair)| *pair == b"\x80\x02").nth(3).unwrap().0;
    let files = [
        ("zip", zipped(&pickle, CompressionMethod::Stored)),
        ("row", [&legacy[..system], &pickle].concat()),
        ("tar", tarred(&pickle)),
        ("plain", pickle.clone()),
    ];
    for (what, file) in files {
        assert_eq!(refused(&file), WeightsError::Calls { name: "os.system".to_owned() }, "{what}");
    }
    assert!(!mark.exists());
    // The command is a good one: run by hand, it leaves the mark.
    assert!(std::process::Command::new("touch").arg(&mark).status().unwrap().success());
    assert!(mark.exists());
}

/// A state dict of one tensor of a gigabyte: one value, repeated by a stride of 0.
fn repeated(key: &str) -> Vec<u8> {
    let mut pickle = b"\x80\x02}X".to_vec();
    pickle.extend((key.len() as u32).to_le_bytes());
    pickle.extend(key.as_bytes());
    pickle.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n");
    pickle.extend(b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00J");
    pickle.extend((1_u32 << 28).to_le_bytes());
    pickle.extend(b"\x85K\x00\x85\x89ccollections\nOrderedDict\n)RtRs.");
    pickle
}

#[test]
fn a_tensor_that_repeats_one_value_counts_in_full_and_is_not_read() {
    for key in ["fc.bias", "other"] {
        let file = zipped(&repeated(key), CompressionMethod::Stored);
        assert_eq!(refused(&file), WeightsError::TooLarge { bytes: 1 << 30, expected: 1104 });
    }
}

#[test]
fn a_pickle_that_nests_or_never_ends_is_refused() {
    let nested = [&b"\x80\x02"[..], &b"]".repeat(200_000), &b"a".repeat(199_999), b"."].concat();
    let long = [&b"\x80\x02"[..], &b"N0".repeat(1_000_000), b"."].concat();
    for pickle in [nested, long] {
        assert!(!detail(refused(&zipped(&pickle, CompressionMethod::Stored))).is_empty());
    }
}

#[test]
fn a_compressed_zip_is_refused_before_it_is_unpacked() {
    // Nothing here is compressed; the entries only say so.
    let mut zip = golden("zip.pth");
    let entries: Vec<usize> =
        zip.windows(4).enumerate().filter(|(_, four)| *four == b"PK\x01\x02").map(|(at, _)| at).collect();
    assert!(!entries.is_empty());
    for at in entries {
        zip[at + 10] = 8;
    }
    assert!(detail(refused(&zip)).contains("is compressed"));
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    for name in ["zip.pth", "legacy.pth", "tar.pth", "f32.safetensors"] {
        let file = golden(name);
        // A tar ends with blocks of zeros that nobody needs.
        let end = if name == "tar.pth" {
            file.iter().rposition(|byte| *byte != 0).unwrap()
        } else {
            file.len() - 1
        };
        for length in (0..end).step_by(7).chain([end]) {
            refused(&file[..length]);
        }
    }
}

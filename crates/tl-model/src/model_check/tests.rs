//! A model file, changed in one field at a time.

use burn::tensor::Device;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use tempfile::TempDir;
use tl_heads::{FittedHead, LinearHead, Matrix};
use tl_image::Preprocess;

use crate::error::ModelError;
use crate::model_file::{Header, ModelFile, model_bytes};
use crate::seen_hashes::SeenHashes;

const NETWORK: &str = "mobilenetv2_050";
const FEATURES: usize = 1280;

/// A model of two classes, in a file.
fn model(folder: &TempDir) -> Vec<u8> {
    let device = Device::flex();
    let network = tl_backbones::architecture(NETWORK).unwrap();
    let (classes, preprocess) = (vec!["cat".to_owned(), "dog".to_owned()], Preprocess::default());
    let header = Header { backbone: NETWORK.to_owned(), ..Header::unnamed(classes, preprocess) };
    let weight_kd = Matrix::with_columns(FEATURES, vec![0.5; 2 * FEATURES]);
    let head = FittedHead::from(LinearHead { weight_kd, bias_k: vec![0.0; 2] });
    let bytes = model_bytes(&header, &head, &network.init(&device), &SeenHashes::default()).unwrap();
    fs::write(folder.path().join("model.safetensors"), &bytes).unwrap();
    bytes
}

/// The file with another header; `edit` gets the safetensors header and ours.
fn edited(bytes: &[u8], edit: impl FnOnce(&mut Value, &mut Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let mut outer: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut ours: Value = serde_json::from_str(outer["__metadata__"]["tl"].as_str().unwrap()).unwrap();
    edit(&mut outer, &mut ours);
    outer["__metadata__"]["tl"] = ours.to_string().into();
    let header = outer.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &bytes[8 + length..]].concat()
}

/// What is said of a file, without its name.
fn refused(path: &Path, bytes: &[u8]) -> String {
    fs::write(path, bytes).unwrap();
    let error = ModelFile::read(path, &Device::flex()).unwrap_err();
    assert!(matches!(error, ModelError::NotAModel { .. }), "{error}");
    let text = error.to_string();
    let before = format!("`{}` is not a model that `tl` can use: ", path.display());
    text.strip_prefix(&before).unwrap_or_else(|| panic!("{text}")).to_owned()
}

#[test]
fn every_field_of_a_model_file_is_checked_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, path) = (model(&folder), folder.path().join("model.safetensors"));
    assert!(ModelFile::read(&path, &Device::flex()).is_ok());
    for (field, value, expected) in [
        ("/backbone", json!("no_such_net"), "there is no backbone named `no_such_net`"),
        ("/preprocess/size", json!(0), "preprocess.size is 0, it must be from 1 to 4096"),
        ("/preprocess/size", json!(4097), "preprocess.size is 4097, it must be from 1 to 4096"),
        ("/preprocess/size", json!(-1), "its header is damaged (invalid value: integer `-1`, expected u32"),
        ("/preprocess/crop", json!(0.0), "preprocess.crop is 0, it must be above 0 and at most 1"),
        ("/preprocess/crop", json!(1.01), "preprocess.crop is 1.01, it must be above 0 and at most 1"),
        ("/preprocess/crop", json!(null), "its header is damaged (invalid type: null, expected f32"),
        ("/preprocess/mean/1", json!(1e39), "its header is damaged (number out of range"),
        ("/preprocess/std/0", json!(0.0), "preprocess.std holds 0, it must be finite and above 0"),
        ("/preprocess/std/2", json!(-0.2), "preprocess.std holds -0.2, it must be finite and above 0"),
        ("/preprocess/std/2", json!(1e39), "its header is damaged (number out of range"),
        ("/preprocess/mode", json!("stretch"), "its header is damaged (unknown variant `stretch`"),
        ("/preprocess/interpolation", json!("lanczos9"), "its header is damaged (unknown variant `lanczos9`"),
        ("/preprocess/fill", json!([1, 2]), "its header is damaged (invalid length 2"),
        ("/classes", json!([]), "classes names none"),
        ("/classes", json!(["cat"]), "its head does not fit its 1 classes: it has 2 rows"),
        ("/classes", json!(["a", "b", "c"]), "its head does not fit its 3 classes: it has 2 rows"),
        ("/classes/1", json!("cat"), "classes names `cat` twice"),
        ("/classes/1", json!(""), "classes holds an empty name"),
        ("/preprocess/std/1", json!(1e-45), "preprocess.mean"),
        ("/thresholds", json!([0.5, 0.5]), "its thresholds do not fit its 2 classes"),
        ("/multi_label", json!(true), "its thresholds do not fit its 2 classes"),
        ("/layers", json!([]), "its layers are no head: none of them has weights"),
        ("/layers", json!(["linear", "linear"]), "tensor `head.0.weight` is missing"),
        ("/layers", json!(["polynomial"]), "its header is damaged (unknown variant `polynomial`"),
        ("/pooling", json!("concat"), "its head takes 1280 features, mobilenetv2_050 gives "),
        (
            "/rounding",
            json!({"precision": "int8", "ranges": [[0.0, 1e39]]}),
            "rounding.ranges holds 0 to inf",
        ),
        ("/rounding", json!({"precision": "int8", "ranges": [[1.0, 0.0]]}), "rounding.ranges holds 1 to 0"),
        ("/schema", json!(0), "it has layout 0, this program reads layouts up to 3"),
        ("/schema", json!("one"), "its header is damaged (invalid type: string"),
        ("/slim", json!(true), "there is no network and there are no weights named ``"),
    ] {
        let put = |_: &mut Value, ours: &mut Value| {
            let (above, name) = field.rsplit_once('/').unwrap();
            match ours.pointer_mut(above).unwrap() {
                Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
                object => object[name] = value.clone(),
            }
        };
        let text = refused(&path, &edited(&bytes, put));
        assert!(text.starts_with(expected), "{field} = {value}: {text}");
    }
}

#[test]
fn a_size_that_the_network_cannot_take_is_refused() {
    let of_size = |size| {
        let preprocess = Preprocess { size, ..Preprocess::default() };
        Header { backbone: "inception_v3".to_owned(), ..Header::unnamed(vec!["a".to_owned()], preprocess) }
            .check()
    };
    let text = of_size(8).unwrap_err();
    assert!(text.starts_with("preprocess.size is 8, inception_v3 needs "), "{text}");
    assert!(of_size(299).is_ok());
}

#[test]
fn thresholds_are_shares() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, path) = (model(&folder), folder.path().join("model.safetensors"));
    for wrong in [-0.1, 1.5] {
        let put = |_: &mut Value, ours: &mut Value| {
            (ours["schema"], ours["multi_label"], ours["thresholds"]) =
                (json!(3), json!(true), json!([0.5, wrong]));
        };
        let text = refused(&path, &edited(&bytes, put));
        assert_eq!(text, format!("thresholds holds {wrong}, it must be from 0 to 1"));
    }
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, path) = (model(&folder), folder.path().join("model.safetensors"));
    for (tensor, shape) in [("head.weight", json!([2 * FEATURES])), ("head.bias", json!([1, 2]))] {
        let text = refused(&path, &edited(&bytes, |outer, _| outer[tensor]["shape"] = shape.clone()));
        assert!(text.contains(tensor), "{tensor}: {text}");
    }
    let turned = edited(&bytes, |outer, _| {
        let stem = outer.as_object_mut().unwrap().iter_mut().find(|(key, _)| key.starts_with("backbone."));
        let shape = stem.unwrap().1["shape"].as_array_mut().unwrap();
        shape.insert(0, json!(1));
    });
    assert!(!refused(&path, &turned).is_empty());
}

#[test]
fn a_header_that_cannot_be_is_refused_wherever_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (bytes, path) = (model(&folder), folder.path().join("model.safetensors"));
    fs::write(&path, edited(&bytes, |_, ours| ours["preprocess"]["size"] = json!(0))).unwrap();
    let expected = "preprocess.size is 0, it must be from 1 to 4096";
    for error in [
        ModelFile::header(&path).unwrap_err(),
        crate::Pretrained::of_model(&path).unwrap_err(),
        crate::Pretrained::from_file(NETWORK, &path).unwrap_err(),
    ] {
        assert!(error.to_string().ends_with(expected), "{error}");
    }
    // A file of another program is none of ours, and no error here.
    fs::write(&path, "just some words").unwrap();
    assert_eq!(ModelFile::header(&path).unwrap(), None);
}

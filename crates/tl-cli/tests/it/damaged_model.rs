//! Model files that are not what they should be.

use std::fs;

use crate::folders::two_classes;
use crate::program::{tl, tl_ok};

/// A safetensors file with a header of this text and `tail` behind it.
fn forged(header: &str, tail: &[u8]) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), tail].concat()
}

#[test]
fn damaged_and_foreign_models_are_refused_with_the_reason() {
    let folder = two_classes(4);
    let at = folder.path();
    tl_ok(at, &["train", "data"]);
    let whole = fs::read(at.join("runs/data-1/model.safetensors")).unwrap();
    let length = u64::from_le_bytes(whole[..8].try_into().unwrap()) as usize;
    let (header, tail) = (std::str::from_utf8(&whole[8..8 + length]).unwrap(), &whole[8 + length..]);
    let too_long = format!("{} bytes are more than an efficientnet_lite0 can have", whole.len() + 60_000_000);
    let cases = [
        (b"".to_vec(), "it is too short"),
        (b"just some words, no model".to_vec(), "it is not a safetensors file"),
        (vec![0xff; 64], "it is not a safetensors file"),
        (forged("{}", b""), "it holds weights, but was not written by `tl`"),
        (whole[..whole.len() / 2].to_vec(), "its tensors are damaged or cut off"),
        (
            forged(&header.replace("efficientnet_lite0", "efficientnet_lite9"), tail),
            "there is no backbone named `efficientnet_lite9`",
        ),
        (
            forged(&header.replace("{\\\"schema\\\":1,", "{\\\"schema\\\":9,"), tail),
            "it has layout 9, this program reads layouts up to 3",
        ),
        (
            forged(
                &header.replace("{\\\"schema\\\":1,", "{\\\"schema\\\":3,\\\"multi_label\\\":true,"),
                tail,
            ),
            "its thresholds do not fit its 2 classes",
        ),
        (forged(header, &[tail, &vec![0; 60_000_000]].concat()), &too_long),
    ];
    for (bytes, reason) in cases {
        fs::write(at.join("model.safetensors"), bytes).unwrap();
        let ended = tl(at, &["predict", "model.safetensors", "data"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{reason}");
        let (first, rest) = ended.stderr.split_once('\n').unwrap();
        let expected = format!("error: `model.safetensors` is not a model that `tl` can use: {reason}");
        assert!(first.starts_with(&expected), "{first}");
        assert_eq!(rest, "hint: give a run folder or its `model.safetensors`\n", "{reason}");
    }
}

//! Files of weights of other programs, told by content, and what makes one of them that is read.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

/// Bytes that are looked at.
const LOOKED_AT: u64 = 64 << 10;
/// Names in a ZIP archive that are looked at.
const MOST_NAMES: usize = 10_000;

/// What a file is, and what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForeignWeights {
    /// What it is, such as `a Keras file (HDF5)`.
    pub kind: &'static str,
    /// What makes a file of it that is read.
    pub remedy: &'static str,
}

const TO_SAFETENSORS: &str = "a checkpoint of the same network by PyTorch (`torch.save(model.state_dict(), FILE)`), or \
     safetensors, is read";
const FROM_KERAS: &str = "weights of Keras and TensorFlow are not read; the same network's weights of PyTorch are: \
     `tl weights list` names them";
const FROM_SCRIPT: &str = "save its state dict: \
     `torch.save(torch.jit.load(\"FILE\", map_location=\"cpu\").state_dict(), \"FILE.pth\")`";
const NETWORK: &str = "it holds a network of its own, with weights under other names; the checkpoint that it was exported \
     from is read";
const DOWNLOAD: &str = "download it again, and look at it before you use it";
const UNPACK: &str = "unpack it, and give the checkpoint that is in it";

const fn foreign(kind: &'static str, remedy: &'static str) -> ForeignWeights {
    ForeignWeights { kind, remedy }
}

/// (offset, bytes there, what it is); the first row that matches wins.
const SIGNATURES: &[(usize, &[u8], ForeignWeights)] = &[
    (0, b"\x89HDF\r\n\x1a\n", foreign("a Keras file, or other HDF5", FROM_KERAS)),
    (4, b"TFL3", foreign("a TensorFlow Lite model", NETWORK)),
    (
        0,
        b"GGUF",
        foreign(
            "a GGUF file of llama.cpp",
            "networks for pictures come as PyTorch checkpoints or safetensors",
        ),
    ),
    (
        0,
        b"tjgg",
        foreign(
            "a GGML file of llama.cpp",
            "networks for pictures come as PyTorch checkpoints or safetensors",
        ),
    ),
    (0, b"\x93NUMPY", foreign("a NumPy array", TO_SAFETENSORS)),
    (
        0,
        b"version https://git-lfs",
        foreign("a pointer of git-lfs, not the file itself", "`git lfs pull` fetches what it points to"),
    ),
    (0, b"\x1f\x8b", foreign("a gzip archive", UNPACK)),
    (0, b"BZh", foreign("a bzip2 archive", UNPACK)),
    (0, b"\xfd7zXZ\0", foreign("an xz archive", UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", foreign("a Zstandard archive", UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", foreign("a 7-Zip archive", UNPACK)),
    (0, b"Rar!\x1a\x07", foreign("a RAR archive", UNPACK)),
    (0, b"MATLAB 5.0", foreign("a MATLAB file", TO_SAFETENSORS)),
    (0, b"%PDF", foreign("a PDF", "give a file of weights")),
    (0, b"\xff\xd8\xff", foreign("a picture", "give a file of weights")),
    (0, b"\x89PNG", foreign("a picture", "give a file of weights")),
];

/// (how a name in a ZIP archive ends, what the archive is); the first row that matches a name wins.
const IN_ZIP: &[(&str, ForeignWeights)] = &[
    ("constants.pkl", foreign("a TorchScript archive", FROM_SCRIPT)),
    ("model.weights.h5", foreign("a Keras file (.keras)", FROM_KERAS)),
    ("saved_model.pb", foreign("a ZIP archive of a TensorFlow SavedModel", FROM_KERAS)),
    ("[Content_Types].xml", foreign("a document of an office program", "give a file of weights")),
    (".npy", foreign("a NumPy archive (.npz)", TO_SAFETENSORS)),
    (".onnx", foreign("a ZIP archive with an ONNX model", NETWORK)),
    (".mlmodel", foreign("a Core ML package", NETWORK)),
    (".pth", foreign("a ZIP archive with a checkpoint in it", UNPACK)),
    (".pt", foreign("a ZIP archive with a checkpoint in it", UNPACK)),
    (".safetensors", foreign("a ZIP archive with weights in it", UNPACK)),
];

/// What a file or folder is, if it is known and holds weights that are not read, or none.
pub fn foreign_weights(path: &Path) -> Option<ForeignWeights> {
    if path.is_dir() {
        return of_folder(path);
    }
    if !path.is_file() {
        return None;
    }
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let mut start = Vec::new();
    file.by_ref().take(LOOKED_AT).read_to_end(&mut start).ok()?;
    if start.starts_with(b"PK\x03\x04") {
        file.seek(SeekFrom::Start(0)).ok()?;
        return of_zip(file);
    }
    of_bytes(&start, length)
}

fn of_folder(path: &Path) -> Option<ForeignWeights> {
    let holds = |name: &str| path.join(name).exists();
    if holds("saved_model.pb") || holds("saved_model.pbtxt") {
        return Some(foreign("a TensorFlow SavedModel", FROM_KERAS));
    }
    if holds("keras_metadata.pb") || holds("model.weights.h5") {
        return Some(foreign("an unpacked Keras file", FROM_KERAS));
    }
    holds("Manifest.json").then_some(foreign("a Core ML package", NETWORK))
}

/// Of an archive that is not one of `torch.save`.
fn of_zip(file: File) -> Option<ForeignWeights> {
    let damaged = foreign("a ZIP archive that is damaged or cut off", DOWNLOAD);
    let Ok(archive) = ZipArchive::new(file) else { return Some(damaged) };
    let name = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    let names: Vec<String> = archive.file_names_raw().take(MOST_NAMES).map(name).collect();
    let found = IN_ZIP.iter().find(|(part, _)| names.iter().any(|name| name.ends_with(part)));
    match found {
        Some((_, found)) => Some(*found),
        None if names.iter().any(|name| name.ends_with("data.pkl")) => None,
        None => Some(foreign("a ZIP archive, and not one that PyTorch writes", UNPACK)),
    }
}

/// By the first bytes, and the length of the file.
fn of_bytes(start: &[u8], length: u64) -> Option<ForeignWeights> {
    let starts = |(at, mark, _): &&(usize, &[u8], ForeignWeights)| {
        start.get(*at..).is_some_and(|rest| rest.starts_with(mark))
    };
    let signed = SIGNATURES.iter().find(starts).map(|(.., found)| *found);
    signed.or_else(|| of_text(start)).or_else(|| of_protobuf(start, length))
}

fn of_text(start: &[u8]) -> Option<ForeignWeights> {
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let begins =
        |word: &str| start.get(..word.len()).is_some_and(|b| b.eq_ignore_ascii_case(word.as_bytes()));
    if ["<!doctype html", "<html", "<head", "<script", "<!--"].iter().any(|word| begins(word)) {
        return Some(foreign("an HTML page, perhaps the error page of a failed download", DOWNLOAD));
    }
    let xml = begins("<?xml");
    let holds = |word: &str| start.windows(word.len()).any(|window| window == word.as_bytes());
    match () {
        () if xml && holds("<net ") => Some(foreign("an OpenVINO model", NETWORK)),
        () if xml => Some(foreign("an XML file, perhaps the error page of a failed download", DOWNLOAD)),
        () if begins("{") && holds("\"weightsManifest\"") => {
            Some(foreign("a TensorFlow.js model", FROM_KERAS))
        }
        () => None,
    }
}

/// ONNX and TensorFlow write Protocol Buffers, which begin with a field's number and kind: 1 and a number, for the version
/// (`ModelProto.ir_version`, `SavedModel.saved_model_schema_version`), or 1 and a length, for a node (`GraphDef.node`).
/// <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>
fn of_protobuf(start: &[u8], length: u64) -> Option<ForeignWeights> {
    let fields = Fields { rest: start, left: length };
    let all: Vec<Field> = fields.take(32).collect();
    let numbers: Vec<u64> = all.iter().map(|field| field.number).collect();
    match all.first()? {
        Field { number: 1, kind: 0, value } if (1..=20).contains(value) => {
            // 7 is its graph and 8 its sets of operators; 2 to 6 say who wrote it.
            let onnx =
                numbers.len() > 1 && numbers.iter().all(|number| matches!(number, 1..=8 | 14 | 20 | 25 | 26));
            let saved_model = *value == 1 && numbers.get(1) == Some(&2) && numbers.iter().all(|n| *n <= 2);
            match (saved_model, onnx && (numbers.contains(&7) || numbers.contains(&8))) {
                (true, _) => Some(foreign("a TensorFlow SavedModel", FROM_KERAS)),
                (_, true) => Some(foreign("an ONNX model", NETWORK)),
                _ => None,
            }
        }
        Field { number: 1, kind: 2, .. } => {
            let node = start.get(2..)?.iter().take(4).any(|byte| *byte == 0x0a);
            let operator = [&b"Const"[..], b"Placeholder", b"VarHandleOp"];
            let names = operator.iter().any(|name| start.windows(name.len()).any(|window| window == *name));
            (node && names).then_some(foreign("a TensorFlow graph (.pb)", FROM_KERAS))
        }
        _ => None,
    }
}

/// One field of a message: what it is said to hold is passed over.
struct Field {
    number: u64,
    kind: u64,
    value: u64,
}

/// The fields of a message, as far as they can be followed in its beginning; none from where it is no message.
struct Fields<'a> {
    rest: &'a [u8],
    left: u64,
}

impl Fields<'_> {
    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..10 {
            let (byte, rest) = self.rest.split_first()?;
            (self.rest, self.left) = (rest, self.left.checked_sub(1)?);
            value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn field(&mut self) -> Option<Field> {
        let key = self.number()?;
        let (number, kind) = (key >> 3, key & 7);
        let value = match kind {
            0 => return Some(Field { number, kind, value: self.number()? }),
            1 => 8,
            2 => self.number()?,
            5 => 4,
            _ => return None,
        };
        self.left = self.left.checked_sub(value)?;
        self.rest = self.rest.get(usize::try_from(value).ok()?..).unwrap_or_default();
        (number > 0).then_some(Field { number, kind, value })
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        self.field()
    }
}

#[cfg(test)]
mod tests;

//! Files that are not of weights that are read: what they are, told by content, and what makes one of them that is read.

mod protobuf;
mod unknown;

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use zip::ZipArchive;

use crate::marks::{is_member, is_pickle, is_safetensors, is_tar};
use protobuf::of_protobuf;
use unknown::{is_message_pack, of_name, unknown};

/// Bytes that are looked at.
const LOOKED_AT: u64 = 64 << 10;
/// Names in a ZIP archive that are looked at.
const MOST_NAMES: usize = 10_000;

/// What a file is, and what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignWeights {
    /// The kind of file, such as `a Keras file (HDF5)`.
    pub kind: Cow<'static, str>,
    /// What makes a file of it that is read.
    pub remedy: &'static str,
}

const TO_SAFETENSORS: &str = "a checkpoint of the same network by PyTorch (`torch.save(model.state_dict(), FILE)`), or \
     safetensors, is read";
const FROM_KERAS: &str = "weights of Keras and TensorFlow are not read; the same network's weights of PyTorch are: \
     `tl weights list` names them";
const FROM_SCRIPT: &str = "save its state dict: \
     `torch.save(torch.jit.load(\"FILE\", map_location=\"cpu\").state_dict(), \"FILE.pth\")`";
const FROM_TORCH7: &str = "files of Lua's Torch are not read; the same network's weights of PyTorch are: `tl weights list` \
     names them";
const FROM_FLAX: &str = "weights of Flax and JAX are not read; the same network's weights of PyTorch are: `tl weights list` \
     names them";
const NETWORK: &str = "it holds a network of its own, with weights under other names; the checkpoint that it was exported \
     from is read";
const DOWNLOAD: &str = "download it again, and look at it before you use it";
const READ: &str = "files of PyTorch (.pth, .pt) and safetensors are read";
const UNPACK: &str = "unpack it, and give the checkpoint that is in it";

const fn foreign(kind: &'static str, remedy: &'static str) -> ForeignWeights {
    ForeignWeights { kind: Cow::Borrowed(kind), remedy }
}

/// What HDF5 begins with.
const HDF5: [u8; 8] = *b"\x89HDF\r\n\x1a\n";

/// (offset, bytes there, what it is); the first row that matches wins.
const SIGNATURES: &[(usize, &[u8], ForeignWeights)] = &[
    (0, &HDF5, foreign("a Keras file, or other HDF5", FROM_KERAS)),
    (0, b"4\n1\n3\nV 1\n", foreign("a file of Torch7 (.t7)", FROM_TORCH7)),
    (0, &[4, 0, 0, 0, 1, 0, 0, 0], foreign("a file of Torch7 (.t7)", FROM_TORCH7)),
    (0, &[3, 0, 0, 0, 1, 0, 0, 0], foreign("a file of Torch7 (.t7)", FROM_TORCH7)),
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

/// What a file or folder is, if it is known and holds no weights that are read, or none. Only the beginning of a file is
/// looked at, and nothing of a pipe or a device.
pub fn foreign_weights(path: &Path) -> Option<ForeignWeights> {
    if path.is_dir() {
        return of_folder(path);
    }
    if !path.is_file() {
        let special = foreign("a pipe, a device or a socket", "copy it into a file, and give that");
        return path.exists().then_some(special);
    }
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    let start = beginning(&mut file)?;
    file.rewind().ok()?;
    match () {
        () if is_read(&start) => None,
        () if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") => of_zip(file),
        () if is_tar(&start) => of_tar(file),
        () => of_bytes(&start, length).or_else(|| of_late_hdf5(file, length)).or_else(|| of_name(path)),
    }
}

/// What a file is that is of no kind that is read, whether that is known or not.
pub(crate) fn unread_weights(path: &Path) -> Option<ForeignWeights> {
    let of_unknown = || {
        let mut file = File::open(path).ok().filter(|_| path.is_file())?;
        let start = beginning(&mut file)?;
        let archive = start.starts_with(b"PK") || is_tar(&start);
        (!archive && !is_read(&start)).then(|| unknown(&start))
    };
    foreign_weights(path).or_else(of_unknown)
}

fn beginning(file: &mut File) -> Option<Vec<u8>> {
    let mut start = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut start).ok()?;
    Some(start)
}

/// Whether a file that begins so is read as it is: safetensors, or pickles in a row.
fn is_read(start: &[u8]) -> bool {
    is_safetensors(start) || is_pickle(start)
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

/// Recognises an archive that is not one of `torch.save`.
fn of_zip(file: File) -> Option<ForeignWeights> {
    let damaged = foreign("a ZIP archive that is damaged or cut off", DOWNLOAD);
    let Ok(archive) = ZipArchive::new(file) else { return Some(damaged) };
    let name = |raw: &[u8]| String::from_utf8_lossy(raw).into_owned();
    let names: Vec<String> = archive.file_names_raw().take(MOST_NAMES).map(name).collect();
    let found = IN_ZIP.iter().find(|(part, _)| names.iter().any(|name| name.ends_with(part)));
    match found {
        Some((_, found)) => Some(found.clone()),
        None if names.iter().any(|name| name.ends_with("data.pkl")) => None,
        None => Some(foreign("a ZIP archive, and not one that PyTorch writes", UNPACK)),
    }
}

/// Recognises an archive whose members are not those that PyTorch wrote up to version 0.1.9.
fn of_tar(file: File) -> Option<ForeignWeights> {
    let damaged = foreign("a tar archive that is damaged or cut off", DOWNLOAD);
    let mut archive = tar::Archive::new(file);
    let Ok(entries) = archive.entries_with_seek() else { return Some(damaged) };
    for entry in entries.take(MOST_NAMES) {
        let Ok(entry) = entry else { return Some(damaged) };
        if is_member(&entry.path_bytes()) {
            return None;
        }
    }
    Some(foreign("a tar archive, and not one that PyTorch writes", UNPACK))
}

/// HDF5 may begin behind a block of the user's, of 512 bytes or a power of two times that
/// (<https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html>, "Disk Format: Level 0A").
fn of_late_hdf5(mut file: File, length: u64) -> Option<ForeignWeights> {
    let mut places = (9..u64::BITS).map(|power| 1 << power).take_while(|place| *place < length);
    let mut begins = |place: u64| {
        let mut mark = [0; HDF5.len()];
        let read = file.seek(SeekFrom::Start(place)).and_then(|_| file.read_exact(&mut mark));
        read.is_ok() && mark == HDF5
    };
    places.any(&mut begins).then_some(foreign("a Keras file, or other HDF5", FROM_KERAS))
}

/// Recognises a file by its first bytes, and its length.
fn of_bytes(start: &[u8], length: u64) -> Option<ForeignWeights> {
    let starts = |(at, mark, _): &&(usize, &[u8], ForeignWeights)| {
        start.get(*at..).is_some_and(|rest| rest.starts_with(mark))
    };
    let signed = SIGNATURES.iter().find(starts).map(|(.., found)| found.clone());
    let flax = is_message_pack(start).then_some(foreign("a MessagePack file, as Flax writes it", FROM_FLAX));
    signed.or(flax).or_else(|| of_text(start)).or_else(|| of_protobuf(start, length))
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

#[cfg(test)]
mod tests;

//! What a checkpoint's folder holds, protected by hashes.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use crate::checkpoint_facts::SCHEMA;

/// The manifest's file.
pub(super) const FILE: &str = "manifest.json";

/// The content of a `manifest.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// The version of the manifest's form, [`SCHEMA`].
    pub(super) schema: u32,
    /// The version of tl that wrote it.
    pub(super) tl: String,
    /// What the run depends on, as a hash.
    pub(super) run: String,
    /// Steps of training that are behind it.
    pub(super) step: u64,
    /// Where training stands.
    pub(super) cursor: serde_json::Value,
    /// Every other file.
    pub(super) files: BTreeMap<String, Contents>,
}

/// A file's length and hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    /// The length of the file in bytes.
    pub(super) bytes: u64,
    /// The BLAKE3 hash of the file's bytes, in hexadecimal.
    pub(super) blake3: String,
}

impl Contents {
    pub(super) fn of(content: &[u8]) -> Self {
        Self { bytes: content.len() as u64, blake3: blake3::hash(content).to_hex().to_string() }
    }
}

/// Said of every file whose hash is another.
pub(super) const DIFFERS: &str = "its content differs from its hash";

/// A manifest of another form, as far as every form has it.
#[derive(Debug, PartialEq, Eq, Deserialize)]
pub(super) struct OtherSchema {
    pub(super) schema: u32,
    pub(super) tl: String,
}

/// Why a manifest cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// The manifest's bytes are not those that were written.
    Damaged(String),
    /// The manifest is whole, and of another form.
    Other(OtherSchema),
}

impl Manifest {
    /// JSON whose first line holds the hash of all that comes after that line.
    pub(super) fn to_bytes(&self) -> serde_json::Result<Vec<u8>> {
        let json = serde_json::to_vec_pretty(self)?;
        // The opening brace and its line feed are written with the hash.
        let rest = json.get(2..).unwrap_or_default();
        Ok([first_line(rest).as_slice(), rest].concat())
    }

    /// Every byte of `bytes` is protected by the hash in its first line, and that line must be the very one that
    /// [`Manifest::to_bytes`] writes.
    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        let (first, rest) = bytes.split_at(end);
        if first != first_line(rest) {
            return Err(Unreadable::Damaged(DIFFERS.to_owned()));
        }
        let other: OtherSchema = parse(bytes)?;
        if other.schema == SCHEMA { parse(bytes) } else { Err(Unreadable::Other(other)) }
    }
}

fn first_line(rest: &[u8]) -> Vec<u8> {
    format!("{{ \"blake3\": \"{}\",\n", blake3::hash(rest).to_hex()).into_bytes()
}

fn parse<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Unreadable> {
    serde_json::from_slice(bytes).map_err(|error| Unreadable::Damaged(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        Manifest {
            schema: SCHEMA,
            tl: "0.1.0".to_owned(),
            run: "run".to_owned(),
            step: 7,
            cursor: serde_json::json!({"epoch": 1, "best": 0.1, "text": "a\nb"}),
            files: BTreeMap::from([("a".to_owned(), Contents::of(b"abc"))]),
        }
    }

    #[test]
    fn it_is_json_and_comes_back_as_it_was() {
        let bytes = manifest().to_bytes().unwrap();
        let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(json["files"]["a"]["bytes"], 3);
        assert_eq!(Manifest::from_bytes(&bytes), Ok(manifest()));
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_noticed() {
        let bytes = manifest().to_bytes().unwrap();
        for at in 0..bytes.len() {
            let damaged = Err(Unreadable::Damaged(DIFFERS.to_owned()));
            assert_eq!(Manifest::from_bytes(&bytes[..at]), damaged, "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert_eq!(Manifest::from_bytes(&flipped), damaged, "bit {bit} of byte {at}");
            }
        }
    }

    #[test]
    fn a_later_form_is_told_from_damage() {
        let json = b"\"schema\": 2, \"tl\": \"0.9.0\", \"new\": [] }";
        let bytes = [first_line(json).as_slice(), json].concat();
        let other = OtherSchema { schema: 2, tl: "0.9.0".to_owned() };
        assert_eq!(Manifest::from_bytes(&bytes), Err(Unreadable::Other(other)));
    }
}

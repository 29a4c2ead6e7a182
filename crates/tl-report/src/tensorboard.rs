//! Scalars in the files that TensorBoard reads, byte by byte: neither TensorFlow nor a protobuf compiler is needed.
//!
//! A file is a row of records: length (8 bytes, little-endian), masked CRC-32C of the length, content, masked CRC-32C of
//! the content, as <https://github.com/tensorflow/tensorflow/blob/v2.19.0/tensorflow/core/lib/io/record_writer.h> has it.
//! Each content is an `Event` in protobuf's wire format,
//! <https://github.com/tensorflow/tensorboard/blob/2.19.0/tensorboard/compat/proto/event.proto>.
//!
//! Events carry no wall time, so that equal runs give equal files: TensorBoard's axis of steps is the one to look at.

mod crc32c;

use crc32c::masked;

/// Field numbers of `Event`, `Summary` and `Summary.Value`.
const EVENT_STEP: u32 = 2;
const EVENT_VERSION: u32 = 3;
const EVENT_SUMMARY: u32 = 5;
const SUMMARY_VALUE: u32 = 1;
const VALUE_TAG: u32 = 1;
const VALUE_FLOAT: u32 = 2;

/// Kinds of fields on the wire: <https://protobuf.dev/programming-guides/encoding/#structure>.
const VARINT: u32 = 0;
const BYTES: u32 = 2;
const FOUR_BYTES: u32 = 5;

/// What a file of events begins with: the version of its format.
pub fn tensorboard_head() -> Vec<u8> {
    record(&bytes(EVENT_VERSION, b"brain.Event:2"))
}

/// The record of a step with its scalars, each a tag such as `train/loss` and a value.
pub fn tensorboard_scalars(step: u64, scalars: &[(&str, f64)]) -> Vec<u8> {
    let value = |(tag, value): &(&str, f64)| {
        let value = [bytes(VALUE_TAG, tag.as_bytes()), float(VALUE_FLOAT, *value as f32)].concat();
        bytes(SUMMARY_VALUE, &value)
    };
    let summary: Vec<u8> = scalars.iter().flat_map(value).collect();
    record(&[number(EVENT_STEP, step), bytes(EVENT_SUMMARY, &summary)].concat())
}

fn record(content: &[u8]) -> Vec<u8> {
    let length = (content.len() as u64).to_le_bytes();
    [&length, &masked(&length).to_le_bytes()[..], content, &masked(content).to_le_bytes()].concat()
}

fn number(field: u32, value: u64) -> Vec<u8> {
    // Zero is what is meant where the field is missing.
    if value == 0 { Vec::new() } else { [key(field, VARINT), varint(value)].concat() }
}

fn bytes(field: u32, content: &[u8]) -> Vec<u8> {
    [key(field, BYTES), varint(content.len() as u64), content.to_vec()].concat()
}

fn float(field: u32, value: f32) -> Vec<u8> {
    [key(field, FOUR_BYTES), value.to_le_bytes().to_vec()].concat()
}

fn key(field: u32, kind: u32) -> Vec<u8> {
    varint(u64::from(field << 3 | kind))
}

/// Seven bits a byte, the lowest first; the eighth says that more follow.
fn varint(mut value: u64) -> Vec<u8> {
    let mut encoded = Vec::new();
    while value >= 0x80 {
        encoded.push(value as u8 | 0x80);
        value >>= 7;
    }
    encoded.push(value as u8);
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `xtask/reference/tensorboard_events.py` has TensorBoard's own writer write the same.
    #[test]
    fn files_are_those_of_tensorboards_own_writer() {
        let golden = include_bytes!("../tests/golden/scalars.tfevents");
        let steps = [
            tensorboard_scalars(0, &[("train/loss", 1.75), ("train/learning_rate", 1e-3)]),
            tensorboard_scalars(300, &[("val/loss", 0.1), ("val/accuracy", 1.0)]),
        ];
        assert_eq!([tensorboard_head(), steps.concat()].concat(), golden);
    }

    #[test]
    fn numbers_take_seven_bits_a_byte() {
        for (value, encoded) in [(0, &[0][..]), (127, &[127]), (128, &[128, 1]), (300, &[172, 2])] {
            assert_eq!(varint(value), encoded, "{value}");
        }
    }
}

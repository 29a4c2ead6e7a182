//! Protocol Buffers of ONNX and TensorFlow.

use super::{FROM_KERAS, ForeignWeights, NETWORK, foreign};

/// Fields that are looked at.
const MOST_FIELDS: usize = 32;
/// Kinds of fields: a number, and a length with that many bytes.
const NUMBER: u64 = 0;
const COUNTED: u64 = 2;

/// ONNX and TensorFlow write Protocol Buffers: fields of a number and a kind, in any order. 1 is a number, for the version
/// (`ModelProto.ir_version`, `SavedModel.saved_model_schema_version`), or a length, for a node (`GraphDef.node`).
/// <https://github.com/onnx/onnx/blob/main/onnx/onnx.proto>
pub(super) fn of_protobuf(start: &[u8], length: u64) -> Option<ForeignWeights> {
    let all: Vec<Field> = Fields { rest: start, left: length }.take(MOST_FIELDS).collect();
    match () {
        () if is_saved_model(&all) => Some(foreign("a TensorFlow SavedModel", FROM_KERAS)),
        () if is_onnx(&all) => Some(foreign("an ONNX model", NETWORK)),
        () if is_graph(&all, start) => Some(foreign("a TensorFlow graph (.pb)", FROM_KERAS)),
        () => None,
    }
}

/// The version 1, and graphs.
fn is_saved_model(fields: &[Field]) -> bool {
    let [version, graphs @ ..] = fields else { return false };
    let counted = |field: &Field| (field.number, field.kind) == (2, COUNTED);
    (version.number, version.kind, version.value) == (1, NUMBER, 1)
        && !graphs.is_empty()
        && graphs.iter().all(counted)
}

/// 7 is its graph and 8 its sets of operators, the others say who wrote it. What is behind them may be filled up, and the
/// last field may be cut off.
fn is_onnx(fields: &[Field]) -> bool {
    let known = |field: &Field| match field.number {
        1 => field.kind == NUMBER && (1..=20).contains(&field.value),
        5 => field.kind == NUMBER,
        2..=4 | 6..=8 | 14 | 20 | 25 | 26 => field.kind == COUNTED,
        _ => false,
    };
    let holds = |number: u64| fields.iter().any(|field| field.number == number);
    fields.len() > 1 && fields.iter().all(known) && (holds(7) || holds(8))
}

/// Nodes alone, one of them an operator that most graphs have.
fn is_graph(fields: &[Field], start: &[u8]) -> bool {
    let Some(Field { number: 1, kind: COUNTED, .. }) = fields.first() else { return false };
    let node = start.iter().skip(2).take(4).any(|byte| *byte == 0x0a);
    let operators = [&b"Const"[..], b"Placeholder", b"VarHandleOp"];
    node && operators.iter().any(|name| start.windows(name.len()).any(|window| window == *name))
}

/// A field of a message: what it is said to hold is passed over.
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
            NUMBER => return (number > 0).then_some(Field { number, kind, value: self.number()? }),
            1 => 8,
            COUNTED => self.number()?,
            5 => 4,
            _ => return None,
        };
        // Of a file that is cut off, the last field is longer than what is left.
        self.left = self.left.saturating_sub(value);
        let behind = usize::try_from(value).ok().and_then(|value| self.rest.get(value..));
        self.rest = behind.unwrap_or_default();
        (number > 0).then_some(Field { number, kind, value })
    }
}

impl Iterator for Fields<'_> {
    type Item = Field;

    fn next(&mut self) -> Option<Field> {
        self.field()
    }
}

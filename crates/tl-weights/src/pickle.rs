//! A look at a pickle before anything reads it.
//!
//! A pickle is a program for a stack machine: it names functions and says what to call them with. Nothing in this
//! program ever calls one, `pytorch_reader` included. Yet that reader lets unknown calls pass as opaque values, and it
//! builds every value, so that a long pickle takes many times its length in memory: here both end with an error, by
//! reading the instructions alone (<https://github.com/python/cpython/blob/main/Lib/pickletools.py>).

use std::io::{BufRead, Read, copy, sink};

use crate::WeightsError;

/// More than a state dict needs: DenseNet-121's 727 tensors take 25,346 instructions.
const MOST_INSTRUCTIONS: usize = 500_000;
/// More than a state dict needs, in bytes: DenseNet-121's takes 120,995.
const LONGEST: u64 = 16 << 20;
/// The longest text argument.
const LONGEST_LINE: u64 = 4096;

/// What follows an instruction.
enum Argument {
    /// An argument of so many bytes.
    Bytes(u64),
    /// A line of text.
    Line,
    /// A length of so many bytes, and that many bytes.
    Counted(usize),
    /// Module and name of something, a line each.
    Global,
    /// No argument: the pickle is over.
    Stop,
}

/// Reads one pickle to its end. Answers what it names.
///
/// # Errors
/// [`WeightsError::Calls`] if it names anything but PyTorch's tensors; [`WeightsError::Format`] if it is damaged or
/// longer than any state dict.
pub(crate) fn inspect(reader: &mut impl BufRead) -> Result<Vec<String>, WeightsError> {
    let mut reader = reader.take(LONGEST);
    let mut named = Vec::new();
    for _ in 0..MOST_INSTRUCTIONS {
        let [instruction] = array(&mut reader)?;
        match argument(instruction)? {
            Argument::Bytes(length) => skip(&mut reader, length)?,
            Argument::Line => drop(line(&mut reader)?),
            Argument::Counted(width) => {
                let length = number(&mut reader, width)?;
                skip(&mut reader, length)?;
            }
            Argument::Global => named.push(global(&mut reader)?),
            Argument::Stop => return Ok(named),
        }
    }
    Err(damaged("its pickle is longer than that of any state dict"))
}

fn argument(instruction: u8) -> Result<Argument, WeightsError> {
    Ok(match instruction {
        b'.' => Argument::Stop,
        b'c' => Argument::Global,
        b'('
        | b'0'
        | b'1'
        | b'2'
        | b'N'
        | b'R'
        | b'b'
        | b'd'
        | b'l'
        | b't'
        | b's'
        | b'a'
        | b')'
        | b']'
        | b'}'
        | b'e'
        | b'u'
        | b'Q'
        | 0x81
        | 0x85..=0x89
        | 0x8F
        | 0x90
        | 0x91
        | 0x94 => Argument::Bytes(0),
        b'I' | b'L' | b'F' | b'V' | b'S' | b'g' | b'p' | b'P' => Argument::Line,
        b'K' | b'h' | b'q' | 0x80 => Argument::Bytes(1),
        b'M' => Argument::Bytes(2),
        b'J' | b'j' | b'r' => Argument::Bytes(4),
        b'G' | 0x95 => Argument::Bytes(8),
        b'U' | b'C' | 0x8A | 0x8C => Argument::Counted(1),
        b'T' | b'X' | b'B' | 0x8B => Argument::Counted(4),
        0x8D | 0x8E | 0x96 => Argument::Counted(8),
        // Naming by values on the stack and by a registry, among others: PyTorch does not write them.
        _ => return Err(damaged(&format!("its pickle has the instruction {instruction:#04x}"))),
    })
}

fn global(reader: &mut impl BufRead) -> Result<String, WeightsError> {
    let (module, name) = (line(reader)?, line(reader)?);
    let known = match module.as_str() {
        "collections" => name == "OrderedDict",
        "torch" | "torch.cuda" => name.ends_with("Storage") || name.ends_with("Tensor"),
        "torch.storage" => ["UntypedStorage", "TypedStorage"].contains(&name.as_str()),
        "torch.nn.parameter" => name == "Parameter",
        "torch._utils" => name.starts_with("_rebuild_tensor") || name.starts_with("_rebuild_parameter"),
        _ => false,
    };
    if known { Ok(name) } else { Err(WeightsError::Calls { name: format!("{module}.{name}") }) }
}

fn line(reader: &mut impl BufRead) -> Result<String, WeightsError> {
    let mut text = Vec::new();
    reader.take(LONGEST_LINE).read_until(b'\n', &mut text).map_err(cut_off)?;
    let text = text.strip_suffix(b"\n").ok_or_else(|| damaged("its pickle is cut off"))?;
    Ok(String::from_utf8_lossy(text.strip_suffix(b"\r").unwrap_or(text)).into_owned())
}

fn number(reader: &mut impl Read, width: usize) -> Result<u64, WeightsError> {
    let mut bytes = [0; 8];
    let (used, _) = bytes.split_at_mut(width);
    reader.read_exact(used).map_err(cut_off)?;
    Ok(u64::from_le_bytes(bytes))
}

/// The next bytes.
pub(crate) fn array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], WeightsError> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(cut_off)?;
    Ok(bytes)
}

/// Passes over bytes.
pub(crate) fn skip(reader: &mut impl Read, length: u64) -> Result<(), WeightsError> {
    let passed = copy(&mut reader.take(length), &mut sink()).map_err(cut_off)?;
    if passed == length { Ok(()) } else { Err(damaged("its pickle is cut off")) }
}

fn cut_off(_: std::io::Error) -> WeightsError {
    damaged("its pickle is cut off")
}

fn damaged(detail: &str) -> WeightsError {
    WeightsError::Format { detail: detail.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pickle_that_names_something_else_is_refused_by_name() {
        let cases: [(&[u8], &str); 3] = [
            (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
            (b"\x80\x02}q\x00cbuiltins\neval\nq\x01X\x01\x00\x00\x001\x85R0.", "builtins.eval"),
            (b"ctorch.hub\nload\n.", "torch.hub.load"),
        ];
        for (pickle, name) in cases {
            let calls = WeightsError::Calls { name: name.to_owned() };
            assert_eq!(inspect(&mut &*pickle), Err(calls), "{name}");
        }
    }

    #[test]
    fn ways_of_naming_that_pytorch_does_not_use_are_refused() {
        for instruction in [b'i', b'o', 0x82, 0x83, 0x84, 0x92, 0x93, 0x97, 0x98, 0xFF] {
            let pickle = [0x80, 2, instruction, b'.'];
            assert!(
                matches!(inspect(&mut &pickle[..]), Err(WeightsError::Format { .. })),
                "{instruction:#04x}"
            );
        }
    }

    #[test]
    fn what_pytorch_names_is_answered_and_the_reader_left_behind_the_pickle() {
        let mut pickles: &[u8] = b"\x80\x02ctorch\nFloatStorage\n0ccollections\nOrderedDict\n.rest";
        assert_eq!(inspect(&mut pickles).unwrap(), ["FloatStorage", "OrderedDict"]);
        assert_eq!(pickles, b"rest");
    }

    #[test]
    fn a_pickle_that_never_ends_or_promises_more_than_it_has_is_refused() {
        let long = b"]".repeat(MOST_INSTRUCTIONS + 1);
        let cases: [&[u8]; 6] = [b"", b"(", b"X\xff\xff\xff\xff", b"ctorch\n", b"c", &long];
        for pickle in cases {
            assert!(matches!(inspect(&mut &*pickle), Err(WeightsError::Format { .. })));
        }
    }
}

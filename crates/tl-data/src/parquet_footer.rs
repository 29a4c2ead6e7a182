//! A look at a Parquet file's footer before the reader gets it: that reader takes memory for as many things as a list is said
//! to have, and follows a schema as deep as it goes.
//!
//! The footer is a struct in Thrift's compact protocol
//! (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>,
//! <https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

/// Length of the longest footer: 10,000 columns in 1,000 groups of rows take less.
const LONGEST: u64 = 64 << 20;
/// Things that are told of in it, of any kind.
const MOST: usize = 4_000_000;
/// Structs in structs of the footer: the format's own has 8.
const DEEPEST: usize = 24;
/// Groups of columns in groups.
const DEEPEST_SCHEMA: usize = 64;
/// Length and mark at the end of the file.
const TAIL: u64 = 8;
/// Numbers of fields: of the file its schema, of an element of the schema its name's number of children.
const SCHEMA: i64 = 2;
const NUM_CHILDREN: i64 = 5;

/// Refuses a footer that promises more than it holds.
pub(crate) fn check(file: &mut File) -> Result<(), String> {
    let footer = read(file).map_err(|error| error.to_string())?;
    let mut walk = Walk { rest: &footer, left: MOST, children: Vec::new() };
    walk.file().ok_or("its footer is damaged")?;
    check_schema(&walk.children)
}

/// Empty where the reader has its own words for what is wrong.
fn read(file: &mut File) -> std::io::Result<Vec<u8>> {
    let (mut tail, mut footer) = ([0; TAIL as usize], Vec::new());
    let length = file.seek(SeekFrom::End(0))?;
    if length < TAIL {
        return Err(std::io::Error::other("it is too short"));
    }
    file.seek(SeekFrom::Start(length - TAIL))?;
    file.read_exact(&mut tail)?;
    let [a, b, c, d, ref mark @ ..] = tail;
    let said = u64::from(u32::from_le_bytes([a, b, c, d]));
    if mark != b"PAR1" {
        return Err(std::io::Error::other("it does not end as a parquet file does"));
    }
    if said > LONGEST || said + TAIL > length {
        return Err(std::io::Error::other("its footer is longer than the file, or than any footer"));
    }
    file.seek(SeekFrom::Start(length - TAIL - said))?;
    file.take(said).read_to_end(&mut footer)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(footer)
}

/// Elements come before their children: each is one in the list.
fn check_schema(children: &[i64]) -> Result<(), String> {
    let mut open: Vec<i64> = Vec::new();
    for (at, &count) in children.iter().enumerate() {
        if count < 0 || count as u64 > (children.len() - at - 1) as u64 {
            return Err("its schema says more columns than it has".to_string());
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        open.push(count);
        while open.last() == Some(&0) {
            open.pop();
        }
        if open.len() > DEEPEST_SCHEMA {
            return Err(format!("its columns are nested more than {DEEPEST_SCHEMA} times"));
        }
    }
    Ok(())
}

struct Walk<'a> {
    rest: &'a [u8],
    /// Number of things that there may still be.
    left: usize,
    /// Number of children of each element of the schema.
    children: Vec<i64>,
}

/// Kinds of values, by their numbers in the protocol.
const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
const STRUCT: u8 = 12;

impl Walk<'_> {
    fn file(&mut self) -> Option<()> {
        let mut id = 0;
        while let Some(kind) = self.field(&mut id)? {
            if id == SCHEMA && kind == LIST {
                let (kind, count) = self.list()?;
                for _ in 0..count {
                    if kind == STRUCT { self.element()? } else { self.pass(kind, 1)? }
                }
            } else {
                self.pass_field(kind, 1)?;
            }
        }
        Some(())
    }

    /// An element of the schema.
    fn element(&mut self) -> Option<()> {
        let (mut id, mut children) = (0, 0);
        while let Some(kind) = self.field(&mut id)? {
            if id == NUM_CHILDREN && kind == I32 {
                children = self.signed()?;
            } else {
                self.pass_field(kind, 2)?;
            }
        }
        self.children.push(children);
        Some(())
    }

    /// Kind of the next field, whose number is put into `id`; none at the end of the struct.
    fn field(&mut self, id: &mut i64) -> Option<Option<u8>> {
        self.left = self.left.checked_sub(1)?;
        let head = self.byte()?;
        if head == STOP {
            return Some(None);
        }
        let step = i64::from(head >> 4);
        *id = if step == 0 { self.signed()? } else { id.checked_add(step)? };
        Some(Some(head & 15))
    }

    /// The value of a field: the kind alone says whether it is true.
    fn pass_field(&mut self, kind: u8, depth: usize) -> Option<()> {
        if matches!(kind, TRUE | FALSE) { Some(()) } else { self.pass(kind, depth) }
    }

    /// A value, of a list for example.
    fn pass(&mut self, kind: u8, depth: usize) -> Option<()> {
        self.left = self.left.checked_sub(1)?;
        match kind {
            TRUE | FALSE | BYTE => self.bytes(1),
            4..=I64 => self.number().map(drop),
            DOUBLE => self.bytes(8),
            BINARY => {
                let length = self.number()?;
                self.bytes(usize::try_from(length).ok()?)
            }
            _ if depth >= DEEPEST => None,
            LIST | SET => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.pass(kind, depth + 1))
            }
            MAP => self.map(depth),
            STRUCT => {
                let mut id = 0;
                while let Some(kind) = self.field(&mut id)? {
                    self.pass_field(kind, depth + 1)?;
                }
                Some(())
            }
            _ => None,
        }
    }

    fn map(&mut self, depth: usize) -> Option<()> {
        let count = self.number()?;
        if count == 0 {
            return Some(());
        }
        let kinds = self.byte()?;
        (0..count).try_for_each(|_| {
            self.pass(kinds >> 4, depth + 1)?;
            self.pass(kinds & 15, depth + 1)
        })
    }

    /// Kind and number of a list's values, each of which takes a byte at least.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.number()? } else { u64::from(head >> 4) };
        (count <= self.rest.len() as u64).then_some((head & 15, count))
    }

    fn byte(&mut self) -> Option<u8> {
        let (byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*byte)
    }

    fn bytes(&mut self, count: usize) -> Option<()> {
        self.rest = self.rest.get(count..)?;
        Some(())
    }

    fn number(&mut self) -> Option<u64> {
        let mut value = 0;
        for place in 0..10 {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << (7 * place);
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn number(mut value: u64, out: &mut Vec<u8>) {
        while value >= 0x80 {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    }

    /// A footer whose schema says so many children for each element, in a list that says to have so many.
    fn footer(children: &[i64], said: u64) -> Vec<u8> {
        // 1: version, 2: the schema.
        let mut out = vec![0x15, 2, 0x19, 0xfc];
        number(said, &mut out);
        for &count in children {
            // 3: repetition, 4: name, 5: number of children.
            out.extend([0x35, 0, 0x18, 1, b'a', 0x15]);
            number((count << 1 ^ count >> 63) as u64, &mut out);
            out.push(STOP);
        }
        // 3: rows, 4: groups of rows.
        out.extend([0x16, 0, 0x19, 0x0c, STOP]);
        out
    }

    fn checked(footer: &[u8], said: u32) -> Result<(), String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[b"PAR1", footer, &said.to_le_bytes(), b"PAR1"].concat()).unwrap();
        check(&mut file)
    }

    #[test]
    fn a_footer_that_promises_more_than_it_holds_is_refused() {
        let nested = |depth: usize| [vec![1; depth], vec![0]].concat();
        let damaged = Some("its footer is damaged");
        let more = Some("its schema says more columns than it has");
        let deep = Some("its columns are nested more than 64 times");
        for (children, said, expected) in [
            (vec![2, 0, 0], 3, None),
            (vec![2, 2, 0, 0, 0], 5, None),
            (nested(60), 61, None),
            (nested(65), 66, deep),
            (nested(100_000), 100_001, deep),
            (vec![2, 0], 2, more),
            (vec![i64::from(i32::MAX), 0], 2, more),
            (vec![-1, 0], 2, more),
            (vec![1, 0], 1 << 40, damaged),
        ] {
            let footer = footer(&children, said);
            let found = checked(&footer, footer.len() as u32);
            assert_eq!(found.err().as_deref(), expected, "{} elements", children.len());
        }
        let whole = footer(&[1, 0], 2);
        let long = Some("its footer is longer than the file, or than any footer");
        for said in [1 << 30, whole.len() as u32 + 5] {
            assert_eq!(checked(&whole, said).err().as_deref(), long);
        }
    }

    #[test]
    fn whatever_the_bytes_are_the_walk_ends() {
        let whole = footer(&[2, 0, 0], 3);
        for at in 0..whole.len() {
            for byte in 0..=255 {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let _no_panic = checked(&bytes, whole.len() as u32);
            }
        }
        // Structs in structs without an end.
        let deep = [vec![0x1c; 100_000], vec![STOP; 100_000]].concat();
        assert!(checked(&deep, deep.len() as u32).is_err());
    }
}

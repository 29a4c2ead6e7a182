//! PyTorch's own files: the zip of today, the pickles in a row of versions 0.1.10 to 1.5, the tar before that.
//!
//! Each is gone through once before `pytorch_reader` gets it, so that [every pickle](inspect) in it is harmless and
//! no part of it can grow by being unpacked.

use std::io::{BufRead, BufReader, Read, Seek};
use zip::{CompressionMethod, ZipArchive};

use crate::WeightsError;
use crate::marks::{TAR_MARK, is_tar};
use crate::pickle::{array, inspect, skip};

/// The magic number that opens a row of pickles, `0x1950a86a20f9469cfc6c`, as protocol 2 writes it
/// (<https://github.com/pytorch/pytorch/blob/main/torch/serialization.py>, `MAGIC_NUMBER`).
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
/// Magic number, version, system, the state dict, keys of the storages.
const PICKLES_IN_A_ROW: usize = 5;
/// The most dimensions of a tensor, as in `pytorch_reader`.
const MOST_DIMENSIONS: u32 = 64;

/// Checks that the reader can have the file.
///
/// # Errors
/// [`WeightsError::Calls`] or [`WeightsError::Format`].
pub(crate) fn check(file: impl Read + Seek) -> Result<(), WeightsError> {
    let mut file = BufReader::new(file);
    let mut start = Vec::new();
    file.by_ref().take(TAR_MARK.end as u64).read_to_end(&mut start).map_err(unreadable)?;
    file.rewind().map_err(unreadable)?;
    if start.starts_with(b"PK\x03\x04") {
        check_zip(file)
    } else if is_tar(&start) {
        check_tar(file)
    } else if start.starts_with(MAGIC) {
        (0..PICKLES_IN_A_ROW).try_for_each(|_| inspect(&mut file).map(drop))
    } else {
        inspect(&mut file)?;
        Err(damaged("it is a pickle without tensors"))
    }
}

/// Every entry is stored as it is, as `torch.save` writes it; a compressed one could be of any length.
fn check_zip(file: impl Read + Seek) -> Result<(), WeightsError> {
    let mut archive = ZipArchive::new(file).map_err(unreadable)?;
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index).map_err(unreadable)?;
        let name = entry.name().map_err(unreadable)?.into_owned();
        if entry.compression() != CompressionMethod::Stored {
            let detail = format!("`{name}` is compressed, which PyTorch does not do: save it again with it");
            return Err(WeightsError::Format { detail });
        }
        if name.ends_with("data.pkl") {
            inspect(&mut BufReader::new(entry))?;
        }
    }
    Ok(())
}

fn check_tar(file: impl Read) -> Result<(), WeightsError> {
    for entry in tar::Archive::new(file).entries().map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let name = entry.path().map_err(unreadable)?.to_string_lossy().trim_start_matches("./").to_owned();
        let mut content = BufReader::new(entry);
        match name.as_str() {
            "sys_info" | "pickle" => drop(inspect(&mut content)?),
            "storages" => check_storages(&mut content)?,
            "tensors" => check_tensors(&mut content)?,
            _ => {}
        }
    }
    Ok(())
}

/// Checks the storages: a count; for each storage a pickle that names its type, the number of values and the values; a
/// pickle of views.
fn check_storages(content: &mut impl BufRead) -> Result<(), WeightsError> {
    inspect(content)?;
    loop {
        let width = match inspect(content)?.as_slice() {
            [] => return Ok(()),
            [storage] => width(storage).ok_or_else(|| damaged("a storage is of an unknown type"))?,
            _ => return Err(damaged("a storage is of several types")),
        };
        let values = u64::from_le_bytes(array(content)?);
        skip(content, values.checked_mul(width).ok_or_else(|| damaged("a storage is too large"))?)?;
    }
}

/// Checks the tensors: a count; for each tensor a pickle, the number of dimensions, 4 bytes of nothing, sizes, strides and
/// an offset.
fn check_tensors(content: &mut impl BufRead) -> Result<(), WeightsError> {
    inspect(content)?;
    while !content.fill_buf().map_err(unreadable)?.is_empty() {
        inspect(content)?;
        let dimensions = u32::from_le_bytes(array(content)?);
        if dimensions > MOST_DIMENSIONS {
            return Err(damaged("a tensor has too many dimensions"));
        }
        skip(content, 4 + 16 * u64::from(dimensions) + 8)?;
    }
    Ok(())
}

/// Bytes of one value.
fn width(storage: &str) -> Option<u64> {
    Some(match storage {
        "DoubleStorage" | "LongStorage" => 8,
        "FloatStorage" | "IntStorage" => 4,
        "HalfStorage" | "BFloat16Storage" | "ShortStorage" => 2,
        "CharStorage" | "ByteStorage" | "BoolStorage" => 1,
        _ => return None,
    })
}

fn unreadable(error: impl std::fmt::Display) -> WeightsError {
    WeightsError::Format { detail: error.to_string() }
}

fn damaged(detail: &str) -> WeightsError {
    WeightsError::Format { detail: detail.to_owned() }
}

//! Parquet tables, by the row interface of the `parquet` crate: no Arrow is needed for paths and labels.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;
use tl_files::bytes_text;

use crate::list_cell::spelt;
use crate::numbers::grouped;
use crate::table::Table;
use crate::table_limits::MOST_ROWS;
use crate::{SourceError, parquet_footer, reading};

/// Reads the columns that `choose` picks, and those of the others that hold a word or a number; the rest, which may hold
/// whole pictures, are never read.
pub(crate) fn read_parquet(
    path: &Path,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Table, SourceError> {
    let refused = |error: ParquetError| SourceError::Unreadable {
        path: path.to_path_buf(),
        detail: error.to_string().to_lowercase(),
    };
    let _named_if_slow = reading(path);
    let mut file = File::open(path).map_err(|error| SourceError::unreadable(path, &error))?;
    let damaged = |detail| SourceError::Unreadable { path: path.to_path_buf(), detail };
    parquet_footer::check(&mut file).map_err(damaged)?;
    let reader = SerializedFileReader::new(file).map_err(refused)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let fields = schema.get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_string()).collect();
    let wanted = choose(&names)?;
    if let Some(field) = wanted.iter().filter_map(|&column| fields.get(column)).find(|field| !has_text(field))
    {
        return Err(SourceError::NotWords { path: path.to_path_buf(), column: field.name().to_string() });
    }
    let is_read = |column: usize| wanted.contains(&column) || fields.get(column).is_some_and(|f| is_word(f));
    let read: Vec<usize> = (0..fields.len()).filter(|&column| is_read(column)).collect();
    let chosen: Vec<Arc<Type>> = read.iter().filter_map(|&column| fields.get(column).cloned()).collect();
    let projection = Type::group_type_builder(schema.name()).with_fields(chosen).build().map_err(refused)?;
    let mut table = Table::begin(&names, wanted);
    for (number, row) in (1..).zip(reader.get_row_iter(Some(projection)).map_err(refused)?) {
        if number > MOST_ROWS as u64 {
            return Err(damaged(format!("it has more than {} rows", grouped(MOST_ROWS as u64))));
        }
        let row = row.map_err(refused)?;
        let texts: Vec<String> = row.get_column_iter().map(|(_, field)| text(field)).collect();
        // Columns come in the order of the file.
        let cell = |column: usize| read.binary_search(&column).ok().and_then(|at| texts.get(at).cloned());
        table.add(number, |column| cell(column).unwrap_or_default());
    }
    Ok(table.finish())
}

/// A word, a number or nothing.
fn is_word(field: &Type) -> bool {
    let bytes = || matches!(field.get_physical_type(), Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY);
    let info = field.get_basic_info();
    let words = info.converted_type() == ConvertedType::UTF8
        || matches!(info.logical_type_ref(), Some(LogicalType::String | LogicalType::Enum));
    field.is_primitive() && (words || !bytes())
}

/// Can its values be written in a cell? Lists can, other groups of columns cannot.
fn has_text(field: &Type) -> bool {
    let info = field.get_basic_info();
    let list = info.converted_type() == ConvertedType::LIST
        || matches!(info.logical_type_ref(), Some(LogicalType::List));
    field.is_primitive() || list
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => bytes_text(bytes.data()).into_owned(),
        Field::ListInternal(list) => spelt(list.elements().iter().map(text)),
        // With `.0` where they are whole, zero too, as in a table of text.
        Field::Float(value) => format!("{value:?}"),
        Field::Double(value) => format!("{value:?}"),
        other => other.to_string(),
    }
}

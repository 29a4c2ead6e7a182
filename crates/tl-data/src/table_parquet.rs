//! Parquet tables, by the row interface of the `parquet` crate: no Arrow is needed for paths and labels.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;

use crate::name_text::bytes_text;
use crate::numbers::grouped;
use crate::table::{Row, unreadable};
use crate::table_limits::MOST_ROWS;
use crate::{SourceError, parquet_footer, reading};

/// Reads the columns that `choose` picks; the others, which may hold whole pictures, are never read.
pub(crate) fn read_parquet(
    path: &Path,
    choose: impl FnOnce(&[String]) -> Result<Vec<usize>, SourceError>,
) -> Result<Vec<Row>, SourceError> {
    let refused = |error: ParquetError| SourceError::Unreadable {
        path: path.to_path_buf(),
        detail: error.to_string().to_lowercase(),
    };
    let _named_if_slow = reading(path);
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let damaged = |detail| SourceError::Unreadable { path: path.to_path_buf(), detail };
    parquet_footer::check(&mut file).map_err(damaged)?;
    let reader = SerializedFileReader::new(file).map_err(refused)?;
    let schema = reader.metadata().file_metadata().schema().clone();
    let fields = schema.get_fields();
    let names: Vec<String> = fields.iter().map(|field| field.name().to_string()).collect();
    let wanted = choose(&names)?;
    let chosen = wanted.iter().filter_map(|&column| fields.get(column).cloned());
    let mut chosen: Vec<Arc<Type>> = chosen.collect();
    chosen.dedup();
    let projection = Type::group_type_builder(schema.name()).with_fields(chosen).build().map_err(refused)?;
    let mut rows = Vec::new();
    for (number, row) in (1..).zip(reader.get_row_iter(Some(projection)).map_err(refused)?) {
        if rows.len() == MOST_ROWS {
            return Err(damaged(format!("it has more than {} rows", grouped(MOST_ROWS as u64))));
        }
        let row = row.map_err(refused)?;
        let cell = |name: &String| row.get_column_iter().find(|(column, _)| *column == name);
        let text = |&column: &usize| names.get(column).and_then(cell).map_or(String::new(), |c| text(c.1));
        rows.push(Row { number, cells: wanted.iter().map(text).collect() });
    }
    Ok(rows)
}

fn text(field: &Field) -> String {
    match field {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => bytes_text(bytes.data()).into_owned(),
        other => other.to_string(),
    }
}

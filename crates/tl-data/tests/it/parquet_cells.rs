//! Cells of Parquet tables: numbers, truth values, nulls, lists, and columns that hold none of these.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use tempfile::TempDir;
use tl_data::{Blank, Columns, Source, Uncertain};

use crate::sources::{folder, listed, read_plainly, refusal};

type Group<'a> = SerializedRowGroupWriter<'a, fs::File>;

fn written(folder: &TempDir, columns: &str, write: impl FnOnce(&mut Group<'_>)) -> PathBuf {
    let schema = Arc::new(parse_message_type(&format!("message m {{ {columns} }}")).unwrap());
    let path = folder.path().join("t.parquet");
    let properties = Arc::new(WriterProperties::builder().build());
    let mut file = SerializedFileWriter::new(fs::File::create(&path).unwrap(), schema, properties).unwrap();
    let mut rows = file.next_row_group().unwrap();
    write(&mut rows);
    rows.close().unwrap();
    file.close().unwrap();
    path
}

fn put<T: DataType>(
    rows: &mut Group<'_>,
    values: &[T::T],
    defined: Option<&[i16]>,
    repeated: Option<&[i16]>,
) {
    let mut column = rows.next_column().unwrap().unwrap();
    column.typed::<T>().write_batch(values, defined, repeated).unwrap();
    column.close().unwrap();
}

fn words(words: &[&str]) -> Vec<ByteArray> {
    words.iter().map(|word| ByteArray::from(*word)).collect()
}

fn table(path: PathBuf, columns: Columns) -> Source {
    Source::Table { path, root: None, columns }
}

#[test]
fn numbers_truth_values_and_nulls_are_cells_as_in_text() {
    let folder = folder(&["1.png", "2.png", "3.png", "4.png"]);
    let columns = "required binary path (UTF8); optional double a; optional boolean b; optional int32 c; \
        optional binary split (UTF8);";
    let path = written(&folder, columns, |rows| {
        put::<ByteArrayType>(rows, &words(&["1.png", "2.png", "3.png", "4.png"]), None, None);
        put::<DoubleType>(rows, &[1.0, 0.0, -1.0], Some(&[1, 1, 1, 0]), None);
        put::<BoolType>(rows, &[false, true, false], Some(&[1, 1, 1, 0]), None);
        put::<Int32Type>(rows, &[0, 1, 0], Some(&[1, 1, 1, 0]), None);
        put::<ByteArrayType>(rows, &words(&["train", "dev", "train"]), Some(&[1, 1, 1, 0]), None);
    });
    let label: Vec<String> = ["a", "b", "c"].map(String::from).into();
    let columns = Columns { label, ..Columns::default() };
    let found = refusal(read_plainly(&table(path.clone(), columns.clone())));
    let message = "row 3, column `a`: `-1.0` is neither 0 nor 1, it may mean that the label is uncertain";
    assert_eq!(found.0, format!("{}, {message}", path.display()));
    let columns = Columns { uncertain: Some(Uncertain::Negative), ..columns };
    let data = read_plainly(&table(path.clone(), columns.clone())).unwrap();
    assert_eq!(listed(&data), ["1.png a train", "2.png b+c val", "3.png  train"]);
    assert_eq!(data.rejected[0].to_string(), "4.png: has no label (row 4)");
    let data = read_plainly(&table(path, Columns { blank: Some(Blank::Negative), ..columns })).unwrap();
    assert_eq!(listed(&data), ["1.png a train", "2.png b+c val", "3.png  train", "4.png "]);
}

#[test]
fn lists_are_several_labels_an_empty_one_is_none_and_a_null_is_no_answer() {
    let folder = folder(&["1.png", "2.png", "3.png", "4.png"]);
    let columns = "required binary path (UTF8); \
        optional group label (LIST) { repeated group list { required binary element (UTF8); } }";
    let path = written(&folder, columns, |rows| {
        put::<ByteArrayType>(rows, &words(&["1.png", "2.png", "3.png", "4.png"]), None, None);
        let labels = words(&["cat", "big \"red\" dog", "cat"]);
        put::<ByteArrayType>(rows, &labels, Some(&[2, 2, 2, 1, 0]), Some(&[0, 1, 0, 0, 0]));
    });
    let data = read_plainly(&table(path, Columns::default())).unwrap();
    assert!(data.multi_label);
    assert_eq!(listed(&data), ["1.png big \"red\" dog+cat", "2.png cat", "3.png "]);
    assert_eq!(data.rejected[0].to_string(), "4.png: has no label (row 4)");
}

#[test]
fn a_column_of_pictures_is_not_taken_for_their_paths() {
    let folder = folder(&["1.png"]);
    let columns = "required group image { required binary bytes; required binary path (UTF8); } \
        required int32 label;";
    let path = written(&folder, columns, |rows| {
        put::<ByteArrayType>(rows, &words(&["x"]), None, None);
        put::<ByteArrayType>(rows, &words(&["1.png"]), None, None);
        put::<Int32Type>(rows, &[0], None, None);
    });
    let found = refusal(read_plainly(&table(path.clone(), Columns::default())));
    let message = format!("the column `image` of {} holds neither words nor numbers", path.display());
    let hint = "name another column (--path-column, --label-column), or write the pictures to files";
    assert_eq!(found, (message, Some(hint.to_string())));
}

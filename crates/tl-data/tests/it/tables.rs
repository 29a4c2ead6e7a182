//! Pictures and labels from tables.

use std::fs;

use tempfile::TempDir;
use tl_data::{Columns, Source};

use crate::sources::{folder, listed, read_plainly, refusal, rejected};

pub(crate) fn table(folder: &TempDir, name: &str, text: impl AsRef<[u8]>, columns: Columns) -> Source {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    Source::Table { path, root: None, columns }
}

pub(crate) fn csv(folder: &TempDir, text: &str) -> Source {
    table(folder, "t.csv", text, Columns::default())
}

#[test]
fn the_usual_names_of_columns_are_found_in_any_order() {
    let folder = folder(&["1.png", "2.png"]);
    let expected = ["1.png cat", "2.png dog"];
    for text in [
        "path,label\n1.png,cat\n2.png,dog\n",
        "Class,id,Filename\ncat,7,1.png\ndog,8,2.png\n",
        "\u{feff}image;target\r\n1.png;cat\r\n2.png;dog\r\n",
        "file\tcategory\n1.png\tcat\n2.png\tdog\n",
        "path , label\n 1.png , cat\n./2.png,dog",
    ] {
        assert_eq!(listed(&read_plainly(&csv(&folder, text)).unwrap()), expected, "{text}");
    }
    let tsv = table(&folder, "t.tsv", "path\tlabel\n1.png\tcat\n2.png\tdog\n", Columns::default());
    assert_eq!(listed(&read_plainly(&tsv).unwrap()), expected);
}

#[test]
fn quoted_commas_windows_paths_and_repeated_rows_are_understood() {
    let folder = folder(&["a, b/1.png", "sub/deep/2.png", "back\\slash.png"]);
    let text = "path,label\n\"a, b/1.png\",\"big, \"\"red\"\"\"\nsub\\deep\\2.png,x\nback\\slash.png,x\n\
        sub/deep/2.png,x\n";
    let data = read_plainly(&csv(&folder, text)).unwrap();
    assert_eq!(listed(&data), ["a, b/1.png big, \"red\"", "back\\slash.png x", "sub/deep/2.png x"]);
    assert_eq!(data.repeated, 1);
}

#[test]
fn missing_files_are_named_with_their_row() {
    let folder = folder(&["1.png", "2.png"]);
    fs::create_dir(folder.path().join("dir")).unwrap();
    let text = "path,label\n1.png,a\n\"x\ny.png\",a\n2.png,b\ngone.png,b\ndir,b\n";
    let data = read_plainly(&csv(&folder, text)).unwrap();
    assert_eq!(
        rejected(&data),
        [
            "dir: a folder whose name ends like a picture's, rename it if it holds pictures",
            "gone.png: no such file (row 5)",
            r"x\ny.png: no such file (row 3)",
        ]
    );
}

#[cfg(not(any(windows, target_os = "macos")))]
#[test]
fn a_file_in_other_capital_letters_is_named_where_none_has_the_name() {
    let folder = folder(&["Cats/1.PNG", "dogs/2.png"]);
    let data = read_plainly(&csv(&folder, "path,label\ncats\\1.png,a\nDogs/2.png,b\ndogs/2.png,b\n"));
    let (message, hint) = refusal(data);
    assert!(message.contains("cats/1.png: no such file (row 2); there is `Cats/1.PNG`"), "{message}");
    assert_ne!(hint, None);
    let (message, hint) = refusal(read_plainly(&csv(&folder, "path,label\ncats\\1.png,a\nDogs/2.png,b\n")));
    let hint = hint.unwrap();
    assert!(message.contains("none of the 2 pictures"), "{message}");
    assert!(hint.contains("capital letters") && hint.ends_with("Cats/1.PNG"), "{hint}");
}

#[test]
fn paths_are_below_the_root_or_absolute() {
    let pictures = folder(&["1.png", "2.png"]);
    let elsewhere = folder(&[]);
    let path = elsewhere.path().join("t.csv");
    fs::write(&path, format!("path,label\n1.png,a\n{},b\n", pictures.path().join("2.png").display()))
        .unwrap();
    let source =
        Source::Table { path, root: Some(pictures.path().to_path_buf()), columns: Columns::default() };
    assert_eq!(read_plainly(&source).unwrap().len(), 2);
}

#[test]
fn groups_and_parts_come_from_columns() {
    let folder = folder(&["1.png", "2.png", "3.png"]);
    let columns = Columns { group: Some("Patient".into()), ..Columns::default() };
    let text = "path,label,patient,split\n1.png,a,p1,train\n2.png,b,p2,Validation\n3.png,b,,\n";
    let data = read_plainly(&table(&folder, "t.csv", text, columns)).unwrap();
    assert_eq!(listed(&data), ["1.png a train of p1", "2.png b val of p2", "3.png b"]);
    // A column that is only called so, and means something else.
    let text = "path,label,part\n1.png,a,wing\n2.png,b,beak\n3.png,b,wing\n";
    let data = read_plainly(&csv(&folder, text)).unwrap();
    assert_eq!(listed(&data), ["1.png a", "2.png b", "3.png b"]);
}

#[test]
fn several_labels_come_from_columns_separators_or_rows() {
    let folder = folder(&["1.png", "2.png", "3.png"]);
    let expected = ["1.png bird+sea", "3.png bird", "2.png sea"];
    for (text, columns) in [
        (
            "path,label\n1.png,bird|sea\n2.png,sea\n3.png,bird|\n",
            Columns { separator: Some('|'), ..Columns::default() },
        ),
        (
            "path,sea,bird\n1.png,1,1\n2.png,1,0\n3.png,0,True\n",
            Columns { label: vec!["bird".into(), "sea".into()], ..Columns::default() },
        ),
        (
            "path,l1,l2\n1.png,sea,bird\n2.png,sea,\n3.png,bird,\n",
            Columns { label: vec!["l1".into(), "l2".into()], ..Columns::default() },
        ),
        (
            "path,label\n1.png,sea\n2.png,sea\n1.png,bird\n3.png,bird\n",
            Columns { add_up: true, ..Columns::default() },
        ),
    ] {
        let data = read_plainly(&table(&folder, "t.csv", text, columns)).unwrap();
        assert_eq!((listed(&data), data.multi_label), (expected.map(String::from).to_vec(), true), "{text}");
        assert_eq!(data.class_counts(), [2, 2]);
    }
}

#[test]
fn tables_that_make_no_sense_are_explained() {
    let folder = folder(&["1.png", "2.png"]);
    let at = folder.path().join("t.csv").display().to_string();
    let first = folder.path().join("x/1.png").display().to_string();
    let named = |name: &str| Columns { label: vec![name.into()], ..Columns::default() };
    let plain = Columns::default;
    for (text, columns, message, hint) in [
        (
            "id,breed\n1.png,a\n",
            plain(),
            format!("{at} has no column for the paths, its columns are `id`, `breed`"),
            Some("name the column: --path-column NAME"),
        ),
        (
            "path,breed\n1.png,a\n",
            plain(),
            format!("{at} has no column for the labels, its columns are `path`, `breed`"),
            Some("name the column: --label-column NAME"),
        ),
        (
            "path,breed\n1.png,a\n",
            named("bread"),
            format!("{at} has no column `bread` for the labels, its columns are `path`, `breed`"),
            Some("name the column: --label-column NAME"),
        ),
        (
            "1.png,a\n2.png,b\n",
            plain(),
            format!("{at} has no column for the paths, its columns are `1.png`, `a`"),
            Some("put a row above the others that names the columns: path,label"),
        ),
        ("path,label\n1.png,\n", plain(), format!("{at}, row 2: `1.png` has no label"), None),
        ("path,label\n1.png,a\n,b\n", plain(), format!("{at}, row 3: the path is empty"), None),
        (
            "path,label\n1.png,a\nx, y.png,b\n",
            plain(),
            format!(
                "{at}, row 3: it has 3 cells and the header has 2; a cell with a separator in it needs quotes \
                around it"
            ),
            None,
        ),
        (
            "path,label,label\n1.png,a,b\n",
            plain(),
            format!("{at} has more than one column `label`"),
            Some("give each of them a name of its own"),
        ),
        (
            "path,label\n",
            plain(),
            format!("no pictures in {at}"),
            Some("a table has a first row that names its columns, and a row for each picture: path,label"),
        ),
        (
            "path,label\nx/1.png,a\nx/2.png,b\n",
            plain(),
            format!("none of the 2 pictures of {at} exists, the first is {first}"),
            Some("say what the paths are relative to: --root FOLDER"),
        ),
        (
            "path,label\n1.png,a\n2.png,b\n1.png,b\n2.png,a\n",
            plain(),
            format!(
                "2 pictures have contradicting labels in {at}\n  1.png: `a` in row 2, `b` in row 4\n  \
                2.png: `b` in row 3, `a` in row 5"
            ),
            Some("correct the labels, or give pictures all that their rows say: --add-up"),
        ),
    ] {
        let found = refusal(read_plainly(&table(&folder, "t.csv", text, columns)));
        assert_eq!(found, (message, hint.map(String::from)), "{text}");
    }
}

#[test]
fn tables_that_are_none_are_explained() {
    let folder = folder(&["1.png"]);
    let at = |name: &str| folder.path().join(name).display().to_string();
    let gone = Source::of_path(folder.path().join("gone.csv"));
    for (source, message) in [
        (
            table(&folder, "t.csv", b"path,label\n1.png,a\n1.png,\xe4\n", Columns::default()),
            format!("{}, line 3: the byte 0xE4 is not UTF-8", at("t.csv")),
        ),
        (
            table(&folder, "t.xlsx", b"PK", Columns::default()),
            format!("{} is not a table this program reads", at("t.xlsx")),
        ),
        (gone, format!("cannot read {}: no such file or directory", at("gone.csv"))),
    ] {
        assert_eq!(refusal(read_plainly(&source)).0, message);
    }
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_program_without_parquet_says_how_to_get_it() {
    let folder = folder(&["1.png"]);
    let source = table(&folder, "t.parquet", b"PAR1", Columns::default());
    let at = folder.path().join("t.parquet").display().to_string();
    let message = format!("{at} is a Parquet file, and this program was built without the feature `parquet`");
    let hint = "build with `--features parquet`, or save the table as CSV";
    assert_eq!(refusal(read_plainly(&source)), (message, Some(hint.to_string())));
}

#[cfg(feature = "parquet")]
mod parquet_tables {
    use std::sync::Arc;

    use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    fn written(folder: &TempDir) -> Source {
        let schema = "message m { required binary path (UTF8); required int64 label; }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let path = folder.path().join("t.parquet");
        let properties = Arc::new(WriterProperties::builder().build());
        let mut file =
            SerializedFileWriter::new(fs::File::create(&path).unwrap(), schema, properties).unwrap();
        let mut rows = file.next_row_group().unwrap();
        let paths: Vec<ByteArray> = ["1.png", "2.png", "gone.png"].map(ByteArray::from).into();
        let mut column = rows.next_column().unwrap().unwrap();
        column.typed::<ByteArrayType>().write_batch(&paths, None, None).unwrap();
        column.close().unwrap();
        let mut column = rows.next_column().unwrap().unwrap();
        column.typed::<Int64Type>().write_batch(&[10, 9, 9], None, None).unwrap();
        column.close().unwrap();
        rows.close().unwrap();
        file.close().unwrap();
        Source::of_path(path)
    }

    #[test]
    fn a_parquet_table_is_read_like_any_other() {
        let folder = folder(&["1.png", "2.png"]);
        let data = read_plainly(&written(&folder)).unwrap();
        assert_eq!(listed(&data), ["2.png 9", "1.png 10"]);
        assert_eq!(rejected(&data), ["gone.png: no such file (row 3)"]);
    }

    #[test]
    fn a_file_that_is_no_parquet_is_explained() {
        let folder = folder(&[]);
        let source = table(&folder, "t.parquet", b"PAR1", Columns::default());
        let at = folder.path().join("t.parquet").display().to_string();
        let message = format!("cannot read {at}: it is too short");
        assert_eq!(refusal(read_plainly(&source)).0, message);
    }
}

#[test]
fn quotes_behind_a_space_are_quotes() {
    let folder = folder(&["1.png", "2.png", "3.png"]);
    for text in [
        "path, label\n1.png, \"cat\"\n2.png,cat\n3.png,  \"dog, big\" \n",
        "\"path\", \"label\"\n \"1.png\", \"cat\"\n\"2.png\",\"cat\"\n\"3.png\",\t\"dog, big\"\n",
    ] {
        let data = read_plainly(&table(&folder, "t.csv", text, Columns::default())).unwrap();
        assert_eq!(data.classes, ["cat", "dog, big"], "{text}");
    }
    let text = "path,label\n1.png, \"cat\" and more\n2.png,dog\n";
    let found = refusal(read_plainly(&table(&folder, "t.csv", text, Columns::default())));
    let detail = "row 2: text follows a closing quote; a quote inside of a cell is written twice";
    assert_eq!(found.0, format!("{}, {detail}", folder.path().join("t.csv").display()));
}

#[test]
fn a_table_without_rows_says_what_a_table_is() {
    let folder = folder(&["1.png"]);
    for (name, text) in
        [("t.csv", ""), ("t.csv", "path,label\n"), ("t.tsv", "path\tlabel\n\n"), ("t.csv", "\n\n")]
    {
        let found = refusal(read_plainly(&table(&folder, name, text, Columns::default())));
        let hint = "a table has a first row that names its columns, and a row for each picture: path,label";
        let message = format!("no pictures in {}", folder.path().join(name).display());
        assert_eq!(found, (message, Some(hint.to_string())), "{text:?}");
    }
}

#[test]
fn a_suffix_may_be_said_without_its_dot() {
    let folder = folder(&["1.png", "2.png", "3_rgb.png", "4x.png"]);
    for (suffix, names, files) in [
        ("png", ["1", "2"], ["1.png", "2.png"]),
        ("PNG", ["1.png", "2.png"], ["1.png", "2.png"]),
        (".png", ["1", "2.png"], ["1.png", "2.png"]),
        ("_rgb.png", ["3", "3_rgb.png"], ["3_rgb.png", "3_rgb.png"]),
    ] {
        let text = format!("path,label\n{},a\n{},a\n4x.png,b\n", names[0], names[1]);
        let text = if suffix == "_rgb.png" { text.replace("4x.png", "3") } else { text };
        let columns = Columns { suffix: Some(suffix.into()), add_up: true, ..Columns::default() };
        let data = read_plainly(&table(&folder, "t.csv", text, columns)).unwrap();
        let found: Vec<String> = data.samples.iter().map(|sample| sample.name()).collect();
        assert!(files.iter().all(|file| found.contains(&file.to_string())), "{suffix}: {found:?}");
    }
}

#[test]
fn tables_of_other_bytes_are_told_what_to_do() {
    let folder = folder(&["1.png"]);
    for (bytes, said, hint) in [
        (
            "path,label\n1.png,a\n".chars().flat_map(|c| (c as u32).to_le_bytes()).collect::<Vec<u8>>(),
            "line 1: it is UTF-32, which is not read",
            "convert it: iconv -f UTF-32 -t UTF-8 FILE > NEW",
        ),
        (
            b"path,label\n1.png,a\0b\n".to_vec(),
            "line 2: it has a byte of 0, and is not text",
            "save it again as UTF-8, or take these bytes out: tr -d '\\000' < FILE > NEW",
        ),
        (
            b"path,label\n1.png,\xe4\n".to_vec(),
            "line 2: the byte 0xE4 is not UTF-8",
            "save it as UTF-8 (in a spreadsheet: CSV UTF-8), or convert it: iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW",
        ),
    ] {
        let path = folder.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        let source = tl_data::Source::Table { path: path.clone(), root: None, columns: Columns::default() };
        let found = refusal(read_plainly(&source));
        assert_eq!(found, (format!("{}, {said}", path.display()), Some(hint.to_string())));
    }
}

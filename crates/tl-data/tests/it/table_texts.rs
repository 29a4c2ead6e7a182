//! How tables are spelt: encodings, separators, line ends, names of files.

use std::fs;

use tempfile::TempDir;
use tl_data::{Columns, Dataset, Source};

use crate::sources::{folder, listed, read_plainly, refusal};
use crate::tables::{csv, table};

fn utf16(text: &str, to: fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<u8> {
    [mark, &text.encode_utf16().flat_map(to).collect::<Vec<u8>>()].concat()
}

fn read(folder: &TempDir, text: impl AsRef<[u8]>) -> Dataset {
    read_plainly(&table(folder, "t.csv", text, Columns::default())).unwrap()
}

#[test]
fn one_table_in_every_encoding_separator_and_line_end_is_one_table() {
    let folder = folder(&["grün/1.png", "2, 3.png"]);
    for separator in [",", ";", "\t", "|"] {
        for end in ["\n", "\r\n", "\r"] {
            for first in ["", "sep=X\n"] {
                let rows =
                    ["pathXlabelXnote", "grün/1.pngXcatX1,5", "\"2, 3.png\"XdogX\"x\ny; z\"", "XX", ""];
                let rows = rows.join("\n").replace("1,5", if separator == "," { "1.5" } else { "1,5" });
                let text = format!("{first}{rows}").replace('X', separator).replace('\n', end);
                for bytes in [
                    text.clone().into_bytes(),
                    [b"\xef\xbb\xbf", text.as_bytes()].concat(),
                    utf16(&text, u16::to_le_bytes, b"\xff\xfe"),
                    utf16(&text, u16::to_be_bytes, b"\xfe\xff"),
                    utf16(&text, u16::to_le_bytes, b""),
                    utf16(&text, u16::to_be_bytes, b""),
                ] {
                    let data = read(&folder, &bytes);
                    assert_eq!(listed(&data), ["grün/1.png cat", "2, 3.png dog"], "{text:?}");
                }
            }
        }
    }
}

#[test]
fn what_was_found_out_about_a_table_is_said() {
    let folder = folder(&["1.png", "2.png"]);
    let columns = ["paths are in the column `path`", "labels are in the column `label`"];
    let said = |first: &[&str], more: &[&str]| -> Vec<String> {
        [first, &columns, more].concat().iter().map(ToString::to_string).collect()
    };
    let plain = "path,label\n1.png,a\n2.png,b\n";
    for (bytes, notes) in [
        (plain.as_bytes().to_vec(), said(&[], &[])),
        (
            plain.replace(',', ";").into_bytes(),
            said(&["the table is read as cells with `;` between them"], &[]),
        ),
        (
            plain.replace(',', "\t").into_bytes(),
            said(&["the table is read as cells with tabs between them"], &[]),
        ),
        (utf16(plain, u16::to_le_bytes, b"\xff\xfe"), said(&["the table is read as UTF-16"], &[])),
        (
            utf16(&plain.replace(',', ";"), u16::to_be_bytes, b""),
            said(&["the table is read as UTF-16, big-endian by its zeros, cells with `;` between them"], &[]),
        ),
        (format!("{plain},\n,,\n").into_bytes(), said(&["2 rows without any text passed over"], &[])),
        (
            plain.replace(".png", "").into_bytes(),
            said(&[], &["2 names without an ending, found as files that end in `.png`"]),
        ),
    ] {
        assert_eq!(read(&folder, &bytes).notes, notes);
    }
    let two = read(&folder, "file,path,label,class\nx,1.png,a,7\ny,2.png,b,8\n");
    assert_eq!(two.notes[1], "labels are taken from `label`, not from `class`: --label-column names another");
    // An index without a name, as pandas writes it.
    assert_eq!(listed(&read(&folder, ",path,label\n0,1.png,a\n1,2.png,b\n")), ["1.png a", "2.png b"]);
    assert_eq!(
        listed(&read(&folder, "Unnamed: 0,path,label\n0,1.png,a\n1,2.png,b\n")),
        ["1.png a", "2.png b"]
    );
}

#[test]
fn rows_that_are_broken_are_named_and_swallow_no_others() {
    let folder = folder(&["1.png", "2.png"]);
    let at = folder.path().join("t.csv").display().to_string();
    let convert = "save it as UTF-8 (in a spreadsheet: CSV UTF-8), or convert it: \
        iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW";
    for (text, message, hint) in [
        (&b"path,label\n1.png,\"a\n2.png,b\n"[..], "row 2: a quote is opened and never closed", None),
        (
            b"path,label\n\n1.png,\"a\n2.png,\"b\"\n",
            "row 3: text follows a closing quote; a quote inside of a cell is written twice",
            None,
        ),
        (
            b"path,label,x\n1.png,a,\n2.png,b\n",
            "row 3: it has 2 cells and the header has 3; a cell with a separator in it needs quotes around it",
            None,
        ),
        (
            b"path,label\n1.png,a,,\n\n2.png,b,,x\n",
            "row 4: it has 4 cells and the header has 2; a cell with a separator in it needs quotes around it",
            None,
        ),
        (b"path,label\n1.png,gr\xfcn\n", "line 2: the byte 0xFC is not UTF-8", Some(convert)),
        (b"PK\x03\x04\0\0", "line 1: it is a spreadsheet or a ZIP archive, and not text", Some(convert)),
    ] {
        let found = refusal(read_plainly(&table(&folder, "t.csv", text, Columns::default())));
        assert_eq!(found, (format!("{at}, {message}"), hint.map(String::from)));
    }
}

#[test]
fn names_without_an_ending_are_looked_up_where_one_file_has_them() {
    let folder = folder(&["a/1.png", "a/2.jpeg", "a/3.PNG", "b/1.png", "b/1.jpg", "b/v1.2.png", "plain"]);
    fs::write(folder.path().join("a/1.txt"), "x").unwrap();
    let at = folder.path().join("t.csv").display().to_string();
    let data = read(&folder, "path,label\na/1,x\na\\2,y\n./a/3,x\nb/v1.2,y\nplain,x\na/9,x\na/1.png,x\n");
    assert_eq!(listed(&data), ["a/1.png x", "a/3.PNG x", "plain x", "a/2.jpeg y", "b/v1.2.png y"]);
    assert_eq!((data.rejected[0].to_string(), data.repeated), ("a/9: no such file (row 7)".to_string(), 1));
    let text = "path,label\na/1,x\nb/1,y\n";
    let found = refusal(read_plainly(&csv(&folder, text)));
    let hint = "write the ending in the table, or say it: --suffix .jpg".to_string();
    assert_eq!(found, (format!("{at}, row 3: `b/1` may be `1.jpg`, `1.png`"), Some(hint)));
    let columns = Columns { suffix: Some(".png".into()), ..Columns::default() };
    let data =
        read_plainly(&table(&folder, "t.csv", "path,label\na/1,x\nb/1.PNG,y\nb/1,y\n", columns)).unwrap();
    assert_eq!(listed(&data), ["a/1.png x", "b/1.png y"]);
}

#[test]
fn lists_are_read_in_every_encoding_too() {
    let folder = folder(&["a/1.png", "b/2.png"]);
    let path = folder.path().join("list.txt");
    let source = Source::List { path: path.clone(), root: Some(folder.path().to_path_buf()) };
    for text in ["a/1.png\nb/2.png\n", "a/1\rb/2\r", "a/1.png\ta\r\nb/2\tb\r\n"] {
        for bytes in [text.as_bytes().to_vec(), utf16(text, u16::to_le_bytes, b"\xff\xfe")] {
            fs::write(&path, &bytes).unwrap();
            assert_eq!(listed(&read_plainly(&source).unwrap()), ["a/1.png a", "b/2.png b"], "{text:?}");
        }
    }
    fs::write(&path, "a/1.png\ta\ttrain\nb/2.png\tb\ttest\n").unwrap();
    let message = format!("{}, line 1: `a/1.png` has more than a label behind it", path.display());
    assert_eq!(refusal(read_plainly(&source)).0, message);
}

#[test]
fn absolute_paths_of_another_computer_are_taken_from_the_root() {
    let folder = folder(&["cats/1.png", "dogs/2.png", "dogs/3.jpeg"]);
    let here = folder.path().display().to_string();
    for (prefix, separator, gone) in [
        ("C:\\Users\\me\\data", "\\", "C:/Users/me/data"),
        ("\\\\server\\share", "\\", "/server/share"),
        ("\\\\?\\C:\\data", "\\", "C:/data"),
        ("\\\\?\\UNC\\server\\share", "\\", "/server/share"),
        ("C:/data\\sets", "\\", "C:/data/sets"),
        ("/home/somebody/data", "/", "/home/somebody/data"),
        ("D:/", "/", "D:"),
    ] {
        let paths = ["cats/1.png", "dogs/2.png", "dogs/3"].map(|path| path.replace('/', separator));
        let rows = paths.map(|path| format!("{prefix}{separator}{path},{}\n", &path[..4]));
        let data = read(&folder, format!("path,label\n{}", rows.concat()));
        assert_eq!(listed(&data), ["cats/1.png cats", "dogs/2.png dogs", "dogs/3.jpeg dogs"], "{prefix}");
        let note = format!("`{gone}` is not here: what the table has below it is taken from `{here}`");
        assert!(data.notes.contains(&note), "{:?}", data.notes);
    }
}

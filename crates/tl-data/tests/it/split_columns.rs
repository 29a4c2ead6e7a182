//! Columns that say which part a picture is of, or seem to.

use tempfile::TempDir;
use tl_data::{Columns, Dataset, Part};

use crate::sources::{folder, read_plainly, refusal};
use crate::tables::table;

fn pictures() -> TempDir {
    folder(&["1.png", "2.png", "3.png", "4.png", "5.png", "6.png"])
}

/// A table of six pictures with one more column.
fn text(column: &str, cells: &[&str]) -> String {
    let row =
        |(i, cell): (usize, &&str)| format!("{}.png,{},{cell}\n", i + 1, if i % 2 == 0 { "a" } else { "b" });
    format!("path,label,{column}\n{}", cells.iter().enumerate().map(row).collect::<String>())
}

/// A letter for each picture's part, `-` for none.
fn parts(data: &Dataset) -> String {
    let mut named: Vec<(String, char)> = data
        .samples
        .iter()
        .map(|sample| {
            let letter = match sample.part {
                None => '-',
                Some(Part::Train) => 't',
                Some(Part::Val) => 'v',
                Some(Part::Test) => 'T',
            };
            (sample.name(), letter)
        })
        .collect();
    named.sort();
    named.into_iter().map(|(_, letter)| letter).collect()
}

fn part_column(name: &str) -> Columns {
    Columns { part: Some(name.into()), ..Columns::default() }
}

#[test]
fn parts_are_understood_in_every_usual_spelling_under_any_name() {
    let folder = pictures();
    for [train, val, test] in [
        ["train", "val", "test"],
        ["Training", "VALID", "Testing"],
        [" trn ", "dev", "tst"],
        ["learn", "development", "holdout"],
        ["train_set", "validation set", "test-set"],
        ["TRAIN", "eval", "held_out"],
    ] {
        for column in ["split", "Subset", "set", "data set", "usage", "phase", "whatever"] {
            let cells = [train, train, val, train, test, train];
            let data =
                read_plainly(&table(&folder, "t.csv", text(column, &cells), Columns::default())).unwrap();
            assert_eq!(parts(&data), "ttvtTt", "{column} {cells:?}");
            assert!(
                data.notes.iter().any(|note| note.starts_with("parts are in the column")),
                "{:?}",
                data.notes
            );
        }
    }
    let data = read_plainly(&table(
        &folder,
        "t.csv",
        text("split", &["train", "dev", "dev", "test", "", ""]),
        Columns::default(),
    ));
    let data = data.unwrap();
    assert_eq!(parts(&data), "tvvT--");
    assert_eq!(
        data.notes[2..],
        [
            "parts are in the column `split`: train 1 row; `dev` is val, 2 rows; test 1 row",
            "2 rows without a word in `split`: they train, or are held out by chance",
        ]
    );
}

#[test]
fn columns_of_yes_and_no_are_parts_by_their_names() {
    let folder = pictures();
    for (column, cells, expected) in [
        ("is_test", ["0", "0", "1", "0", "1", "0"], "ttTtTt"),
        ("is_valid", ["False", "True", "False", "False", "True", "False"], "tvttvt"),
        ("is_train", ["1", "1", "0", "1", "0", "1"], "ttTtTt"),
        ("isTest", ["no", "no", "yes", "no", "no", "no"], "ttTttt"),
        ("is_training_image", ["1.0", "1.0", "0.0", "1.0", "1.0", "1.0"], "ttTttt"),
    ] {
        let data = read_plainly(&table(&folder, "t.csv", text(column, &cells), Columns::default())).unwrap();
        assert_eq!(parts(&data), expected, "{column}");
    }
    let both = ["0,0", "1,0", "0,1", "0,0", "0,0", "0,0"];
    let data =
        read_plainly(&table(&folder, "t.csv", text("is_val,is_test", &both), Columns::default())).unwrap();
    assert_eq!(parts(&data), "tvTttt");
    assert_eq!(
        data.notes.last().unwrap(),
        "1 in `is_val` is val, 1 in `is_test` is test, all else is train: train 4, val 1, test 1"
    );
}

/// The column, its cells, the row and cell that are named, what is said of it, and what to do.
type Refused<'a> = (&'a str, [&'a str; 6], u64, &'a str, &'a str);

#[test]
fn what_looks_like_parts_and_is_not_understood_is_refused_by_its_cell() {
    let folder = pictures();
    let at = folder.path().join("t.csv").display().to_string();
    let ignore = |column: &str| {
        format!(
            "correct the cell, or train on all rows as if there were no column `{column}`: --ignore-parts"
        )
    };
    let unclear = |column: &str| {
        format!(
            "write train, val and test into it, or take it for something else than a split: --ignore-parts; another \
            column is named by --part-column, and rows that belong together by --group-column {column}"
        )
    };
    let (misspelt, unclear_split, unclear_set) = (ignore("split"), unclear("split"), unclear("set"));
    let (misspelt_set, of_fold, of_other) = (ignore("set"), unclear("fold"), ignore("which"));
    let none = "is none of train, val and test, and other cells are";
    let no = "write 0 or 1 there, or go on as if there were no such column: --ignore-parts";
    let refused: [Refused<'_>; 12] = [
        ("split", ["train", "train", "tset", "train", "test", "val"], 4, none, &misspelt),
        ("split", ["train", "tarin", "train", "train", "train", "train"], 3, none, &misspelt),
        ("split", ["extra", "train", "train", "train", "test", "val"], 2, none, &misspelt),
        ("set", ["train", "train", "train", "train", "test", "2"], 7, none, &misspelt_set),
        ("which", ["train", "train", "train", "train", "test", "nan"], 7, none, &of_other),
        (
            "split",
            ["0", "1", "2", "0", "0", "0"],
            2,
            "does not say train, val or test (the column has `0`, `1`, `2`)",
            &unclear_split,
        ),
        (
            "split",
            ["", "Public", "Private", "Public", "", ""],
            3,
            "does not say train, val or test (the column has `Public`, `Private`)",
            &unclear_split,
        ),
        (
            "set",
            ["1", "1", "2", "1", "1", "1"],
            2,
            "does not say train, val or test (the column has `1`, `2`)",
            &unclear_set,
        ),
        (
            "fold",
            ["0", "1", "2", "0", "1", "2"],
            2,
            "does not say train, val or test (the column has `0`, `1`, `2`)",
            &of_fold,
        ),
        ("is_test", ["0", "0", "1", "maybe", "1", "0"], 5, "is neither 0 nor 1", no),
        ("is_test", ["0", "0", "1", "0", "", "0"], 6, "is neither 0 nor 1", no),
        ("is_valid", ["2", "0", "1", "0", "1", "0"], 2, "is neither 0 nor 1", no),
    ];
    for (column, cells, row, said, hint) in refused {
        let cell = cells[row as usize - 2];
        let shown = if cell.is_empty() { "an empty cell".to_string() } else { format!("`{cell}`") };
        let found = refusal(read_plainly(&table(&folder, "t.csv", text(column, &cells), Columns::default())));
        let message = format!("{at}, row {row}, column `{column}`: {shown} {said}");
        assert_eq!(found, (message, Some(hint.to_string())));
        let ignored = Columns { ignore_parts: true, ..Columns::default() };
        let data = read_plainly(&table(&folder, "t.csv", text(column, &cells), ignored)).unwrap();
        assert_eq!(parts(&data), "------");
    }
}

#[test]
fn a_column_that_was_asked_for_is_refused_where_it_says_nothing() {
    let folder = pictures();
    let at = folder.path().join("t.csv").display().to_string();
    let cells = ["wing", "beak", "wing", "wing", "wing", "wing"];
    let found = refusal(read_plainly(&table(&folder, "t.csv", text("part", &cells), part_column("Part"))));
    let message =
        "row 2, column `part`: `wing` does not say train, val or test (the column has `wing`, `beak`)";
    assert_eq!(found.0, format!("{at}, {message}"));
    let found = refusal(read_plainly(&table(&folder, "t.csv", text("part", &cells), part_column("prat"))));
    assert_eq!(
        found.0,
        format!("{at} has no column `prat` for the parts, its columns are `path`, `label`, `part`")
    );
    assert_eq!(found.1.unwrap(), "name the column: --part-column NAME");
    let cells = ["0", "0", "1", "0", "0", "1"];
    let data = read_plainly(&table(&folder, "t.csv", text("is_dev", &cells), part_column("is_dev"))).unwrap();
    assert_eq!(parts(&data), "ttvttv");
}

#[test]
fn a_column_that_is_only_called_so_is_passed_over_with_a_word() {
    let folder = pictures();
    let many: Vec<String> = (0..6).map(|i| format!("lens {i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (column, cells, found) in [
        ("part", &["wing", "beak", "wing", "wing", "wing", "wing"][..], "`wing`, `beak`"),
        ("stage", &["1", "2", "3", "4", "1", "2"], "`1`, `2`, `3`, `4`"),
        ("dataset", &["ham10000"; 6], "`ham10000`"),
        ("set", &many, "`lens 0`, `lens 1`, `lens 2`, `lens 3` and 2 more"),
    ] {
        let data = read_plainly(&table(&folder, "t.csv", text(column, cells), Columns::default())).unwrap();
        assert_eq!(parts(&data), "------");
        let note =
            format!("the column `{column}` has {found}, and not train, val or test: it divides nothing");
        assert_eq!(data.notes.last(), Some(&note));
    }
    // Neither called so nor worded so.
    for cells in [["train", "plane", "train", "plane", "train", "plane"], ["x", "y", "x", "x", "x", "x"]] {
        let data = read_plainly(&table(&folder, "t.csv", text("toy", &cells), Columns::default())).unwrap();
        assert_eq!((parts(&data), data.notes.len()), ("------".to_string(), 2));
    }
}

#[test]
fn a_split_column_of_two_hundred_free_words_is_passed_over_with_a_word() {
    let names: Vec<String> = (0..200).map(|i| format!("{i}.png")).collect();
    let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let rows = (0..200).map(|i| format!("{i}.png,{},word {i}\n", if i % 2 == 0 { "a" } else { "b" }));
    let text = format!("path,label,split\n{}", rows.collect::<String>());
    let data = read_plainly(&table(&folder, "t.csv", text, Columns::default())).unwrap();
    assert_eq!(data.samples.iter().filter(|sample| sample.part.is_some()).count(), 0);
    let note = "the column `split` has `word 0`, `word 1`, `word 2`, `word 3` and many more, and not train, val or \
        test: it divides nothing";
    assert_eq!(data.notes.last().unwrap(), note);
}

#[test]
fn two_columns_that_name_parts_have_to_agree() {
    let folder = pictures();
    let at = folder.path().join("t.csv").display().to_string();
    let agree = ["train,train", "test,test", ",test", "val,dev", "train,", "train,train"];
    let data = read_plainly(&table(&folder, "t.csv", text("split,set", &agree), Columns::default())).unwrap();
    assert_eq!(parts(&data), "tTTvtt");
    let differ = ["train,train", "test,test", "train,test", "val,val", "train,train", "train,train"];
    let found =
        refusal(read_plainly(&table(&folder, "t.csv", text("set,split", &differ), Columns::default())));
    let message = "row 4, column `set`: `train`, and `split` says test";
    assert_eq!(found.0, format!("{at}, {message}"));
    assert_eq!(
        found.1.unwrap(),
        "correct one of them, say which column to believe: --part-column NAME, or neither: --ignore-parts"
    );
    let data =
        read_plainly(&table(&folder, "t.csv", text("set,split", &differ), part_column("set"))).unwrap();
    assert_eq!(parts(&data), "tTtvtt");
    let twice = ["0,0", "1,1", "0,0", "0,0", "0,1", "0,0"];
    let found =
        refusal(read_plainly(&table(&folder, "t.csv", text("is_val,is_test", &twice), Columns::default())));
    assert_eq!(found.0, format!("{at}, row 3, column `is_test`: `1`, and `is_val` says val too"));
}

#[test]
fn columns_of_yes_and_no_need_no_prefix() {
    let folder = pictures();
    for (column, cells, expected) in [
        ("test", ["1", "0", "0", "1", "0", "0"], "TttTtt"),
        ("train", ["1", "1", "0", "1", "1", "0"], "ttTttT"),
        ("Train", ["True", "True", "False", "True", "True", "True"], "ttTttt"),
        ("in_test", ["0", "1", "0", "1", "0", "1"], "tTtTtT"),
        ("test_flag", ["0", "1", "0", "1", "0", "0"], "tTtTtt"),
        ("training", ["yes", "no", "yes", "yes", "yes", "yes"], "tTtttt"),
        ("val_set", ["n", "y", "n", "n", "n", "n"], "tvtttt"),
        ("train,test", ["1,0", "0,1", "1,0", "0,1", "1,0", "1,0"], "tTtTtt"),
        ("train,val,test", ["1,0,0", "0,1,0", "0,0,1", "1,0,0", "1,0,0", "1,0,0"], "tvTttt"),
        ("Train,Valid,Test", ["1,0,0", "0,1,0", "0,0,1", "1,0,0", "1,0,0", "1,0,0"], "tvTttt"),
        ("valid,test", ["0,0", "1,0", "0,1", "0,0", "0,0", "0,0"], "tvTttt"),
    ] {
        let data = read_plainly(&table(&folder, "t.csv", text(column, &cells), Columns::default())).unwrap();
        assert_eq!(parts(&data), expected, "{column}");
    }
}

/// What to do where a column's words say nothing of parts.
fn write_into(column: &str) -> String {
    format!(
        "write train, val and test into it, or take it for something else than a split: --ignore-parts; another column is \
        named by --part-column, and rows that belong together by --group-column {column}"
    )
}

fn if_one_is(column: &str, part: &str) -> String {
    format!(
        "if 1 says that a row is of {part}: --part-column {column}; if another column names the parts: --part-column NAME; \
        if none does: --ignore-parts"
    )
}

#[test]
fn a_name_that_speaks_of_a_split_is_understood_or_refused() {
    let folder = pictures();
    let at = folder.path().join("t.csv").display().to_string();
    let none = "does not say train, val or test (the column has ";
    let doubt = "may say which part of a split the row is of, or something else";
    let correct = |column: &str| {
        format!(
            "correct the cell, or train on all rows as if there were no column `{column}`: --ignore-parts"
        )
    };
    let other = "is none of train, val and test, and other cells are";
    for (column, cells, row, said, hint) in [
        ("split1", ["0", "1", "2", "0", "1", "2"], 2, format!("`0` {none}`0`, `1`, `2`)"), write_into("split1")),
        ("split_id", ["0", "1", "2", "0", "1", "2"], 2, format!("`0` {none}`0`, `1`, `2`)"), write_into("split_id")),
        ("official_split", ["a", "b", "a", "b", "a", "a"], 2, format!("`a` {none}`a`, `b`)"), write_into("official_split")),
        ("set_id", ["1", "2", "3", "1", "1", "1"], 2, format!("`1` {none}`1`, `2`, `3`)"), write_into("set_id")),
        ("set type", ["0", "1", "0", "1", "0", "1"], 2, format!("`0` {none}`0`, `1`)"), write_into("'set type'")),
        ("phase", ["yes", "no", "yes", "no", "yes", "no"], 2, format!("`yes` {none}`yes`, `no`)"), write_into("phase")),
        ("image_set", ["train1", "test1", "train1", "test1", "train1", "test1"], 2, format!("`train1` {none}`train1`, `test1`)"), write_into("image_set")),
        ("official_split", ["train", "tset", "train", "train", "train", "train"], 3, format!("`tset` {other}"), correct("official_split")),
        ("official_split", ["train", "public", "train", "train", "train", "train"], 3, format!("`public` {other}"), correct("official_split")),
        ("image_set", ["train", "query", "query", "query", "query", "query"], 3, format!("`query` {other}"), correct("image_set")),
        ("valid", ["0", "1", "1", "0", "1", "1"], 3, format!("`1` {doubt}"), if_one_is("valid", "val")),
        ("test_result", ["no", "no", "no", "yes", "no", "no"], 5, format!("`yes` {doubt}"), if_one_is("test_result", "test")),
        ("test2", ["1", "no", "no", "yes", "no", "no"], 2, format!("`1` {doubt}"), if_one_is("test2", "test")),
        ("test", ["0", "1", "0", "maybe", "0", "1"], 5, "`maybe` is neither 0 nor 1".into(), "write 0 or 1 there, or go on as if there were no such column: --ignore-parts".into()),
        ("train,test", ["1,0", "0,1", "0,0", "0,1", "1,0", "1,0"], 4, "`0`, and no other column says which part the row is of".into(), "write 1 into the column of its part, say which column to believe: --part-column NAME, or none: --ignore-parts".into()),
    ] {
        let found = refusal(read_plainly(&table(&folder, "t.csv", text(column, &cells), Columns::default())));
        let name = column.split(',').next().unwrap();
        assert_eq!(found, (format!("{at}, row {row}, column `{name}`: {said}"), Some(hint)), "{column} {cells:?}");
        let ignored = Columns { ignore_parts: true, ..Columns::default() };
        let data = read_plainly(&table(&folder, "t.csv", text(column, &cells), ignored)).unwrap();
        assert_eq!(parts(&data), "------");
    }
    for (column, expected) in [("valid", "tvvtvv"), ("test_result", "tTTtTT")] {
        let cells = ["0", "1", "1", "0", "1", "1"];
        let source = table(&folder, "t.csv", text(column, &cells), part_column(column));
        assert_eq!(parts(&read_plainly(&source).unwrap()), expected);
    }
}

#[test]
fn a_column_of_many_values_is_no_split_whatever_its_name() {
    let folder = folder(
        &(0..24)
            .map(|i| format!("{i}.png"))
            .collect::<Vec<_>>()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    );
    for column in ["test_score", "latest", "set_name", "train_id", "dataset_row", "device", "value", "asset"]
    {
        for cell in [(|i| format!("{}.5", i % 20)) as fn(usize) -> String, |i| format!("word {}", i % 12)] {
            let rows =
                (0..24).map(|i| format!("{i}.png,{},{}\n", if i % 2 == 0 { "a" } else { "b" }, cell(i)));
            let text = format!("path,label,{column}\n{}", rows.collect::<String>());
            let data = read_plainly(&table(&folder, "t.csv", text, Columns::default())).unwrap();
            assert!(
                data.samples.iter().all(|sample| sample.part.is_none()) && data.notes.len() == 2,
                "{column} {:?}",
                data.notes
            );
        }
    }
}

#[test]
fn columns_of_yes_and_no_have_to_agree_with_the_split() {
    let folder = pictures();
    let at = folder.path().join("t.csv").display().to_string();
    let agree = ["train,0", "test,1", ",1", "val,0", "train,", "train,0"];
    let data =
        read_plainly(&table(&folder, "t.csv", text("split,is_test", &agree), Columns::default())).unwrap();
    assert_eq!(parts(&data), "tTTvtt");
    assert!(
        data.notes.contains(&"the column `is_test` names the same parts".to_string()),
        "{:?}",
        data.notes
    );
    let hint =
        "correct one of them, say which column to believe: --part-column NAME, or neither: --ignore-parts";
    for (columns, cells, message) in [
        ("split,is_test", ["train,0", "train,1"], "row 3, column `is_test`: `1`, and `split` says train"),
        ("is_test,split", ["0,train", "0,test"], "row 3, column `is_test`: `0`, and `split` says test"),
        ("split,test", ["train,no", "train,yes"], "row 3, column `test`: `yes`, and `split` says train"),
        ("split,is_train", ["train,1", "val,1"], "row 3, column `is_train`: `1`, and `split` says val"),
        ("is_test,test_flag", ["0,0", "0,1"], "row 3, column `is_test`: `0`, and `test_flag` says test"),
        ("is_test,test_flag", ["1,1", "1,0"], "row 3, column `test_flag`: `0`, and `is_test` says test"),
        (
            "split,official_split",
            ["train,train", "train,test"],
            "row 3, column `official_split`: `test`, and `split` says train",
        ),
    ] {
        let cells: Vec<&str> = cells.into_iter().chain([cells[0]; 4]).collect();
        let found =
            refusal(read_plainly(&table(&folder, "t.csv", text(columns, &cells), Columns::default())));
        assert_eq!(found, (format!("{at}, {message}"), Some(hint.to_string())), "{columns}");
    }
    // Where the parts are known, a column of folds, or of something else, is no reason to stop.
    for (other, note) in [
        ("fold", "the column `fold` has `0`, `1`, and not train, val or test: it divides nothing"),
        ("test_result", "the column `test_result` is not used"),
    ] {
        let cells = ["train,0", "test,1", "train,1", "val,0", "train,0", "train,0"];
        let text = text(&format!("split,{other}"), &cells);
        let data = read_plainly(&table(&folder, "t.csv", text, Columns::default())).unwrap();
        assert_eq!((parts(&data).as_str(), data.notes.last().unwrap().as_str()), ("tTtvtt", note));
    }
}

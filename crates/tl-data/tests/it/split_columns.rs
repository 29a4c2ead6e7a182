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

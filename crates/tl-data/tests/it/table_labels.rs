//! What label cells say: 0 and 1, names, lists, or nothing.

use proptest::prelude::*;
use tempfile::TempDir;
use tl_data::{Blank, ClassId, Columns, Dataset, Uncertain, read_parts, write_parts};

use crate::sources::{folder, listed, read_plainly, refusal, rejected};
use crate::tables::table;

/// Columns of classes, as `--label-column` names them.
fn classes(names: &[&str]) -> Columns {
    Columns { label: names.iter().map(ToString::to_string).collect(), ..Columns::default() }
}

fn five() -> TempDir {
    folder(&["1.png", "2.png", "3.png", "4.png", "5.png"])
}

fn read(folder: &TempDir, text: &str, columns: Columns) -> Dataset {
    read_plainly(&table(folder, "t.csv", text, columns)).unwrap()
}

#[test]
fn yes_and_no_are_understood_as_programs_write_them() {
    let folder = five();
    let expected = ["1.png a", "2.png b", "3.png "];
    for [yes, no] in [
        ["1", "0"],
        ["1.0", "0.0"],
        ["True", "False"],
        ["TRUE", "false"],
        [" 1 ", " 0 "],
        ["\"1,0\"", "\"0,0\""],
        ["yes", "no"],
        ["Y", "N"],
        ["t", "f"],
    ] {
        let text = format!("path,a,b\n1.png,{yes},{no}\n2.png,{no},{yes}\n3.png,{no},{no}\n");
        let data = read(&folder, &text, classes(&["a", "b"]));
        assert_eq!((listed(&data), data.multi_label), (expected.map(String::from).to_vec(), true), "{text}");
        assert_eq!((data.of_no_class(), data.samples[2].class), (1, ClassId::NONE));
    }
}

#[test]
fn a_cell_that_is_neither_0_nor_1_is_refused_by_name() {
    let folder = five();
    let at = folder.path().join("t.csv").display().to_string();
    let plain = "write 0 or 1 there, or leave the row out";
    let uncertain = "say what such cells count as: --uncertain negative or --uncertain positive";
    let blank = "fill it in, or say that empty cells count as 0: --blank negative";
    for (value, said, hint) in [
        ("0.7", "`0.7` is neither 0 nor 1", plain),
        ("yes", "`yes` is neither 0 nor 1", plain),
        ("2", "`2` is neither 0 nor 1", plain),
        ("?", "`?` is neither 0 nor 1", plain),
        ("-2", "`-2` is neither 0 nor 1", plain),
        ("\"cat\nor dog\"", "`cat\\nor dog` is neither 0 nor 1", plain),
        ("-1", "`-1` is neither 0 nor 1, it may mean that the label is uncertain", uncertain),
        ("-1.0", "`-1.0` is neither 0 nor 1, it may mean that the label is uncertain", uncertain),
        ("u", "`u` is neither 0 nor 1, it may mean that the label is uncertain", uncertain),
        ("", "an empty cell is neither 0 nor 1", blank),
        ("NaN", "`NaN` is neither 0 nor 1", blank),
        ("null", "`null` is neither 0 nor 1", blank),
    ] {
        for (row, number) in [("3.png,1,X", 4), ("1.png,0,X", 2), ("5.png,0,X", 6)] {
            let rows = ["1.png,1,0", "2.png,0,1", "3.png,1,1", "4.png,0,0", "5.png,1,0"];
            let rows =
                rows.map(|line| if line[..5] == row[..5] { row.replace('X', value) } else { line.into() });
            let text = format!("path,a,b\n{}\n", rows.join("\n"));
            let found = refusal(read_plainly(&table(&folder, "t.csv", &text, classes(&["a", "b"]))));
            let message = format!("{at}, row {number}, column `b`: {said}");
            assert_eq!(found, (message, Some(hint.to_string())), "{text}");
        }
    }
}

#[test]
fn uncertain_and_empty_cells_count_as_asked() {
    let folder = five();
    let text = "path,a,b,c\n1.png,1,-1,0\n2.png,0.0,1.0,u\n3.png,,0,1\n4.png,NaN,,-1.0\n5.png,,,\n";
    for (uncertain, expected) in [
        (Uncertain::Negative, ["1.png a", "2.png b", "3.png c", "4.png ", "5.png "]),
        (Uncertain::Positive, ["1.png a+b", "2.png b+c", "3.png c", "4.png c", "5.png "]),
    ] {
        let columns =
            Columns { uncertain: Some(uncertain), blank: Some(Blank::Negative), ..classes(&["a", "b", "c"]) };
        let data = read(&folder, text, columns);
        let mut found = listed(&data);
        found.sort();
        assert_eq!(found, expected);
        let one_or_zero = if uncertain == Uncertain::Positive { 1 } else { 0 };
        assert_eq!(
            data.notes[1..],
            [
                "`a`, `b`, `c` are classes: 1 where a picture is of the class, else 0".to_string(),
                format!("3 uncertain cells counted as {one_or_zero}"),
                "6 empty cells counted as 0".to_string(),
            ]
        );
    }
}

#[test]
fn an_option_that_found_nothing_to_do_says_so() {
    let folder = five();
    let options = |uncertain, blank, separator| Columns { uncertain, blank, separator, ..Columns::default() };
    let zeros = "path,a,b\n2.png,0,1\n1.png,1,0\n";
    let names = "path,label\n2.png,a\n1.png,b\n";
    let (negative, positive) = (Some(Uncertain::Negative), Some(Uncertain::Positive));
    for (table, label, columns, expected) in [
        (
            zeros,
            &["a", "b"][..],
            options(positive, None, None),
            "no uncertain cell: there is nothing to be counted as 1",
        ),
        (
            names,
            &["label"],
            options(negative, None, None),
            "no uncertain cell: there is nothing to be counted as 0",
        ),
        (
            zeros,
            &["a", "b"],
            options(None, Some(Blank::Negative), None),
            "no empty cell: there is nothing to be counted as 0",
        ),
        (names, &["label"], options(None, None, Some('|')), "no label cell holds the separator `|`"),
    ] {
        let label = label.iter().map(|name| (*name).to_string()).collect();
        let notes = read(&folder, table, Columns { label, ..columns }).notes;
        assert!(notes.iter().any(|note| note == expected), "{expected}: {notes:?}");
    }
}

#[test]
fn a_row_of_zeros_is_an_answer_and_a_row_of_nothing_is_none() {
    let folder = five();
    let list = |cells: &[&str]| {
        let rows = cells.iter().enumerate().map(|(i, cells)| format!("{}.png,{cells}\n", i + 1));
        rows.collect::<String>()
    };
    let several = || Columns { separator: Some('|'), ..Columns::default() };
    let blank = |columns| Columns { blank: Some(Blank::Negative), ..columns };
    for (header, cells, columns, expected, unanswered) in [
        ("path,a,b", ["1,0", "0,1", "0,0", ",", "1,1"], classes(&["a", "b"]), "1:a 5:a+b 2:b 3:", Some("4")),
        (
            "path,a,b",
            ["1,0", "0,1", "0,0", ",", "1,1"],
            blank(classes(&["a", "b"])),
            "1:a 5:a+b 2:b 3: 4:",
            None,
        ),
        ("path,label", ["a", "a|b", "", "b", "|"], several(), "1:a 2:a+b 4:b", Some("3 5")),
        ("path,label", ["a", "a|b", "", "b", "|"], blank(several()), "1:a 2:a+b 4:b 3: 5:", None),
        ("path,x,y", ["a,", "a,b", ",", ",b", ","], classes(&["x", "y"]), "1:a 2:a+b 4:b", Some("3 5")),
        ("path,x,y", ["a,", "a,b", ",", ",b", ","], blank(classes(&["x", "y"])), "1:a 2:a+b 4:b 3: 5:", None),
        (
            "path,label",
            ["['a']", "\"['a', 'b']\"", "[]", "['b']", ""],
            several(),
            "1:a 2:a+b 4:b 3:",
            Some("5"),
        ),
    ] {
        let data = read(&folder, &format!("{header}\n{}", list(&cells)), columns);
        let found = listed(&data).join(" ").replace(".png ", ":");
        assert_eq!(found.trim_end(), expected, "{cells:?}");
        let missing = unanswered.map_or_else(Vec::new, |rows| rows.split(' ').collect());
        let missing: Vec<String> = missing
            .iter()
            .map(|row| format!("{row}.png: has no label (row {})", row.parse::<usize>().unwrap() + 1))
            .collect();
        assert_eq!(rejected(&data), missing, "{cells:?}");
    }
}

#[test]
fn a_picture_with_one_label_has_one_whatever_blank_cells_count_as() {
    let folder = five();
    let columns = Columns { blank: Some(Blank::Negative), ..Columns::default() };
    let source = table(&folder, "t.csv", "path,label\n1.png,a\n2.png,\n3.png,b\n", columns);
    assert!(refusal(read_plainly(&source)).0.ends_with("t.csv, row 3: `2.png` has no label"));
}

#[test]
fn columns_with_digits_among_names_are_names() {
    let folder = five();
    let data =
        read(&folder, "path,l1,l2\n1.png,3,7\n2.png,0,1\n3.png,2,\n4.png,7,3\n", classes(&["l1", "l2"]));
    assert_eq!(data.classes, ["0", "1", "2", "3", "7"]);
    assert_eq!(data.notes, ["paths are in the column `path`", "`l1`, `l2` hold names of classes"]);
}

#[test]
fn lists_are_several_labels_without_being_asked_for() {
    let folder = five();
    for (one, two, three) in [
        ("['cat', 'dog']", "['cat']", "[]"),
        ("[\"\"cat\"\", \"\"dog\"\"]", "[\"\"cat\"\"]", "[]"),
        ("('cat', 'dog')", "('cat',)", "()"),
        ("['cat' 'dog']", "['cat']", "[]"),
    ] {
        let text = format!("path,labels\n1.png,\"{one}\"\n2.png,\"{two}\"\n3.png,\"{three}\"\n");
        let columns = classes(&["labels"]);
        for columns in [columns.clone(), Columns { separator: Some(','), ..columns }] {
            let data = read(&folder, &text, columns);
            assert_eq!(listed(&data), ["1.png cat+dog", "2.png cat", "3.png "], "{text}");
            assert!(data.multi_label && data.notes.contains(&"`labels` holds lists of labels".to_string()));
        }
    }
}

#[test]
fn a_name_among_lists_is_one_label() {
    let folder = five();
    for (cells, separator, expected) in [
        (["\"['cat', 'dog']\"", "cat", "dog", "cat", "cow"], None, "1:cat+dog 2:cat 3:dog 4:cat 5:cow"),
        (["\"[u'cat', u'dog']\"", "[u'cat']", "dog", "[]", "cow"], None, "1:cat+dog 2:cat 3:dog 5:cow 4:"),
        (
            ["\"array(['cat', 'dog'], dtype=object)\"", "(other)", "dog", "{'cat'}", "cow"],
            None,
            "1:cat+dog 2:(other) 3:dog 4:cat 5:cow",
        ),
        (["['cat']", "cat|dog", "dog", "cat", "cow"], Some('|'), "1:cat 2:cat+dog 3:dog 4:cat 5:cow"),
    ] {
        let rows = cells.iter().enumerate().map(|(i, cell)| format!("{}.png,{cell}\n", i + 1));
        let text = format!("path,label\n{}", rows.collect::<String>());
        let data = read(&folder, &text, Columns { separator, ..Columns::default() });
        let mut found: Vec<String> = listed(&data).iter().map(|file| file.replace(".png ", ":")).collect();
        found.sort();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{text}");
        assert!(data.multi_label);
    }
}

#[test]
fn a_list_that_cannot_be_read_is_refused_by_its_cell_and_never_a_class() {
    let folder = five();
    let at = folder.path().join("t.csv").display().to_string();
    let list = "write every label in quotes, with commas between them: ['cat', 'dog']; a name that has brackets itself is \
        written so too: ['[cat]']";
    let same = "write every cell of `label` in the same way, such as ['cat', 'dog']";
    let unread = "looks like a list and cannot be read as one";
    let bad = [
        "[cat, dog]",
        "[cat]",
        "['cat', None]",
        "[['cat'], ['x']]",
        "{'a': 1}",
        "[unclear]",
        "(cat, dog)",
        "[nan]",
        "array([cat])",
        "['cat'",
    ];
    let refused = bad.map(|cell| (cell, unread, list)).into_iter();
    let nothing = [("nan", "is not spelt as a list, and other cells are", same)];
    for (cell, said, hint) in refused.chain(nothing) {
        for others in ["cat", "['cat']"] {
            // What says nothing is a name among names, and a stray bracket is a part of one.
            if others == "cat" && ["nan", "['cat'"].contains(&cell) {
                continue;
            }
            let text = format!("path,label\n1.png,{others}\n2.png,\"{cell}\"\n3.png,dog\n");
            let found = refusal(read_plainly(&table(&folder, "t.csv", text, Columns::default())));
            assert_eq!(
                found,
                (format!("{at}, row 3, column `label`: `{cell}` {said}"), Some(hint.to_string()))
            );
        }
    }
}

#[test]
fn several_columns_of_fractions_are_not_names() {
    let folder = five();
    let at = folder.path().join("t.csv").display().to_string();
    for (cells, row, value) in [
        (["0.1,0.9", "0.2,0.8", "0.3,0.7", "0.4,0.6", "0.5,0.5"], 2, "0.1"),
        (["3,1.5", "2,2.5", "0,7.5", "3,1.5", "4,4"], 2, "3"),
        (["\"0,1\",\"0,9\"", ",", "\"0,3\",\"0,7\"", ",", ","], 2, "0,1"),
    ] {
        let rows = cells.iter().enumerate().map(|(i, cells)| format!("{}.png,{cells}\n", i + 1));
        let text = format!("path,a,b\n{}", rows.collect::<String>());
        let found = refusal(read_plainly(&table(&folder, "t.csv", text, classes(&["a", "b"]))));
        let message = format!("{at}, row {row}, column `a`: `{value}` is neither 0 nor 1");
        assert_eq!(found, (message, Some("write 0 or 1 there, or leave the row out".to_string())));
    }
}

#[test]
fn a_label_that_may_be_several_is_pointed_out() {
    let folder = five();
    for (cells, note) in [
        (
            ["cat", "cat|dog", "dog"],
            Some("`cat|dog` is one label; --label-separator '|' would make several of it"),
        ),
        (
            ["cat", "\"dog, cat\"", "dog"],
            Some("`dog, cat` is one label; --label-separator ',' would make several of it"),
        ),
        (["cat", "cat|dog", "cow"], None),
        (["cat", "dog", "\"cat, the big one\""], None),
    ] {
        let rows = cells.iter().enumerate().map(|(i, cell)| format!("{}.png,{cell}\n", i + 1));
        let data = read(&folder, &format!("path,label\n{}", rows.collect::<String>()), Columns::default());
        assert_eq!(data.notes.get(2).map(String::as_str), note);
    }
}

#[test]
fn rows_that_contradict_each_other_are_named() {
    let folder = five();
    let at = folder.path().join("t.csv").display().to_string();
    let grouped = Columns { group: Some("who".into()), ..Columns::default() };
    for (text, columns, message, hint) in [
        (
            "path,a,b\n1.png,1,0\n2.png,0,1\n1.png,0,1\n",
            classes(&["a", "b"]),
            format!("1 picture has contradicting labels in {at}\n  1.png: `a` in row 2, `b` in row 4"),
            "leave one row of each, or put the labels of all its rows together: --add-up",
        ),
        (
            "path,a,b\n1.png,1,0\n2.png,0,1\n1.png,0,0\n",
            classes(&["a", "b"]),
            format!("1 picture has contradicting labels in {at}\n  1.png: `a` in row 2, `none` in row 4"),
            "leave one row of each, or put the labels of all its rows together: --add-up",
        ),
        (
            "path,label,split\n1.png,a,train\n2.png,b,train\n./1.png,a,test\n",
            Columns::default(),
            format!(
                "1 picture is in different parts or groups in {at}\n  1.png: part `train` in row 2, `test` in row 4"
            ),
            "leave one row of each picture, or make them the same",
        ),
        (
            "path,label,who\n1.png,a,p1\n2.png,b,p2\n1.png,a,p3\n2.png,b,p4\n",
            grouped,
            format!(
                "2 pictures are in different parts or groups in {at}\n  1.png: group `p1` in row 2, `p3` in row 4\n  \
                2.png: group `p2` in row 3, `p4` in row 5"
            ),
            "leave one row of each picture, or make them the same",
        ),
    ] {
        let found = refusal(read_plainly(&table(&folder, "t.csv", text, columns)));
        assert_eq!(found, (message, Some(hint.to_string())), "{text}");
    }
}

#[test]
fn rows_that_say_the_same_or_nothing_count_once() {
    let folder = five();
    let columns = Columns { separator: Some('|'), group: Some("who".into()), ..Columns::default() };
    let text =
        "path,label,who,split\n1.png,a|b,p,train\n2.png,b,,val\n1.png,b|a,p,train\n1.png,,,\n2.png,b,q,\n";
    let data = read(&folder, text, columns);
    assert_eq!(listed(&data), ["1.png a+b train of p", "2.png b val of q"]);
    assert_eq!((data.repeated, data.rejected.len()), (3, 0));
    let text = "path,a,b\n1.png,1,0\n1.png,0,1\n2.png,0,1\n";
    let data = read(&folder, text, Columns { add_up: true, ..classes(&["a", "b"]) });
    assert_eq!(listed(&data), ["1.png a+b", "2.png b"]);
}

#[test]
fn a_table_in_which_nothing_has_a_label_is_refused_and_a_class_without_pictures_is_named() {
    let folder = five();
    let at = folder.path().join("t.csv").display().to_string();
    let text = "path,a,b\n1.png,0,0\n2.png,0,0\n";
    let found = refusal(read_plainly(&table(&folder, "t.csv", text, classes(&["a", "b"]))));
    assert_eq!(found.0, format!("none of the 2 pictures of {at} has a label"));
    let data = read(&folder, "path,a,b,c\n1.png,1,0,0\n2.png,0,0,1\n", classes(&["a", "b", "c"]));
    assert_eq!(data.classes, ["a", "c"]);
    assert_eq!(data.notes.last().unwrap(), "no picture is of `b`: it is left out of the classes");
    // One class is a question where some pictures are not of it.
    let data = read(&folder, "path,a,b\n1.png,1,0\n2.png,0,0\n", classes(&["a", "b"]));
    assert_eq!(listed(&data), ["1.png a", "2.png "]);
}

#[test]
fn pictures_of_no_class_are_divided_and_come_back_from_a_split_file() {
    let names: Vec<String> = (0..60).map(|i| format!("{i}.png")).collect();
    let folder = folder(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let row = |i: usize| format!("{i}.png,{},{}\n", u8::from(i.is_multiple_of(3)), u8::from(i % 3 == 1));
    let text = format!("path,a,b\n{}", (0..60).map(row).collect::<String>());
    let data = read(&folder, &text, classes(&["a", "b"]));
    assert_eq!((data.class_counts(), data.of_no_class()), (vec![20, 20], 20));
    let parts = tl_data::split(&data, &tl_data::Shares { val: 0.2, test: 0.2 }, 1).unwrap();
    let none =
        |ids: &[tl_data::SampleId]| ids.iter().filter(|id| data.samples[id.0].labels().count() == 0).count();
    assert_eq!([none(&parts.train), none(&parts.val), none(&parts.test)], [12, 4, 4]);
    for fold in tl_data::folds(&data, 5, 1).unwrap() {
        assert_eq!(none(&fold.val), 4);
    }
    let mut table = Vec::new();
    let named = tl_data::Part::ALL.map(|part| (part.name().to_string(), parts.of(part).to_vec()));
    write_parts(&data, &named, &mut table).unwrap();
    assert_eq!(read_parts(&data, &table[..]).unwrap(), (tl_data::GivenSplit::Parts(parts), Vec::new()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn classes_are_never_made_of_cells_that_say_yes_or_no(
        cells in prop::collection::vec(prop::sample::select(vec!["0", "1", "1.0", "True", "", "-1", "u", "0.7", "?"]), 8)
    ) {
        let folder = five();
        let rows = cells.chunks(2).enumerate().map(|(i, cells)| format!("{}.png,{}\n", i + 1, cells.join(",")));
        let text = format!("path,a,b\n{}5.png,1,0\n2.png,,\n", rows.collect::<String>());
        let source = table(&folder, "t.csv", &text, classes(&["a", "b"]));
        // Whatever is not refused has the columns' names, unless most cells say neither.
        let others = cells.iter().filter(|cell| ["0.7", "?"].contains(cell)).count();
        let most = others <= cells.iter().filter(|cell| !["0.7", "?", ""].contains(cell)).count() + 2;
        if let Ok(data) = read_plainly(&source) {
            prop_assert!(!most || data.classes.iter().all(|class| class == "a" || class == "b"), "{} {:?}", text, data.classes);
        }
    }
}

#[test]
fn options_for_labels_read_back_as_written() {
    let columns = Columns {
        uncertain: Some(Uncertain::Positive),
        blank: Some(Blank::Negative),
        ignore_parts: true,
        suffix: Some(".jpg".into()),
        ..Columns::default()
    };
    let text = toml::to_string(&columns).unwrap();
    assert_eq!(
        text,
        "add-up = false\nignore-parts = true\nuncertain = \"positive\"\nblank = \"negative\"\nsuffix = \".jpg\"\n"
    );
    assert_eq!(toml::from_str::<Columns>(&text).unwrap(), columns);
    assert_eq!(toml::to_string(&Columns::default()).unwrap(), "add-up = false\n");
}

#[cfg(unix)]
#[test]
fn one_picture_is_one_however_its_path_is_spelt() {
    let folder = folder(&["1.png", "2.png", "im/3.png"]);
    std::os::unix::fs::symlink("1.png", folder.path().join("link.png")).unwrap();
    std::os::unix::fs::symlink(".", folder.path().join("here")).unwrap();
    let at = folder.path().join("t.csv").display().to_string();
    let absolute = folder.path().join("1.png").display().to_string();
    for path in
        ["im/../1.png", "link.png", "here/1.png", ".//1.png", "./im/../im/../1.png", "1", absolute.as_str()]
    {
        let spelt =
            |cleaned: &str| if cleaned == "1.png" { String::new() } else { format!(", as {cleaned}") };
        let spelt = spelt(match path {
            ".//1.png" | "1" => "1.png",
            "./im/../im/../1.png" => "im/../im/../1.png",
            other => other,
        });
        for (header, rows, message) in [
            (
                "path,label,split",
                ["a,train", "b,test", "a,test"],
                format!(
                    "1 picture is in different parts or groups in {at}\n  1.png: part `train` in row 2, `test` in row 4"
                ),
            ),
            (
                "path,label",
                ["a", "b", "b"],
                format!("1 picture has contradicting labels in {at}\n  1.png: `a` in row 2, `b` in row 4"),
            ),
        ] {
            let text = format!("{header}\n1.png,{}\n2.png,{}\n{path},{}\n", rows[0], rows[1], rows[2]);
            let found = refusal(read_plainly(&table(&folder, "t.csv", text, Columns::default())));
            assert_eq!(found.0, format!("{message}{spelt}"));
        }
        let text = format!("path,label\n1.png,a\n2.png,b\n{path},a\n");
        let data = read(&folder, &text, Columns::default());
        assert_eq!((data.len(), data.repeated), (2, 1), "{path}");
    }
}

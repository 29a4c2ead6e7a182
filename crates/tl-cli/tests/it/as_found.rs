//! Folders as people have them: runs among the pictures, names in other encodings, splits by other names.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::folders::{picture, two_classes};
use crate::program::{command, ended, tl, tl_ok};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn runs_among_the_pictures_are_no_class_and_no_pictures() {
    let folder = two_classes(6);
    let photos = folder.path().join("data");
    for run in ["1", "2"] {
        let trained = tl_ok(&photos, &["train", ".", "--resize", "crop"]);
        assert!(
            trained.stderr.starts_with("pictures  12 in 2 classes: cold 6, warm 6\n"),
            "{}",
            trained.stderr
        );
        assert!(photos.join(format!("runs/data-{run}/report.json")).exists());
        let said = trained.stderr.contains("note      passed over, made by tl itself: ");
        assert_eq!(said, run == "2", "{}", trained.stderr);
    }
    // An unfinished one, and the cache that the test keeps here.
    fs::create_dir_all(photos.join("runs/data-3/checkpoints/all")).unwrap();
    fs::write(photos.join("runs/data-3/run.toml"), "").unwrap();
    let checked = tl_ok(&photos, &["data", "check", "."]).stdout;
    assert!(checked.contains("passed over, made by tl itself: ") && checked.contains("`runs`"), "{checked}");
    assert!(!checked.contains("delete"), "{checked}");
    let evaluated = tl_ok(&photos, &["eval", "runs/data-1", "."]).stdout;
    assert!(evaluated.contains("passed over, made by tl itself"), "{evaluated}");
    let predicted = tl_ok(&photos, &["predict", "runs/data-1", "."]).stdout;
    assert_eq!(predicted.lines().count(), 12, "{predicted}");
    let rows = tl_ok(&photos, &["extract", ".", "--out", "f.npy"]).stdout;
    assert!(rows.starts_with("rows      12 of"), "{rows}");
}

#[test]
fn folders_of_a_split_by_other_names_train_and_judge() {
    let folder = two_classes(8);
    let at = folder.path();
    for (part, range) in [("training_set", 0..6), ("test_set", 6..8)] {
        for class in ["warm", "cold"] {
            fs::create_dir_all(at.join(format!("parts/{part}/{class}"))).unwrap();
            for i in range.clone() {
                let (from, to) = (format!("data/{class}/{i}.png"), format!("parts/{part}/{class}/{i}.png"));
                fs::copy(at.join(from), at.join(to)).unwrap();
            }
        }
    }
    let said =
        "note      folders are taken for the parts of a split: `test_set` is test, `training_set` is train\n";
    let trained = tl_ok(at, &["train", "parts", "--resize", "crop"]);
    assert!(trained.stderr.contains(said), "{}", trained.stderr);
    assert!(
        trained.stderr.contains("split     10 to train, 2 for validation, 4 for the test: "),
        "{}",
        trained.stderr
    );
    let page = fs::read_to_string(at.join("runs/parts-1/report.html")).unwrap();
    assert!(page.contains("`training_set` is train"), "not in the report");
    let judged = tl_ok(at, &["eval", "runs/parts-1", "parts"]).stdout;
    assert!(
        judged.starts_with(said) && judged.contains("part      test: the others are not judged\n"),
        "{judged}"
    );
    // What is not clear stops every command and can be said.
    fs::rename(at.join("parts/test_set"), at.join("parts/other")).unwrap();
    for arguments in [
        &["train", "parts"][..],
        &["eval", "runs/parts-1", "parts"],
        &["data", "check", "parts"],
        &["extract", "parts", "--out", "f.npy"],
        &["lr-find", "parts"],
    ] {
        let stopped = tl(at, arguments);
        assert_eq!(stopped.code, 1, "{arguments:?}");
        let hint = "hint: say it: --parts train=training_set,test=other, for example; ";
        assert!(stopped.stderr.contains(hint), "{arguments:?}: {}", stopped.stderr);
    }
    let parts = ["--parts", "train=training_set,test=other"];
    tl_ok(at, &[&["train", "parts", "--resize", "crop"][..], &parts].concat());
    let judged = tl_ok(at, &[&["eval", "runs/parts-2", "parts"][..], &parts].concat()).stdout;
    assert!(judged.contains("part      test"), "{judged}");
    tl_ok(at, &["train", "--config", "runs/parts-2/run.toml"]);
    let model = |run: &str| fs::read(at.join(run).join("model.safetensors")).unwrap();
    assert!(model("runs/parts-2") == model("runs/parts-3"), "run.toml gave another model");
    let wrong = tl(at, &["train", "parts", "--parts", "trian=x"]);
    assert!(
        wrong.stderr.starts_with("error: `trian=x` does not say which folder is which part\n"),
        "{}",
        wrong.stderr
    );
}

#[cfg(unix)]
mod encodings {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    /// `DATA/CLASS/N.png` for three classes whose names are Latin-1, in a folder of such a name.
    fn pictures(at: &Path) {
        let colors = [[250, 120, 60], [60, 120, 250], [120, 250, 60]];
        for (class, color) in [&b"caf\xe9"[..], b"caf\xe8", b"caf\xea"].into_iter().zip(colors) {
            let inside = at.join(OsStr::from_bytes(b"d\xff")).join(OsStr::from_bytes(class));
            fs::create_dir_all(&inside).unwrap();
            for seed in 0..6 {
                let name = [format!("{seed}").as_bytes(), b"\xf6.png"].concat();
                let file = inside.join(OsStr::from_bytes(&name));
                picture(color, seed).save_with_format(file, image::ImageFormat::Png).unwrap();
            }
        }
    }

    #[test]
    fn names_in_another_encoding_are_apart_in_every_file_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        pictures(at);
        let data = OsStr::from_bytes(b"d\xff");
        let run = |arguments: &[&str], last: &[&str]| {
            let ended = ended(command(at, arguments).arg(data).args(last).output().unwrap());
            assert_eq!(ended.code, 0, "{arguments:?} {last:?}: {}", ended.stderr);
            ended
        };
        let trained = run(&["train", "--resize", "crop", "--name", "run"], &[]);
        let classes = r"pictures  18 in 3 classes: caf\xe8 6, caf\xe9 6, caf\xea 6";
        assert!(trained.stderr.starts_with(classes), "{}", trained.stderr);
        let settings = fs::read_to_string(at.join("runs/run-1/run.toml")).unwrap();
        assert!(settings.contains(r"data = 'd\xff'"), "{settings}");
        tl_ok(at, &["train", "--config", "runs/run-1/run.toml"]);
        let model = |run: &str| fs::read(at.join(run).join("model.safetensors")).unwrap();
        assert!(model("runs/run-1") == model("runs/run-2"), "run.toml gave another model");
        let split = fs::read_to_string(at.join("runs/run-1/split.csv")).unwrap();
        assert!(split.contains(r"caf\xe9/3\xf6.png,caf\xe9,"), "{split}");
        run(&["train", "--resize", "crop", "--split", "runs/run-1/split.csv", "--name", "again"], &[]);
        let split = |run: &str| fs::read_to_string(at.join(run).join("split.csv")).unwrap();
        assert_eq!(split("runs/run-1"), split("runs/again-1"));
        run(&["eval", "runs/run-1"], &[]);

        let csv = tl_ok(at, &["predict", "runs/run-1", r"d\xff", "--csv"]).stdout;
        assert!(csv.contains(r"d\xff/caf\xea/5\xf6.png,1,caf\x"), "{csv}");
        let found = json(&tl_ok(at, &["predict", "runs/run-1", r"d\xff", "--json"]).stdout);
        let path = found[0]["path"].as_str().unwrap();
        assert_eq!(path, r"d\xff/caf\xe8/0\xf6.png");
        tl_ok(at, &["predict", "runs/run-1", path]);
        let table: String = csv
            .lines()
            .filter(|line| !line.contains(",2,") && !line.contains(",3,"))
            .collect::<Vec<_>>()
            .join("\n");
        fs::write(at.join("answers.csv"), table).unwrap();
        let read = tl_ok(at, &["data", "check", "answers.csv", "--json"]).stdout;
        assert_eq!(
            (&json(&read)["files"], &json(&read)["pictures"][0]["verdict"]),
            (&18.into(), &"good".into())
        );

        for file in ["f.npy", "f.parquet", "f.safetensors"] {
            let said = run(&["extract", "--json", "--out", file], &[]).stdout;
            assert_eq!(json(&said)["rows"], 18);
        }
        let names = fs::read_to_string(at.join("f.npy.csv")).unwrap();
        assert!(names.contains(r"caf\xe9/3\xf6.png,caf\xe9"), "{names}");
        let bytes = fs::read(at.join("f.safetensors")).unwrap();
        let metadata = safetensors::SafeTensors::read_metadata(&bytes).unwrap().1;
        let paths: Vec<String> =
            serde_json::from_str(&metadata.metadata().as_ref().unwrap()["paths"]).unwrap();
        assert!(paths.contains(&r"caf\xe9/3\xf6.png".to_string()), "{paths:?}");
    }

    #[test]
    fn a_model_knows_its_classes_in_both_spellings() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for (data, class) in [("data", "caf\u{e9}"), ("other", "cafe\u{301}")] {
            for (class, color) in [(class, [250, 120, 60]), ("tea", [60, 120, 250])] {
                let inside = at.join(data).join(class);
                fs::create_dir_all(&inside).unwrap();
                (0..6)
                    .for_each(|seed| picture(color, seed).save(inside.join(format!("{seed}.png"))).unwrap());
            }
        }
        tl_ok(at, &["train", "data", "--resize", "crop"]);
        tl_ok(at, &["eval", "runs/data-1", "other"]);
        let warm = tl_ok(at, &["train", "other", "--init-from", "runs/data-1"]).stderr;
        assert!(warm.contains("the head's rows of 2 of 2 classes;"), "{warm}");
    }
}

//! What a model has seen does not judge it, or is said to have been seen.

use safetensors::tensor::TensorView;
use safetensors::{SafeTensors, serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use crate::folders::{picture, two_classes};
use crate::program::{tl, tl_ok};

const QUICK: [&str; 2] = ["--resize", "crop"];

/// The record of a new run, and what was said meanwhile.
fn train(at: &Path, more: &[&str]) -> (Value, String) {
    let ended = tl_ok(at, &[&["train"], more, &QUICK[..]].concat());
    let run = ended.stdout.lines().find_map(|line| line.strip_prefix("run       ")).unwrap();
    let report = at.join(run.split_once(": open").unwrap().0).join("report.json");
    (serde_json::from_slice(&fs::read(report).unwrap()).unwrap(), ended.stderr)
}

fn eval(at: &Path, arguments: &[&str]) -> (Value, String) {
    let text = tl_ok(at, &[&["eval"], arguments].concat()).stdout;
    let json = tl_ok(at, &[&["eval"], arguments, &["--json"]].concat()).stdout;
    assert!(!json.contains("NaN") && !text.contains("NaN"), "{json} {text}");
    (serde_json::from_str(&json).unwrap(), text)
}

/// The contents of a part of a run's split.
fn contents(run: &Path, part: &str) -> BTreeSet<String> {
    let split = fs::read_to_string(run.join("split.csv")).unwrap();
    let rows = split.lines().skip(1).map(|line| line.rsplit(',').collect::<Vec<_>>());
    rows.filter(|cells| cells[0] == part).map(|cells| cells[1].to_owned()).collect()
}

/// The file as an older program wrote it: without a word about what trained it.
fn age(model: &Path) {
    let bytes = fs::read(model).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let mut header: Value = serde_json::from_str(&metadata.metadata().as_ref().unwrap()["tl"]).unwrap();
    assert!(header.as_object_mut().unwrap().remove("seen").is_some());
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensors: Vec<(String, TensorView<'_>)> =
        file.tensors().into_iter().filter(|(name, _)| name != "training.hashes").collect();
    let entry = HashMap::from([("tl".to_owned(), header.to_string())]);
    fs::write(model, serialize(tensors, Some(entry)).unwrap()).unwrap();
}

#[test]
fn pictures_that_trained_a_model_are_counted_and_judged_apart_whatever_they_are_called() {
    let folder = two_classes(10);
    let at = folder.path();
    for (run, more) in
        [("runs/data-1", &[][..]), ("runs/data-2", &["--slim"]), ("runs/data-3", &["--test", "0.2"])]
    {
        train(at, &[&["data"], more].concat());
        let trained = contents(&at.join(run), "train").len();
        let (json, text) = eval(at, &[run, "data"]);
        assert_eq!((&json["total"], &json["seen"]["known"]), (&20.into(), &true.into()));
        assert_eq!(
            (&json["seen"]["pictures"], &json["seen"]["related"]),
            (&trained.into(), &0.into()),
            "{run}"
        );
        assert_eq!(json["seen"]["trained"]["total"], trained);
        assert_eq!(json["seen"]["unseen"]["total"], 20 - trained);
        assert!(
            text.contains(&format!("seen      {trained} of 20 pictures trained the model: judged apart\n")),
            "{text}"
        );
        assert!(text.contains(&format!(" of {} unseen pictures", 20 - trained)), "{text}");
        assert!(
            text.contains(&format!("trained   accuracy 100.0 %, {trained} of {trained} pictures")),
            "{text}"
        );
    }
    // Under other names, in another place, beside new ones.
    fs::create_dir_all(at.join("new/warm")).unwrap();
    for seed in 0..10 {
        fs::copy(at.join(format!("data/warm/{seed}.png")), at.join(format!("new/warm/copy-{seed}.png")))
            .unwrap();
    }
    picture([250, 120, 60], 50).save(at.join("new/warm/new.png")).unwrap();
    let (json, _) = eval(at, &["runs/data-1", "new"]);
    let of_warm = json["seen"]["pictures"].as_u64().unwrap();
    assert_eq!((&json["total"], of_warm), (&11.into(), 8));
    // Of new ones alone none was seen.
    fs::remove_dir_all(at.join("new/warm")).unwrap();
    fs::create_dir(at.join("new/cold")).unwrap();
    picture([60, 120, 250], 50).save(at.join("new/cold/new.png")).unwrap();
    let (json, text) = eval(at, &["runs/data-1", "new"]);
    assert_eq!((&json["seen"]["pictures"], &json["seen"]["trained"]), (&0.into(), &Value::Null));
    assert!(
        text.starts_with(
            "seen      none of the 1 pictures trained the model, by the hashes of their files: "
        ),
        "{text}"
    );
}

#[test]
fn a_model_of_all_pictures_has_nothing_to_be_judged_by_among_them() {
    let folder = two_classes(6);
    let at = folder.path();
    train(at, &["data", "--folds", "3"]);
    let (json, text) = eval(at, &["runs/data-1", "data"]);
    assert_eq!((&json["seen"]["pictures"], &json["seen"]["unseen"]["total"]), (&12.into(), &0.into()));
    assert!(json["seen"]["unseen"]["accuracy"].is_null());
    assert!(text.contains("result    the model has seen all of these pictures"), "{text}");
    assert!(!text.contains("unseen pictures"), "{text}");
}

#[test]
fn an_older_model_does_not_say_what_it_has_seen_and_neither_does_its_child() {
    let folder = two_classes(6);
    let at = folder.path();
    train(at, &["data"]);
    age(&at.join("runs/data-1/model.safetensors"));
    let (json, text) = eval(at, &["runs/data-1", "data"]);
    assert_eq!((&json["total"], &json["seen"]["known"]), (&12.into(), &false.into()));
    assert!(
        text.starts_with("seen      unknown: the model does not say which pictures trained it"),
        "{text}"
    );
    assert!(text.contains(" of 12 pictures (95 %"), "{text}");
    let (record, said) = train(at, &["data", "--init-from", "runs/data-1"]);
    assert_eq!(
        record["data"]["seen_before"],
        serde_json::json!({"known": false, "pictures": 0, "train": false})
    );
    assert!(said.contains("not all that trained it is on record"), "{said}");
    let (json, text) = eval(at, &["runs/data-2", "data"]);
    assert_eq!((&json["seen"]["known"], &json["seen"]["pictures"]), (&false.into(), &10.into()));
    assert!(text.starts_with("seen      at least 10 of 12 pictures trained the model"), "{text}");
}

#[test]
fn what_trained_the_model_that_a_run_begins_from_does_not_judge() {
    let folder = two_classes(10);
    let at = folder.path();
    train(at, &["data"]);
    let ancestor = contents(&at.join("runs/data-1"), "train");
    // Another seed holds out other pictures, most of which trained the first run.
    let (fresh, _) = train(at, &["data", "--seed", "5", "--val", "0.4"]);
    let (record, said) = train(at, &["data", "--seed", "5", "--val", "0.4", "--init-from", "runs/data-1"]);
    let seen = record["data"]["seen_before"]["pictures"].as_u64().unwrap();
    let held_out = |run: &str| contents(&at.join(run), "val");
    let expected = held_out("runs/data-2").intersection(&ancestor).count() as u64;
    assert!(seen == expected && seen > 0, "{seen} {expected}");
    assert!(said.contains(&format!("seen      {seen} held-out pictures have trained runs/data-1")), "{said}");
    assert!(said.contains(": they train now and judge nothing\n"), "{said}");
    assert!(held_out("runs/data-3").is_disjoint(&ancestor));
    assert_eq!(
        record["evaluation"]["total"].as_u64(),
        Some(fresh["evaluation"]["total"].as_u64().unwrap() - seen)
    );
    let page = fs::read_to_string(at.join("runs/data-3/report.html")).unwrap();
    assert!(page.contains("trained the model that this one began from"), "the report does not say it");
    // A split that was given is not mixed; and grandchildren know all their ancestors' pictures.
    let split = ["data", "--split", "runs/data-2/split.csv", "--init-from", "runs/data-3"];
    let (record, said) = train(at, &split);
    let trained: BTreeSet<String> = &ancestor | &contents(&at.join("runs/data-3"), "train");
    let seen = held_out("runs/data-2").intersection(&trained).count();
    assert_eq!(
        record["data"]["seen_before"],
        serde_json::json!({"known": true, "pictures": seen, "train": false})
    );
    assert!(said.contains(": they judge nothing\n"), "{said}");
    assert_eq!(contents(&at.join("runs/data-4"), "train"), contents(&at.join("runs/data-2"), "train"));
    let (json, _) = eval(at, &["runs/data-4", "data"]);
    let all = (&trained | &contents(&at.join("runs/data-4"), "train")).len();
    assert_eq!(json["seen"]["pictures"], all);
    // With folds, too, and as weights.
    let model = "runs/data-1/model.safetensors";
    let (record, _) = train(at, &["data", "--folds", "4", "--weights", model]);
    assert_eq!(
        (&record["evaluation"]["total"], &record["data"]["seen_before"]["pictures"]),
        (&4.into(), &16.into())
    );
    let (record, said) = train(at, &["data", "--seed", "9", "--init-from", "runs/data-5"]);
    assert_eq!(
        (&record["evaluation"]["total"], &record["evaluation"]["accuracy"]),
        (&0.into(), &Value::Null)
    );
    assert!(said.contains("4 held-out pictures have trained"), "{said}");
}

#[test]
fn a_given_split_with_copies_on_both_sides_is_a_warning_and_nothing_is_said_to_stay_together() {
    let folder = two_classes(8);
    let at = folder.path();
    for (part, range) in [("train", 0..6), ("test", 6..8)] {
        for class in ["warm", "cold"] {
            fs::create_dir_all(at.join(format!("parts/{part}/{class}"))).unwrap();
            for i in range.clone() {
                let (from, to) = (format!("data/{class}/{i}.png"), format!("parts/{part}/{class}/{i}.png"));
                fs::copy(at.join(from), at.join(to)).unwrap();
            }
        }
    }
    let (record, said) = train(at, &["parts"]);
    assert!(
        said.contains(": test as the data give it, val stratified by class, seed 0; equal and similar"),
        "{said}"
    );
    assert!(record["data"]["across_parts"].is_null() && !said.contains("warning"), "{said}");
    fs::copy(at.join("data/warm/1.png"), at.join("parts/test/warm/again.png")).unwrap();
    image::open(at.join("data/cold/2.png")).unwrap().save(at.join("parts/test/cold/saved.bmp")).unwrap();
    let (record, said) = train(at, &["parts"]);
    assert_eq!(record["data"]["across_parts"], serde_json::json!({"pictures": 2, "equal": 1}));
    let warning = "warning   2 held-out pictures have a copy, a look-alike or one of their group among those that train, 1 as the \
                   same file: what they tell is too kind\n";
    assert!(said.contains(warning), "{said}");
    assert!(!said.contains("stay together"), "{said}");
    let page = fs::read_to_string(at.join("runs/parts-2/report.html")).unwrap();
    assert!(
        page.contains("2\u{a0}pictures of those held out have a copy")
            || page.contains("2 pictures of those held out have a copy")
    );
    let ended = tl_ok(at, &["train", "parts", "--resize", "crop"]);
    assert!(ended.stdout.contains(" of 6 held-out pictures"), "{}", ended.stdout);
}

/// A warm picture looks like the cold one of its number, so that groups of both classes hang together, too.
#[test]
fn pictures_of_a_group_count_as_one_in_every_interval() {
    let folder = two_classes(10);
    let at = folder.path();
    let rows = ["warm", "cold"].into_iter().flat_map(|class| {
        (0..10).map(move |seed| format!("data/{class}/{seed}.png,{class},{class}{}\n", seed / 5))
    });
    fs::write(at.join("labels.csv"), format!("path,label,group\n{}", rows.collect::<String>())).unwrap();
    let table = ["labels.csv", "--group-column", "group", "--folds", "2"];
    let (record, said) = train(at, &table);
    assert_eq!((&record["evaluation"]["total"], &record["evaluation"]["groups"]), (&20.into(), &2.into()));
    assert!(said.contains("; groups, equal and similar pictures stay together"), "{said}");
    let page = fs::read_to_string(at.join("runs/labels-1/report.html")).unwrap();
    assert!(page.contains("bootstrapped over groups"));
    let width = |json: &Value| {
        let end = |end: &str| json["interval"][end].as_f64().unwrap();
        end("high") - end("low")
    };
    let (single, _) = eval(at, &["runs/labels-1", "data"]);
    let (grouped, text) = eval(at, &["runs/labels-1", "data", "--group", "(warm|cold)/[0-4]"]);
    assert_eq!((&single["groups"], &grouped["groups"]), (&10.into(), &6.into()));
    assert!(width(&grouped) > width(&single), "{grouped}");
    assert!(text.contains("trained   accuracy"), "{text}");
}

#[test]
fn one_class_or_some_are_judged_and_what_is_not_there_is_named() {
    let folder = two_classes(6);
    let at = folder.path();
    fs::create_dir(at.join("data/green")).unwrap();
    (0..6).for_each(|seed| {
        picture([60, 250, 90], seed).save(at.join(format!("data/green/{seed}.png"))).unwrap()
    });
    train(at, &["data"]);
    let classes = BTreeMap::from([("warm", [250, 120, 60]), ("cold", [60, 120, 250])]);
    for (new, missing) in [(&["warm"][..], "cold, green"), (&["cold", "warm"], "green")] {
        let root = at.join(format!("new-{}", new.len()));
        for class in new {
            fs::create_dir_all(root.join(class)).unwrap();
            (50..54).for_each(|seed| {
                picture(classes[class], seed).save(root.join(class).join(format!("{seed}.png"))).unwrap()
            });
        }
        let (json, text) = eval(at, &["runs/data-1", root.to_str().unwrap()]);
        assert_eq!(json["total"], 4 * new.len());
        assert!(json["balanced_accuracy"].is_number(), "{json}");
        assert!(
            text.contains(&format!("missing   no picture shows {missing}: nothing is known about that\n")),
            "{text}"
        );
        let over = format!("balanced over the {} of 3 classes with pictures ", new.len());
        assert!(text.contains(&over), "{text}");
        // A folder without pictures says no more than one that is not there.
        fs::create_dir(root.join("green")).unwrap();
        assert_eq!(eval(at, &["runs/data-1", root.to_str().unwrap()]).0["total"], 4 * new.len());
    }
    // What the model does not know is named, and can be left out.
    fs::rename(at.join("data/green"), at.join("data/grass")).unwrap();
    let ended = tl(at, &["eval", "runs/data-1", "data"]);
    assert!(
        ended.code == 1 && ended.stderr.contains("the model does not know the class `grass`"),
        "{}",
        ended.stderr
    );
    let (json, _) = eval(at, &["runs/data-1", "data", "--exclude", "grass/**"]);
    assert_eq!(json["total"], 12);
}

#[test]
fn labels_that_no_picture_has_are_named_and_the_others_measured() {
    let folder = two_classes(8);
    let at = folder.path();
    let rows = |labels: &dyn Fn(&str, u32) -> String| -> String {
        let pictures = ["warm", "cold"].into_iter().flat_map(|class| (0..8).map(move |seed| (class, seed)));
        pictures.map(|(class, seed)| format!("data/{class}/{seed}.png,{}\n", labels(class, seed))).collect()
    };
    let two = |class: &str, seed: u32| {
        if seed.is_multiple_of(2) { format!("{class}|even") } else { class.to_owned() }
    };
    fs::write(at.join("all.csv"), format!("path,label\n{}", rows(&two))).unwrap();
    train(at, &["all.csv", "--label-separator", "|"]);
    let one = |class: &str, _: u32| class.to_owned();
    let one: String =
        rows(&one).lines().filter(|line| line.ends_with("warm")).map(|line| format!("{line}\n")).collect();
    fs::write(at.join("warm.csv"), format!("path,label\n{one}")).unwrap();
    let (json, text) = eval(at, &["runs/all-1", "warm.csv", "--label-separator", "|"]);
    assert_eq!((&json["total"], &json["seen"]["unseen"]["part"]), (&8.into(), &"external".into()));
    assert!(json["mean_average_precision"]["value"].is_number(), "{json}");
    assert!(text.contains("missing   no picture shows cold, even: nothing is known about that\n"), "{text}");
}

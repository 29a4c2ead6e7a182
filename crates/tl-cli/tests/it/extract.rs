//! `tl extract`: features in files that other programs read.

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use safetensors::SafeTensors;
use serde_json::Value;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use tl_data::PictureLocation;
use tl_frozen::Frozen;
use tl_image::Limits;
use tl_model::{Pretrained, open_device};
use tl_pipeline::Quiet;
use tl_weights::FetchConfig;

use crate::folders::{picture, two_classes};
use crate::network::checkpoint;
use crate::program::{Ended, command, ended, tl, tl_ok};

/// What a file of features holds.
#[derive(Debug, Default, PartialEq)]
struct Held {
    /// Of the features, the number of rows first.
    shape: Vec<usize>,
    features: Vec<f32>,
    paths: Vec<String>,
    /// Several with `|` between them; empty without any.
    labels: Vec<String>,
}

impl Held {
    fn rows(&self) -> Vec<(&String, &String, &[f32])> {
        let width = self.shape[1..].iter().product();
        let named = self.paths.iter().zip(&self.labels);
        named.zip(self.features.chunks(width)).map(|((path, label), row)| (path, label, row)).collect()
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect()
}

fn npy(path: &Path) -> Held {
    let bytes = fs::read(path).unwrap();
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = String::from_utf8_lossy(&bytes[10..start]).into_owned();
    assert!(header.starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': ("), "{header}");
    let shape =
        header.split(['(', ')']).nth(1).unwrap().split(", ").map(|side| side.parse().unwrap()).collect();
    let table = fs::read_to_string(format!("{}.csv", path.display())).unwrap();
    let mut held = Held { shape, features: floats(&bytes[start..]), ..Held::default() };
    for (number, line) in table.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], number.to_string());
        held.paths.push(cells[1].to_owned());
        held.labels.push(cells[2].to_owned());
    }
    held
}

fn safetensors(path: &Path) -> Held {
    let bytes = fs::read(path).unwrap();
    let (_, metadata) = SafeTensors::read_metadata(&bytes).unwrap();
    let about = metadata.metadata().clone().unwrap();
    let names = |key: &str| -> Vec<String> { serde_json::from_str(&about[key]).unwrap() };
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let (features, labels) = (tensors.tensor("features").unwrap(), tensors.tensor("labels").unwrap());
    let numbers = labels.data().chunks_exact(8).map(|eight| i64::from_le_bytes(eight.try_into().unwrap()));
    let (numbers, classes): (Vec<i64>, _) = (numbers.collect(), names("classes"));
    let label = |row: &[i64]| match labels.shape().len() {
        1 => usize::try_from(row[0]).map_or(String::new(), |class| classes[class].clone()),
        _ => {
            let has = classes.iter().zip(row).filter(|(_, hot)| **hot == 1).map(|(class, _)| class.clone());
            has.collect::<Vec<_>>().join("|")
        }
    };
    let width: usize = labels.shape()[1..].iter().product();
    let (shape, features) = (features.shape().to_vec(), floats(features.data()));
    assert_eq!(about["shape"], serde_json::json!(shape[1..]).to_string());
    Held { shape, features, paths: names("paths"), labels: numbers.chunks(width).map(label).collect() }
}

fn parquet(path: &Path) -> Held {
    let reader = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
    let about = reader.metadata().file_metadata().key_value_metadata().unwrap();
    let shape = about.iter().find(|entry| entry.key == "shape").unwrap().value.clone().unwrap();
    let shape: Vec<usize> = serde_json::from_str(&shape).unwrap();
    let mut held = Held::default();
    for row in reader.get_row_iter(None).unwrap() {
        for (name, field) in row.unwrap().get_column_iter() {
            match (name.as_str(), field) {
                ("path", Field::Str(path)) => held.paths.push(path.clone()),
                ("label", Field::Str(label)) => held.labels.push(label.clone()),
                ("label", Field::Null) => held.labels.push(String::new()),
                ("label", Field::ListInternal(list)) => {
                    let names = list.elements().iter().map(|name| name.to_string().replace('"', ""));
                    held.labels.push(names.collect::<Vec<_>>().join("|"));
                }
                ("features", Field::ListInternal(list)) => {
                    held.features.extend(list.elements().iter().map(|value| match value {
                        Field::Float(value) => *value,
                        other => panic!("{other:?}"),
                    }));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    held.shape = [vec![held.paths.len()], shape].concat();
    held
}

fn extract(at: &Path, out: &str, more: &[&str]) -> Ended {
    tl_ok(at, &[&["extract", "data", "--out", out][..], more].concat())
}

/// What the network makes of one picture, by the library's own parts.
fn computed(picture: &Path) -> Vec<f32> {
    let device = open_device("cpu").unwrap();
    let pretrained = Pretrained::named("efficientnet_lite0").unwrap();
    let (backbone, _) = pretrained.load(&device, &FetchConfig::from_env(), &Quiet).unwrap();
    let preprocess = &pretrained.preprocess;
    let place = PictureLocation::from(picture.to_path_buf());
    let part =
        place.decode_part(&Limits::default(), preprocess.fill, |full| preprocess.wanted(full)).unwrap();
    let mut image = vec![0.0; 3 * (preprocess.size as usize).pow(2)];
    preprocess.write_part(&part, &mut image);
    Frozen::new(backbone, device).features(image, preprocess.size as usize).values().to_vec()
}

#[test]
fn the_three_formats_agree_and_hold_what_the_library_computes() {
    let folder = two_classes(3);
    let at = folder.path();
    for out in ["f.npy", "f.safetensors", "f.parquet"] {
        let said = extract(at, out, &[]).stdout;
        assert!(said.starts_with("rows      6 of 1,280 numbers, float32\nfile      f."), "{said}");
    }
    let held = npy(&at.join("f.npy"));
    assert_eq!(held.shape, [6, 1280]);
    assert_eq!(
        held.paths,
        ["cold/0.png", "cold/1.png", "cold/2.png", "warm/0.png", "warm/1.png", "warm/2.png"]
    );
    assert_eq!(held.labels, ["cold", "cold", "cold", "warm", "warm", "warm"]);
    assert_eq!(held, safetensors(&at.join("f.safetensors")));
    assert_eq!(held, parquet(&at.join("f.parquet")));
    for (path, _, row) in held.rows() {
        assert!(row == computed(&at.join("data").join(path)), "{path}");
    }
}

#[test]
fn maps_behind_a_stage_keep_their_shape_and_pooling_them_gives_the_pooled() {
    let folder = two_classes(2);
    let at = folder.path();
    let listed = tl_ok(at, &["backbones", "efficientnet_lite0", "--json"]).stdout;
    let stages = serde_json::from_str::<Value>(&listed).unwrap()["stages"].clone();
    let (first, last) = (stages[0]["name"].as_str().unwrap(), stages.as_array().unwrap().last().unwrap());
    for out in ["f.npy", "f.safetensors", "f.parquet"] {
        extract(at, out, &["--at", last["name"].as_str().unwrap()]);
    }
    let maps = npy(&at.join("f.npy"));
    assert_eq!(maps.shape, [4, 1280, 7, 7]);
    assert_eq!(maps, safetensors(&at.join("f.safetensors")));
    assert_eq!(maps, parquet(&at.join("f.parquet")));
    extract(at, "pooled.npy", &[]);
    let pooled = npy(&at.join("pooled.npy"));
    for (mean, value) in
        maps.features.chunks(49).map(|map| map.iter().sum::<f32>() / 49.0).zip(pooled.features)
    {
        // Sums of 49 numbers of about 1, in another order.
        assert!((mean - value).abs() < 1e-5, "{mean} and {value}");
    }
    extract(at, "first.npy", &["--at", first]);
    assert_eq!(npy(&at.join("first.npy")).shape[1..], [32, 112, 112]);
    let unknown = tl(at, &["extract", "data", "--out", "x.npy", "--at", "layer9"]);
    let message = format!("error: the network has no stage `layer9`: give `pooled`, or one of `{first}`, `");
    assert!(unknown.code == 1 && unknown.stderr.starts_with(&message), "{}", unknown.stderr);
}

#[test]
fn shards_put_together_are_the_whole_and_do_not_depend_on_each_other() {
    let folder = two_classes(5);
    let at = folder.path();
    extract(at, "whole.npy", &[]);
    let whole = npy(&at.join("whole.npy"));
    let shards: Vec<Held> = ["1/4", "2/4", "3/4", "4/4"]
        .map(|shard| {
            let out = format!("{}.npy", &shard[..1]);
            extract(at, &out, &["--shard", shard]);
            let once = fs::read(at.join(&out)).unwrap();
            extract(at, &out, &["--shard", shard, "--no-cache"]);
            assert!(once == fs::read(at.join(&out)).unwrap(), "{shard} changed");
            npy(&at.join(&out))
        })
        .into();
    let mut rows: Vec<_> = shards.iter().flat_map(Held::rows).collect();
    rows.sort_by_key(|row| row.0);
    assert_eq!(rows, whole.rows());
    let sizes: Vec<usize> = shards.iter().map(|held| held.paths.len()).collect();
    assert_eq!(sizes, [3, 3, 2, 2]);
    for shard in ["0/4", "5/4", "x"] {
        let refused = tl(at, &["extract", "data", "--out", "x.npy", "--shard", shard]);
        let message = format!("`{shard}` is none of so many shards: the third of sixteen is 3/16");
        assert!(refused.code == 2 && refused.stderr.contains(&message), "{}", refused.stderr);
    }
}

/// A picture whose header is whole.
fn damaged(path: &Path) {
    let whole = path.with_extension("whole.png");
    picture([9, 90, 200], 77).save(&whole).unwrap();
    fs::write(path, &fs::read(&whole).unwrap()[..200]).unwrap();
    fs::remove_file(whole).unwrap();
}

#[test]
fn bad_files_are_named_and_have_no_row() {
    let folder = two_classes(3);
    let at = folder.path();
    extract(at, "good.npy", &[]);
    fs::write(at.join("data/cold/9.png"), "no picture").unwrap();
    damaged(&at.join("data/warm/9.png"));
    for (out, held) in
        [("bad.npy", npy as fn(&Path) -> Held), ("bad.safetensors", safetensors), ("bad.parquet", parquet)]
    {
        let found = tl(at, &["extract", "data", "--out", out, "--max-bad", "2"]);
        assert_eq!(found.code, 1, "{}", found.stderr);
        assert!(
            found.stderr.contains("skipped   cold/9.png: not a picture (it is text)\n"),
            "{}",
            found.stderr
        );
        assert!(found.stderr.contains("skipped   warm/9.png: "), "{}", found.stderr);
        assert!(found.stdout.contains("skipped   2 of 8 files cannot be used\n"), "{}", found.stdout);
        assert_eq!(held(&at.join(out)), npy(&at.join("good.npy")));
    }
    let refused = tl(at, &["extract", "data", "--out", "none.npy"]);
    assert!(refused.stderr.contains("2 of 8 files cannot be used, the limit is 1"), "{}", refused.stderr);
    assert!(!at.join("none.npy").exists() && !at.join("none.npy.csv").exists());
}

#[test]
fn a_second_run_takes_everything_from_the_cache_and_writes_the_same_bytes() {
    let folder = two_classes(3);
    let at = folder.path();
    for out in ["f.npy", "f.safetensors", "f.parquet"] {
        let bytes = |more: &[&str]| (extract(at, out, more).stderr, fs::read(at.join(out)).unwrap());
        let (_, first) = bytes(&["--no-cache"]);
        bytes(&[]);
        let (said, second) = bytes(&[]);
        assert!(said.ends_with("features  6 of 6 from the cache\n"), "{said}");
        assert!(first == second, "the cache changed {out}");
    }
    let again = extract(at, "f.npy", &[]).stdout;
    assert!(again.ends_with("file      f.npy, f.npy.csv, in the place of an earlier one\n"), "{again}");
}

#[test]
fn what_ends_in_the_middle_leaves_the_old_file_and_no_half_of_a_new_one() {
    let folder = two_classes(3);
    let at = folder.path();
    let files = || {
        let names = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.contains("f.")).collect();
        names.sort();
        names
    };
    for (out, written) in [
        ("f.parquet", &["f.parquet"][..]),
        ("f.safetensors", &["f.safetensors"]),
        ("f.npy", &["f.npy", "f.npy.csv"]),
    ] {
        let content = || written.iter().map(|name| fs::read(at.join(name)).unwrap()).collect::<Vec<_>>();
        extract(at, out, &[]);
        let old = content();
        // A process that was killed had written this much.
        for name in written {
            let half = "half of something long ".repeat(9_999);
            fs::write(at.join(format!(".{name}.unfinished")), half).unwrap();
        }
        extract(at, out, &[]);
        assert!(old == content(), "{out} is not as without a leftover");
        let before = files();
        assert!(!before.iter().any(|name| name.ends_with(".unfinished")), "{before:?}");
        // Found out when the new file has been begun.
        (7..9).for_each(|number| damaged(&at.join(format!("data/warm/{number}.png"))));
        let failed = tl(at, &["extract", "data", "--out", out]);
        assert!(failed.code == 1 && failed.stderr.contains("the limit is 1"), "{}", failed.stderr);
        assert!(old == content(), "{out} changed");
        assert_eq!(files(), before);
        (7..9).for_each(|number| fs::remove_file(at.join(format!("data/warm/{number}.png"))).unwrap());
    }
}

#[test]
fn a_file_that_another_process_writes_is_left_alone() {
    let folder = two_classes(2);
    let at = folder.path();
    let other = fs::File::create(at.join(".f.npy.unfinished")).unwrap();
    other.lock().unwrap();
    let busy = tl(at, &["extract", "data", "--out", "f.npy"]);
    assert_eq!(busy.code, 1);
    assert!(
        busy.stderr.starts_with("error: cannot write `f.npy`: another process is writing it\n"),
        "{}",
        busy.stderr
    );
    assert!(at.join(".f.npy.unfinished").exists());
}

#[test]
fn a_model_gives_the_features_of_its_own_network_and_preprocessing() {
    let folder = two_classes(6);
    let at = folder.path();
    tl_ok(at, &["train", "data", "--resize", "squash"]);
    extract(at, "crop.npy", &[]);
    extract(at, "squash.npy", &["--resize", "squash"]);
    extract(at, "frozen.npy", &["--model", "runs/data-1"]);
    let [crop, squash, frozen] =
        ["crop", "squash", "frozen"].map(|name| npy(&at.join(format!("{name}.npy"))));
    assert!(frozen == squash && frozen != crop);
    fs::write(at.join("w.safetensors"), checkpoint("mobilenetv3_small_100")).unwrap();
    let network = ["--backbone", "mobilenetv3_small_100", "--weights", "w.safetensors"];
    let trained =
        ["--recipe", "scratch", "--epochs", "1", "--batch", "16", "--resize", "crop", "--name", "own"];
    tl_ok(at, &[&["train", "data"][..], &network, &trained].concat());
    extract(at, "published.npy", &network);
    extract(at, "own.npy", &["--model", "runs/own-1"]);
    let [published, own] = ["published.npy", "own.npy"].map(|name| npy(&at.join(name)));
    assert!(own.shape == published.shape && own.features != published.features);
}

#[test]
fn pictures_without_labels_and_with_several_are_written_too() {
    let folder = two_classes(3);
    let at = folder.path();
    fs::create_dir(at.join("flat")).unwrap();
    (0..3).for_each(|i| {
        drop(fs::copy(at.join(format!("data/warm/{i}.png")), at.join(format!("flat/{i}.png"))))
    });
    fs::write(at.join("t.csv"), "path,label\ndata/warm/0.png,red|big\ndata/cold/1.png,big\n").unwrap();
    let several = &["t.csv", "--label-separator", "|"][..];
    for (source, paths, labels) in [
        (&["flat"][..], &["0.png", "1.png", "2.png"][..], &["", "", ""][..]),
        (several, &["data/cold/1.png", "data/warm/0.png"], &["big", "big|red"]),
    ] {
        let held =
            [("f.npy", npy as fn(&Path) -> Held), ("f.safetensors", safetensors), ("f.parquet", parquet)]
                .map(|(out, held)| {
                    tl_ok(at, &[&["extract", "--out", out], source].concat());
                    held(&at.join(out))
                });
        assert_eq!(held[0].paths, paths);
        assert_eq!(held[0].labels, labels);
        assert!(held.iter().all(|other| *other == held[0]), "{source:?}");
    }
}

#[test]
fn a_list_comes_from_standard_input_in_any_order() {
    let folder = two_classes(3);
    let at = folder.path();
    let mut child = command(at, &["extract", "-", "--out", "f.npy"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"data/warm/2.png\ndata/warm/0.png\n").unwrap();
    let ended = ended(child.wait_with_output().unwrap());
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("pictures  2 in 1 class: warm 2\n"), "{}", ended.stderr);
    assert_eq!(npy(&at.join("f.npy")).paths, ["data/warm/0.png", "data/warm/2.png"]);
}

#[test]
fn what_cannot_be_written_is_said_before_anything_is_computed() {
    let folder = two_classes(2);
    let at = folder.path();
    fs::write(at.join("t.parquet"), "").unwrap();
    for (data, out, message) in [
        ("data", "f.csv", "`f.csv` ends in none of .parquet, .npy and .safetensors"),
        ("data", "f", "`f` ends in none of .parquet, .npy and .safetensors"),
        ("data", "none/f.npy", "cannot write `none/f.npy`: no such file or directory"),
        ("t.parquet", "./t.parquet", "`./t.parquet` is what the pictures are read from"),
    ] {
        let refused = tl(at, &["extract", data, "--out", out]);
        assert_eq!(refused.code, 1);
        assert!(refused.stderr.starts_with(&format!("error: {message}\n")), "{}", refused.stderr);
    }
}

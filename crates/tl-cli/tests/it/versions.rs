//! What earlier versions of the program wrote is still read, and the same commands still put out the same.
//!
//! `crates/tl-pipeline/tests/golden/versions/` holds what was written, its README says how. With `TL_RECORD` set,
//! the outputs of the commands are written there instead of compared.

use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use crate::folders::stamps;
use crate::network::checkpoint;
use crate::program::{Ended, tl_ok};

/// What differs between two runs of one command: time, memory, and pictures as text.
const PASSING: &[&str] =
    &["created", "timings", "seconds", "peak_memory_bytes", "thumbnail", "command", "tl_version", "folder"];
/// What numbers may differ by on another kind of processor, where training multiplies such differences.
const TOLERANCE: f64 = 2e-3;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tl-pipeline/tests/golden/versions").join(name)
}

/// `data/birds` and `data/flowers` with the first eight stamps of each, and `labels.csv`, which gives them labels.
fn pictures() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut labels = "path,labels\n".to_owned();
    for class in ["birds", "flowers"] {
        let inside = folder.path().join("data").join(class);
        fs::create_dir_all(&inside).unwrap();
        let mut names: Vec<_> =
            fs::read_dir(stamps().join(class)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        for (number, name) in names.iter().take(8).enumerate() {
            fs::copy(stamps().join(class).join(name), inside.join(name)).unwrap();
            let more = if number % 2 == 0 { "|even" } else { "" };
            labels += &format!("data/{class}/{},{class}{more}\n", name.to_str().unwrap());
        }
    }
    fs::write(folder.path().join("labels.csv"), labels).unwrap();
    folder
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let name = entry.unwrap().file_name();
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Words and numbers of a text: everything between white space, commas and brackets.
fn words(text: &str) -> Vec<&str> {
    text.split(|c: char| c.is_whitespace() || ",[]{}:\"".contains(c))
        .filter(|word| !word.is_empty())
        .collect()
}

/// Texts are the same but for the last digits of their numbers.
fn assert_near(found: &str, expected: &str, what: &str) {
    let (found_words, expected_words) = (words(found), words(expected));
    assert_eq!(found_words.len(), expected_words.len(), "{what}\n{found}\n{expected}");
    for (a, b) in found_words.iter().zip(&expected_words) {
        let near = match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => (a - b).abs() <= TOLERANCE * b.abs().max(1.0),
            _ => a == b,
        };
        assert!(near, "{what}: {a} instead of {b}\n{found}");
    }
}

/// JSON without what differs between two runs.
fn lasting(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| !PASSING.contains(&key.as_str()));
            map.values_mut().for_each(lasting);
        }
        Value::Array(values) => values.iter_mut().for_each(lasting),
        _ => {}
    }
}

/// The processor, as far as bits may depend on it: its model, whose caches decide in which order burn's products add up,
/// and its registers, which a virtual machine may hide.
fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let value = |name: &str| {
        let line = info.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name));
        line.and_then(|line| line.split(':').nth(1)).unwrap_or("?").trim().to_owned()
    };
    let flags = value("flags");
    let has = |flag: &&str| flags.split(' ').any(|there| there == *flag);
    let registers = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16"].into_iter().filter(has);
    ["vendor_id", "cpu family", "model"]
        .map(value)
        .into_iter()
        .chain(registers.map(str::to_owned))
        .collect::<Vec<_>>()
        .join(" ")
}

struct Outputs {
    folder: TempDir,
    found: BTreeMap<String, Vec<u8>>,
}

impl Outputs {
    fn run(&self, arguments: &[&str]) -> Ended {
        tl_ok(self.folder.path(), arguments)
    }

    fn keep(&mut self, name: &str, bytes: Vec<u8>) {
        assert!(self.found.insert(name.to_owned(), bytes).is_none(), "{name} twice");
    }

    /// What a command prints.
    fn printed(&mut self, name: &str, arguments: &[&str]) {
        let mut text = self.run(arguments).stdout;
        if let Ok(mut json) = serde_json::from_str::<Value>(&text) {
            lasting(&mut json);
            text = serde_json::to_string_pretty(&json).unwrap() + "\n";
        }
        self.keep(name, text.into_bytes());
    }

    /// A run's model, settings, split, record, and what it says about the pictures it was made of.
    fn trained(&mut self, name: &str, arguments: &[&str]) {
        self.run(&[&["train"], arguments, &["--name", name]].concat());
        let run = format!("runs/{name}-1");
        for file in ["run.toml", "split.csv", "model.safetensors", "report.json"] {
            let mut bytes = fs::read(self.folder.path().join(&run).join(file)).unwrap();
            if file == "report.json" {
                let mut json = serde_json::from_slice(&bytes).unwrap();
                lasting(&mut json);
                bytes = serde_json::to_vec_pretty(&json).unwrap();
            }
            if file == "run.toml" {
                // The first line says when.
                bytes = bytes.splitn(2, |byte| *byte == b'\n').nth(1).unwrap().to_vec();
            }
            self.keep(&format!("{name}/{file}"), bytes);
        }
        self.printed(&format!("{name}/predict.csv"), &["predict", &run, "data", "--csv"]);
    }

    fn file(&mut self, name: &str) {
        let bytes = fs::read(self.folder.path().join(name)).unwrap();
        self.keep(name, bytes);
    }

    fn hashes(&self) -> BTreeMap<String, String> {
        let hash = |bytes: &Vec<u8>| blake3::hash(bytes).to_hex()[..16].to_owned();
        self.found.iter().map(|(name, bytes)| (name.clone(), hash(bytes))).collect()
    }
}

fn outputs() -> Outputs {
    let mut outputs = Outputs { folder: pictures(), found: BTreeMap::new() };
    fs::write(outputs.folder.path().join("w.safetensors"), checkpoint("mobilenetv3_small_100")).unwrap();
    let other = ["--backbone", "mobilenetv3_small_100", "--weights", "w.safetensors"];
    let steps = ["data", "--resize", "squash", "--epochs", "1", "--batch", "8", "--lr", "1e-4"];
    outputs.trained("plain", &["data"]);
    outputs.trained("folds", &["data", "--folds", "2", "--resize", "squash"]);
    outputs.trained("labels", &["labels.csv", "--label-separator", "|", "--resize", "squash"]);
    for recipe in ["classic", "lp-ft", "fine-tune", "gradual", "bit", "full", "scratch"] {
        outputs.trained(recipe, &[&steps[..], &other, &["--recipe", recipe]].concat());
    }
    outputs.printed("plain/predict.json", &["predict", "runs/plain-1", "data", "--json"]);
    outputs.printed("plain/eval.json", &["eval", "runs/plain-1", "data", "--json"]);
    outputs.printed("plain/eval.txt", &["eval", "runs/plain-1", "data"]);
    outputs.printed(
        "labels/eval.json",
        &["eval", "runs/labels-1", "labels.csv", "--label-separator", "|", "--json"],
    );
    outputs.printed("pretrained.csv", &["predict", "--model", "efficientnet_lite0", "data/birds", "--csv"]);
    outputs.run(&["extract", "data", "--out", "lite0.npy"]);
    outputs.run(&[&["extract", "data", "--out", "mobilenet.npy"][..], &other].concat());
    outputs.file("lite0.npy");
    outputs.file("mobilenet.npy");
    outputs
}

/// Files whose text is compared where the bits of another processor differ.
fn is_text(name: &str) -> bool {
    [".csv", ".toml", ".txt"].iter().any(|ending| name.ends_with(ending)) || name == "plain/eval.json"
}

fn flat(name: &str) -> String {
    name.replace('/', "_")
}

#[test]
fn commands_put_out_what_they_did() {
    let outputs = outputs();
    let (table, processor, found) = (golden("hashes.json"), processor(), outputs.hashes());
    let mut known: BTreeMap<String, BTreeMap<String, String>> =
        fs::read(&table).map_or_else(|_| BTreeMap::new(), |bytes| serde_json::from_slice(&bytes).unwrap());
    let texts = outputs.found.iter().filter(|(name, _)| is_text(name));
    let texts = texts
        .map(|(name, bytes)| (name, golden("outputs").join(flat(name)), std::str::from_utf8(bytes).unwrap()));
    if std::env::var_os("TL_RECORD").is_some() {
        texts.for_each(|(_, path, text)| fs::write(path, text).unwrap());
        known.insert(processor, found);
        fs::write(table, serde_json::to_string_pretty(&known).unwrap() + "\n").unwrap();
        return;
    }
    for (name, path, text) in texts {
        assert_near(text, &fs::read_to_string(path).unwrap(), name);
    }
    match known.get(&processor) {
        Some(expected) => {
            let differing: Vec<_> =
                found.iter().filter(|(name, hash)| expected.get(*name) != Some(hash)).collect();
            assert!(differing.is_empty() && found.len() == expected.len(), "other bits: {differing:?}");
        }
        None => eprintln!("skipped: no hashes are recorded of {processor}; texts were compared"),
    }
}

#[test]
fn models_of_every_schema_answer_as_they_did() {
    let folder = pictures();
    for schema in 1..=3 {
        let name = format!("schema-{schema}.safetensors");
        fs::copy(golden(&name), folder.path().join(&name)).unwrap();
        let answers = tl_ok(folder.path(), &["predict", &name, "data", "--csv"]).stdout;
        let expected = fs::read_to_string(golden(&format!("outputs/schema-{schema}.csv"))).unwrap();
        assert_near(&answers, &expected, &name);
    }
}

#[test]
fn a_run_that_an_earlier_version_began_is_gone_on_with() {
    let folder = pictures();
    copy(&golden("stopped-run"), &folder.path().join("runs/stopped-1"));
    let said = tl_ok(folder.path(), &["resume", "runs/stopped-1"]);
    assert!(said.stderr.contains("resumed   going on from checkpoint step-000002\n"), "{}", said.stderr);
    tl_ok(folder.path(), &["predict", "runs/stopped-1", "data"]);
}

#[test]
fn settings_that_an_earlier_version_wrote_say_the_same() {
    let folder = pictures();
    fs::copy(golden("run.toml"), folder.path().join("run.toml")).unwrap();
    tl_ok(folder.path(), &["train", "--config", "run.toml", "--no-cache"]);
    let settings = |path: PathBuf| {
        fs::read_to_string(path).unwrap().lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(settings(folder.path().join("runs/s1-1/run.toml")), settings(golden("run.toml")));
}

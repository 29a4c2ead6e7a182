//! Every way that a commit can end badly, and every way that a checkpoint can be damaged.

use serde_json::json;
use std::fs;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::path::Path;
use tempfile::TempDir;
use tl_files::faulty::{FaultyDisk, Names, Trouble};

use super::name::Name;
use super::{Checkpoint, Checkpoints};
use crate::error::TrainError;

const ONE: NonZeroUsize = NonZeroUsize::MIN;

fn open(folder: &TempDir, keep: NonZeroUsize) -> Checkpoints {
    Checkpoints::open(folder.path(), "run", keep).unwrap()
}

/// Bytes that tell which commit wrote them.
fn content(of: u64, length: u64) -> Vec<u8> {
    (0..length).map(|at| (of * 31 + at * at) as u8).collect()
}

fn commit(checkpoints: &Checkpoints, step: u64, mark: u64) {
    commit_with(checkpoints, &FaultyDisk::sound(), step, mark).unwrap();
}

fn commit_with(
    checkpoints: &Checkpoints,
    disk: &dyn tl_files::Disk,
    step: u64,
    mark: u64,
) -> Result<(), TrainError> {
    let (model, optimizer) = (content(mark, 2000), content(mark, 500));
    let files = [("model.safetensors", &*model), ("optimizer.safetensors", &optimizer)];
    checkpoints.commit_on(disk, step, &json!({"mark": mark}), &files).map(|_| ())
}

/// Which commit a checkpoint is of, after a look at all of it.
fn mark(checkpoint: &Checkpoint) -> u64 {
    let mark = checkpoint.cursor["mark"].as_u64().unwrap();
    assert_eq!(checkpoint.files["model.safetensors"], content(mark, 2000));
    assert_eq!(checkpoint.files["optimizer.safetensors"], content(mark, 500));
    mark
}

fn newest_mark(checkpoints: &Checkpoints) -> Option<u64> {
    checkpoints.newest().unwrap().map(|checkpoint| {
        assert_eq!(checkpoint.skipped, []);
        mark(&checkpoint)
    })
}

fn entries(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A commit that tests let go wrong: over nothing, over the step before, over the same step.
const COMMITS: [(Option<u64>, u64); 3] = [(None, 120), (Some(110), 120), (Some(120), 120)];

/// A folder with the old checkpoint alone, whose mark is 1.
fn before(old: Option<u64>) -> (TempDir, Checkpoints) {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder, ONE);
    if let Some(step) = old {
        commit(&checkpoints, step, 1);
    }
    (folder, checkpoints)
}

/// How many calls the commit makes.
fn calls((old, step): (Option<u64>, u64)) -> usize {
    let (_folder, checkpoints) = before(old);
    let disk = FaultyDisk::sound();
    commit_with(&checkpoints, &disk, step, 2).unwrap();
    disk.calls()
}

fn assert_no_scratch(folder: &TempDir) {
    for name in entries(folder.path()) {
        assert!(name == ".lock" || Name::parse(&name).is_some(), "{name} was left behind");
    }
}

#[test]
fn a_checkpoint_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("run/checkpoints");
    let checkpoints = Checkpoints::open(&place, "run", Checkpoints::KEEP).unwrap();
    assert_eq!(checkpoints.newest().unwrap(), None);
    let cursor = json!({"epoch": 3, "loss": 0.1, "best": null});
    let path = checkpoints.commit(120, &cursor, &[("a", b"abc"), ("b", b"")]).unwrap();
    assert_eq!(path, place.join("step-000120"));
    let files = [("a".to_owned(), b"abc".to_vec()), ("b".to_owned(), Vec::new())].into();
    let expected = Checkpoint { step: 120, cursor, path, skipped: vec![], files };
    assert_eq!(checkpoints.newest().unwrap(), Some(expected));
}

#[test]
fn the_newest_stay_and_nothing_unknown_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    for unknown in ["best", "step-5", "step-000001.bak", "step-000001.tmp-mine"] {
        fs::create_dir(folder.path().join(unknown)).unwrap();
    }
    fs::write(folder.path().join("step-000002.tmp-1-1"), "a file").unwrap();
    let unknown = entries(folder.path());
    let checkpoints = open(&folder, Checkpoints::KEEP);
    for step in [9, 10, 999_999, 1_000_000] {
        commit(&checkpoints, step, step);
    }
    commit(&checkpoints, 1_000_000, 7);
    assert_eq!(newest_mark(&checkpoints), Some(7));
    let mut expected =
        [unknown, [".lock", "step-1000000.r1", "step-999999"].map(str::to_owned).to_vec()].concat();
    expected.sort();
    assert_eq!(entries(folder.path()), expected);
}

#[test]
fn an_error_at_any_call_names_the_file_and_leaves_a_checkpoint_to_go_on_from() {
    let kinds = [ErrorKind::StorageFull, ErrorKind::Other];
    let troubles = kinds.into_iter().flat_map(|kind| [Trouble::Error(kind), Trouble::ErrorsFrom(kind)]);
    for (trouble, case) in troubles.flat_map(|trouble| COMMITS.map(|case| (trouble, case))) {
        for at in 0..calls(case) {
            fail(case, at, trouble);
        }
    }
}

fn fail((old, step): (Option<u64>, u64), at: usize, trouble: Trouble) {
    let context = format!("{old:?} {step}, call {at}: {trouble:?}");
    let (folder, checkpoints) = before(old);
    let disk = FaultyDisk::new(at, trouble);
    let error = commit_with(&checkpoints, &disk, step, 2).unwrap_err();
    let found = newest_mark(&checkpoints);
    match &error {
        TrainError::CheckpointWrite { path, earlier, .. } => {
            assert_eq!(Some(path), disk.place().as_ref(), "{context}");
            assert_eq!(*earlier, old.map(|step| format!("step-{step:06}")), "{context}");
            assert!(found == Some(2) || found == old.map(|_| 1), "{context}");
        }
        TrainError::CheckpointRemove { path, .. } => {
            assert_eq!(path, &folder.path().join(format!("step-{:06}", old.unwrap())), "{context}");
            assert_eq!(found, Some(2), "{context}");
        }
        other => panic!("{context}: {other}"),
    }
    commit(&checkpoints, step, 3);
    assert_eq!(newest_mark(&checkpoints), Some(3), "{context}");
    drop(checkpoints);
    assert_eq!(newest_mark(&open(&folder, ONE)), Some(3), "{context}");
    assert_no_scratch(&folder);
}

#[test]
fn a_crash_at_any_call_leaves_a_checkpoint_to_go_on_from() {
    for case in COMMITS {
        for at in 0..=calls(case) {
            crash(case, at, |_| ());
            // The power goes with the process: what was not made durable is lost.
            crash(case, at, |disk| disk.lose_power(Names::Kept));
            crash(case, at, |disk| disk.lose_power(Names::Lost));
        }
    }
}

fn crash((old, step): (Option<u64>, u64), at: usize, then: impl Fn(&FaultyDisk)) {
    let (folder, checkpoints) = before(old);
    let disk = FaultyDisk::new(at, Trouble::Crash);
    let result = commit_with(&checkpoints, &disk, step, 2);
    drop(checkpoints);
    then(&disk);
    let checkpoints = open(&folder, ONE);
    assert_no_scratch(&folder);
    let (found, context) = (newest_mark(&checkpoints), format!("{old:?} {step}, call {at}"));
    match result {
        Ok(()) | Err(TrainError::CheckpointRemove { .. }) => assert_eq!(found, Some(2), "{context}"),
        Err(_) => assert!(found == Some(2) || found == old.map(|_| 1), "{context}: {found:?}"),
    }
    commit(&checkpoints, step + 1, 3);
    assert_eq!(newest_mark(&checkpoints), Some(3), "{context}");
}

/// Damages the newest of two checkpoints; what is said of it.
fn damage(file: &str, how: impl Fn(&mut Vec<u8>)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder, Checkpoints::KEEP);
    commit(&checkpoints, 110, 1);
    commit(&checkpoints, 120, 2);
    let path = folder.path().join("step-000120").join(file);
    let mut content = fs::read(&path).unwrap();
    how(&mut content);
    fs::write(&path, content).unwrap();
    let found = checkpoints.newest().unwrap().unwrap();
    assert_eq!((found.step, mark(&found)), (110, 1));
    let [skipped] = &found.skipped[..] else { panic!("{:?}", found.skipped) };
    assert_eq!(skipped.path, folder.path().join("step-000120"));
    skipped.to_string()
}

#[test]
fn a_cut_or_changed_file_is_noticed_wherever_it_is() {
    for (file, length) in [("model.safetensors", 2000), ("optimizer.safetensors", 500)] {
        for at in (0..length).step_by(97).chain([length - 1]) {
            let cut = damage(file, |content| content.truncate(at));
            let lost = if length - at == 1 { "1 byte".to_owned() } else { format!("{} bytes", length - at) };
            assert_eq!(cut, format!("step-000120 ({file}: {lost} short)"));
            let flipped = damage(file, |content| content[at] ^= 1 << (at % 8));
            assert_eq!(flipped, format!("step-000120 ({file}: its content differs from its hash)"));
        }
        let longer = damage(file, |content| content.push(0));
        assert_eq!(longer, format!("step-000120 ({file}: 1 byte too long)"));
    }
    for at in (0..800).step_by(97) {
        for text in [
            damage("manifest.json", |content| content.truncate(at.min(content.len() - 1))),
            damage("manifest.json", |content| {
                *content.iter_mut().nth_back(at % 300).unwrap() ^= 1 << (at % 8)
            }),
            damage("manifest.json", |content| content[at % 300] ^= 1 << (at % 8)),
        ] {
            assert_eq!(text, "step-000120 (manifest.json: its content differs from its hash)");
        }
    }
}

#[test]
fn if_every_checkpoint_is_damaged_each_is_named_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder, Checkpoints::KEEP);
    for step in [110, 120] {
        commit(&checkpoints, step, step);
    }
    fs::remove_file(folder.path().join("step-000120/manifest.json")).unwrap();
    fs::remove_file(folder.path().join("step-000110/model.safetensors")).unwrap();
    let error = checkpoints.newest().unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "no checkpoint in `{}` can be used: step-000120 (manifest.json: missing), step-000110 (model.safetensors: missing)",
            folder.path().display()
        )
    );
    assert_eq!(entries(folder.path()), [".lock", "step-000110", "step-000120"]);
}

#[test]
fn a_checkpoint_under_another_steps_name_is_not_taken_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder, Checkpoints::KEEP);
    commit(&checkpoints, 110, 1);
    fs::rename(folder.path().join("step-000110"), folder.path().join("step-000120")).unwrap();
    let error = checkpoints.newest().unwrap_err().to_string();
    assert!(error.ends_with("step-000120 (manifest.json: it is of step 110)"), "{error}");
}

#[test]
fn going_on_from_before_a_damaged_checkpoint_keeps_what_it_goes_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let checkpoints = open(&folder, ONE);
    commit(&checkpoints, 110, 1);
    fs::rename(folder.path().join("step-000110"), folder.path().join("step-000200")).unwrap();
    for step in [112, 114] {
        commit(&checkpoints, step, step);
        let found = checkpoints.newest().unwrap().unwrap();
        assert_eq!((mark(&found), found.skipped.len()), (step, 1));
    }
    commit(&checkpoints, 200, 3);
    assert_eq!(newest_mark(&checkpoints), Some(3));
    assert_eq!(entries(folder.path()), [".lock", "step-000200.r1"]);
}

#[test]
fn a_checkpoint_of_another_run_or_form_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    commit(&open(&folder, ONE), 110, 1);
    let path = folder.path().join("step-000110");
    let error = Checkpoints::open(folder.path(), "another", ONE).unwrap_err();
    assert!(
        matches!(&error, TrainError::CheckpointOfAnotherRun { path: named, .. } if *named == path),
        "{error}"
    );

    let mut manifest = super::load::manifest(&path, Name::parse("step-000110").unwrap(), "run").unwrap();
    (manifest.schema, manifest.tl) = (2, "0.9.0".to_owned());
    fs::write(path.join("manifest.json"), manifest.to_bytes().unwrap()).unwrap();
    let error = Checkpoints::open(folder.path(), "run", ONE).unwrap_err();
    let expected = format!(
        "the checkpoint `{}` has schema 2, written by tl 0.9.0; this is tl {}, which reads schema 1",
        path.display(),
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(error.to_string(), expected);
}

#[test]
fn two_processes_do_not_share_checkpoints() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(&folder, ONE);
    let error = Checkpoints::open(folder.path(), "run", ONE).unwrap_err();
    assert!(matches!(error, TrainError::CheckpointsInUse { .. }), "{error}");
    drop(first);
    open(&folder, ONE);
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let (folder, checkpoints) = before(None);
    for name in ["../a", "a/b", "", "..", "manifest.json", "c:a"] {
        let error = checkpoints.commit(1, &json!(null), &[(name, b"x")]).unwrap_err();
        assert!(matches!(error, TrainError::CheckpointWrite { .. }), "{name}: {error}");
    }
    assert!(checkpoints.commit(1, &json!(null), &[("a", b"x"), ("a", b"y")]).is_err());
    assert_eq!(entries(folder.path()), [".lock"]);
}

#[test]
fn a_full_disk_is_said_with_what_is_still_there() {
    let (folder, checkpoints) = before(Some(110));
    // The second call creates the first file, the third writes it.
    let disk = FaultyDisk::new(2, Trouble::Error(ErrorKind::StorageFull));
    let error = commit_with(&checkpoints, &disk, 120, 2).unwrap_err();
    let text = error.to_string();
    let before = format!("cannot write the checkpoint `{}/.step-000120.", folder.path().display());
    let after = ".unfinished/model.safetensors`: no storage space; the previous one, step-000110, is intact";
    assert!(text.starts_with(&before) && text.ends_with(after), "{text}");
}

#[test]
fn a_content_that_cannot_be_made_leaves_the_checkpoint_before() {
    let (folder, checkpoints) = before(Some(110));
    let whole = || Ok(b"abc".to_vec());
    let failing = || Err(TrainError::Stopped { run: "nowhere".into() });
    let files: [(&str, super::Content<'_>); 2] = [("a", &whole), ("b", &failing)];
    let error = checkpoints.commit_each(120, &json!(null), &files).unwrap_err();
    assert!(matches!(error, TrainError::Stopped { .. }), "{error}");
    assert_eq!(newest_mark(&checkpoints), Some(1));
    assert_no_scratch(&folder);
}

#[test]
fn what_version_0_1_left_half_written_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    commit(&open(&folder, ONE), 110, 1);
    fs::create_dir(folder.path().join("step-000120.tmp-4711-0")).unwrap();
    assert_eq!(newest_mark(&open(&folder, ONE)), Some(1));
    assert_no_scratch(&folder);
}

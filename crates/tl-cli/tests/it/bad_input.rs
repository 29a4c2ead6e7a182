//! Everything that can be wrong with what is asked for, with the whole message.

use std::fs;
use std::path::Path;
use tempfile::TempDir;

use crate::folders::{picture, two_classes};
use crate::program::tl;

/// `tl train data` in a folder must fail with exactly this on standard error, and leave nothing.
fn refused(folder: &Path, arguments: &[&str], message: &str) {
    let ended = tl(folder, &[&["train", "-q"], arguments].concat());
    assert_eq!((ended.code, ended.stdout.as_str()), (1, ""), "{}", ended.stderr);
    assert_eq!(ended.stderr, message);
    assert!(!folder.join("runs").exists(), "something was written");
}

fn empty() -> TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn folders_that_cannot_be_trained_on() {
    let none = empty();
    refused(
        none.path(),
        &["photos"],
        "error: no such folder: photos\nhint: check the spelling; the path is relative to the current folder\n",
    );
    fs::create_dir(none.path().join("photos")).unwrap();
    refused(
        none.path(),
        &["photos"],
        "error: no pictures in class folders in photos: the folder has no sub-folders\n\
         hint: one folder for each class, with pictures inside\n",
    );
    let single = two_classes(3);
    fs::remove_dir_all(single.path().join("data/cold")).unwrap();
    refused(
        single.path(),
        &["data"],
        "error: only one class folder in data: `warm`\n\
         hint: a classifier needs at least two; is this the folder above or below the one you mean?\n",
    );
    let lonely = two_classes(3);
    for name in ["1.png", "2.png"] {
        fs::remove_file(lonely.path().join("data/cold").join(name)).unwrap();
    }
    refused(
        lonely.path(),
        &["data"],
        "error: class `cold` has 1 usable picture, at least 2 different ones are needed\n\
         hint: add pictures to `cold` or remove the class (copies of a picture count once)\n",
    );
}

#[test]
fn names_that_do_not_exist() {
    let folder = two_classes(3);
    refused(
        folder.path(),
        &["data", "--backbone", "eficientnet_lite0"],
        "error: there is no network and there are no weights named `eficientnet_lite0`\n\
         hint: did you mean `efficientnet_lite0`? `tl backbones` lists all\n",
    );
    refused(
        folder.path(),
        &["data", "--device", "tpu"],
        "error: cannot use the device `tpu`: not a device\nhint: `--device cpu` always works\n",
    );
}

/// Files that are no pictures in `data/warm`, one of each kind.
fn spoil(data: &Path) {
    let warm = data.join("warm");
    let png = fs::read(warm.join("0.png")).unwrap();
    fs::write(warm.join("zero.jpg"), "").unwrap();
    fs::write(warm.join("words.jpg"), "not a picture at all").unwrap();
    fs::write(warm.join("cut.png"), &png[..png.len() * 2 / 3]).unwrap();
    fs::write(warm.join("huge.png"), with_size(&png, 65_535, 65_535)).unwrap();
    fs::create_dir(warm.join("x.jpg")).unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(".", warm.join("loop")).unwrap();
}

/// A PNG that claims another size; the checksum of its header is made to fit.
fn with_size(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let mut png = png.to_vec();
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let crc = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

/// PNG specification, annex D.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

#[cfg(unix)]
#[test]
fn bad_files_are_named_with_their_reasons_before_anything_is_trained() {
    let folder = two_classes(4);
    spoil(&folder.path().join("data"));
    let cut = fs::metadata(folder.path().join("data/warm/cut.png")).unwrap().len().to_string();
    let message = "\
error: 6 of 14 files cannot be used, the limit is 1
  warm/cut.png: ends too early (truncated after BYTES bytes)
  warm/huge.png: its header says 65535 x 65535 pixels, the limit is 16384 a side
  warm/loop: a link to a folder that contains it
  warm/words.jpg: not a picture (it is text)
  warm/x.jpg: a folder whose name ends like a picture's, rename it if it holds pictures
  warm/zero.jpg: the file is empty
hint: repair or remove them, or go on without them: --max-bad 6
"
    .replace("BYTES", &format!("{},{}", &cut[..1], &cut[1..]));
    refused(folder.path(), &["data"], &message);
}

#[cfg(unix)]
#[test]
fn bad_files_within_the_limit_are_skipped_and_said() {
    let folder = two_classes(4);
    spoil(&folder.path().join("data"));
    let ended = tl(folder.path(), &["train", "data", "--max-bad", "6"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("\nskipped   warm/cut.png: ends too early"), "{}", ended.stderr);
    assert!(ended.stderr.contains("\n          and 1 more\n"), "{}", ended.stderr);
    let report = fs::read_to_string(folder.path().join("runs/data-1/report.html")).unwrap();
    assert!(report.contains("warm/words.jpg") && report.contains("not a picture (it is text)"));
}

#[test]
fn one_bad_file_is_always_allowed_unless_forbidden() {
    let folder = two_classes(4);
    fs::write(folder.path().join("data/warm/bad.png"), "x").unwrap();
    refused(
        folder.path(),
        &["data", "--max-bad", "0"],
        "error: 1 of 9 files cannot be used, the limit is 0\n  warm/bad.png: not a picture (it is text)\n\
         hint: repair or remove them, or go on without them: --max-bad 1\n",
    );
    assert_eq!(tl(folder.path(), &["train", "data"]).code, 0);
}

/// A GIF's damage shows only when it is decoded, after the scan.
#[test]
fn a_picture_that_breaks_while_decoding_counts_as_bad_too() {
    let folder = two_classes(4);
    let whole = folder.path().join("whole.gif");
    picture([90, 200, 90], 3).save(&whole).unwrap();
    let gif = fs::read(&whole).unwrap();
    for name in ["a.gif", "b.gif"] {
        fs::write(folder.path().join("data/warm").join(name), &gif[..gif.len() / 2]).unwrap();
    }
    let ended = tl(folder.path(), &["train", "-q", "data"]);
    assert_eq!(ended.code, 1);
    let mut lines = ended.stderr.lines();
    assert_eq!(lines.next(), Some("error: 2 of 10 files cannot be used, the limit is 1"));
    assert!(lines.next().unwrap().starts_with("  warm/a.gif: "), "{}", ended.stderr);
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_config_file_with_an_unknown_key_is_refused_with_the_line() {
    let folder = two_classes(3);
    fs::write(folder.path().join("my.toml"), "data = \"data\"\nsed = 3\n").unwrap();
    let ended = tl(folder.path(), &["train", "--config", "my.toml"]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.starts_with("error: `my.toml`: TOML parse error at line 2, column 1\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("\nunknown field `sed`, expected one of `data`, "), "{}", ended.stderr);
    assert!(ended.stderr.ends_with("\nhint: did you mean `seed`?\n"), "{}", ended.stderr);
}

#[test]
fn an_unknown_key_in_any_file_of_settings_is_refused_with_its_place_and_the_nearest_one() {
    let folder = two_classes(3);
    let chain = "[[augment]]\nop = \"rotation\"\ndegree = 4\n";
    let settings = "data = \"data\"\n[steps]\nviewes = 4\n";
    for (arguments, text, line, nearest) in [
        (["train", "data", "--augment", "my.toml"], chain, 1, "degrees"),
        (["train", "data", "--augment", "my.toml"], "augmnt = 4\n", 1, "augment"),
        (["train", "data", "--recipe", "my.toml"], "[[phases]]\nrat = 0.1\n", 2, "rate"),
        (["train", "data", "--config", "my.toml"], settings, 3, "views"),
        (["train", "data", "--config", "my.toml"], "[read]\nfractin = 1\n", 2, "fraction"),
    ] {
        fs::write(folder.path().join("my.toml"), text).unwrap();
        let said = tl(folder.path(), &arguments).stderr;
        let start = format!("error: `my.toml`: TOML parse error at line {line}, column ");
        assert!(said.starts_with(&start), "{arguments:?}: {said}");
        assert!(said.ends_with(&format!("\nhint: did you mean `{nearest}`?\n")), "{arguments:?}: {said}");
    }
}

#[test]
fn a_model_that_is_not_there_is_named() {
    let folder = empty();
    let ended = tl(folder.path(), &["predict", "runs/none", "x.jpg"]);
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (1, "error: cannot read `runs/none`: no such file or directory\n")
    );
}

#[test]
fn settings_of_training_in_steps_that_cannot_be() {
    let folder = two_classes(3);
    let stages = "`conv_stem`, `blocks.0`, `blocks.1`, `blocks.2`, `blocks.3`, `blocks.4`, `blocks.5`, `blocks.6`, \
                  `conv_head`";
    let unfreeze = |asked: &str| format!("cannot unfreeze `{asked}`: the network's stages are {stages}");
    let is = |text: &str| text.to_owned();
    for (arguments, message) in [
        (["--epochs", "0"], is("epochs is 0, it must be at least 1")),
        (["--batch", "0"], is("batch is 0, it must be at least 1")),
        (["--lr", "nan"], is("rate is NaN, it must be above 0")),
        (["--ema", "2"], is("ema is 2, it must be from 0 to below 1")),
        (["--mixup", "0"], is("mixup is 0, it must be from 0.01 to 100")),
        (["--cutmix", "101"], is("cutmix is 101, it must be from 0.01 to 100")),
        (["--label-smoothing", "2"], is("`smoothing` of the loss is 2, it must be from 0 to 1")),
        (["--checkpoint-steps", "0"], is("checkpoint_steps is 0, it must be at least 1")),
        (["--weight-decay", "inf"], is("weight decay of the optimizer is inf, it must be at least 0")),
        (["--optimizer", "sdg"], is("there is no optimizer `sdg`, there are sgd, adam, adamw, lamb")),
        (["--sampler", "even"], is("there is no sampler `even`, there are natural, balanced, sqrt")),
        (["--unfreeze", "10"], unfreeze("10")),
        (["--unfreeze", "layer4"], unfreeze("layer4")),
    ] {
        let arguments = [&["data", "--recipe", "lp-ft"], &arguments[..]].concat();
        refused(folder.path(), &arguments, &format!("error: {message}\n"));
    }
    let recipes = "auto, features, classic, lp-ft, fine-tune, gradual, bit, full, scratch";
    let message = format!("error: there is no recipe `lpft`, there are {recipes}\n");
    refused(folder.path(), &["data", "--recipe", "lpft"], &message);
    for (arguments, what) in [
        (["--ema", "0.9"], "ema is 0.9"),
        (["--views", "3"], "views is 3"),
        (["--class-weights", "balanced"], "class weights is balanced"),
        (["--sampler", "sqrt"], "sampler is sqrt"),
        (["--label-smoothing", "0.1"], "label smoothing is 0.1"),
        (["--loss", "focal"], "loss is focal"),
    ] {
        let rule = "it must be left out where nothing is trained in steps: name a `--recipe`, or layers of a `--head`";
        let arguments = [&["data"], &arguments[..]].concat();
        refused(folder.path(), &arguments, &format!("error: {what}, {rule}\n"));
    }
    let alone = "error: checkpoint activations is true, it must be left out where ";
    for (arguments, rule) in [
        (&[][..], "nothing is trained in steps: name a `--recipe`, or layers of a `--head`"),
        (
            &["--recipe", "lp-ft", "--unfreeze", "1"],
            "no phase trains two stages or more: all that one stage keeps is needed at once",
        ),
        (
            &["--head", "dense256"],
            "no phase trains two stages or more: all that one stage keeps is needed at once",
        ),
    ] {
        let arguments = [&["data", "--checkpoint-activations"], arguments].concat();
        refused(folder.path(), &arguments, &format!("{alone}{rule}\n"));
    }
}

#[test]
fn files_of_phases_that_cannot_be() {
    let folder = two_classes(3);
    let keys = "`name`, `unfreeze`, `epochs`, `steps`, `rate`, `backbone`, `stage_decay`, `schedule`, `warmup`, `optimizer`, \
                `norms`";
    let unknown = format!(
        "`phases.toml`: TOML parse error at line 3, column 1\n  |\n3 | epoch = 3\n  | ^^^^^\nunknown field `epoch`, \
         expected one of {keys}\nhint: did you mean `epochs`?"
    );
    let kinds = "`constant`, `cosine`, `linear`, `one-cycle`, `step`, `staircase`, `plateau`";
    let kind = format!(
        "`phases.toml`: TOML parse error at line 2, column 21\n  |\n2 | schedule = {{ kind = \"cosin\" }}\n  |                     ^^^^^^^\n\
         unknown variant `cosin`, expected one of {kinds}\nhint: did you mean `cosine`?"
    );
    for (text, message) in [
        ("[[phases]]\nname = \"x\"\nepoch = 3\n", unknown.as_str()),
        ("[[phases]]\nschedule = { kind = \"cosin\" }\n", kind.as_str()),
        ("phases = []\n", "there is no phase in `phases.toml`"),
        ("[[phases]]\nname = \"x\"\nepochs = 0\n", "epochs of phase x is 0, it must be at least 1"),
        ("[[phases]]\nrate = -1\n", "rate of phase train is -1, it must be above 0"),
        (
            "[[phases]]\n[phases.optimizer]\nmomentum = 1\n",
            "momentum of phase train is 1, it must be from 0 to below 1",
        ),
        (
            "[[phases]]\nschedule = { kind = \"step\", every = 0, factor = 0.1 }\n",
            "every of phase train is 0, it must be at least 1",
        ),
    ] {
        fs::write(folder.path().join("phases.toml"), text).unwrap();
        refused(folder.path(), &["data", "--recipe", "phases.toml"], &format!("error: {message}\n"));
    }
    refused(
        folder.path(),
        &["data", "--recipe", "other.toml"],
        "error: cannot read `other.toml`: no such file or directory\n",
    );
}

#[test]
fn training_that_diverges_says_where_and_what_to_do() {
    let folder = two_classes(6);
    let arguments = ["train", "-q", "data", "--recipe", "lp-ft", "--unfreeze", "1", "--lr", "1e6"];
    let ended = tl(folder.path(), &arguments);
    let (start, hint) = (
        "error: training diverged: in phase tune, step ",
        "hint: try a tenth of the rate with `--lr`, or `--clip 1`; ",
    );
    assert!(
        ended.code == 1 && ended.stderr.starts_with(start) && ended.stderr.contains(hint),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains(", at learning rate "), "{}", ended.stderr);
}

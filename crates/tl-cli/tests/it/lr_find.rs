//! `tl lr-find`: a table, a suggestion, a plot and the command to go on with.

use std::fs;

use crate::folders::two_classes;
use crate::program::{tl, tl_ok};

#[test]
fn a_search_prints_a_rate_and_the_command_for_it_and_writes_a_plot() {
    let folder = two_classes(8);
    let at = folder.path();
    let arguments = [
        "lr-find",
        "data",
        // A new head: its loss begins at that of guessing, and has somewhere to fall.
        "--recipe",
        "full",
        "--unfreeze",
        "1",
        "--batch",
        "4",
        "--steps",
        "40",
        "--start",
        "1e-5",
        "--plot",
        "p.html",
    ];
    let ended = tl_ok(at, &arguments);
    for found in ["rate         loss  smoothed\n1.0e-5", "\nvalley  ", "\nsteep  ", "\nplot      p.html\n"] {
        assert!(ended.stdout.contains(found), "{found} is not in {}", ended.stdout);
    }
    let next = ended.stdout.lines().find_map(|line| line.strip_prefix("next      ")).unwrap();
    let (command, rate) = next.rsplit_once(' ').unwrap();
    assert_eq!(command, "tl train data --recipe full --unfreeze 1 --batch 4 --lr");
    assert!((1e-5..10.0).contains(&rate.parse::<f64>().unwrap()), "{next}");
    let page = fs::read_to_string(at.join("p.html")).unwrap();
    assert!(page.contains("<polyline") && page.contains(next) && !page.contains("src=\"http"));
    assert!(!at.join("runs").exists(), "a search is no run");
}

#[test]
fn a_recipe_without_steps_is_refused() {
    let folder = two_classes(3);
    let ended = tl(folder.path(), &["lr-find", "data", "--recipe", "features"]);
    let message = "error: recipe is features, it must be one that trains in steps\n";
    assert_eq!((ended.code, ended.stderr.ends_with(message)), (1, true), "{}", ended.stderr);
}

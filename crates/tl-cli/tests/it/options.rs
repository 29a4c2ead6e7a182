//! `docs/training.md` says what an option of training in steps does in each recipe; here is where it is held to it.

use std::fs;
use std::path::Path;

use crate::folders::two_classes;
use crate::program::{tl, tl_ok};

/// A value for each option of the table; none for a switch.
const VALUES: &[(&str, Option<&str>)] = &[
    ("--augment", Some("keras")),
    ("--views", Some("2")),
    ("--mixup", Some("0.2")),
    ("--cutmix", Some("1")),
    ("--epochs", Some("1")),
    ("--lr", Some("1e-3")),
    ("--unfreeze", Some("1")),
    ("--optimizer", Some("sgd")),
    ("--weight-decay", Some("0.1")),
    ("--clip", Some("1")),
    ("--ema", Some("0.5")),
    ("--patience", Some("2")),
    ("--loss", Some("focal")),
    ("--class-weights", Some("balanced")),
    ("--sampler", Some("balanced")),
    ("--label-smoothing", Some("0.1")),
    ("--freeze-bn", None),
    ("--train-bn", None),
    ("--checkpoint-activations", None),
    ("--batch", Some("4")),
    ("--accumulate", Some("2")),
    ("--checkpoint-minutes", Some("1")),
    ("--checkpoint-steps", Some("2")),
];

/// Each option of the table with what it does to a head that is solved for.
fn table() -> Vec<(String, String)> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/training.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, rows) = page.split_once("| option | a head that is solved for |").unwrap();
    let rows = rows.lines().skip(2).take_while(|line| line.starts_with('|'));
    let of_row = |row: &str| {
        let cells: Vec<String> = row.split('|').map(|cell| cell.trim().to_owned()).collect();
        let options = cells[1].split('`').filter(|word| word.starts_with("--")).map(str::to_owned);
        options.map(|option| (option, cells[2].clone())).collect::<Vec<_>>()
    };
    rows.flat_map(of_row).collect()
}

#[test]
fn the_table_has_every_option_of_training_in_steps() {
    let help = tl_ok(Path::new("."), &["train", "--help"]).stdout;
    let (_, section) = help.split_once("Fine-tuning:").unwrap();
    let (section, _) = section.split_once("\n\n\n").unwrap_or((section, ""));
    let section = section.split("Pictures and labels:").next().unwrap();
    let mut listed: Vec<&str> = section
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix("--").map(|_| line.trim_start()))
        .map(|line| line.split([' ', '=']).next().unwrap())
        .filter(|option| *option != "--recipe")
        .collect();
    let table = table();
    let mut told: Vec<&str> = table.iter().map(|(option, _)| option.as_str()).collect();
    listed.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, listed);
}

#[test]
fn options_of_steps_are_refused_where_the_table_says_so() {
    let folder = two_classes(6);
    for (option, does) in table().iter().filter(|(option, _)| option != "--unfreeze") {
        let value = VALUES.iter().find(|(known, _)| known == option).unwrap_or_else(|| panic!("{option}")).1;
        let train = ["train", "data", "--resize", "squash", "--recipe", "features", option];
        let said = tl(folder.path(), &[&train[..], value.as_slice()].concat());
        let refused = said.stderr.contains("it must be left out where nothing is trained in steps");
        assert_eq!(refused, does.starts_with("refused"), "{option}: {does}\n{}", said.stderr);
        assert_eq!(said.code == 0, !refused, "{option}: {}", said.stderr);
    }
}

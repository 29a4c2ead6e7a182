//! What could be typed to say which folder is which part.

use std::collections::BTreeMap;

use crate::part_name::{Role, role};
use crate::{Part, shell};

/// What could be typed for these folders: what their names say, and what is left for the others.
pub(crate) fn suggested_parts(names: &[String]) -> String {
    let mut folders: BTreeMap<Part, &String> = BTreeMap::new();
    let told = |name: &String| match role(name) {
        Some(Role::Part(part)) => Some(part),
        _ => None,
    };
    let mut open = Vec::new();
    for name in names {
        match told(name) {
            Some(part) if !folders.contains_key(&part) => drop(folders.insert(part, name)),
            _ => open.push(name),
        }
    }
    let left = [Part::Train, Part::Test, Part::Val].into_iter().filter(|part| !folders.contains_key(part));
    let others: Vec<(Part, &String)> = left.zip(open).collect();
    folders.extend(others);
    let each: Vec<String> = folders.iter().map(|(part, name)| format!("{part}={name}")).collect();
    shell(&["--parts", &each.join(",")])
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_suggestion_can_be_typed() {
        for (names, expected) in [
            (&["eval", "train"][..], "--parts train=train,test=eval"),
            (&["test", "val"], "--parts val=val,test=test"),
            (&["test_a", "test_b"], "--parts train=test_b,test=test_a"),
            (&["my train", "extra's"], r"--parts 'train=my train,test=extra'\''s'"),
            (&["a_train", "b_train", "test", "val"], "--parts train=a_train,val=val,test=test"),
        ] {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            assert_eq!(suggested_parts(&names), expected);
        }
    }
}

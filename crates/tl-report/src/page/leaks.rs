//! Held-out pictures that the model knows in some way.

use crate::text::{count, pictures};
use crate::{AcrossParts, DataCard, SeenBefore};

/// What to mind about how pictures were held out.
pub(super) fn cautions(data: &DataCard) -> Vec<String> {
    let all = [data.across_parts.map(across), data.seen_before.and_then(seen), data.tightened.map(chains)];
    all.into_iter().flatten().collect()
}

fn across(AcrossParts { pictures: held_out, equal }: AcrossParts) -> String {
    format!(
        "The parts were given, and {} of those held out {} a copy, a look-alike or one of the same group among those that \
        train, {} as the same file, so the figures are too kind.",
        pictures(held_out),
        if held_out == 1 { "has" } else { "have" },
        count(equal as u64),
    )
}

fn seen(SeenBefore { known, pictures: held_out, train }: SeenBefore) -> Option<String> {
    let done = if train { "train now, and do not judge" } else { "do not judge" };
    let found = format!(
        "{} of those held out trained the model that this one began from, or belong to one that did: they {done}.",
        pictures(held_out)
    );
    match (known, held_out) {
        (true, 0) => None,
        (true, _) => Some(found),
        (false, _) => Some(format!(
            "The model that this one began from does not say what trained it. If pictures that judge are among it, the \
            figures are too kind.{}",
            if held_out > 0 { format!(" {found}") } else { String::new() }
        )),
    }
}

fn chains(tightened: tl_data::Tightened) -> String {
    format!("Some frames may be on both sides: {tightened}.")
}

//! The phases of training in steps: what learned in each, and at which rates.

use super::Section;
use super::table::{Column, table};
use crate::text::{count, esc};
use crate::{GroupCard, PhaseCard};

pub(super) fn section(phases: &[PhaseCard]) -> Option<Section> {
    (!phases.is_empty()).then(|| Section {
        id: "recipe",
        title: "Training in steps",
        lede: "The phases in their order. Rates are the highest of their phase; what is frozen stays as it was pretrained \
        or as the phase before left it."
            .into(),
        body: phases.iter().map(phase).collect(),
        wide: false,
    })
}

fn phase(phase: &PhaseCard) -> String {
    let columns = [Column::Text("Stages"), Column::Number("Parameters"), Column::Number("Learning rate")];
    let rows: Vec<_> = together(&phase.groups).iter().map(|groups| row(groups)).collect();
    format!(
        "<h3>{}</h3>\n<p class=\"note\">{} · {} · {}</p>\n{}\n",
        esc(&phase.name),
        esc(&phase.learns),
        esc(&phase.length),
        esc(&phase.how),
        table(&format!("Groups of parameters in {}", phase.name), &columns, &rows)
    )
}

/// Neighbours with the same rate. The head has a row to itself.
fn together(groups: &[GroupCard]) -> Vec<&[GroupCard]> {
    groups.chunk_by(|a, b| a.rate == b.rate && b.name != "head").collect()
}

fn row(groups: &[GroupCard]) -> Vec<String> {
    let name = match groups {
        [] => String::new(),
        [only] => esc(&only.name).to_string(),
        [first, .., last] => format!("{} to {}", esc(&first.name), esc(&last.name)),
    };
    let rate = groups.first().and_then(|group| group.rate);
    let parameters = groups.iter().map(|group| group.parameters).sum();
    vec![name, count(parameters), rate.map_or_else(|| "frozen".into(), |rate| format!("{rate:.1e}"))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_one_rate_share_a_row() {
        let group = |name: &str, rate| GroupCard { name: name.into(), parameters: 1000, rate };
        let groups = vec![
            group("stem", None),
            group("layer1", None),
            group("layer2", Some(1e-4)),
            group("head", Some(1e-4)),
        ];
        let card = PhaseCard {
            name: "tune <b>".into(),
            learns: "trains all from layer2 on".into(),
            length: "4 epochs".into(),
            how: "AdamW, cosine".into(),
            groups,
        };
        let html = section(&[card]).unwrap().body;
        assert!(html.contains("<h3>tune &lt;b&gt;</h3>"), "{html}");
        for cells in [
            ["stem to layer1", "2,000", "frozen"],
            ["layer2", "1,000", "1.0e-4"],
            ["head", "1,000", "1.0e-4"],
        ] {
            let [name, parameters, rate] = cells;
            let row = format!(
                "<th scope=\"row\">{name}</th><td class=\"number\">{parameters}</td><td class=\"number\">{rate}</td>"
            );
            assert!(html.contains(&row), "{row} is not in {html}");
        }
    }
}

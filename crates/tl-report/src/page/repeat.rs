//! What is needed to get the same model again: the network, the command, the versions; and what it cost.

use super::Section;
use super::table::{Column, facts, table};
use crate::chart::{Segment, bar};
use crate::text::{bytes, count, duration, esc, percent_whole};
use crate::{ModelCard, Record, Setting, StageTime};

pub(super) fn network(model: &ModelCard) -> Section {
    let parameters =
        format!("{}, of which {} were trained", count(model.parameters), count(model.trained_parameters));
    let mut all = vec![
        ("Backbone", esc(&model.backbone).to_string()),
        ("Head", esc(&model.head).to_string()),
        ("Features", count(model.features as u64)),
        ("Parameters", parameters),
        ("Weights", esc(&model.weights).to_string()),
        ("SHA-256", hash(&model.weights_sha256)),
        ("Licence", esc(&model.licence).to_string()),
        ("Device", esc(&model.device).to_string()),
    ];
    all.retain(|(_, value)| !value.is_empty());
    let preprocess = match model.preprocess.as_slice() {
        [] => String::new(),
        steps => format!("\n<h3>Preprocessing</h3>\n{}", settings(steps)),
    };
    Section {
        id: "model",
        title: "Network",
        lede: "A pretrained backbone turns a picture into numbers; the head turns them into an answer."
            .into(),
        body: facts("facts", &all) + &preprocess,
        wide: false,
    }
}

fn hash(digits: &str) -> String {
    if digits.is_empty() { String::new() } else { format!("<code>{}</code>", esc(digits)) }
}

fn settings(settings: &[Setting]) -> String {
    let pairs: Vec<_> =
        settings.iter().map(|setting| (setting.name.as_str(), esc(&setting.value).to_string())).collect();
    facts("facts", &pairs)
}

pub(super) fn timings(record: &Record) -> Option<Section> {
    let total: f64 = record.timings.iter().map(|stage| stage.seconds).sum();
    let memory = record.peak_memory_bytes.map(|peak| format!(" It held {} of memory at most.", bytes(peak)));
    (total.is_finite() && total > 0.0).then(|| Section {
        id: "timings",
        title: "Time and memory",
        lede: String::new(),
        body: format!(
            "<p class=\"finding\">The run took {}.{}</p>\n{}",
            duration(total),
            memory.unwrap_or_default(),
            stages(&record.timings, total)
        ),
        wide: false,
    })
}

fn stages(stages: &[StageTime], total: f64) -> String {
    let row = |stage: &StageTime| {
        let share = stage.seconds / total;
        vec![
            esc(&stage.name).to_string(),
            duration(stage.seconds),
            percent_whole(share),
            bar(&[Segment { share, tone: 0 }]),
        ]
    };
    let columns = [
        Column::Text("Stage"),
        Column::Number("Time"),
        Column::Number("Share"),
        Column::Chart("Of the whole"),
    ];
    table("Time per stage", &columns, &stages.iter().map(row).collect::<Vec<_>>())
}

pub(super) fn section(record: &Record) -> Section {
    let mut all = vec![("Finished", esc(&record.created).to_string()), ("Seed", record.seed.to_string())];
    all.extend(record.data.fingerprint.as_ref().map(|fingerprint| ("Data", hash(fingerprint))));
    all.push(("Data folder", format!("<code>{}</code>", esc(&record.data.root))));
    all.push(("tl", esc(&record.tl_version).to_string()));
    let named = record.settings.iter().chain(&record.versions);
    all.extend(named.map(|setting| (setting.name.as_str(), esc(&setting.value).to_string())));
    let next = match record.next.as_slice() {
        [] => String::new(),
        lines => format!("\n<h3>What next</h3>\n{}", code(&lines.join("\n"))),
    };
    Section {
        id: "repeat",
        title: "How to repeat",
        lede: "The same command on the same pictures, with the same version, gives the same model.".into(),
        body: format!("{}\n{}{next}", code(&tl_data::shell(&record.command)), facts("facts", &all)),
        wide: false,
    }
}

fn code(text: &str) -> String {
    format!("<pre><code>{}</code></pre>", esc(text))
}

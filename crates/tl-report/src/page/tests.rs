use crate::*;

const SECTIONS: [&str; 13] = [
    "verdict",
    "choices",
    "candidates",
    "data",
    "confusion",
    "classes",
    "calibration",
    "mistakes",
    "training",
    "folds",
    "model",
    "timings",
    "repeat",
];

fn setting(name: &str, value: &str) -> Setting {
    Setting { name: name.into(), value: value.into() }
}

fn evaluation(answers: &[(usize, f64)]) -> Evaluation {
    let classes = ["daisy", "rose"].map(String::from).to_vec();
    let prediction = |(index, &(truth, daisy)): (usize, &(usize, f64))| Prediction {
        path: format!("{index}.jpg"),
        truth,
        group: None,
        probabilities: vec![daisy, 1.0 - daisy],
    };
    let predictions: Vec<_> = answers.iter().enumerate().map(prediction).collect();
    Evaluation::new(EvaluationSet::Val, classes, &predictions, 9).unwrap()
}

/// A record with something in every field.
fn full() -> Record {
    let mut evaluation = evaluation(&[(0, 0.9), (0, 0.2), (1, 0.1), (1, 0.3), (1, 0.8)]);
    evaluation.worst_pictures[0].thumbnail = Some("data:image/png;base64,AAAA".into());
    let class = |name: &str, train| ClassCount { name: name.into(), train, val: 2, test: 1 };
    let count = |name: &str| vec![Count { name: name.into(), count: 13 }];
    let summary = Summary::of([1.0, 2.0]);
    let point = |epoch, phase: &str| CurvePoint {
        epoch,
        phase: Some(phase.into()),
        train_loss: Some(0.7 / epoch),
        val_loss: Some(0.8 / epoch),
        val_accuracy: Some(0.5),
    };
    let candidate = |name: &str, kept| Candidate {
        name: name.into(),
        correct: 3,
        total: 5,
        log_loss: Some(0.7),
        seconds: 2.5,
        kept,
    };
    Record {
        schema: SCHEMA,
        tl_version: "0.1.0".into(),
        created: "2026-11-21T14:03:27Z".into(),
        command: vec!["tl".into(), "train".into(), "my photos".into()],
        seed: 7,
        settings: vec![setting("Epochs", "2")],
        versions: vec![setting("burn", "0.22.1")],
        timings: vec![StageTime { name: "decode".into(), seconds: 1.5 }],
        peak_memory_bytes: Some(1 << 29),
        data: DataCard {
            root: "my photos".into(),
            classes: vec![class("daisy", 3), class("rose", 4)],
            files: 15,
            rejected: vec![RejectedFile { path: "bad.jpg".into(), reason: "ends early".into() }],
            ignored: 1,
            duplicates: 1,
            oriented: 2,
            formats: count("JPEG"),
            colors: count("RGB"),
            width: summary,
            height: summary,
            aspect: summary,
            fingerprint: Some("abc".into()),
            notes: vec!["folders <a> are parts".into()],
            across_parts: Some(AcrossParts { pictures: 3, equal: 1 }),
            seen_before: Some(SeenBefore { known: true, pictures: 2, train: true }),
            tightened: None,
        },
        model: ModelCard {
            backbone: "resnet18".into(),
            weights: "some weights".into(),
            weights_sha256: "def".into(),
            licence: "MIT".into(),
            features: 512,
            parameters: 11_177_538,
            trained_parameters: 1026,
            head: "linear".into(),
            preprocess: vec![setting("Resize", "256")],
            device: "cpu".into(),
        },
        choices: vec![Choice {
            what: "Split".into(),
            chosen: "80/20".into(),
            why: "Enough pictures.".into(),
        }],
        phases: vec![],
        candidates: vec![candidate("head only", false), candidate("fine-tuned", true)],
        evaluation,
        multi_label: None,
        folds: Some(Folds::new(vec![0.5, 0.75])),
        solver: None,
        curve: vec![point(1.0, "head"), point(2.0, "fine-tune")],
        next: vec!["tl predict run picture.jpg".into()],
    }
}

/// A record with nothing in any field that may be empty.
fn bare() -> Record {
    Record {
        settings: vec![],
        versions: vec![],
        timings: vec![],
        peak_memory_bytes: None,
        data: DataCard::default(),
        model: ModelCard::default(),
        choices: vec![],
        phases: vec![],
        candidates: vec![],
        evaluation: evaluation(&[]),
        folds: None,
        curve: vec![],
        next: vec![],
        ..full()
    }
}

/// What a picture has, what it was given, and the probabilities.
type Answer = (&'static [usize], &'static [usize], [f64; 2]);

/// A record of a model that gives several labels, with something in every field.
fn several() -> Record {
    let classes = ["daisy", "rose"].map(String::from);
    let prediction = |(index, (truths, given, p)): (usize, &Answer)| LabelPrediction {
        path: format!("{index}.jpg"),
        truths: truths.to_vec(),
        group: None,
        given: given.to_vec(),
        probabilities: p.to_vec(),
    };
    let answers: [Answer; 4] = [
        (&[0, 1], &[0, 1], [0.9, 0.7]),
        (&[0], &[1], [0.2, 0.6]),
        (&[1], &[1], [0.1, 0.8]),
        (&[], &[0], [0.8, 0.1]),
    ];
    let predictions: Vec<_> = answers.iter().enumerate().map(prediction).collect();
    let mut found = MultiLabel::new(EvaluationSet::Val, &classes, &[0.5, 0.3], &predictions, 9, 0).unwrap();
    found.worst_pictures[0].thumbnail = Some("data:image/png;base64,AAAA".into());
    found.folds = MeanSpread::of(&[0.5, 0.75]);
    Record { evaluation: evaluation(&[]), multi_label: Some(found), folds: None, ..full() }
}

/// Fails unless every element that is opened is closed in order.
fn assert_balanced(html: &str) {
    let mut open = Vec::new();
    for (at, _) in html.match_indices('<') {
        let rest = &html[at + 1..];
        let tag = &rest[..rest.find('>').expect("a tag ends")];
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().unwrap_or_default();
        match name {
            "!doctype" | "meta" | "img" => {}
            _ if tag.ends_with('/') => {}
            _ if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "before {}", &html[at..]),
            _ => open.push(name),
        }
    }
    assert_eq!(open, [""; 0]);
}

fn ids(page: &str) -> Vec<&str> {
    page.split("<section id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_full_record_fills_every_section() {
    let page = html(&full());
    assert_eq!(ids(&page), SECTIONS);
    for id in &SECTIONS[1..] {
        assert!(page.contains(&format!("<a href=\"#{id}\">")), "no link to {id}");
    }
    for text in
        ["right on 3 (60.0\u{a0}%)", "between 23\u{a0}% and 88\u{a0}%", "tl train &#39;my photos&#39;"]
    {
        assert!(page.contains(text), "{text}");
    }
    assert_balanced(&page);
}

#[test]
fn several_labels_have_a_verdict_a_table_and_mistakes_of_their_own() {
    let page = html(&several());
    let expected = [
        "verdict",
        "choices",
        "candidates",
        "data",
        "labels",
        "mistakes",
        "training",
        "model",
        "timings",
        "repeat",
    ];
    assert_eq!(ids(&page), expected);
    for text in [
        "mean average precision",
        "gave 2 all their labels and no other (50.0\u{a0}%;",
        "missed: <b>daisy</b>",
        "wrong: <b>rose</b>",
        "Over 2 folds its mean average precision was 62.5\u{a0}%",
        "14 pictures",
        "Right labels",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("data:image/png;base64,AAAA") && !page.contains("accuracy</span>"));
    assert_balanced(&page);
}

#[test]
fn a_bare_record_leaves_sections_out_and_prints_no_nan() {
    let page = html(&bare());
    assert_eq!(ids(&page), ["verdict", "data", "model", "repeat"]);
    assert!(page.contains("No pictures were held back"));
    assert_balanced(&page);
}

#[test]
fn nothing_is_ever_nan() {
    let mut diverged = full();
    for point in &mut diverged.curve {
        point.train_loss = Some(f64::NAN);
        point.val_loss = Some(f64::INFINITY);
    }
    diverged.timings[0].seconds = f64::NAN;
    diverged.candidates[0].total = 0;
    diverged.evaluation.ece = Some(f64::NAN);
    for record in [full(), bare(), several(), diverged] {
        let page = html(&record);
        for word in [">NaN", "NaN<", "\"NaN", "NaN%", "NaN ", ">inf", "\"inf", "inf%"] {
            assert!(!page.contains(word), "{word}");
        }
    }
}

#[test]
fn the_page_is_one_file() {
    let page = html(&full());
    for reference in ["http:", "https:", "<script", "<link", "@import", "url(", "src=\"//"] {
        assert!(!page.contains(reference), "{reference}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_text_is_escaped() {
    const HOSTILE: &str = r#"<b>&"'é"#;
    fn spoil(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::String(text) if text != "val" => text.push_str(HOSTILE),
            serde_json::Value::Array(values) => values.iter_mut().for_each(spoil),
            serde_json::Value::Object(values) => values.values_mut().for_each(spoil),
            _ => {}
        }
    }
    for record in [full(), several()] {
        let sections = html(&record);
        let mut value = serde_json::to_value(record).unwrap();
        spoil(&mut value);
        let record: Record = serde_json::from_value(value).unwrap();
        let page = html(&record);
        assert!(page.contains("daisy&lt;b&gt;&amp;&quot;&#39;é"));
        assert!(!page.contains(HOSTILE));
        // Class names are shown in bold too, so only a hostile `<b>` is followed by an ampersand.
        assert!(!page.contains("<b>&"));
        assert_eq!(ids(&page), ids(&sections));
        assert_balanced(&page);
    }
}

#[test]
fn thumbnails_come_from_the_record_or_not_at_all() {
    let mut record = full();
    record.evaluation.worst_pictures[0].thumbnail = Some("file:///etc/passwd".into());
    let page = html(&record);
    assert!(!page.contains("file:") && page.contains("no thumbnail"));
}

#[test]
fn the_page_stays_below_two_megabytes() {
    let mut record = full();
    let mut mistake = record.evaluation.worst_pictures[0].clone();
    mistake.thumbnail = Some(format!("data:image/png;base64,{}", "A".repeat(300_000)));
    record.evaluation.worst_pictures = vec![mistake; 10];
    let page = html(&record);
    assert!(page.len() < 2_000_000, "{}", page.len());
    assert_eq!(page.matches("<img ").count(), 6);
}

#[test]
fn few_pictures_and_guessing_are_said_aloud() {
    let page = html(&full());
    assert!(page.contains("5 pictures are little to judge by"));
    assert!(page.contains("not clearly better than looking at nothing: always answering “rose”"));
    assert!(!page.contains("which model to keep"), "choices are made on training pictures");
    let sure: Vec<_> = (0..200).map(|index| (index % 2, if index % 2 == 0 { 0.9 } else { 0.1 })).collect();
    let mut record = bare();
    record.evaluation = evaluation(&sure);
    record.evaluation.part = EvaluationSet::Test;
    assert!(!html(&record).contains("What to mind"));
}

#[test]
fn matrices_of_any_size_are_drawn() {
    for (classes, expected) in [(1, "matrix"), (2, "matrix"), (50, "matrix"), (300, "heat")] {
        let names = (0..classes).map(|class| format!("class {class}")).collect();
        let pairs = (0..classes).flat_map(|class| [(class, class), (class, (class * 7 + 1) % classes)]);
        let mut record = bare();
        record.evaluation.confusion = Confusion::from_predictions(names, pairs).unwrap();
        record.evaluation.per_class = record.evaluation.confusion.per_class();
        record.evaluation.total = 2 * classes;
        let page = html(&record);
        assert!(page.contains(&format!("class=\"chart {expected}\"")), "{classes}");
        assert_eq!(page.contains("<details>"), classes > 60, "{classes}");
        assert_balanced(&page);
    }
}

#[test]
fn records_survive_json() {
    for record in [full(), bare(), several()] {
        assert_eq!(Record::from_json(&json(&record).unwrap()).unwrap(), record);
    }
}

#[test]
fn a_record_of_another_schema_is_refused() {
    let error = Record::from_json(r#"{"schema": 99}"#).unwrap_err();
    assert!(matches!(error, Error::Schema { expected: SCHEMA, actual: 99 }));
    assert!(matches!(Record::from_json("{}"), Err(Error::Read(_))));
}

/// The WCAG 2.1 contrast ratio, <https://www.w3.org/TR/WCAG21/#dfn-contrast-ratio>.
fn contrast(a: [f64; 3], b: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|channel| {
            let channel = channel / 255.0;
            if channel <= 0.040_45 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The `index`-th definition of a colour in the style sheet: 0 is light, 1 dark; dark takes over what it
/// leaves out.
fn colour(name: &str, index: usize) -> [f64; 3] {
    let definition = format!("--{name}: #");
    let values: Vec<_> = super::STYLE.split(&definition).skip(1).map(|rest| &rest[..6]).collect();
    let hex = values[index.min(values.len() - 1)];
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()))
}

#[test]
fn text_can_be_read_on_both_papers() {
    for scheme in [0, 1] {
        for paper in ["paper", "wash"] {
            for text in ["ink", "soft", "accent"] {
                let ratio = contrast(colour(text, scheme), colour(paper, scheme));
                assert!(ratio >= 4.5, "{text} on {paper}, scheme {scheme}: {ratio:.2}");
            }
        }
    }
}

#[test]
fn counts_can_be_read_on_every_shade() {
    for scheme in [0, 1] {
        let (cell, paper) = (colour("cell", scheme), colour("paper", scheme));
        for step in 14..=100 {
            let strength = f64::from(step) / 100.0;
            let shade: Vec<_> = cell
                .iter()
                .zip(paper)
                .map(|(cell, paper)| cell * strength + paper * (1.0 - strength))
                .collect();
            let text = if strength > crate::chart::ON_CELL { "on-cell" } else { "in-cell" };
            let ratio = contrast(colour(text, scheme), [shade[0], shade[1], shade[2]]);
            assert!(ratio >= 4.5, "{text} on {strength}, scheme {scheme}: {ratio:.2}");
        }
    }
}

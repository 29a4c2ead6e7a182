//! The page is complete, safe and small, whatever the report says.

use std::collections::BTreeMap;

use tl_data::{
    Advice, Bin, CheckReport, ClassCheck, DuplicatePicture, DuplicateSet, Likeness, Part, PictureVerdict,
    Severity, Verdict,
};

use super::check_html;

const HOSTILE: &str = r#"<script>alert("1")</script>&'`x`"#;

fn report(text: &str, thumbnail: &str) -> CheckReport {
    let twin = |part| DuplicatePicture {
        path: text.into(),
        classes: vec![text.into()],
        part,
        distance: 2,
        thumbnail: Some(thumbnail.into()),
    };
    let file = |verdict| PictureVerdict {
        path: text.into(),
        classes: vec![text.into()],
        part: None,
        bytes: Some(7),
        header: None,
        verdict,
        thumbnail: Some(thumbnail.into()),
    };
    let set = |likeness, across| DuplicateSet {
        likeness,
        across_classes: across,
        across_parts: across,
        pictures: vec![twin(Some(Part::Train)), twin(Some(Part::Test))],
    };
    let advice = |severity, command: Option<&str>| Advice {
        severity,
        text: text.into(),
        remedy: text.into(),
        command: command.map(String::from),
    };
    CheckReport {
        source: text.into(),
        files: 3,
        ignored: 1,
        notes: vec![text.into()],
        of_no_class: 0,
        repeated: 0,
        bytes: 4096,
        input: 224,
        unread: Vec::new(),
        values: None,
        pictures: vec![
            file(Verdict::Damaged { reason: text.into() }),
            file(Verdict::Bad { reason: text.into() }),
            file(Verdict::Good),
        ],
        classes: vec![ClassCheck {
            name: text.into(),
            pictures: 1,
            different: 1,
            parts: BTreeMap::from([(Part::Train, 1)]),
            examples: vec![thumbnail.into()],
            ..ClassCheck::default()
        }],
        imbalance: Some(1.0),
        formats: BTreeMap::from([(text.into(), 1)]),
        colors: BTreeMap::from([(text.into(), 1)]),
        orientations: BTreeMap::from([(1, 1), (6, 2)]),
        widths: vec![Bin { from: 0.0, to: Some(32.0), count: 1 }, Bin { from: 8192.0, to: None, count: 2 }],
        heights: vec![],
        aspects: vec![Bin { from: 0.9, to: Some(1.1), count: 1 }],
        median_aspect: 1.0,
        smaller_than_input: 1,
        without_hash: 0,
        duplicates: vec![set(Likeness::Same, true), set(Likeness::Alike, false)],
        tightened: None,
        advice: vec![
            advice(Severity::Problem, Some(text)),
            advice(Severity::Warning, None),
            advice(Severity::Note, None),
        ],
    }
}

#[test]
fn the_page_has_what_was_found() {
    let page = check_html(&report("photos/cats", "data:image/jpeg;base64,AAAA"));
    for part in [
        "<h1>cats</h1>",
        "1 class · 1 picture · 4\u{a0}KiB",
        "<pre><code>photos/cats</code></pre>",
        "2 pictures, the same <span class=\"badge\">different labels</span>",
        "2 pictures, look alike</h3>",
        "photos/cats · train<span class=\"soft\"> · 2 bits</span>",
        "below 32",
        "8192 and more",
        "2&nbsp;turned left",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    assert_eq!(page.matches("<img src=\"data:image/jpeg;base64,AAAA\"").count(), 1 + 4 + 1);
}

#[test]
fn nothing_from_outside_becomes_markup() {
    let page = check_html(&report(HOSTILE, HOSTILE));
    assert!(!page.contains("<script") && !page.contains("alert(\""), "{page}");
    let linked = check_html(&report("x", "https://example.org/x.png"));
    assert!(!linked.contains("https://") && !linked.contains("<img"), "{linked}");
    assert_eq!(linked.matches("no thumbnail").count(), 1 + 4 + 1);
}

#[test]
fn thumbnails_that_do_not_fit_are_left_out() {
    let page = check_html(&report("x", &format!("data:image/jpeg;base64,{}", "A".repeat(700_000))));
    assert_eq!(page.matches("<img").count(), 2);
    assert!(page.len() < 2_000_000, "{}", page.len());
}

#[test]
fn an_empty_report_is_a_page_too() {
    let nothing = CheckReport {
        classes: vec![],
        pictures: vec![],
        duplicates: vec![],
        advice: vec![],
        widths: vec![],
        aspects: vec![],
        formats: BTreeMap::new(),
        colors: BTreeMap::new(),
        orientations: BTreeMap::new(),
        imbalance: None,
        ..report("x", "")
    };
    let page = check_html(&nothing);
    assert!(page.contains("Nothing was found that needs attention.") && !page.contains("NaN"), "{page}");
}

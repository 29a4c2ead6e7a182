//! How good a model is that gives pictures several labels, and where it fails.

use super::Section;
use super::table::{Column, MOST_ROWS, facts, table};
use super::verdict::{FEW, groups, list, on};
use crate::chart::{Baseline, interval, interval_row};
use crate::text::{count, ends, esc, maybe, number, percent, percent_whole, pictures, plural, quoted_list};
use crate::{Estimate, Interval, LabelMetrics, LabelMistake, MeanSpread, MultiLabel};

/// Classes shown at once where the table of all is folded up.
const WEAKEST: usize = 20;

/// `leaks` is what to mind about how pictures were held out.
pub(super) fn verdict(found: &MultiLabel, leaks: Vec<String>) -> Section {
    let body = match found.mean_average_precision {
        Some(precision) => measured(found, precision, leaks),
        None if found.total == 0 => format!(
            "<p class=\"statement\">No pictures were held back, so nothing is known about how good its labels \
            are.</p>{}",
            list(&leaks)
        ),
        None => without_labels(found) + &list(&leaks),
    };
    Section { id: "verdict", title: "Verdict", lede: String::new(), body, wide: false }
}

/// Says that not one of the pictures has a label: how well those with one are put first cannot be said.
fn without_labels(found: &MultiLabel) -> String {
    format!(
        "<p class=\"statement\">{} Not one of them has a label, so average precision and recall do not exist.</p>\n{}",
        statement(found),
        figures(found)
    )
}

fn measured(found: &MultiLabel, precision: Estimate, leaks: Vec<String>) -> String {
    let baseline = found.by_chance.map(|share| Baseline { share, label: "by chance".into() });
    format!(
        r#"<div class="verdict"><p class="big">{big}<span>mean average precision</span></p>
<p class="statement">{statement}</p></div>
<figure>{chart}</figure>
{figures}{cautions}"#,
        big = percent(precision.value).replace('\u{a0}', "<small>&#8239;</small>"),
        statement = statement(found),
        chart = interval("Mean average precision", precision.value, precision.interval, baseline.as_ref()),
        figures = figures(found),
        cautions = list(&[leaks, cautions(found, precision)].concat()),
    )
}

fn statement(found: &MultiLabel) -> String {
    let (low, high) = ends(found.exact_interval);
    format!(
        "{on}, the model gave {exact} all their labels and no other ({share}; with 95&nbsp;% confidence between \
        {low} and {high}).{groups}{folds}",
        on = on(found.part, found.total),
        exact = count(found.exact as u64),
        share = maybe(found.exact_match, percent),
        groups = found.groups.map(groups).unwrap_or_default(),
        folds = found.folds.as_ref().map(folds).unwrap_or_default(),
    )
}

fn folds(MeanSpread { mean, sd, min, max, n }: &MeanSpread) -> String {
    let sd = sd.map(|sd| format!(", standard deviation {:.1} points", sd * 100.0)).unwrap_or_default();
    let (mean, min, max) = (percent(*mean), percent(*min), percent(*max));
    format!(" Over {n} folds its mean average precision was {mean}{sd}, from {min} to {max}.")
}

fn figures(found: &MultiLabel) -> String {
    let bounded = |estimate: Option<Estimate>| {
        estimate.map_or_else(
            || "–".into(),
            |Estimate { value, interval }| {
                let (low, high) = ends(interval);
                format!("{}<small class=\"ends\">{low} to {high}</small>", percent(value))
            },
        )
    };
    facts(
        "figures",
        &[
            ("F1, all labels", bounded(found.micro_f1)),
            ("F1, mean of classes", bounded(found.macro_f1)),
            ("Wrong labels", bounded(found.hamming_loss)),
            ("Log loss", maybe(found.log_loss, number)),
        ],
    )
}

fn cautions(found: &MultiLabel, precision: Estimate) -> Vec<String> {
    let all = [few(found), no_better(found, precision), unseen(found)];
    all.into_iter().flatten().collect()
}

fn few(found: &MultiLabel) -> Option<String> {
    let independent = found.groups.unwrap_or(found.total);
    (independent < FEW).then(|| {
        format!(
            "{} are little to judge by, and less for each label: intervals this wide are rather too narrow still.",
            found.groups.map_or_else(|| pictures(independent), |groups| plural(groups, "group", "groups"))
        )
    })
}

fn no_better(found: &MultiLabel, precision: Estimate) -> Option<String> {
    let chance = found.by_chance?;
    (precision.interval.low <= chance).then(|| {
        format!(
            "This is not clearly better than looking at nothing: probabilities by chance come to {}.",
            percent_whole(chance)
        )
    })
}

fn unseen(found: &MultiLabel) -> Option<String> {
    let unseen = found.per_class.iter().filter(|class| class.support == 0);
    let names: Vec<&str> = unseen.map(|class| class.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!("Not one picture among them shows {}: nothing is known about that.", quoted_list(&names))
    })
}

pub(super) fn classes(found: &MultiLabel) -> Option<Section> {
    let mut classes: Vec<&LabelMetrics> = found.per_class.iter().collect();
    let all = class_table("Figures per label", &classes);
    let weakest = if classes.len() > MOST_ROWS {
        let precision = |class: &LabelMetrics| class.average_precision.unwrap_or(f64::INFINITY);
        classes.sort_by(|a, b| precision(a).total_cmp(&precision(b)));
        classes.truncate(WEAKEST);
        format!("<h3>The {WEAKEST} of lowest average precision</h3>\n{}\n", class_table("Lowest", &classes))
    } else {
        String::new()
    };
    (found.total > 0).then(|| Section {
        id: "labels",
        title: "Label by label",
        lede: "A picture is given a label from the probability named on. Recall: of the pictures with the label, the \
        share that was given it. Precision: of the pictures given it, the share that has it. AP, average precision: \
        how well the probabilities put pictures with the label first, whatever the threshold. The intervals are \
        drawn from 0 to 100 %."
            .into(),
        body: weakest + &all,
        wide: false,
    })
}

fn class_table(caption: &str, classes: &[&LabelMetrics]) -> String {
    let columns = [
        Column::Text("Label"),
        Column::Number("Pictures"),
        Column::Number("AP"),
        Column::Number("From"),
        Column::Number("Precision"),
        Column::Number("Recall"),
        Column::Chart("95 % interval of recall"),
        Column::Number("F1"),
    ];
    table(caption, &columns, &classes.iter().map(|class| class_row(class)).collect::<Vec<_>>())
}

fn class_row(class: &LabelMetrics) -> Vec<String> {
    let two = |value: f64| format!("{value:.2}");
    let interval: Interval = class.recall_interval;
    vec![
        esc(&class.name).to_string(),
        count(class.support as u64),
        maybe(class.average_precision, percent),
        maybe(class.threshold, two),
        maybe(class.precision, percent),
        maybe(class.recall, percent),
        class.recall.map(|recall| interval_row(recall, interval)).unwrap_or_default(),
        maybe(class.f1, two),
    ]
}

/// `room` is for the thumbnails, in bytes.
pub(super) fn mistakes(found: &MultiLabel, mut room: usize) -> Option<Section> {
    let mistakes = &found.worst_pictures;
    let mut figures = String::new();
    for mistake in mistakes {
        // Anything else would be a link out of the file.
        let inline = mistake.thumbnail.as_deref();
        let inline = inline.filter(|uri| uri.len() <= room && uri.starts_with("data:image/"));
        room -= inline.map_or(0, str::len);
        figures += &figure(mistake, inline);
    }
    (!mistakes.is_empty()).then(|| Section {
        id: "mistakes",
        title: "Worst pictures",
        lede: "The wrongly labelled pictures whose truth was given the least chance. Many a one turns out to lack a \
        label in the table."
            .into(),
        body: format!("<div class=\"pictures\">\n{figures}</div>"),
        wide: false,
    })
}

fn figure(mistake: &LabelMistake, thumbnail: Option<&str>) -> String {
    let LabelMistake { path, truths, missed, wrong, .. } = mistake;
    let picture = match thumbnail {
        Some(uri) => {
            format!(
                r#"<img src="{}" alt="A picture of {}" loading="lazy">"#,
                esc(uri),
                esc(&truths.join(", "))
            )
        }
        None => "<div class=\"no-picture\">no thumbnail</div>".into(),
    };
    let line = |what: &str, labels: &[String]| match labels {
        [] => String::new(),
        labels => {
            format!("<p class=\"answer\"><span>{what}: <b>{}</b></span></p>\n", esc(&labels.join(", ")))
        }
    };
    format!(
        "<figure>{picture}<figcaption>{}{}{}<p class=\"path\">{}</p></figcaption></figure>\n",
        line("missed", missed),
        line("wrong", wrong),
        line("truth", truths),
        esc(path),
    )
}

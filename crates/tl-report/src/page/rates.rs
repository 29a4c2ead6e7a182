//! The page of a search for a learning rate.

use super::table::{Column, table};
use super::{Section, document, name, navigation};
use crate::chart::rates;
use crate::text::{esc, number, pictures};
use crate::{RateCurve, RateSuggestion};

/// A self-contained page for a learning rate range test on the data at `root`; `command` is what to run next.
pub fn rates_html(root: &str, backbone: &str, curve: &RateCurve, command: &str) -> String {
    let sections: Vec<Section> =
        [Some(plot(curve)), suggestions(curve, command)].into_iter().flatten().collect();
    let name = name(root);
    let header = format!(
        r#"<header>
<p class="kicker">Learning rates</p>
<h1>{}</h1>
<p class="facts">{} · {} · training {}</p>
{}
</header>"#,
        esc(name),
        pictures(curve.pictures),
        esc(backbone),
        esc(&curve.learns),
        navigation(&sections),
    );
    document(&format!("{name}: learning rates"), &header, &sections, env!("CARGO_PKG_VERSION"))
}

fn plot(curve: &RateCurve) -> Section {
    let stopped =
        curve.stopped.as_ref().map_or_else(String::new, |why| format!("; it ended early: {}", esc(why)));
    let drawn = if curve.points.is_empty() { String::new() } else { rates(curve) };
    Section {
        id: "curve",
        title: "Loss by learning rate",
        lede: "Where the line falls fastest, training learns most from a step; where it rises, steps are too long. Points \
        are single batches, the line is their running mean."
            .into(),
        body: format!(
            "<figure>{drawn}<figcaption>{} steps, each at a higher rate than the one before{stopped}.</figcaption></figure>",
            curve.points.len()
        ),
        wide: true,
    }
}

fn suggestions(curve: &RateCurve, command: &str) -> Option<Section> {
    let columns = [Column::Text("Rule"), Column::Number("Rate"), Column::Text("What it is")];
    let row = |(index, found): (usize, &RateSuggestion)| {
        let badge = if index == 0 { " <span class=\"badge\">suggested</span>" } else { "" };
        vec![format!("{}{badge}", esc(found.name)), format!("{:.1e}", found.rate), esc(found.why).to_string()]
    };
    let rows: Vec<_> = curve.suggestions.iter().enumerate().map(row).collect();
    let lowest = curve.points.iter().map(|point| point.smoothed).fold(f64::INFINITY, f64::min);
    (!rows.is_empty()).then(|| Section {
        id: "suggestions",
        title: "Suggestions",
        lede: match &curve.caution {
            Some(caution) => format!("{caution}."),
            None => format!("The running mean of the loss was {} at best.", number(lowest)),
        },
        body: format!(
            "{}\n<h3>Train with it</h3>\n<pre><code>{}</code></pre>",
            table("Suggested learning rates", &columns, &rows),
            esc(command)
        ),
        wide: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RatePoint;

    fn curve(points: Vec<RatePoint>) -> RateCurve {
        let suggestion = RateSuggestion { name: "valley", rate: 1e-3, why: "in the longest fall" };
        let suggestions = if points.is_empty() { vec![] } else { vec![suggestion] };
        RateCurve {
            points,
            suggestions,
            stopped: None,
            caution: None,
            learns: "the whole network".into(),
            pictures: 120,
        }
    }

    #[test]
    fn the_page_draws_the_curve_and_names_the_rate() {
        let point = |power: i32| RatePoint { rate: 10_f64.powi(power), loss: 2.0, smoothed: 1.5 };
        let page = rates_html(
            "my <photos>/",
            "resnet18",
            &curve((-7..=1).map(point).collect()),
            "tl train x --lr 1e-3",
        );
        for found in
            ["<h1>my &lt;photos&gt;</h1>", ">1e-7</text>", ">1e1</text>", "1.0e-3", "tl train x --lr 1e-3"]
        {
            assert!(page.contains(found), "{found} is not in {page}");
        }
        assert_eq!(page.matches("<circle").count(), 9);
        assert!(!page.contains("NaN") && !page.contains("inf\"") && !page.contains("src=\"http"));
    }

    #[test]
    fn a_search_that_found_nothing_has_a_page_too() {
        let one = RatePoint { rate: 1e-7, loss: 0.0, smoothed: 0.0 };
        for points in [vec![], vec![one]] {
            let page = rates_html("photos", "resnet18", &curve(points), "");
            assert!(!page.contains("NaN"), "{page}");
        }
    }
}

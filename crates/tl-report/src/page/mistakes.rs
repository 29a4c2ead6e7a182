//! The pictures it got most wrong.

use super::Section;
use crate::text::{esc, percent_whole};
use crate::{Evaluation, Mistake};

/// `room` is for the thumbnails, in bytes.
pub(super) fn section(evaluation: &Evaluation, room: usize) -> Option<Section> {
    let mistakes = &evaluation.worst_pictures;
    (!mistakes.is_empty()).then(|| Section {
        id: "mistakes",
        title: "Worst pictures",
        lede: "The mistakes that gave the truth the least chance. In bold the answer with its confidence, \
        below it the truth with the chance it was given. Many a one turns out to be a wrong label or a \
        picture of something else."
            .into(),
        body: format!("<div class=\"pictures\">\n{}</div>", figures(mistakes, room)),
        wide: false,
    })
}

fn figures(mistakes: &[Mistake], mut room: usize) -> String {
    let mut fits = |mistake: &Mistake| {
        let length = mistake.thumbnail.as_deref().map_or(0, str::len);
        let fits = length <= room;
        room -= if fits { length } else { 0 };
        fits
    };
    mistakes.iter().map(|mistake| figure(mistake, fits(mistake))).collect()
}

fn figure(mistake: &Mistake, fits: bool) -> String {
    let Mistake { path, truth, predicted, probability, truth_probability, thumbnail } = mistake;
    // Anything else would be a link out of the file.
    let inline = thumbnail.as_deref().filter(|uri| fits && uri.starts_with("data:image/"));
    let picture = match inline {
        Some(uri) => format!(
            r#"<img src="{}" alt="A picture of “{truth}” that was taken for “{predicted}”"
loading="lazy">"#,
            esc(uri),
            truth = esc(truth),
            predicted = esc(predicted),
        ),
        None => "<div class=\"no-picture\">no thumbnail</div>".into(),
    };
    format!(
        r#"<figure>{picture}<figcaption><p class="answer"><strong>{predicted}</strong><span>{sure}</span></p>
<p class="answer"><span>truth: <b>{truth}</b></span><span>{chance}</span></p>
<p class="path">{path}</p></figcaption></figure>
"#,
        predicted = esc(predicted),
        sure = percent_whole(*probability),
        truth = esc(truth),
        chance = percent_whole(*truth_probability),
        path = esc(path),
    )
}

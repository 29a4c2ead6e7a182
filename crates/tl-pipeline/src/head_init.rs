//! A model that another one begins from: its network, its preprocessing, and of its head the rows of the classes that
//! are there again.

use burn::tensor::Device;
use std::path::Path;
use tl_data::{Dataset, position_of_name};
use tl_files::shown_path;
use tl_heads::{LinearHead, Matrix, Pooling};
use tl_model::ModelFile;
use tl_report::Choice;

use crate::config::TrainConfig;
use crate::error::PipelineError;

/// What a head begins from.
#[derive(Debug)]
pub(crate) struct HeadInit {
    /// The weights in the order of the new classes; none if the head has more layers than one.
    pub(crate) head: Option<LinearHead>,
    /// What the head takes.
    pub(crate) pooling: Pooling,
    /// What was taken, for people.
    pub(crate) choice: Choice,
}

impl HeadInit {
    /// What the settings name, if they do.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub(crate) fn of(
        config: &TrainConfig,
        data: &Dataset,
        device: &Device,
    ) -> Result<Option<Self>, PipelineError> {
        config.init_from.as_ref().map(|model| Self::open(model, data, device)).transpose()
    }

    /// The initial head from a run folder or model file.
    ///
    /// # Errors
    /// If there is none or it is damaged; [`PipelineError::SeveralLabels`] or [`PipelineError::OneLabel`] if it answers
    /// another question than the pictures ask.
    fn open(path: &Path, data: &Dataset, device: &Device) -> Result<Self, PipelineError> {
        let ModelFile { header, head, .. } = ModelFile::read(&ModelFile::path_in(path), device)?;
        match (data.multi_label, header.multi_label) {
            (true, false) => return Err(PipelineError::SeveralLabels),
            (false, true) => return Err(PipelineError::OneLabel),
            _ => {}
        }
        let head = head.as_linear().map(|linear| matched(&linear, &header.classes, data));
        let rows = match head {
            Some(_) => described(&header.classes, &data.classes),
            None => "its head has several layers and begins anew".to_owned(),
        };
        let why = format!(
            "network and preprocessing; {rows}; pictures that trained it do not judge where they are known"
        );
        let choice = Choice::new("start", format!("the model {}", shown_path(path)), why);
        Ok(Self { head, pooling: header.pooling, choice })
    }

    /// The head, for one that takes this.
    pub(crate) fn head_on(&self, pooling: Pooling) -> Option<&LinearHead> {
        self.head.as_ref().filter(|_| self.pooling == pooling)
    }
}

/// Rows by class name. A new class gets the mean of the known ones, which makes it neither likely nor unlikely; where
/// every class is a question of its own, zeros, an even chance.
fn matched(old: &LinearHead, known: &[String], data: &Dataset) -> LinearHead {
    let places: Vec<Option<usize>> =
        data.classes.iter().map(|class| position_of_name(known, class)).collect();
    let found: Vec<usize> = places.iter().flatten().copied().collect();
    let fresh =
        if data.multi_label { LinearHead::zeros(1, old.weight_kd.columns()) } else { mean(old, &found) };
    let (mut weights, mut bias_k) = (Vec::new(), Vec::new());
    for place in places {
        let (head, row) = place.map_or((&fresh, 0), |row| (old, row));
        weights.extend_from_slice(head.weight_kd.row(row));
        bias_k.push(head.bias_k[row]);
    }
    LinearHead { weight_kd: Matrix::with_columns(old.weight_kd.columns(), weights), bias_k }
}

/// The mean of some rows of a head, as one row.
fn mean(head: &LinearHead, rows: &[usize]) -> LinearHead {
    let mut sum = LinearHead::zeros(1, head.weight_kd.columns());
    let share = 1.0 / rows.len().max(1) as f32;
    for &row in rows {
        let weights = sum.weight_kd.values_mut().iter_mut().zip(head.weight_kd.row(row));
        weights.for_each(|(sum, weight)| *sum += share * weight);
        sum.bias_k[0] += share * head.bias_k[row];
    }
    sum
}

/// `2 of 3 classes are known; new: bird; dropped: cow`
fn described(known: &[String], classes: &[String]) -> String {
    let missing = |of: &[String], from: &[String]| {
        of.iter().filter(|class| position_of_name(from, class).is_none()).cloned().collect::<Vec<_>>()
    };
    let (new, dropped) = (missing(classes, known), missing(known, classes));
    let list = |what: &str, names: &[String]| {
        if names.is_empty() { String::new() } else { format!(", {what}: {}", names.join(", ")) }
    };
    let kept = classes.len() - new.len();
    format!(
        "the head's rows of {kept} of {} classes{}{}",
        classes.len(),
        list("new", &new),
        list("dropped", &dropped)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn rows_follow_their_classes_and_new_ones_are_neutral() {
        let weight_kd = Matrix::with_columns(2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 8.0]);
        let old = LinearHead { weight_kd, bias_k: vec![0.5, 1.5, 2.5] };
        let known = names(&["cat", "cow", "dog"]);
        let data = |multi_label| Dataset {
            classes: names(&["dog", "bird", "cat"]),
            multi_label,
            ..Dataset::default()
        };
        let one = matched(&old, &known, &data(false));
        assert_eq!(one.weight_kd.values(), [5.0, 8.0, 3.0, 5.0, 1.0, 2.0]);
        assert_eq!(one.bias_k, [2.5, 1.5, 0.5]);
        let several = matched(&old, &known, &data(true));
        assert_eq!((several.weight_kd.row(1), several.bias_k[1]), (&[0.0, 0.0][..], 0.0));
        let expected = "the head's rows of 2 of 3 classes, new: bird, dropped: cow";
        assert_eq!(described(&known, &data(false).classes), expected);
    }
}

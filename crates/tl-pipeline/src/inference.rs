//! Inference: what a model that was just trained says about pictures of its data set.

use tl_data::{PictureLocation, SampleId};
use tl_frozen::Frozen;
use tl_heads::{Matrix, Pooling, probabilities};
use tl_model::{Classifier, Header};
use tl_train::TrainError;

use crate::error::PipelineError;
use crate::features::ModeFeatures;
use crate::model::Model;
use crate::setup::Setup;

/// Probabilities of pictures, `[ids, classes]`, from their features where the network is as pretrained.
///
/// # Errors
/// [`TrainError::Lost`] if a picture cannot be read any more.
pub(crate) fn predict(
    setup: &Setup<'_>,
    features: &ModeFeatures<'_>,
    model: &Model,
    ids: &[SampleId],
) -> Result<Matrix, PipelineError> {
    let data = features.data();
    let rows = |values| Matrix::with_columns(data.classes.len(), values);
    if ids.is_empty() {
        return Ok(rows(Vec::new()));
    }
    if model.backbone.is_none() && model.pooling == Pooling::Published {
        let logits_nk = model.head.logits(&features.matrix(ids))?;
        return Ok(probabilities(data.multi_label, logits_nk));
    }
    let places: Vec<PictureLocation> = ids.iter().map(|&id| data.place_of(id)).collect();
    let progress = |progress| setup.observer.progress(progress);
    let classifier = classifier(setup, features, model);
    let answers = classifier.predict(&places, features.source().threads, &progress)?;
    let mut values = Vec::with_capacity(ids.len() * data.classes.len());
    for (id, answer) in ids.iter().zip(answers) {
        let lost = |reason| TrainError::Lost { path: data.samples[id.0].path.clone(), reason };
        values.extend(answer.map_err(lost)?);
    }
    Ok(rows(values))
}

fn classifier(setup: &Setup<'_>, features: &ModeFeatures<'_>, model: &Model) -> Classifier {
    let (source, data) = (features.source(), features.data());
    let backbone = model.backbone.as_deref().unwrap_or_else(|| source.frozen.backbone()).clone();
    let header = Header {
        backbone: setup.architecture.name.to_owned(),
        multi_label: data.multi_label,
        ..Header::unnamed(data.classes.clone(), features.preprocess())
    };
    let header = header.with_layers(model.pooling, model.head.kinds());
    Classifier::new(header, Frozen::new(backbone, setup.device().clone()), Some(model.head.clone()))
}

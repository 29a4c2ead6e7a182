//! A model on a folder of labelled pictures it was not trained on.

use std::path::{Path, PathBuf};
use tl_data::{Dataset, Limits, MaxBad, SampleId, check_bad, scan};
use tl_report::{Evaluation, Part, Prediction};

use crate::{Classifier, Step, TrainError, Watch};

/// Mistakes that are kept with their pictures.
pub(crate) const WORST: usize = 12;

/// Evaluates a model on a folder with one sub-folder per class, named as the model's classes.
///
/// # Errors
/// If the folder cannot be used, has a class the model does not know, or too many bad files.
pub fn evaluate_folder(
    classifier: &Classifier,
    folder: &Path,
    max_bad: &MaxBad,
    threads: usize,
    watch: &dyn Watch,
) -> Result<(Evaluation, Dataset), TrainError> {
    watch.step(Step::Scan);
    let data = scan(folder, &Limits::default(), &|progress| watch.progress(progress))?;
    check_bad(&data.rejected, data.files(), max_bad)?;
    let model_class = class_map(classifier, &data)?;
    watch.step(Step::Extract);
    let files: Vec<PathBuf> = (0..data.len()).map(|index| data.file_of(SampleId(index))).collect();
    let answers = classifier.predict(&files, threads, &|progress| watch.progress(progress))?;
    let mut predictions = Vec::new();
    let mut failed = Vec::new();
    for (index, answer) in answers.into_iter().enumerate() {
        let sample = &data.samples[index];
        match answer {
            Ok(row) => predictions.push(prediction(&sample.path, model_class[sample.class.0], &row)),
            Err(reason) => failed.push((SampleId(index), reason)),
        }
    }
    let data = data.without(failed);
    check_bad(&data.rejected, data.files(), max_bad)?;
    let evaluation = Evaluation::new(Part::External, classifier.classes().to_vec(), &predictions, WORST)?;
    Ok((evaluation, data))
}

/// For each class of the folder, its number in the model.
fn class_map(classifier: &Classifier, data: &Dataset) -> Result<Vec<usize>, TrainError> {
    let known = classifier.classes();
    let number = |class: &String| {
        let found = known.iter().position(|name| name == class);
        found.ok_or_else(|| TrainError::UnknownClass { class: class.clone(), known: known.to_vec() })
    };
    data.classes.iter().map(number).collect()
}

pub(crate) fn prediction(path: &Path, truth: usize, probabilities: &[f32]) -> Prediction {
    let probabilities = probabilities.iter().map(|&p| f64::from(p)).collect();
    Prediction { path: path.display().to_string(), truth, probabilities }
}

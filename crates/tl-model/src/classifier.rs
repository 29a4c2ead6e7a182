//! A trained model, ready to answer.

use burn::tensor::Device;
use serde::Serialize;
use std::path::Path;
use tl_backbones::Boundary;
use tl_data::{PictureLocation, Progress, SampleError};
use tl_frozen::{Arithmetic, Frozen, Job, Output, Precision, extract};
use tl_heads::{FittedHead, Matrix, Pooling, probabilities};
use tl_image::{Limits, Preprocess};
use tl_weights::FetchConfig;

use crate::error::ModelError;
use crate::labels::given;
use crate::model_file::{Header, ModelFile};
use crate::observer::FetchObserver;
use crate::pretrained::Pretrained;
use crate::rounding::{PrecisionChoice, Rounding, check_precision};
use crate::seen_hashes::SeenHashes;

/// Probabilities of a picture's classes, or why it cannot be read.
pub type Probabilities = Result<Vec<f32>, SampleError>;

/// Pictures that are answered first: few, so that somebody who waits sees something. Multiples of the network's batch, so
/// that the same pictures go through it together.
const FIRST: usize = 32;
/// Pictures that are answered together after that, and for each thread, so that few wait for the last one.
const MOST: usize = 256;
const EACH: usize = 16;

/// A model that turns pictures into class probabilities.
#[derive(Debug)]
pub struct Classifier {
    /// Where the model comes from and what it expects.
    pub header: Header,
    /// The pictures that it has seen; none if that is not known.
    pub seen: Option<SeenHashes>,
    frozen: Frozen,
    /// The fitted head; `None` for the head that the network was published with.
    head: Option<FittedHead>,
    /// The boundary behind the last stage.
    end: Boundary,
}

/// One class and its probability.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassProbability {
    /// The class's name.
    pub class: String,
    /// The class's probability, in 0..1.
    pub probability: f32,
}

impl Classifier {
    /// Opens a run folder or a model file.
    ///
    /// # Errors
    /// If there is none, or it is damaged.
    pub fn open(path: &Path, device: &Device) -> Result<Self, ModelError> {
        let ModelFile { header, head, backbone, seen } = ModelFile::read(&ModelFile::path_in(path), device)?;
        let classifier = Self::new(header, Frozen::new(backbone, device.clone()), Some(head));
        let mut classifier = Self { seen, ..classifier };
        let trained = classifier.header.rounding.as_ref().map(Rounding::arithmetic).unwrap_or_default();
        // Floats give nearly the same where there are no instructions for it.
        if check_precision(trained.precision(), &classifier.frozen).is_ok() {
            classifier.frozen = classifier.frozen.with_arithmetic(trained);
        }
        Ok(classifier)
    }

    /// This classifier with another precision of its network's products; `Auto` is the one it was trained with, or f32
    /// where the processor has no instructions for that.
    ///
    /// # Errors
    /// [`ModelError::Setting`] if the processor has no instructions for it, or it is int8 and the model was not trained so.
    pub fn with_precision(self, precision: PrecisionChoice) -> Result<Self, ModelError> {
        let PrecisionChoice::Fixed(precision) = precision else { return Ok(self) };
        check_precision(precision, &self.frozen)?;
        let arithmetic = match precision {
            Precision::F32 => Arithmetic::F32,
            Precision::Bf16 => Arithmetic::Bf16,
            Precision::Int8 if matches!(self.frozen.arithmetic(), Arithmetic::Int8(_)) => return Ok(self),
            Precision::Int8 => {
                let (what, value) = ("the precision".to_owned(), "int8".to_owned());
                let rule = "f32 or bf16 with a model that was not trained with `--precision int8`".to_owned();
                return Err(ModelError::Setting { what, value, rule });
            }
        };
        Ok(Self { frozen: self.frozen.with_arithmetic(arithmetic), ..self })
    }

    /// A model of a network and a head; without one, that of the network is asked.
    pub fn new(header: Header, frozen: Frozen, head: Option<FittedHead>) -> Self {
        let end = frozen.backbone().end();
        Self { header, seen: None, frozen, head, end }
    }

    /// A pretrained network itself, with the 1,000 classes of ImageNet: the weights of this name in the catalogue, or
    /// the default ones of the network of this name. What is missing is fetched.
    ///
    /// # Errors
    /// If there is no such network, or its weights are not to be had.
    pub fn pretrained(
        name: &str,
        device: &Device,
        fetch: &FetchConfig,
        observer: &dyn FetchObserver,
    ) -> Result<Self, ModelError> {
        let pretrained = Pretrained::named(name)?;
        let (backbone, loaded) = pretrained.load(device, fetch, observer)?;
        let classes = tl_weights::imagenet_classes().into_iter().map(String::from).collect();
        let preprocess = pretrained.preprocess.clone();
        let header = pretrained.header(&loaded, classes, preprocess, "as published".to_owned());
        Ok(Self::new(header, Frozen::new(backbone, device.clone()), None))
    }

    /// Class names, in the order of probabilities.
    pub fn classes(&self) -> &[String] {
        &self.header.classes
    }

    /// What a picture goes through before the network sees it.
    pub fn preprocess(&self) -> &Preprocess {
        &self.header.preprocess
    }

    /// Probabilities for each picture that can be read, and the reason for each that cannot, in the pictures' order.
    ///
    /// # Errors
    /// If the head does not fit the network.
    pub fn predict(
        &self,
        pictures: &[PictureLocation],
        threads: usize,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Probabilities>, ModelError> {
        let mut answers = Vec::with_capacity(pictures.len());
        self.predict_each(pictures, threads, progress, |_, some| {
            answers.extend(some);
            Ok::<(), ModelError>(())
        })?;
        Ok(answers)
    }

    /// Predicts as [`predict`](Self::predict) does, but hands the answers to `sink` as they come, some pictures at a time
    /// and in their order: the first ones soon, and memory holds no more than some hundred.
    ///
    /// # Errors
    /// If the head does not fit the network, and those of `sink`, which end the work.
    pub fn predict_each<E: From<ModelError>>(
        &self,
        pictures: &[PictureLocation],
        threads: usize,
        progress: &(dyn Fn(Progress) + Sync),
        mut sink: impl FnMut(&[PictureLocation], Vec<Probabilities>) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut done, total) = (0, pictures.len());
        let (mut together, most) = (FIRST, MOST.max(EACH * threads));
        while done < total {
            let some = &pictures[done..total.min(done + together)];
            let inner = |inner: Progress| progress(Progress { done: done + inner.done, total });
            let answers = self.predict_some(some, threads, &inner)?;
            done += some.len();
            together = (2 * together).min(most);
            sink(some, answers)?;
        }
        Ok(())
    }

    fn predict_some(
        &self,
        pictures: &[PictureLocation],
        threads: usize,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Vec<Probabilities>, ModelError> {
        let views = [self.preprocess().clone()];
        let output = match self.header.pooling {
            _ if self.head.is_none() => Output::Logits,
            Pooling::Published => Output::Features,
            _ => Output::Maps(self.end),
        };
        let job = Job { pictures, views: &views, output, limits: &Limits::default(), threads };
        let extraction = extract(&self.frozen, &job, progress);
        let mut answers: Vec<Probabilities> = vec![Ok(Vec::new()); pictures.len()];
        if let Some(outputs) = extraction.features.first().filter(|outputs| outputs.rows() > 0) {
            let probabilities_nk = self.probabilities(outputs)?;
            for (&index, row) in extraction.rows.iter().zip(probabilities_nk.iter_rows()) {
                if !row.iter().all(|probability| probability.is_finite()) {
                    return Err(ModelError::AnswerNotFinite { path: pictures[index].file.clone() });
                }
                answers[index] = Ok(row.to_vec());
            }
        }
        for (index, reason) in extraction.failed {
            answers[index] = Err(reason);
        }
        Ok(answers)
    }

    /// Probabilities from features by the head, or from the published head's logits.
    fn probabilities(&self, outputs: &Matrix) -> Result<Matrix, ModelError> {
        Ok(match &self.head {
            Some(head) if self.header.pooling == Pooling::Published => self.answer(head.logits(outputs)?),
            Some(head) => {
                let features_nd = self.header.pooling.of_rows(outputs, self.channels());
                self.answer(head.logits(&features_nd)?)
            }
            None => tl_heads::softmax_rows(outputs.clone()),
        })
    }

    fn answer(&self, logits_nk: Matrix) -> Matrix {
        probabilities(self.header.multi_label, logits_nk)
    }

    /// Channels of the last stage's maps; 0 for a network that is not known, which there cannot be.
    fn channels(&self) -> usize {
        let summary =
            tl_backbones::architecture(&self.header.backbone).map(|row| tl_backbones::summary(&row));
        summary
            .ok()
            .and_then(|summary| summary.stages.last().map(|stage| stage.output[0]))
            .unwrap_or_default()
    }

    /// The `k` most probable classes, the most probable first.
    pub fn top(&self, probabilities: &[f32], k: usize) -> Vec<ClassProbability> {
        let mut answers = self.ranked(probabilities, 0..probabilities.len());
        answers.truncate(k);
        answers
    }

    /// The labels that a picture is given, the most probable first: those whose probability reaches their threshold. None
    /// of a model that gives one label each.
    pub fn labels(&self, probabilities: &[f32]) -> Vec<ClassProbability> {
        let wide: Vec<f64> = probabilities.iter().map(|&p| f64::from(p)).collect();
        self.ranked(probabilities, given(&wide, &self.header.thresholds))
    }

    fn ranked(&self, probabilities: &[f32], classes: impl Iterator<Item = usize>) -> Vec<ClassProbability> {
        let answer = |index: usize| ClassProbability {
            class: self.classes()[index].clone(),
            probability: probabilities[index],
        };
        let mut answers: Vec<ClassProbability> = classes.map(answer).collect();
        answers.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        answers
    }
}

//! Which values of pictures with 16 bits a colour are black and white: as asked for, as found, or as a model has it.

use tl_data::{Dataset, RangeChoice, ReadOptions, Source, WideValues, settle_range};
use tl_image::{Limits, Preprocess, ValueRange};
use tl_model::Pretrained;
use tl_report::Choice;

use crate::config::TrainConfig;
use crate::error::PipelineError;
use crate::observer::Observer;

/// Pictures that are looked at to see whether the range fits.
const LOOKED_AT: usize = 32;

/// The settings and the network's preprocessing with a range that is known, and how it was chosen where it is not the usual.
pub(crate) fn with_range(
    config: &TrainConfig,
    mut pretrained: Pretrained,
    observer: &dyn Observer,
) -> Result<(TrainConfig, Pretrained, Option<Choice>), PipelineError> {
    let asked = ReadOptions { seed: config.seed, ..config.read.clone() };
    let (options, preprocess) =
        settled(&config.data.source(), &asked, pretrained.preprocess.clone(), observer)?;
    let why = match asked.range {
        Some(RangeChoice::Auto) => "of the values of all pictures with 16 bits a colour",
        Some(RangeChoice::Fixed(_)) => "asked for",
        None => "as the model has it",
    };
    let choice = options.range.map(|range| Choice::new("range", range.to_string(), why.to_owned()));
    let read = ReadOptions { range: options.range, ..config.read.clone() };
    let config = TrainConfig { read, ..config.clone() };
    pretrained.preprocess = preprocess;
    Ok((config, pretrained, choice))
}

/// Settles the range of values in the options to read with and in the preprocessing: a range that the network was trained
/// with stays, unless another is asked for.
pub(crate) fn settled(
    source: &Source,
    asked: &ReadOptions,
    preprocess: Preprocess,
    observer: &dyn Observer,
) -> Result<(ReadOptions, Preprocess), PipelineError> {
    let of_model = Some(preprocess.range).filter(|range| !range.is_full()).map(RangeChoice::Fixed);
    let asked = ReadOptions { range: asked.range.or(of_model), ..asked.clone() };
    let options = settle_range(source, &asked, &Limits::default(), &|progress| observer.progress(progress))?;
    let range = match options.range {
        Some(RangeChoice::Fixed(range)) => range,
        Some(RangeChoice::Auto) | None => ValueRange::FULL,
    };
    Ok((options, Preprocess { range, ..preprocess }))
}

/// Says so where some of the pictures do not fit the range.
pub(crate) fn note_values(data: &Dataset, preprocess: &Preprocess, observer: &dyn Observer) {
    let values = WideValues::of(data, LOOKED_AT, &preprocess.limits(&Limits::default()));
    if let Some((found, remedy)) = values.and_then(|values| values.complaint()) {
        observer.noted("range", &format!("{found}; {remedy}"));
    }
}

//! Hints, what to do about an error, where there is something: options that help, and other commands.

use anyhow::Error;
use std::io;
use tl_data::DataError;
use tl_files::shown_path;
use tl_heads::HeadError;
use tl_model::ModelError;
use tl_pipeline::PipelineError;
use tl_train::TrainError;
use tl_weights::WeightsError;

/// A sentence without its end.
pub(crate) fn hint(error: &Error) -> Option<String> {
    let job = error.downcast_ref().and_then(of_job);
    let job = job.or_else(|| error.downcast_ref().and_then(of_model));
    let job = job.or_else(|| error.downcast_ref().and_then(of_training));
    job.or_else(|| error.downcast_ref::<DataError>().and_then(DataError::hint))
}

fn of_job(error: &PipelineError) -> Option<String> {
    let hint = match error {
        PipelineError::Model(error) => return of_model(error),
        PipelineError::Train(error) => return of_training(error),
        PipelineError::Head(error) => return of_head(error),
        PipelineError::Data(error) => return error.hint(),
        PipelineError::Settings { nearest, .. } => return nearest.as_deref().map(did_you_mean),
        PipelineError::Write { reason, .. } => return Some(of_write(reason).to_owned()),
        PipelineError::Unlisted { .. } => "leave `--slim` out",
        PipelineError::ClassLost { .. } => "add pictures to the class, or take its folder out",
        PipelineError::UnknownClass { .. } => "folders must be named as the model's classes",
        PipelineError::SeveralLabels => "train a model on pictures with several labels",
        PipelineError::OneLabel => {
            "`--label-separator`, or several `--label-column`, say where the other labels are"
        }
        PipelineError::OneLabelOnly { .. } => "leave it out",
        PipelineError::Finished { .. } => "`tl train` with another `--seed` or `--name` makes a new one",
        PipelineError::NoParquet { .. } => "build with `--features parquet`, or write .npy or .safetensors",
        PipelineError::OutIsSource { .. } => "name another file with `--out FILE`",
        PipelineError::Out { reason, .. } if is_full(reason) => {
            "free some space, or write elsewhere with `--out FILE`; what was computed is in the cache"
        }
        PipelineError::Out { .. } => "`--out FILE` writes elsewhere",
        PipelineError::Interrupted { .. } => "the same command goes on with what is in the cache",
        PipelineError::FeaturesNotFinite { .. } => {
            "take the picture out; if there are many, the weights are damaged, or `--precision f32` helps"
        }
        PipelineError::NotToml { .. }
        | PipelineError::Report(_)
        | PipelineError::Read { .. }
        | PipelineError::NoStage { .. }
        | PipelineError::UnknownFormat { .. }
        | PipelineError::Setting { .. }
        | PipelineError::TooSmall { .. } => return None,
    };
    Some(hint.to_owned())
}

fn of_model(error: &ModelError) -> Option<String> {
    let hint = match error {
        ModelError::Head(error) => return of_head(error),
        ModelError::Backbone(error) => return Some(did_you_mean(error.nearest)),
        ModelError::Weights(WeightsError::NotEmbedded) => "build with `--features embedded`",
        ModelError::Weights(WeightsError::Unknown { nearest, .. }) => {
            return Some(format!("{} `tl backbones` lists all", did_you_mean(nearest)));
        }
        ModelError::Weights(WeightsError::Fetch(error)) => return Some(error.hint()),
        ModelError::Weights(WeightsError::Import(error)) => return Some(error.hint()),
        ModelError::WeightsOfRun { path } => {
            return Some(format!("`--init-from {}` begins from its model", shown_path(path)));
        }
        ModelError::OtherModel { .. } => "`tl train PICTURES` makes a model of your pictures: a run folder",
        ModelError::Unfinished { path } => {
            return Some(format!("`tl resume {}` goes on with it", shown_path(path)));
        }
        ModelError::RunNotFound { newest, .. } => return Some(did_you_mean(&shown_path(newest).to_string())),
        ModelError::WeightsFile { error: WeightsError::Unfit { .. }, .. } => {
            "`--backbone NAME` says which network the file is of"
        }
        ModelError::Device { .. } => "`--device cpu` always works",
        ModelError::NotAModel { .. } => "give a run folder or its `model.safetensors`",
        ModelError::AnswerNotFinite { .. } => {
            "its file is damaged or was edited: train it again, or take it from where it was made"
        }
        ModelError::NoPictures { .. } => {
            "give picture files, a folder, or a quoted pattern such as 'new/*.jpg'"
        }
        ModelError::Weights(_)
        | ModelError::WeightsFile { .. }
        | ModelError::Read { .. }
        | ModelError::Setting { .. }
        | ModelError::Pattern { .. } => return None,
    };
    Some(hint.to_owned())
}

fn of_training(error: &TrainError) -> Option<String> {
    let hint = match error {
        TrainError::Head(error) => return of_head(error),
        TrainError::Write { reason, .. } => of_write(reason),
        TrainError::CheckpointWrite { reason, .. } if is_full(reason) => "free some space and start again",
        TrainError::CheckpointRemove { .. } => "remove it by hand",
        TrainError::CheckpointsInUse { .. } => "wait for the other process, or start a new run",
        TrainError::CheckpointOfAnotherRun { .. } => {
            "start a new run, or go back to what this one was begun with"
        }
        TrainError::CheckpointSchema { tl, .. } => {
            return Some(format!("go on with tl {tl}, or start a new run"));
        }
        TrainError::CheckpointsDamaged { .. } => "start a new run, and have the disk checked",
        TrainError::Checkpoint { .. } => "start a new run under another `--name`",
        TrainError::Diverged { .. } | TrainError::NotFinite { .. } => {
            "try a tenth of the rate with `--lr`, or `--clip 1`; `tl lr-find` suggests a rate"
        }
        TrainError::Stopped { run } => {
            return Some(format!("`tl resume {}`, or the same command again", shown_path(run)));
        }
        TrainError::Lost { .. } => "put it back; the same command goes on from the last checkpoint",
        TrainError::CheckpointWrite { .. }
        | TrainError::Read { .. }
        | TrainError::Stage { .. }
        | TrainError::Setting { .. } => return None,
    };
    Some(hint.to_owned())
}

fn of_head(error: &HeadError) -> Option<String> {
    match error {
        HeadError::Diverged { .. } => {
            Some("`--head logistic` solves for the head without a learning rate".to_owned())
        }
        HeadError::NoMinimum { .. } | HeadError::Folding { .. } | HeadError::NoLoss => Some(
            "`--head prototype` needs no solver; `tl data check` looks for pictures that are not like others"
                .to_owned(),
        ),
        _ => None,
    }
}

fn of_write(reason: &io::Error) -> &'static str {
    if is_full(reason) {
        "free some space, or write elsewhere with `--runs DIR`; nothing was left behind"
    } else {
        "`--runs DIR` writes elsewhere"
    }
}

fn did_you_mean(nearest: &str) -> String {
    format!("did you mean `{nearest}`?")
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_said_with_a_remedy_wherever_it_was_found() {
        let full = || (std::path::PathBuf::from("runs"), io::Error::from(io::ErrorKind::StorageFull));
        let (path, reason) = full();
        let of_job = Error::from(PipelineError::Write { path, reason });
        let (path, reason) = full();
        let of_training = Error::from(PipelineError::from(TrainError::Write { path, reason }));
        for error in [of_job, of_training] {
            let expected = "free some space, or write elsewhere with `--runs DIR`; nothing was left behind";
            assert_eq!(hint(&error).as_deref(), Some(expected));
        }
    }

    #[test]
    fn weights_that_diverged_name_the_options_that_help() {
        let (phase, tensor) = ("head".to_owned(), "b.bias".to_owned());
        let error = Error::from(TrainError::NotFinite { phase, step: 7, tensor });
        assert!(hint(&error).is_some_and(|hint| hint.contains("--lr")));
    }

    #[test]
    fn a_checkpoint_that_is_no_use_comes_with_a_way_on() {
        let path = || std::path::PathBuf::from("step-000110");
        let full = io::Error::from(io::ErrorKind::StorageFull);
        let cases = [
            (
                TrainError::CheckpointsDamaged { path: path(), skipped: Vec::new() },
                "start a new run, and have",
            ),
            (TrainError::CheckpointOfAnotherRun { path: path(), differences: Vec::new() }, "start a new run"),
            (
                TrainError::CheckpointSchema { path: path(), schema: 2, tl: "0.9.0".to_owned() },
                "go on with tl 0.9.0, or start a new run",
            ),
            (
                TrainError::CheckpointWrite { path: path(), reason: full, earlier: None },
                "free some space and start again",
            ),
        ];
        for (error, expected) in cases {
            let hint = hint(&Error::from(error)).unwrap();
            assert!(hint.starts_with(expected), "{hint}");
        }
    }
}

//! The files of a run, from what its job found.

use serde_json::Value;
use std::path::Path;
use std::time::Instant;
use tl_backbones::Backbone;
use tl_data::{SampleId, write_parts};
use tl_model::{Header, ModelError, Pretrained, Rounding, SeenHashes, model_bytes};
use tl_report::{Choice, ClassCount, DataCard, Folds, Record, SCHEMA, Setting, StageTime};
use tl_train::{METRICS, jsonl};
use tl_weights::Loaded;

use crate::data_plan::DataPlan;
use crate::error::PipelineError;
use crate::follow_up::{commands, file_of, possible_folds};
use crate::initial_model::InitialModel;
use crate::invocation::{Invocation, Outcome};
use crate::metrics::Metrics;
use crate::record::{add_thumbnails, data_card, model_card, peak_memory};
use crate::run_folder::RunFolder;
use crate::run_in_progress::RunInProgress;
use crate::split::has;
use crate::trial::{Job, Trial};

/// Everything that is known when training is over.
pub(crate) struct Finished<'a> {
    pub(crate) invocation: &'a Invocation,
    pub(crate) pretrained: &'a Pretrained,
    pub(crate) loaded: &'a Loaded,
    pub(crate) plan: &'a DataPlan,
    pub(crate) job: Job<'a>,
}

/// The model that is kept, and how good it is.
pub(crate) struct EvaluatedTrial {
    pub(crate) trial: Trial,
    pub(crate) figures: Metrics,
    pub(crate) folds: Option<Folds>,
}

impl Finished<'_> {
    /// Writes the run.
    ///
    /// # Errors
    /// [`PipelineError::Write`] naming the file.
    pub(crate) fn commit(
        mut self,
        mut judged: EvaluatedTrial,
        choices: Vec<Choice>,
        mut timings: Vec<StageTime>,
    ) -> Result<Outcome, PipelineError> {
        let begun = Instant::now();
        let (folder, log) = (self.job.run.folder.take(), self.job.run.log.take());
        add_thumbnails(&mut judged.figures, &self.plan.data, &self.job.table.source.preprocess);
        let model = self.model(&judged.trial)?;
        let metrics = self.metrics(&judged.figures);
        let split = self.split_csv()?;
        timings.push(StageTime {
            name: "model and thumbnails".to_owned(),
            seconds: begun.elapsed().as_secs_f64(),
        });
        let mut record = self.record(judged, choices, timings);
        let metrics = match log {
            Some(log) => log.finish(&metrics).map(|()| None)?,
            None => Some(jsonl(&metrics)),
        };
        let metrics = metrics.as_deref().map(|lines| (METRICS, lines.as_bytes()));
        let files: [(&str, &[u8]); 3] = [
            ("run.toml", self.job.run.settings.as_bytes()),
            ("model.safetensors", &model),
            ("split.csv", &split),
        ];
        let files: Vec<_> = files.into_iter().chain(metrics).collect();
        let mut reports = |run: &Path| {
            record.next = self.next(run);
            let (json, html) = (tl_report::json(&record)?, tl_report::html(&record));
            Ok(vec![("report.json", json.into_bytes()), ("report.html", html.into_bytes())])
        };
        let run = match folder {
            Some(run) => {
                let reports = reports(run.path())?;
                let reports = reports.iter().map(|(name, content)| (*name, content.as_slice()));
                run.finish(&files.into_iter().chain(reports).collect::<Vec<_>>())?
            }
            None => {
                let RunInProgress { runs, name, .. } = &self.job.run;
                RunFolder::commit_naming_itself(runs, name, &files, reports)?
            }
        };
        Ok(Outcome { folder: run.path().to_owned(), record })
    }

    fn header(&self, trial: &Trial) -> Header {
        let preprocess = self.job.table.at(trial.mode).preprocess();
        let (classes, head) = (self.plan.data.classes.clone(), trial.model.how.clone());
        let mut header = self.pretrained.header(self.loaded, classes, preprocess, head);
        // Weights that were trained are nowhere else.
        header.slim = self.job.setup.config.slim && trial.model.backbone.is_none();
        if trial.model.backbone.is_none() {
            header.rounding = Rounding::of(self.job.table.source.frozen.arithmetic());
        }
        let header = header.with_layers(trial.model.pooling, trial.model.head.kinds());
        header.with_thresholds(trial.answers.thresholds.clone())
    }

    /// The network of the model.
    fn backbone<'a>(&'a self, trial: &'a Trial) -> &'a Backbone {
        trial.model.backbone.as_deref().unwrap_or_else(|| self.job.table.source.frozen.backbone())
    }

    fn model(&self, trial: &Trial) -> Result<Vec<u8>, PipelineError> {
        let refused =
            |detail| ModelError::NotAModel { path: Path::new("model.safetensors").to_owned(), detail };
        let (header, seen) = (self.header(trial), self.seen(trial));
        Ok(model_bytes(&header, &trial.model.head, self.backbone(trial), &seen).map_err(refused)?)
    }

    /// All pictures that the model owes something to.
    fn seen(&self, trial: &Trial) -> SeenHashes {
        let seen = SeenHashes::of(&self.plan.data, &trial.seen);
        match &self.plan.start {
            Some(start) => seen.and_of_start(start.seen.as_ref()),
            None => seen,
        }
    }

    fn data_card(&self) -> DataCard {
        DataCard {
            across_parts: self.plan.words.across,
            seen_before: self.plan.start.as_ref().map(InitialModel::card),
            tightened: self.plan.units.tightened,
            ..data_card(&self.job.table.cleaned(), self.class_counts())
        }
    }

    /// The lines that are not written yet.
    fn metrics(&self, figures: &Metrics) -> Vec<Value> {
        self.job.journal.lines.iter().cloned().chain([figures.line()]).collect()
    }

    /// The pictures of each part of the split that could be read.
    fn parts(&self) -> Vec<(String, Vec<SampleId>)> {
        let parts = self.plan.data_split.parts().into_iter();
        parts.map(|(name, ids)| (name, self.job.table.readable(ids))).collect()
    }

    /// What to type next.
    fn next(&self, run: &Path) -> Vec<String> {
        let (data, config) = (&self.plan.data, self.job.setup.config);
        let judged = self.plan.data_split.parts().into_iter().rev().flat_map(|(_, ids)| ids);
        let picture = judged.copied().find_map(|id| file_of(data, id));
        let open = config.folds.is_none() && config.split.is_none();
        let folds = open.then(|| possible_folds(data, config.seed)).flatten();
        commands(run, picture.as_deref(), &self.invocation.follow_up, folds)
    }

    fn split_csv(&self) -> Result<Vec<u8>, PipelineError> {
        let mut table = Vec::new();
        write_parts(&self.plan.data, &self.parts(), &mut table)?;
        Ok(table)
    }

    /// Number of pictures of each class; with folds every picture trains the model that is kept.
    fn class_counts(&self) -> Vec<ClassCount> {
        let parts = self.parts();
        let held_out = |name: &str| ["val", "test"].into_iter().find(|part| *part == name);
        let count = |class, wanted: Option<&str>| {
            let of_part = parts.iter().filter(|(name, _)| held_out(name) == wanted).flat_map(|(_, ids)| ids);
            of_part.filter(|&&id| has(&self.plan.data, id, class)).count()
        };
        let class = |(index, name): (usize, &String)| ClassCount {
            name: name.clone(),
            train: count(index, None),
            val: count(index, Some("val")),
            test: count(index, Some("test")),
        };
        self.plan.data.classes.iter().enumerate().map(class).collect()
    }

    fn record(
        &self,
        EvaluatedTrial { trial, figures, folds }: EvaluatedTrial,
        choices: Vec<Choice>,
        timings: Vec<StageTime>,
    ) -> Record {
        let config = self.job.setup.config;
        let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
        let header = self.header(&trial);
        Record {
            schema: SCHEMA,
            tl_version: env!("CARGO_PKG_VERSION").to_owned(),
            created: self.invocation.time.clone(),
            command: self.invocation.command.clone(),
            seed: config.seed,
            settings: vec![
                setting("held out", self.plan.words.setting.clone()),
                setting("resize", config.resize.to_string()),
                setting("head", config.head.to_string()),
                setting("bad files allowed", config.max_bad.clone()),
            ],
            versions: vec![setting("burn", "0.22.1".to_owned())],
            timings,
            peak_memory_bytes: peak_memory(),
            data: self.data_card(),
            model: model_card(
                &header,
                self.pretrained.licence(),
                self.backbone(&trial),
                &trial.model.head,
                trial.model.trained,
                &config.device,
            ),
            choices,
            phases: trial.history.phases,
            candidates: trial.history.candidates,
            evaluation: figures.evaluation,
            multi_label: figures.multi_label,
            folds,
            solver: trial.history.solver,
            curve: trial.history.curve,
            next: Vec::new(),
        }
    }
}

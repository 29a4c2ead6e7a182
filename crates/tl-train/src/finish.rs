//! The files of a run, from what its job found.

use serde_json::Value;
use std::path::Path;
use std::time::Instant;
use tl_backbones::Backbone;
use tl_data::{Dataset, SampleId, Tightened, write_parts};
use tl_frozen::Frozen;
use tl_report::{AcrossParts, Choice, ClassCount, DataCard, Folds, Record, SCHEMA, Setting, Stage};
use tl_weights::Loaded;

use crate::figures::Figures;
use crate::model_file::model_bytes;
use crate::record::{add_thumbnails, data_card, model_card, peak_memory};
use crate::run_folder::UnderWay;
use crate::run_log::{METRICS, RunLog, jsonl};
use crate::split::{Division, has};
use crate::start::Start;
use crate::trial::{Trial, Trials};
use crate::{Header, Invocation, Outcome, Pretrained, Rounding, RunFolder, Seen, TrainConfig, TrainError};

/// Everything that is known when training is over.
pub(crate) struct Finished<'a> {
    pub(crate) config: &'a TrainConfig,
    pub(crate) invocation: &'a Invocation,
    pub(crate) pretrained: &'a Pretrained,
    pub(crate) loaded: &'a Loaded,
    pub(crate) frozen: &'a Frozen,
    pub(crate) data: &'a Dataset,
    pub(crate) division: &'a Division,
    pub(crate) trials: &'a Trials<'a>,
    /// What was held out, in words.
    pub(crate) held_out: &'a str,
    /// Held-out pictures with others much like them among those that train.
    pub(crate) across: Option<AcrossParts>,
    pub(crate) tightened: Option<Tightened>,
    /// The model that it began from.
    pub(crate) start: Option<&'a Start>,
    /// The folder, if there is one already.
    pub(crate) under_way: Option<UnderWay>,
    /// What lies in it already.
    pub(crate) run_log: Option<RunLog>,
}

impl Finished<'_> {
    /// Writes the run.
    pub(crate) fn commit(
        self,
        trial: Trial,
        choices: Vec<Choice>,
        mut figures: Figures,
        folds: Option<Folds>,
        mut timings: Vec<Stage>,
    ) -> Result<Outcome, TrainError> {
        let begun = Instant::now();
        add_thumbnails(&mut figures, self.data);
        let model = self.model(&trial)?;
        let metrics = self.metrics(&figures);
        let split = self.split_csv()?;
        timings
            .push(Stage { name: "model and thumbnails".to_owned(), seconds: begun.elapsed().as_secs_f64() });
        let record = self.record(trial, choices, figures, folds, timings);
        let (json, html) = (tl_report::json(&record)?, tl_report::html(&record));
        let metrics = match self.run_log {
            Some(log) => log.finish(&metrics).map(|()| None)?,
            None => Some(jsonl(&metrics)),
        };
        let metrics = metrics.as_deref().map(|lines| (METRICS, lines.as_bytes()));
        let files: [(&str, &[u8]); 5] = [
            ("run.toml", self.trials.settings.as_bytes()),
            ("model.safetensors", &model),
            ("split.csv", &split),
            ("report.json", json.as_bytes()),
            ("report.html", html.as_bytes()),
        ];
        let files: Vec<_> = files.into_iter().chain(metrics).collect();
        let run = match self.under_way {
            Some(run) => run.finish(&files)?,
            None => RunFolder::commit(&self.config.runs, &self.trials.name, &files)?,
        };
        Ok(Outcome { folder: run.path().to_owned(), record })
    }

    fn header(&self, trial: &Trial) -> Header {
        let preprocess = self.trials.features.preprocess(trial.mode);
        let (classes, head) = (self.data.classes.clone(), trial.model.how.clone());
        let mut header = Header::new(self.pretrained, self.loaded, classes, preprocess, head);
        // Weights that were trained are nowhere else.
        header.slim = self.config.slim && trial.model.backbone.is_none();
        if trial.model.backbone.is_none() {
            header.rounding = Rounding::of(self.frozen.arithmetic());
        }
        let header = header.with_layers(trial.model.pooling, trial.model.head.kinds());
        header.with_thresholds(trial.thresholds.clone())
    }

    /// The network of the model.
    fn backbone<'a>(&'a self, trial: &'a Trial) -> &'a Backbone {
        trial.model.backbone.as_deref().unwrap_or_else(|| self.frozen.backbone())
    }

    fn model(&self, trial: &Trial) -> Result<Vec<u8>, TrainError> {
        let refused =
            |detail| TrainError::NotAModel { path: Path::new("model.safetensors").to_owned(), detail };
        let (header, seen) = (self.header(trial), self.seen(trial));
        model_bytes(&header, &trial.model.head, self.backbone(trial), &seen).map_err(refused)
    }

    /// All pictures that the model owes something to.
    fn seen(&self, trial: &Trial) -> Seen {
        let seen = Seen::of(self.data, &trial.seen);
        match self.start {
            Some(start) => seen.and_of_start(start.seen.as_ref()),
            None => seen,
        }
    }

    fn data_card(&self) -> DataCard {
        DataCard {
            across_parts: self.across,
            seen_before: self.start.map(Start::card),
            tightened: self.tightened,
            ..data_card(&self.trials.features.cleaned(), self.class_counts())
        }
    }

    /// The lines that are not written yet.
    fn metrics(&self, figures: &Figures) -> Vec<Value> {
        self.trials.log.iter().cloned().chain([figures.line()]).collect()
    }

    /// Each part's pictures that could be read.
    fn parts(&self) -> Vec<(String, Vec<SampleId>)> {
        let parts = self.division.parts().into_iter();
        parts.map(|(name, ids)| (name, self.trials.features.readable(ids))).collect()
    }

    fn split_csv(&self) -> Result<Vec<u8>, TrainError> {
        let mut table = Vec::new();
        write_parts(self.data, &self.parts(), &mut table)?;
        Ok(table)
    }

    /// With folds every picture trains the model that is kept.
    fn class_counts(&self) -> Vec<ClassCount> {
        let parts = self.parts();
        let held_out = |name: &str| ["val", "test"].into_iter().find(|part| *part == name);
        let count = |class, wanted: Option<&str>| {
            let of_part = parts.iter().filter(|(name, _)| held_out(name) == wanted).flat_map(|(_, ids)| ids);
            of_part.filter(|&&id| has(self.data, id, class)).count()
        };
        let class = |(index, name): (usize, &String)| ClassCount {
            name: name.clone(),
            train: count(index, None),
            val: count(index, Some("val")),
            test: count(index, Some("test")),
        };
        self.data.classes.iter().enumerate().map(class).collect()
    }

    fn record(
        &self,
        trial: Trial,
        choices: Vec<Choice>,
        figures: Figures,
        folds: Option<Folds>,
        timings: Vec<Stage>,
    ) -> Record {
        let setting = |name: &str, value: String| Setting { name: name.to_owned(), value };
        let header = self.header(&trial);
        let run = self.config.runs.join(&self.trials.name);
        Record {
            schema: SCHEMA,
            tl_version: env!("CARGO_PKG_VERSION").to_owned(),
            created: self.invocation.time.clone(),
            command: self.invocation.command.clone(),
            seed: self.config.seed,
            settings: vec![
                setting("held out", self.held_out.to_owned()),
                setting("resize", self.config.resize.to_string()),
                setting("head", self.config.head.to_string()),
                setting("bad files allowed", self.config.max_bad.clone()),
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
                &self.config.device,
            ),
            choices,
            phases: trial.phases,
            candidates: trial.candidates,
            evaluation: figures.evaluation,
            multi_label: figures.multi_label,
            folds,
            curve: trial.curve,
            next: vec![format!("tl predict {} PICTURE...", run.display())],
        }
    }
}

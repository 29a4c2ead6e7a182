//! What a model file says of itself, checked before it is believed: every field that predictions depend on.

use std::collections::BTreeSet;
use tl_backbones::Architecture;
use tl_heads::{FittedHead, Pooling};

use crate::model_file::Header;
use crate::rounding::Rounding;

impl Header {
    /// The network, if every field can be so.
    ///
    /// # Errors
    /// The field and what is wrong with it.
    pub(crate) fn check(&self) -> Result<Architecture, String> {
        let architecture = tl_backbones::architecture(&self.backbone).map_err(|e| e.to_string())?;
        self.preprocess.check().map_err(|wrong| format!("preprocess.{wrong}"))?;
        let (size, smallest) = (self.preprocess.size, architecture.smallest_input);
        if (size as usize) < smallest {
            return Err(format!("preprocess.size is {size}, {} needs {smallest} at least", self.backbone));
        }
        self.check_classes()?;
        self.check_thresholds()?;
        self.rounding.as_ref().map_or(Ok(()), check_ranges)?;
        Ok(architecture)
    }

    fn check_classes(&self) -> Result<(), String> {
        if self.classes.is_empty() {
            return Err("classes names none".to_owned());
        }
        if self.classes.iter().any(|class| class.trim().is_empty()) {
            return Err("classes holds an empty name".to_owned());
        }
        let mut seen = BTreeSet::new();
        match self.classes.iter().find(|class| !seen.insert(*class)) {
            Some(class) => Err(format!("classes names `{class}` twice")),
            None => Ok(()),
        }
    }

    /// Refuses thresholds that are not one share for each class, where there must be some.
    fn check_thresholds(&self) -> Result<(), String> {
        let expected = if self.multi_label { self.classes.len() } else { 0 };
        if self.thresholds.len() != expected {
            return Err(format!("its thresholds do not fit its {} classes", self.classes.len()));
        }
        match self.thresholds.iter().find(|threshold| !(0.0..=1.0).contains(*threshold)) {
            Some(threshold) => Err(format!("thresholds holds {threshold}, it must be from 0 to 1")),
            None => Ok(()),
        }
    }

    /// Refuses a head that is not for these classes, or not for what the network gives.
    pub(crate) fn check_head(&self, head: &FittedHead) -> Result<(), String> {
        let (classes, rows) = (self.classes.len(), head.classes());
        if rows != classes {
            return Err(format!("its head does not fit its {classes} classes: it has {rows} rows"));
        }
        let (takes, gives) = (head.features(), self.features()?);
        if takes != gives {
            return Err(format!("its head takes {takes} features, {} gives {gives}", self.backbone));
        }
        Ok(())
    }

    /// Width of what the network gives the head.
    fn features(&self) -> Result<usize, String> {
        let architecture = tl_backbones::architecture(&self.backbone).map_err(|e| e.to_string())?;
        if self.pooling == Pooling::Published {
            return Ok(architecture.features);
        }
        let side = self.preprocess.size as usize;
        let summary = tl_backbones::summary_at(&architecture, [side, side]).map_err(|e| e.to_string())?;
        let [channels, height, width] = summary.stages.last().map_or([0; 3], |stage| stage.output);
        Ok(self.pooling.width(channels, height, width))
    }
}

/// The least and greatest values of maps that were rounded to bytes.
fn check_ranges(rounding: &Rounding) -> Result<(), String> {
    let Rounding::Int8 { ranges } = rounding else { return Ok(()) };
    let right = |[least, greatest]: &[f32; 2]| least.is_finite() && greatest.is_finite() && least <= greatest;
    match ranges.iter().find(|range| !right(range)) {
        Some([least, greatest]) => {
            Err(format!("rounding.ranges holds {least} to {greatest}, they must be finite and ascend"))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;

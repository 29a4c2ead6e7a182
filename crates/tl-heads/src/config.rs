//! The configuration of a head, and those that have names.

use serde::{Deserialize, Serialize};

use crate::{HeadError, Pooling};

/// What a head looks like, from the maps of the last stage to the logits: pooling, batch normalisation, dropout,
/// hidden layer, ReLU, batch normalisation, dropout, last layer. All but the first and the last can be left out.
///
/// The default is one linear layer on the network's own pooling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HeadConfig {
    /// How maps become features.
    pub pooling: Pooling,
    /// Batch normalisation of the features, and of what the hidden layer's ReLU gives.
    pub norm: bool,
    /// Share of the features that are zeroed in training, before the first layer; in 0..1.
    pub dropout: f64,
    /// Width of a hidden layer.
    pub hidden: Option<usize>,
    /// Share of the hidden layer's values that are zeroed in training, before the last layer; in 0..1.
    pub hidden_dropout: f64,
    /// The last layer compares directions only: logits are cosines to one vector per class, times a learned scale.
    pub cosine: bool,
    /// How the last layer starts.
    pub init: Init,
}

/// How the last layer starts. Hidden layers always start as [`Init::Scaled`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Init {
    /// All weights are zero: every class equally probable. A cosine layer has no direction at zero and starts as `Scaled`.
    #[default]
    Zero,
    /// Normal with variance 2 / inputs, the bias zero: He et al. 2015, <https://arxiv.org/abs/1502.01852>, equation 10,
    /// as fastai starts its heads: <https://github.com/fastai/fastai/blob/main/fastai/vision/learner.py>
    Scaled,
}

const LINEAR: HeadConfig = HeadConfig {
    pooling: Pooling::Published,
    norm: false,
    dropout: 0.0,
    hidden: None,
    hidden_dropout: 0.0,
    cosine: false,
    init: Init::Zero,
};

const fn dense(pooling: Pooling, width: usize) -> HeadConfig {
    HeadConfig { pooling, hidden: Some(width), init: Init::Scaled, ..LINEAR }
}

/// fastai's `create_head` with its defaults; its linear layers have no bias, these start at zero and learn:
/// <https://github.com/fastai/fastai/blob/main/fastai/vision/learner.py>
const FASTAI: HeadConfig =
    HeadConfig { norm: true, dropout: 0.25, hidden_dropout: 0.5, ..dense(Pooling::Concat, 512) };

const NAMED: [(&str, HeadConfig); 9] = [
    ("linear", LINEAR),
    ("dense256", dense(Pooling::Published, 256)),
    ("dense512", dense(Pooling::Published, 512)),
    ("flatten256", dense(Pooling::Flatten, 256)),
    ("average", HeadConfig { pooling: Pooling::Average, ..LINEAR }),
    ("max", HeadConfig { pooling: Pooling::Max, ..LINEAR }),
    ("concat", HeadConfig { pooling: Pooling::Concat, ..LINEAR }),
    ("fastai", FASTAI),
    ("cosine", HeadConfig { cosine: true, init: Init::Scaled, ..LINEAR }),
];

impl Default for HeadConfig {
    fn default() -> Self {
        LINEAR
    }
}

impl HeadConfig {
    /// The names that [`named`](Self::named) knows.
    pub const NAMES: &[&str] = &names();

    /// The head of a name: `linear`, `fastai` and the others of [`NAMES`](Self::NAMES).
    pub fn named(name: &str) -> Option<Self> {
        NAMED.into_iter().find(|(known, _)| *known == name).map(|(_, config)| config)
    }

    /// Whether the head is one linear layer on features as they come, the one that a logistic regression solves for.
    pub fn is_linear(&self) -> bool {
        !self.norm && self.hidden.is_none() && !self.cosine
    }

    /// The head's layers in words: `dropout 0.25, 512 units with ReLU, linear layer`.
    pub fn describe(&self) -> String {
        let norm = || self.norm.then(|| "batch norm".to_owned());
        let dropout = |share: f64| (share > 0.0).then(|| format!("dropout {share}"));
        let pooling = (self.pooling != Pooling::Published).then(|| self.pooling.describe().to_owned());
        let hidden = self.hidden.map(|units| format!("{units} units with ReLU"));
        let behind = hidden.is_some().then(|| [norm(), dropout(self.hidden_dropout)]);
        let last = if self.cosine { "cosine layer" } else { "linear layer" };
        let layers = [pooling, norm(), dropout(self.dropout), hidden].into_iter();
        let layers = layers.chain(behind.into_iter().flatten()).chain([Some(last.to_owned())]);
        layers.flatten().collect::<Vec<_>>().join(", ")
    }

    /// Whether such a head can be made.
    ///
    /// # Errors
    /// [`HeadError::Share`] if a dropout is not in 0..1, [`HeadError::HiddenWidth`] if a hidden layer is empty and
    /// [`HeadError::NoHidden`] if its dropout is given but it is not.
    pub fn validate(&self) -> Result<(), HeadError> {
        for (name, value) in [("dropout", self.dropout), ("hidden_dropout", self.hidden_dropout)] {
            if !(0.0..1.0).contains(&value) {
                return Err(HeadError::Share { name, value });
            }
        }
        match self.hidden {
            Some(0) => Err(HeadError::HiddenWidth),
            None if self.hidden_dropout > 0.0 => Err(HeadError::NoHidden),
            _ => Ok(()),
        }
    }
}

const fn names() -> [&'static str; NAMED.len()] {
    let mut names = [""; NAMED.len()];
    let mut i = 0;
    while i < names.len() {
        names[i] = NAMED[i].0;
        i += 1;
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_valid_head_that_reads_as_it_is_written() {
        for name in HeadConfig::NAMES {
            let config = HeadConfig::named(name).unwrap();
            config.validate().unwrap();
            let text = serde_json::to_string(&config).unwrap();
            assert_eq!(serde_json::from_str::<HeadConfig>(&text).unwrap(), config);
        }
        assert_eq!(HeadConfig::named("nonsense"), None);
        assert_eq!(HeadConfig::named("linear"), Some(HeadConfig::default()));
        assert_eq!(serde_json::from_str::<HeadConfig>("{}").unwrap(), HeadConfig::default());
    }

    #[test]
    fn a_head_is_told_in_words() {
        let words = |name: &str| HeadConfig::named(name).unwrap().describe();
        assert_eq!(words("linear"), "linear layer");
        assert_eq!(words("dense256"), "256 units with ReLU, linear layer");
        assert_eq!(words("cosine"), "cosine layer");
        let fastai = "max and average pooling, batch norm, dropout 0.25, 512 units with ReLU, batch norm, dropout 0.5, \
                      linear layer";
        assert_eq!(words("fastai"), fastai);
    }

    #[test]
    fn heads_that_cannot_be_are_named() {
        for (text, message) in [
            (r#"{"dropout":1.0}"#, "`dropout` is 1, it must be at least 0 and below 1"),
            (
                r#"{"hidden":4,"hidden_dropout":-0.5}"#,
                "`hidden_dropout` is -0.5, it must be at least 0 and below 1",
            ),
            (r#"{"hidden":0}"#, "`hidden` is 0; leave it out for a head without a hidden layer"),
            (
                r#"{"hidden_dropout":0.5}"#,
                "`hidden_dropout` is set but there is no hidden layer; set `hidden`, or `dropout` instead",
            ),
        ] {
            let config: HeadConfig = serde_json::from_str(text).unwrap();
            assert_eq!(config.validate().unwrap_err().to_string(), message);
        }
        assert!(serde_json::from_str::<HeadConfig>(r#"{"hiden":4}"#).is_err());
    }
}

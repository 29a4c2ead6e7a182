//! What is seen beyond the borders of a picture, as a chain says it.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::border::{BorderMode, Edge};
use crate::{Preprocess, ResizeMode};

parameters! {
    /// What is seen beyond the borders of the picture, for the whole chain: it is resampled only once.
    ///
    /// With [`ResizeMode::Letterbox`] it is the colour of the bars, whatever is said here.
    #[derive(Copy, Eq)]
    Border {
        /// The kind of border.
        mode: BorderMode = BorderMode::Reflect,
        /// The colour of `constant`; the mean colour of the network's training pictures where it is left out.
        color: Option<[u8; 3]> = None,
    }
}

impl Op for Border {
    fn limits(&self) -> Vec<Limit> {
        Vec::new()
    }

    /// Does nothing: the border is asked for before anything is drawn.
    fn draw(&self, _: &mut Draws, _: &mut Drawing) {}
}

impl Border {
    pub(in crate::augment) fn edge(&self, preprocess: &Preprocess) -> Edge {
        if preprocess.mode == ResizeMode::Letterbox {
            return Edge { mode: BorderMode::Constant, color: preprocess.fill };
        }
        let mean = || preprocess.mean.map(|value| (value * 255.0).round() as u8);
        Edge { mode: self.mode, color: self.color.unwrap_or_else(mean) }
    }
}

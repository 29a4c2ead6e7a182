//! What was drawn for one picture, while the operations of a chain write it down.

use super::border::Edge;
use super::color::ColorStep;
use super::map::Map;

/// What one operation does to a picture.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Change {
    Nothing,
    /// A map from places in the result to places in what the operation got.
    Geometry(Map),
    Color(ColorStep),
}

/// A rendering of the source: one map, then colours.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    /// The map from pixels of the result to pixels of the source at full size.
    pub(super) map: Map,
    pub(super) colors: Vec<ColorStep>,
    /// The layer's share of the result.
    pub(super) share: f64,
}

impl Default for Layer {
    fn default() -> Self {
        Layer { map: Map::IDENTITY, colors: Vec::new(), share: 1.0 }
    }
}

impl Layer {
    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Geometry(map) => self.map = map.then(&self.map),
            Change::Color(step) => ColorStep::push(&mut self.colors, step),
        }
    }

    /// This layer, and then what `chain` does to its result.
    fn followed_by(&self, chain: Layer, share: f64) -> Layer {
        let mut layer = Layer { map: chain.map.then(&self.map), colors: self.colors.clone(), share };
        chain.colors.into_iter().for_each(|step| ColorStep::push(&mut layer.colors, step));
        layer
    }
}

/// The state of a draw.
pub(super) struct Drawing {
    side: u32,
    full: (u32, u32),
    mean: [f32; 3],
    std: [f32; 3],
    pub(super) edge: Edge,
    pub(super) layers: Vec<Layer>,
    /// Changes of the colours of the mixture of the layers.
    pub(super) after: Vec<ColorStep>,
    /// Pixels of the source for each pixel of the result, along x and y, before anything was moved.
    pub(super) steps: (f64, f64),
    pub(super) frame: [f64; 4],
}

impl Drawing {
    pub(super) fn new(preprocess: &crate::Preprocess, full: (u32, u32), frame: [f64; 4], edge: Edge) -> Self {
        let (mean, std) = (preprocess.mean, preprocess.std);
        let mut drawing = Drawing {
            side: preprocess.size.max(1),
            full,
            mean,
            std,
            edge,
            layers: vec![Layer::default()],
            after: Vec::new(),
            steps: (1.0, 1.0),
            frame,
        };
        drawing.crop(frame);
        drawing
    }

    /// Side of the result in pixels, at least 1.
    pub(super) fn side(&self) -> f64 {
        f64::from(self.side)
    }

    /// Width and height of the source.
    pub(super) fn full(&self) -> (u32, u32) {
        self.full
    }

    /// Mean and deviation of the colours a network was trained with, in 0..1.
    pub(super) fn statistics(&self) -> ([f32; 3], [f32; 3]) {
        (self.mean, self.std)
    }

    /// Shows this part of the source, in place of all that was before.
    pub(super) fn crop(&mut self, frame: [f64; 4]) {
        let [left, top, right, bottom] = frame;
        self.steps = ((right - left) / self.side(), (bottom - top) / self.side());
        let map = Map::scale(self.steps.0, self.steps.1).then(&Map::shift(left, top));
        self.layers.iter_mut().for_each(|layer| layer.map = map);
        self.frame = frame;
    }

    pub(super) fn geometry(&mut self, map: &Map) {
        self.layers.iter_mut().for_each(|layer| layer.change(Change::Geometry(*map)));
    }

    pub(super) fn about_the_middle(&mut self, map: &Map) {
        let middle = self.side() / 2.0;
        self.geometry(&map.about(middle, middle));
    }

    pub(super) fn color(&mut self, step: ColorStep) {
        match self.layers.as_mut_slice() {
            [only] => only.change(Change::Color(step)),
            _ => ColorStep::push(&mut self.after, step),
        }
    }

    pub(super) fn change(&mut self, change: Change) {
        match change {
            Change::Nothing => {}
            Change::Geometry(map) => self.geometry(&map),
            Change::Color(step) => self.color(step),
        }
    }

    /// Keeps `own` of the picture and adds the branches with their shares.
    pub(super) fn mix(&mut self, own: f64, branches: Vec<(f64, Layer)>) {
        if let Some(base) = self.layers.first_mut() {
            base.share = own;
            let base = base.clone();
            self.layers.extend(branches.into_iter().map(|(share, chain)| base.followed_by(chain, share)));
        }
    }
}

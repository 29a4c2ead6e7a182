//! Operations that move pixels. All of a chain become one map and one resampling.

use serde::{Deserialize, Serialize};

use super::{Drawing, Draws, Limit, Op, parameters};
use crate::augment::map::Map;

/// What a scale may be.
const SCALES: [f64; 2] = [0.1, 10.0];

parameters! {
    /// Left becomes right.
    HorizontalFlip {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for HorizontalFlip {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.geometry(&Map::flip_x(drawing.side()));
        }
    }
}

parameters! {
    /// Top becomes bottom.
    VerticalFlip {
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for VerticalFlip {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            drawing.geometry(&Map::flip_y(drawing.side()));
        }
    }
}

parameters! {
    /// A turn about the middle: Keras's `rotation_range`, fastai's `Rotate`.
    Rotation {
        /// The largest turn to either side, in degrees.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        degrees: f64 = 10.0,
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Rotation {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::value("degrees", self.degrees, [0.0, 180.0]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            let map = Map::rotation(draws.around_zero(self.degrees));
            drawing.about_the_middle(&map);
        }
    }
}

parameters! {
    /// A shift: Keras's `width_shift_range` and `height_shift_range`.
    Shift {
        /// The largest shift to the left or right, relative to the width.
        width: f64 = 0.1,
        /// The largest shift up or down, relative to the height.
        height: f64 = 0.1,
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Shift {
    fn limits(&self) -> Vec<Limit> {
        vec![
            Limit::value("width", self.width, [0.0, 1.0]),
            Limit::value("height", self.height, [0.0, 1.0]),
            Limit::probability(self.p),
        ]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            let (x, y) = (draws.around_zero(self.width), draws.around_zero(self.height));
            drawing.geometry(&Map::shift(x * drawing.side(), y * drawing.side()));
        }
    }
}

parameters! {
    /// Keras's shear: columns lean by an angle, and the height shrinks with its cosine.
    Shear {
        /// The largest angle to either side, in degrees, as Keras's `shear_range` is.
        degrees: f64 = 10.0,
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Shear {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::value("degrees", self.degrees, [0.0, 80.0]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            let map = Map::keras_shear(draws.around_zero(self.degrees));
            drawing.about_the_middle(&map);
        }
    }
}

parameters! {
    /// Keras's zoom: width and height are scaled apart from each other.
    Zoom {
        /// Range of the share of the width and of the height that is shown: above 1 the picture gets smaller.
        range: [f64; 2] = [0.8, 1.2],
        /// Probability.
        p: f64 = 1.0,
    }
}

impl Op for Zoom {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::range("range", self.range, SCALES), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            let map = Map::scale(draws.uniform(self.range), draws.uniform(self.range));
            drawing.about_the_middle(&map);
        }
    }
}

parameters! {
    /// fastai's `Zoom`: both sides magnified alike, towards a random place.
    Magnify {
        /// Largest zoom: how many times larger things become.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        range: [f64; 2] = [1.0, 1.1],
        /// Probability.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        p: f64 = 0.75,
    }
}

impl Op for Magnify {
    fn limits(&self) -> Vec<Limit> {
        vec![Limit::range("range", self.range, SCALES), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if draws.chance(self.p) {
            let shown = 1.0 / draws.uniform(self.range);
            let (x, y) = (draws.unit() * drawing.side(), draws.unit() * drawing.side());
            drawing.geometry(&Map::scale(shown, shown).about(x, y));
        }
    }
}

parameters! {
    /// fastai's `Warp`: the view from another side, by one drawn tilt along x and one along y.
    Warp {
        /// How far corners move at most, relative to half the side.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        magnitude: f64 = 0.2,
        /// Probability of each of the two tilts.
        // https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py
        p: f64 = 0.75,
    }
}

impl Op for Warp {
    fn limits(&self) -> Vec<Limit> {
        // At 0.5 and above, corners may fall into a line.
        vec![Limit::value("magnitude", self.magnitude, [0.0, 0.45]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        let mut tilt = || if draws.chance(self.p) { draws.around_zero(self.magnitude) } else { 0.0 };
        let (x, y) = (tilt(), tilt());
        if (x, y) != (0.0, 0.0) {
            drawing.geometry(&Warp::map(x, y, drawing.side()));
        }
    }
}

impl Warp {
    /// <https://github.com/fastai/fastai/blob/2.7.18/fastai/vision/augment.py>
    pub(in crate::augment) fn map(x: f64, y: f64, side: f64) -> Map {
        let corners = [[-1.0 - y, -1.0 - x], [1.0 + y, -1.0 + x], [1.0 - y, 1.0 - x], [-1.0 + y, 1.0 + x]];
        Map::square_in(corners.map(|corner| corner.map(|place| (place + 1.0) / 2.0 * side)), side)
    }
}

parameters! {
    /// torchvision's `RandomPerspective`: each corner moves inwards by itself.
    Perspective {
        /// How far corners move at most, relative to half the side.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        distortion: f64 = 0.5,
        /// Probability.
        // https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/transforms.py
        p: f64 = 0.5,
    }
}

impl Op for Perspective {
    fn limits(&self) -> Vec<Limit> {
        // At 1 the corners may all meet in the middle.
        vec![Limit::value("distortion", self.distortion, [0.0, 0.95]), Limit::probability(self.p)]
    }

    fn draw(&self, draws: &mut Draws, drawing: &mut Drawing) {
        if !draws.chance(self.p) {
            return;
        }
        let (side, reach) = (drawing.side(), self.distortion * drawing.side() / 2.0);
        let mut inwards = || draws.uniform([0.0, reach]);
        let corners = [
            [inwards(), inwards()],
            [side - inwards(), inwards()],
            [side - inwards(), side - inwards()],
            [inwards(), side - inwards()],
        ];
        drawing.geometry(&Map::square_in(corners, side));
    }
}

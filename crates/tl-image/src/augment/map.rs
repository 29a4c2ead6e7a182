//! Projective maps of the plane, from the pixels of a result to those of its source.

/// A projective map, from places in a result to places in its source.
///
/// Places are in pixels; the centre of the first pixel is (0.5, 0.5), the corner of the picture (0, 0).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Map {
    rows: [[f64; 3]; 3],
}

/// Nearer to the horizon than this, relative to the middle of the picture, there is no picture.
const HORIZON: f64 = 1e-6;

impl Map {
    pub(super) const IDENTITY: Map = Map { rows: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] };

    fn linear(a: f64, b: f64, c: f64, d: f64) -> Self {
        Map { rows: [[a, b, 0.0], [c, d, 0.0], [0.0, 0.0, 1.0]] }
    }

    pub(super) fn scale(x: f64, y: f64) -> Self {
        Map::linear(x, 0.0, 0.0, y)
    }

    pub(super) fn shift(x: f64, y: f64) -> Self {
        Map { rows: [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]] }
    }

    /// Turns the picture counter-clockwise: torchvision's `rotate(angle)`, Keras's `theta`.
    pub(super) fn rotation(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Map::linear(cos, -sin, sin, cos)
    }

    /// Keras's shear, which also shortens the picture's height:
    /// <https://github.com/keras-team/keras/blob/v3.11.0/keras/src/legacy/preprocessing/image.py>
    pub(super) fn keras_shear(degrees: f64) -> Self {
        let (sin, cos) = degrees.to_radians().sin_cos();
        Map::linear(1.0, -sin, 0.0, cos)
    }

    /// Moves `x` by `along_x * y` and `y` by `along_y * x`.
    pub(super) fn shear(along_x: f64, along_y: f64) -> Self {
        Map::linear(1.0, along_x, along_y, 1.0)
    }

    pub(super) fn flip_x(width: f64) -> Self {
        Map::scale(-1.0, 1.0).then(&Map::shift(width, 0.0))
    }

    pub(super) fn flip_y(height: f64) -> Self {
        Map::scale(1.0, -1.0).then(&Map::shift(0.0, height))
    }

    /// Shows the square of this side inside the quadrilateral with these corners: top left, top right, bottom right,
    /// bottom left.
    pub(super) fn square_in(corners: [[f64; 2]; 4], side: f64) -> Self {
        let back = Map::scale(side, side);
        Map::unit_square_to(corners).inverse().then(&back)
    }

    /// Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
    /// <https://www2.eecs.berkeley.edu/Pubs/TechRpts/1989/CSD-89-516.pdf>
    fn unit_square_to([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]: [[f64; 2]; 4]) -> Self {
        let (sum_x, sum_y) = (x0 - x1 + x2 - x3, y0 - y1 + y2 - y3);
        let (dx1, dx2, dy1, dy2) = (x1 - x2, x3 - x2, y1 - y2, y3 - y2);
        let det = dx1 * dy2 - dx2 * dy1;
        let (g, h) = ((sum_x * dy2 - dx2 * sum_y) / det, (dx1 * sum_y - sum_x * dy1) / det);
        Map {
            rows: [
                [x1 - x0 + g * x1, x3 - x0 + h * x3, x0],
                [y1 - y0 + g * y1, y3 - y0 + h * y3, y0],
                [g, h, 1.0],
            ],
        }
    }

    fn inverse(&self) -> Self {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.rows;
        let adjugate = [
            [e * i - f * h, c * h - b * i, b * f - c * e],
            [f * g - d * i, a * i - c * g, c * d - a * f],
            [d * h - e * g, b * g - a * h, a * e - b * d],
        ];
        let det = a * adjugate[0][0] + b * adjugate[1][0] + c * adjugate[2][0];
        Map { rows: adjugate.map(|row| row.map(|value| value / det)) }
    }

    /// This map, with `place` in the role of (0, 0).
    pub(super) fn about(&self, x: f64, y: f64) -> Self {
        Map::shift(-x, -y).then(self).then(&Map::shift(x, y))
    }

    /// This map, and then `next`.
    pub(super) fn then(&self, next: &Map) -> Self {
        let sum = |row: [f64; 3], column: usize| (0..3).map(|k| row[k] * self.rows[k][column]).sum();
        Map { rows: next.rows.map(|row| [sum(row, 0), sum(row, 1), sum(row, 2)]) }
    }

    /// Numerators and denominator at a place.
    pub(super) fn homogeneous(&self, x: f64, y: f64) -> [f64; 3] {
        self.rows.map(|[a, b, c]| a * x + b * y + c)
    }

    /// How the numerators and the denominator change from pixel to pixel of a row.
    pub(super) fn step_x(&self) -> [f64; 3] {
        self.rows.map(|[a, ..]| a)
    }

    /// Where a place comes from; `None` on the horizon and behind it.
    pub(super) fn apply(&self, x: f64, y: f64) -> Option<(f64, f64)> {
        Map::divided(self.homogeneous(x, y))
    }

    pub(super) fn divided([x, y, w]: [f64; 3]) -> Option<(f64, f64)> {
        (w > HORIZON).then(|| (x / w, y / w))
    }

    /// `([scale, shift] of x, [scale, shift] of y)`, where neither depends on the other.
    pub(super) fn axes(&self) -> Option<([f64; 2], [f64; 2])> {
        let [[a, b, c], [d, e, f], [g, h, i]] = self.rows;
        let straight = [b, d, g, h].iter().all(|value| *value == 0.0) && i == 1.0;
        straight.then_some(([a, c], [e, f]))
    }

    /// How far the source moves along x and along y when the result moves by one pixel, at a place: the lengths of the
    /// rows of the Jacobian. (1, 1) on the horizon.
    pub(super) fn speed(&self, x: f64, y: f64) -> (f64, f64) {
        let [u, v, w] = self.homogeneous(x, y);
        let [[a, b, _], [d, e, _], [g, h, _]] = self.rows;
        if w <= HORIZON {
            return (1.0, 1.0);
        }
        let row = |p: f64, q: f64, n: f64| ((p * w - n * g) / (w * w)).hypot((q * w - n * h) / (w * w));
        (row(a, b, u), row(d, e, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Option<(f64, f64)>, b: (f64, f64)) -> bool {
        a.is_some_and(|a| (a.0 - b.0).abs() < 1e-9 && (a.1 - b.1).abs() < 1e-9)
    }

    #[test]
    fn corners_of_the_quadrilateral_come_from_corners_of_the_square() {
        let corners = [[3.0, 1.0], [9.0, 2.0], [8.0, 7.0], [1.0, 9.5]];
        let map = Map::square_in(corners, 10.0);
        for ([x, y], from) in corners.into_iter().zip([(0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0)]) {
            assert!(near(map.apply(x, y), from), "{:?}", map.apply(x, y));
        }
    }

    #[test]
    fn the_speed_is_the_numerical_derivative() {
        let map = Map::square_in([[3.0, 1.0], [9.0, 2.0], [8.0, 7.0], [1.0, 9.5]], 10.0);
        let at = |x, y| map.apply(x, y).unwrap();
        let (dx, dy) = (1e-5, 1e-5);
        let (right, left, down, up) =
            (at(5.0 + dx, 4.0), at(5.0 - dx, 4.0), at(5.0, 4.0 + dy), at(5.0, 4.0 - dy));
        let x = ((right.0 - left.0) / (2.0 * dx)).hypot((down.0 - up.0) / (2.0 * dy));
        let y = ((right.1 - left.1) / (2.0 * dx)).hypot((down.1 - up.1) / (2.0 * dy));
        let speed = map.speed(5.0, 4.0);
        // Places of about 10 are exact to 2e-15; over a step of 2e-5 that is 1e-10, and ten times that is allowed for.
        assert!((speed.0 - x).abs() < 1e-8 && (speed.1 - y).abs() < 1e-8, "{speed:?}, not {x} {y}");
    }

    #[test]
    fn only_crops_scales_and_flips_have_axes() {
        assert!(Map::scale(2.0, 3.0).then(&Map::flip_x(7.0)).then(&Map::flip_y(7.0)).axes().is_some());
        assert_eq!(Map::rotation(1.0).axes(), None);
        assert_eq!(Map::square_in([[0.0, 0.0], [9.0, 0.0], [10.0, 10.0], [0.0, 10.0]], 10.0).axes(), None);
    }
}

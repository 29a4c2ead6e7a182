//! Which values of the input each value of a pooling sees.

use std::ops::Range;

use crate::error::Problem;
use crate::operation::Pool;

/// A pooling's window along one axis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The range of values that the window sees.
    pub inside: Range<usize>,
    /// The number of values and of zeros of the padding that the window sees.
    pub padded: usize,
}

impl Pool {
    /// The windows down and across maps of this height and width.
    ///
    /// # Errors
    /// If a kernel or a stride is zero, a window does not fit, or one would see nothing but padding.
    pub fn windows(&self, size: [usize; 2]) -> Result<[Vec<Window>; 2], Problem> {
        let [down, across] = [0, 1].map(|axis| self.along(axis, size[axis]));
        Ok([down?, across?])
    }

    /// Height and width of the output.
    pub(crate) fn output(&self, size: [usize; 2]) -> Result<[usize; 2], Problem> {
        let [down, across] = [0, 1].map(|axis| self.count(axis, size[axis]));
        Ok([down?, across?])
    }

    fn along(&self, axis: usize, size: usize) -> Result<Vec<Window>, Problem> {
        let count = self.count(axis, size)?;
        let (kernel, padding) = (self.kernel[axis], self.padding[axis]);
        let window = |i: usize| {
            let start = i * self.stride[axis];
            let end = start + kernel;
            let inside = start.saturating_sub(padding)..end.saturating_sub(padding).min(size);
            Window { inside, padded: end.min(size + 2 * padding) - start }
        };
        Ok((0..count).map(window).collect())
    }

    /// The number of windows, PyTorch's `pooling_output_shape`:
    /// <https://github.com/pytorch/pytorch/blob/main/aten/src/ATen/native/Pool.h>
    fn count(&self, axis: usize, size: usize) -> Result<usize, Problem> {
        let (window, stride, padding) = (self.kernel[axis], self.stride[axis], self.padding[axis]);
        for (what, length) in [("kernel", window), ("stride", stride), ("input", size)] {
            if length == 0 {
                return Err(Problem::Zero { what });
            }
        }
        if padding > window / 2 {
            return Err(Problem::Padding { padding, window });
        }
        let padded = padding.checked_mul(2).and_then(|both| both.checked_add(size));
        let padded = padded.ok_or(Problem::TooLarge)?;
        let room = if self.ceil_mode { padded.saturating_add(stride - 1) } else { padded };
        let steps = room.checked_sub(window).ok_or(Problem::Window { window, size: padded })? / stride;
        // The last window starts in the maps or in the padding before them.
        let starts_behind = self.ceil_mode && steps * stride >= size + padding;
        Ok(if starts_behind { steps } else { steps + 1 })
    }
}

/// The windows along an axis of this length of PyTorch's `adaptive_avg_pool2d`, as many as asked for, which may overlap.
pub fn adaptive_windows(length: usize, count: usize) -> Vec<Range<usize>> {
    (0..count).map(|i| i * length / count..((i + 1) * length).div_ceil(count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(kernel: usize, stride: usize, padding: usize, ceil_mode: bool) -> Pool {
        Pool { kernel: [kernel; 2], stride: [stride; 2], padding: [padding; 2], ceil_mode }
    }

    #[test]
    fn windows_are_those_of_pytorch() {
        // torch.nn.functional.max_pool2d(torch.zeros(1, 1, n, n), k, s, p, ceil_mode=c).shape
        for (size, kernel, stride, padding, ceil_mode, count) in [
            (7, 3, 2, 0, false, 3),
            (8, 3, 2, 0, false, 3),
            (8, 3, 2, 0, true, 4),
            (7, 3, 2, 1, false, 4),
            (55, 3, 2, 0, true, 27),
            (56, 3, 2, 0, true, 28),
            (2, 3, 2, 0, true, 1),
            (4, 2, 3, 1, true, 2),
        ] {
            let windows = pool(kernel, stride, padding, ceil_mode).windows([size; 2]).unwrap();
            assert_eq!(windows[0].len(), count, "{size} {kernel} {stride} {padding} {ceil_mode}");
            assert!(windows[0].iter().all(|window| !window.inside.is_empty()));
        }
    }

    #[test]
    fn a_window_beyond_the_maps_counts_its_padding_but_not_what_is_beyond() {
        let [down, _] = pool(3, 2, 1, true).windows([4, 4]).unwrap();
        let expected = [(0..2, 3), (1..4, 3), (3..4, 2)];
        assert_eq!(down, expected.map(|(inside, padded)| Window { inside, padded }));
    }

    #[test]
    fn windows_beyond_the_edge_see_what_is_there_of_them() {
        // Rounded down, rounded up, with padding.
        let cases = [
            (false, 0, vec![0..3, 2..5], vec![0..3, 2..5]),
            (true, 0, vec![0..3, 2..5, 4..6], vec![0..3, 2..5]),
            (false, 1, vec![0..2, 1..4, 3..6], vec![0..2, 1..4, 3..5]),
        ];
        for (ceil_mode, padding, rows, columns) in cases {
            let windows = pool(3, 2, padding, ceil_mode).windows([6, 5]).unwrap();
            let inside =
                windows.map(|windows| windows.into_iter().map(|window| window.inside).collect::<Vec<_>>());
            assert_eq!(inside, [rows, columns]);
        }
    }

    #[test]
    fn windows_that_see_nothing_are_refused() {
        let refused = |pool: Pool| pool.windows([4, 4]).unwrap_err();
        assert_eq!(refused(pool(0, 1, 0, false)), Problem::Zero { what: "kernel" });
        assert_eq!(refused(pool(1, 0, 0, false)), Problem::Zero { what: "stride" });
        assert_eq!(refused(pool(3, 1, 2, false)), Problem::Padding { padding: 2, window: 3 });
        assert_eq!(refused(pool(5, 1, 0, false)), Problem::Window { window: 5, size: 4 });
    }
}

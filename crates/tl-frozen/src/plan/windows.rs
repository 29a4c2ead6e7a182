//! The windows of poolings.

use std::ops::Range;

use super::graph::{Shape, Windows};
use crate::kernels::Reduce;

/// Maxima; what is outside the maps does not count.
pub(crate) fn max(
    input: Shape,
    output: Shape,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> Windows {
    let [rows, columns] = clipped(input, output, kernel, stride, padding);
    Windows { rows, columns, reduce: Reduce::Max }
}

/// Means; zeros outside the maps count as values or not.
pub(crate) fn mean(
    input: Shape,
    output: Shape,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
    padding_counts: bool,
) -> Windows {
    let [rows, columns] = clipped(input, output, kernel, stride, padding);
    let divisor = padding_counts.then_some((kernel[0] * kernel[1]) as f32);
    Windows { rows, columns, reduce: Reduce::Mean(divisor) }
}

/// Means of as many windows as asked for, which may overlap: PyTorch's `adaptive_avg_pool2d`.
pub(crate) fn adaptive(input: Shape, [height, width]: [usize; 2]) -> Windows {
    let windows =
        |from: usize, to: usize| (0..to).map(|i| i * from / to..((i + 1) * from).div_ceil(to)).collect();
    Windows {
        rows: windows(input.height, height),
        columns: windows(input.width, width),
        reduce: Reduce::Mean(None),
    }
}

/// Means over one whole axis, 2 for the height and 3 for the width.
pub(crate) fn whole(input: Shape, axis: usize) -> Windows {
    let each = |length: usize| (0..length).map(|i| i..i + 1).collect::<Vec<_>>();
    #[allow(clippy::single_range_in_vec_init, reason = "one window")]
    let all = |length: usize| vec![0..length];
    let (rows, columns) = if axis == 2 {
        (all(input.height), each(input.width))
    } else {
        (each(input.height), all(input.width))
    };
    Windows { rows, columns, reduce: Reduce::Mean(None) }
}

/// As many windows as the output has places, without what is outside the maps. The output's size was rounded down or up when it
/// was recorded; rounded up, the last window reaches beyond the padding.
fn clipped(
    input: Shape,
    output: Shape,
    kernel: [usize; 2],
    stride: [usize; 2],
    padding: [usize; 2],
) -> [Vec<Range<usize>>; 2] {
    let (sizes, counts) = ([input.height, input.width], [output.height, output.width]);
    [0, 1].map(|axis| {
        let (size, kernel, stride, padding) = (sizes[axis], kernel[axis], stride[axis], padding[axis]);
        let window = |i: usize| {
            let start = i * stride;
            start.saturating_sub(padding)..(start + kernel).saturating_sub(padding).min(size)
        };
        (0..counts[axis]).map(window).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_beyond_the_edge_see_what_is_there_of_them() {
        let shape = |height, width| Shape { channels: 1, height, width };
        // Rounded down, rounded up, with padding.
        let cases = [
            (shape(2, 2), [0, 0], vec![0..3, 2..5], vec![0..3, 2..5]),
            (shape(3, 2), [0, 0], vec![0..3, 2..5, 4..6], vec![0..3, 2..5]),
            (shape(3, 3), [1, 1], vec![0..2, 1..4, 3..6], vec![0..2, 1..4, 3..5]),
        ];
        for (output, padding, rows, columns) in cases {
            let windows = max(shape(6, 5), output, [3, 3], [2, 2], padding);
            assert_eq!((windows.rows, windows.columns), (rows, columns));
        }
    }
}

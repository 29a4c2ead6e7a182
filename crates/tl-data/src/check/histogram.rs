//! Values counted in ranges that people know.

use super::Bin;

/// Sides of pictures, in pixels: powers of two and what lies half way.
pub(super) const PIXELS: &[f64] = &[
    0.0, 32.0, 64.0, 96.0, 128.0, 192.0, 256.0, 384.0, 512.0, 768.0, 1024.0, 1536.0, 2048.0, 3072.0, 4096.0,
    6144.0, 8192.0,
];

/// Width over height: from tall by 2:3, 3:4, square, 4:3 and 3:2 to wide.
pub(super) const ASPECTS: &[f64] = &[0.0, 1.0 / 3.0, 0.5, 0.62, 0.71, 0.9, 1.1, 1.4, 1.6, 2.0, 3.0];

/// Counts values between edges, which ascend; empty ranges at either end are left out.
pub(super) fn of(values: impl Iterator<Item = f64>, edges: &[f64]) -> Vec<Bin> {
    let mut counts = vec![0; edges.len()];
    for value in values {
        counts[edges.partition_point(|edge| *edge <= value).saturating_sub(1)] += 1;
    }
    let bin = |(at, &count): (usize, &usize)| Bin { from: edges[at], to: edges.get(at + 1).copied(), count };
    let bins: Vec<Bin> = counts.iter().enumerate().map(bin).collect();
    let filled = |bin: &Bin| bin.count > 0;
    let (Some(first), Some(last)) = (bins.iter().position(filled), bins.iter().rposition(filled)) else {
        return Vec::new();
    };
    bins[first..=last].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_on_an_edge_belong_to_the_range_above() {
        let bins = of([64.0, 95.0, 200.0, 9000.0].into_iter(), &[0.0, 64.0, 96.0, 128.0, 8192.0]);
        let counts: Vec<(f64, Option<f64>, usize)> =
            bins.iter().map(|bin| (bin.from, bin.to, bin.count)).collect();
        let expected =
            [(64.0, Some(96.0), 2), (96.0, Some(128.0), 0), (128.0, Some(8192.0), 1), (8192.0, None, 1)];
        assert_eq!(counts, expected);
        assert_eq!(of([].into_iter(), PIXELS), []);
    }
}

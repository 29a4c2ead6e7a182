use proptest::prelude::*;

use super::*;

/// Whole numbers: nothing is rounded, whatever the order.
fn whole(len: usize, seed: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 31 + i / 7 * 13 + seed * 7) % 13) as f32 - 6.0).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_products_of_a_block_are_their_naive_sums(
        rows in prop_oneof![1usize..40, Just(BLOCK)],
        outputs in 1usize..80,
        inputs in prop_oneof![1usize..100, (COLUMNS - 1)..(COLUMNS + 40)],
        seed in 0usize..1000,
    ) {
        let sizes = [outputs, inputs];
        let (x_bd, weight_kd) = (whole(rows * inputs, seed), whole(outputs * inputs, seed + 1));
        let weights = LinearWeights::new(&weight_kd, sizes);
        let mut block = LinearBlock::new(sizes);
        // What was there before does not matter.
        block.forward(&whole(inputs, seed + 2), &weights).for_each(drop);
        let mut y_bk = Vec::new();
        for (row, y_k) in x_bd.chunks_exact(inputs).zip(block.forward(&x_bd, &weights)) {
            let expected: Vec<f32> = weight_kd.chunks_exact(inputs).map(|weight_d| dot(row, weight_d)).collect();
            prop_assert_eq!(&y_k[..outputs], expected);
            y_k[..outputs].iter_mut().for_each(|value| *value %= 5.0);
            y_bk.push(y_k[..outputs].to_vec());
        }
        prop_assert_eq!(y_bk.len(), rows);
        let mut sum_kd = vec![0.5; outputs * inputs];
        block.add_towards_weights(&x_bd, &mut sum_kd);
        for (at, &sum) in sum_kd.iter().enumerate() {
            let terms = y_bk.iter().zip(x_bd.chunks_exact(inputs));
            let expected: f32 = terms.map(|(y_k, x_d)| y_k[at / inputs] * x_d[at % inputs]).sum();
            prop_assert_eq!(sum, 0.5 + f64::from(expected));
        }
    }

    #[test]
    fn a_softmax_is_that_of_double_precision(count in 1usize..70, scale in 0.01f32..60.0, seed in 0usize..1000) {
        let logits: Vec<f32> = whole(count, seed).into_iter().map(|value| value * scale / 6.0).collect();
        let mut padded = logits.clone();
        padded.resize(count.next_multiple_of(WIDEST), f32::NEG_INFINITY);
        let log_sum = softmax(&mut padded);
        let exponentials: Vec<f64> = logits.iter().map(|&logit| f64::from(logit).exp()).collect();
        let sum: f64 = exponentials.iter().sum();
        // Measured: 3e-7 of the exponentials, and the rounding of their sum.
        prop_assert!((log_sum - sum.ln()).abs() < 1e-6 * sum.ln().abs().max(1.0), "{} {}", log_sum, sum.ln());
        let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        for ((found, exponential), logit) in padded.iter().zip(exponentials).zip(&logits) {
            let expected = exponential / sum;
            // The distance to the largest is rounded before it is an exponent.
            let bound = 1e-6 + f64::from(largest - logit) * f64::from(f32::EPSILON) / 2.0;
            prop_assert!((f64::from(*found) - expected).abs() < bound * expected + 1e-26, "{} {}", found, expected);
        }
        prop_assert!(padded[count..].iter().all(|value| *value < 1e-26));
    }
}

#[test]
fn logits_that_are_no_numbers_have_no_sum() {
    for bad in [f32::NAN, f32::INFINITY] {
        let mut logits = [f32::NEG_INFINITY; WIDEST];
        (logits[0], logits[1]) = (0.5, bad);
        assert!(softmax(&mut logits).is_nan(), "{bad}");
    }
}

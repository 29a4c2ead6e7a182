use proptest::prelude::*;
use std::sync::Mutex;

use super::*;

/// Whole numbers: nothing is rounded, whatever the order.
fn whole(rows: usize, columns: usize, seed: usize) -> Matrix {
    let value = |i: usize| ((i * 31 + seed * 7) % 13) as f32 - 6.0;
    Matrix::new(rows, columns, (0..rows * columns).map(value).collect()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sweep_is_two_products(
        n in prop_oneof![0usize..40, 250usize..600, 1000usize..2600],
        k in prop_oneof![1usize..7, 14usize..40],
        d in 1usize..70,
        seed in 0usize..1000,
    ) {
        let (features_nd, weight_kd) = (whole(n, d, seed), whole(k, d, seed));
        let logit = |row: usize, class: usize| -> f32 {
            features_nd.row(row).iter().zip(weight_kd.row(class)).map(|(a, b)| a * b).sum()
        };
        let residuals: Vec<f32> = (0..n * k).map(|at| (logit(at / k, at % k) + (at / k) as f32) % 5.0).collect();
        let residual = |row: usize, class: usize| residuals[row * k + class];
        let seen = Mutex::new(Vec::new());
        let found = sweep(&features_nd, &weight_kd, |row, values_k| {
            assert!(values_k.len() >= k && values_k.len().is_multiple_of(WIDTH));
            let expected: Vec<f32> = (0..k).map(|class| logit(row, class)).collect();
            assert_eq!(values_k[..k], expected);
            values_k[..k].iter_mut().for_each(|value| *value = (*value + row as f32) % 5.0);
            seen.lock().unwrap().push(row);
            row as f64
        });
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..n).collect::<Vec<_>>());
        let sum = |class: usize, of: &dyn Fn(usize) -> f32| -> f64 {
            (0..n).map(|row| f64::from(residual(row, class) * of(row))).sum()
        };
        prop_assert_eq!(found.loss, (0..n).sum::<usize>() as f64);
        prop_assert_eq!(found.bias_k, (0..k).map(|class| sum(class, &|_| 1.0)).collect::<Vec<_>>());
        let slope = |at: usize| sum(at / d, &|row| features_nd.row(row)[at % d]);
        prop_assert_eq!(found.slope_kd, (0..k * d).map(slope).collect::<Vec<_>>());
    }
}

#[test]
fn no_bit_depends_on_the_number_of_threads() {
    for classes in [3, 20] {
        let value = |i: usize| ((i * 7919 + i / 3 * 104_729) % 1000) as f32 / 500.0 - 1.0;
        let matrix = |rows: usize| Matrix::with_columns(33, (0..33 * rows).map(value).collect());
        let (features_nd, weight_kd) = (matrix(6000), matrix(classes));
        let found = [1, 2, 3, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| sweep(&features_nd, &weight_kd, |_, values_k| f64::from(values_k[0])))
        });
        assert!(found.iter().all(|partial| *partial == found[0]), "{classes} classes");
    }
}

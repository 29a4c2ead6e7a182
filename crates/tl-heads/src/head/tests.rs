use super::*;
use crate::{LinearHead, Matrix, Standardiser};
use burn::optim::GradientsParams;

fn features_nd(rows: usize, columns: usize) -> Matrix {
    let draws = Draws::new(99, 0);
    Matrix::with_columns(columns, (0..rows * columns).map(|i| draws.normal(i as u64) as f32).collect())
}

fn tensor(matrix: &Matrix, device: &Device) -> Tensor<2> {
    let shape = [matrix.rows(), matrix.columns()];
    Tensor::from_data(TensorData::new(matrix.values().to_vec(), shape), device)
}

fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn a_fitted_head_gives_what_the_head_gives_in_evaluation() {
    let (features_nd, device) = (features_nd(32, 20), Device::flex().autodiff());
    for name in HeadConfig::NAMES {
        let config = HeadConfig { init: Init::Scaled, ..HeadConfig::named(name).unwrap() };
        let head = config.init(20, 5, 3, &device);
        // Moves the running statistics.
        head.forward(tensor(&features_nd, &device), Some(1));
        let logits = values(head.valid().forward(tensor(&features_nd, &Device::flex()), None));
        let fitted = head.fitted();
        assert_eq!((fitted.features(), fitted.classes()), (20, 5), "{name}");
        let fitted_nk = fitted.logits(&features_nd).unwrap();
        let worst = logits.iter().zip(fitted_nk.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        println!("{name}: off by {worst:.1e}");
        // Measured 1.5e-6: sums of up to 512 products, in another order.
        assert!(worst < 1e-5, "{name}: {worst}");
    }
}

#[test]
fn every_weight_of_a_head_gets_a_gradient() {
    let (features_nd, device) = (features_nd(8, 20), Device::flex().autodiff());
    let gradients = |head: &Head| {
        let logits_bk = head.forward(tensor(&features_nd, &device), Some(1));
        GradientsParams::from_grads(logits_bk.powi_scalar(2).sum().backward(), head).len()
    };
    for (name, weights) in [("linear", 2), ("dense256", 4), ("fastai", 8), ("cosine", 2)] {
        let head = HeadConfig::named(name).unwrap().init(20, 5, 3, &device);
        assert_eq!(gradients(&head), weights, "{name}");
    }
    let solved = LinearHead::zeros(5, 20);
    assert_eq!(gradients(&Head::from_linear(&HeadConfig::default(), &solved, &device)), 2);
}

#[test]
fn dropout_zeroes_its_share_by_key_and_scales_the_rest() {
    let ones_bd = || Tensor::<2>::ones([200, 100], &Device::flex());
    let dropped = |share, key| values(super::dropped(ones_bd(), share, Some(Draws::new(key, HIDDEN))));
    for share in [0.25, 0.5, 0.9] {
        let values = dropped(share, 1);
        let kept = (1.0 / (1.0 - share)) as f32;
        assert!(values.iter().all(|&value| value == 0.0 || value == kept));
        let zeroed = values.iter().filter(|&&value| value == 0.0).count() as f64 / 20_000.0;
        // Four standard errors of a share of 20,000.
        assert!((zeroed - share).abs() < 4.0 * (share * (1.0 - share) / 20_000.0).sqrt(), "{share} {zeroed}");
        assert_eq!(values, dropped(share, 1));
        assert_ne!(values, dropped(share, 2));
    }
}

#[test]
fn a_head_drops_out_with_a_key_and_only_then() {
    let device = Device::flex();
    let config = HeadConfig { norm: false, ..HeadConfig::named("fastai").unwrap() };
    let (head, features_bd) = (config.init(20, 5, 3, &device), tensor(&features_nd(8, 20), &device));
    let logits = |key| values(head.forward(features_bd.clone(), key));
    assert_eq!(logits(None), logits(None));
    assert_eq!(logits(Some(1)), logits(Some(1)));
    assert_ne!(logits(Some(1)), logits(Some(2)));
    assert_ne!(logits(Some(1)), logits(None));
}

#[test]
fn batch_normalisation_learns_from_batches_in_training_and_neither_in_evaluation_nor_frozen() {
    let device = Device::flex().autodiff();
    let head = HeadConfig::named("fastai").unwrap().init(20, 5, 3, &device);
    let features_nd = features_nd(32, 20);
    let start = head.fitted();
    head.valid().forward(tensor(&features_nd, &Device::flex()), None);
    let head = head.freeze();
    head.forward(tensor(&features_nd, &device), Some(1));
    assert_eq!(head.fitted(), start);
    let head = head.unfreeze();
    head.forward(tensor(&features_nd, &device), Some(1));
    let moved = head.fitted().layers.iter().zip(&start.layers).filter(|(a, b)| a != b).count();
    assert_eq!(moved, 2, "both batch normalisations");
}

#[test]
fn scaled_weights_have_he_variance_and_depend_on_the_seed_alone() {
    let device = Device::flex();
    let config = HeadConfig::named("dense256").unwrap();
    let fitted = |seed| config.init(400, 100, seed, &device).fitted();
    for (name, shape, values) in fitted(5).tensors().iter().filter(|(_, shape, _)| shape.len() == 2) {
        let count = values.len() as f64;
        let mean = values.iter().map(|&value| f64::from(value)).sum::<f64>() / count;
        let variance = values.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>() / count;
        let expected = 2.0 / shape[1] as f64;
        // Four standard errors.
        assert!(mean.abs() < 4.0 * (expected / count).sqrt(), "{name}: {mean}");
        assert!((variance / expected - 1.0).abs() < 4.0 * (2.0 / count).sqrt(), "{name}: {variance}");
    }
    assert_eq!(fitted(5), fitted(5));
    assert_ne!(fitted(5), fitted(6));
}

#[test]
fn a_zero_start_gives_every_class_the_same_probability() {
    let features_nd = features_nd(3, 20);
    for name in ["linear", "max"] {
        let fitted = HeadConfig::named(name).unwrap().init(20, 4, 3, &Device::flex()).fitted();
        assert!(fitted.probabilities(&features_nd).unwrap().values().iter().all(|&p| p == 0.25));
    }
}

#[test]
fn a_head_can_start_at_a_solved_regression() {
    let weight_kd = features_nd(4, 6);
    let solved = LinearHead { weight_kd, bias_k: vec![0.5, -1.0, 2.0, 0.0] };
    let head = Head::from_linear(&HeadConfig::default(), &solved, &Device::flex());
    assert_eq!(head.fitted(), solved.into());
}

#[test]
fn a_solved_head_behind_its_scaling_answers_as_before_and_follows_features_that_drift() {
    let mut features_nd = features_nd(64, 6);
    let spread = [1.0, 0.02, 30.0, 0.3, 1.0, 5.0];
    for row in features_nd.values_mut().chunks_exact_mut(6) {
        row.iter_mut().zip(spread).for_each(|(value, spread)| *value = *value * spread + 2.0 * spread);
    }
    let standardiser = Standardiser::measure(&features_nd);
    let weight_kd = Matrix::with_columns(6, (0..24).map(|i| ((i * 7 % 11) as f32 - 5.0) / 5.0).collect());
    let solved = standardiser.fold_into(&LinearHead { weight_kd, bias_k: vec![0.5, -1.0, 2.0, 0.0] });
    let device = Device::flex().autodiff();
    let head = || Head::from_standardised(&HeadConfig::default(), &solved, &standardiser, &device).unwrap();
    let worst = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    let logits_nk = solved.logits(&features_nd).unwrap();
    let fitted = head().fitted();
    assert_eq!(fitted.layers.len(), 1, "{fitted:?}");
    let folded = worst(fitted.logits(&features_nd).unwrap().values(), logits_nk.values());
    // In training every feature may come at another scale: the batch's own scale is what counts.
    let mut drifted_nd = features_nd.clone();
    for row in drifted_nd.values_mut().chunks_exact_mut(6) {
        row.iter_mut().zip([3.0, 10.0, 0.5, 7.0, 1.0, 2.0]).for_each(|(value, factor)| *value *= factor);
    }
    let trained = worst(&values(head().forward(tensor(&drifted_nd, &device), None)), logits_nk.values());
    let raw = worst(solved.logits(&drifted_nd).unwrap().values(), logits_nk.values());
    println!("folded {folded:.1e}, trained {trained:.1e}, without the norm {raw:.1}");
    // Batch normalisation's 1e-5 beside the least variance, 4e-4, changes its weight by 1.2 %, and logits of up to 9 by as
    // much as its share in them.
    assert!(folded < 0.05 && trained < 0.05, "{folded} {trained}");
    assert!(raw > 10.0, "{raw}");
}

#[test]
fn a_feature_that_does_not_vary_has_no_influence_behind_its_scaling_and_gets_none_by_training() {
    for constant in [0.1, -37.7, 1e-30, 1e20] {
        let mut features_nd = features_nd(64, 4);
        features_nd.values_mut().chunks_exact_mut(4).for_each(|row| row[2] = constant);
        let standardiser = Standardiser::measure(&features_nd);
        let solved = LinearHead { weight_kd: Matrix::with_columns(4, vec![0.5; 8]), bias_k: vec![0.0, 1.0] };
        let solved = standardiser.fold_into(&solved);
        let device = Device::flex().autodiff();
        let head = Head::from_standardised(&HeadConfig::default(), &solved, &standardiser, &device).unwrap();
        let logits_bk = head.forward(tensor(&features_nd, &device), None);
        let gradients = (logits_bk.clone() * logits_bk).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &head);
        let Last::Linear(linear) = &head.last else { panic!("no linear layer") };
        let of_weight = values(gradients.get::<2>(linear.weight.id).unwrap());
        assert_eq!(of_weight[4..6], [0.0, 0.0], "{constant}");
        // The norm has now seen a batch.
        let linear = head.fitted().as_linear().unwrap();
        assert!(
            linear.weight_kd.iter_rows().all(|row| row[2] == 0.0 && row[0] != 0.0),
            "{constant}: {linear:?}"
        );
        let evaluated = values(head.valid().forward(tensor(&features_nd, &Device::flex()), None));
        let fitted_nk = linear.logits(&features_nd).unwrap();
        let worst = evaluated.iter().zip(fitted_nk.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 1e-5, "{constant}: {worst}");
    }
}

#[test]
fn a_norm_whose_means_are_large_beside_its_deviations_stays_a_layer_of_its_own() {
    let mut features_nd = features_nd(64, 3);
    features_nd.values_mut().iter_mut().for_each(|value| *value += 1e5);
    let standardiser = Standardiser::measure(&features_nd);
    let solved = LinearHead { weight_kd: Matrix::with_columns(3, vec![0.5, -1.0, 2.0]), bias_k: vec![1.0] };
    let device = Device::flex();
    let solved = standardiser.fold_into(&solved);
    let head = Head::from_standardised(&HeadConfig::default(), &solved, &standardiser, &device).unwrap();
    let fitted = head.fitted();
    assert_eq!(fitted.layers.len(), 2, "{fitted:?}");
    let logits = values(head.forward(tensor(&features_nd, &device), None));
    let fitted_nk = fitted.logits(&features_nd).unwrap();
    let worst = logits.iter().zip(fitted_nk.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    // burn's norm rounds what it takes off; a single layer is off by 0.01 and more.
    assert!(worst < 1e-3, "{worst}");
}

#[test]
fn a_cosine_of_zeros_has_a_finite_gradient() {
    let device = Device::flex().autodiff();
    let head = HeadConfig::named("cosine").unwrap().init(3, 2, 0, &device);
    let features_bd = Tensor::<2>::zeros([1, 3], &device).require_grad();
    let gradients = head.forward(features_bd.clone(), None).sum().backward();
    assert!(values(features_bd.grad(&gradients).unwrap()).iter().all(|slope| slope.is_finite()));
}

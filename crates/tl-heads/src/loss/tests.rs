use super::*;

const KINDS: [LossKind; 4] = [
    LossKind::CrossEntropy,
    LossKind::Focal { gamma: 0.5 },
    LossKind::Focal { gamma: 2.0 },
    LossKind::Binary,
];

/// Loss and gradient of one picture.
fn at(config: &LossConfig, logits_k: [f32; 3], targets_k: [f32; 3]) -> (f32, Vec<f32>) {
    let device = Device::flex().autodiff();
    let logits_bk = Tensor::<2>::from_data([logits_k], &device).require_grad();
    let loss = config.init(None, &device).forward(logits_bk.clone(), Tensor::from_data([targets_k], &device));
    let gradient_bk = logits_bk.grad(&loss.backward()).unwrap();
    (loss.into_scalar::<f32>(), gradient_bk.into_data().try_to_vec().unwrap())
}

#[test]
fn losses_and_gradients_of_extreme_logits_are_finite() {
    for kind in KINDS {
        for logits_k in [[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e4; 3], [-1e4; 3], [0.0; 3]] {
            for targets_k in [[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1.0, 1.0, 1.0], [0.0; 3]] {
                let (loss, gradient_k) = at(&LossConfig { kind, smoothing: 0.1 }, logits_k, targets_k);
                let finite = loss.is_finite() && gradient_k.iter().all(|slope| slope.is_finite());
                assert!(finite, "{kind:?} {logits_k:?} {targets_k:?}: {loss} {gradient_k:?}");
            }
        }
    }
}

#[test]
fn a_confident_right_answer_costs_nothing_and_a_wrong_one_its_distance() {
    let targets_k = [1.0, 0.0, 0.0];
    let cost = |kind, logits_k| at(&LossConfig { kind, smoothing: 0.0 }, logits_k, targets_k).0;
    for kind in KINDS {
        assert_eq!(cost(kind, [1e4, -1e4, -1e4]), 0.0, "{kind:?}");
    }
    assert_eq!(cost(LossKind::CrossEntropy, [-1e4, 1e4, 0.0]), 2e4);
    assert_eq!(cost(LossKind::Focal { gamma: 2.0 }, [-1e4, 1e4, 0.0]), 2e4);
    assert_eq!(cost(LossKind::Binary, [-1e4, 1e4, -1e4]), 2e4 / 3.0);
}

#[test]
fn binary_has_its_true_slope_at_zero_where_heads_start() {
    let (_, gradient_k) =
        at(&LossConfig { kind: LossKind::Binary, smoothing: 0.0 }, [0.0; 3], [1.0, 0.0, 0.5]);
    assert_eq!(gradient_k, [-0.5 / 3.0, 0.5 / 3.0, 0.0]);
}

#[test]
fn no_focus_is_cross_entropy() {
    let of = |kind| at(&LossConfig { kind, smoothing: 0.1 }, [0.5, -2.0, 3.0], [0.2, 0.8, 0.0]);
    assert_eq!(of(LossKind::Focal { gamma: 0.0 }), of(LossKind::CrossEntropy));
}

#[test]
fn class_weights_without_any_target_give_no_loss() {
    let device = Device::flex();
    let loss = LossConfig::default().init(Some(&[0.0, 1.0]), &device);
    let of = loss.forward(Tensor::zeros([1, 2], &device), Tensor::from_data([[1.0, 0.0]], &device));
    assert_eq!(of.into_scalar::<f32>(), 0.0);
}

#[test]
fn configurations_read_as_they_are_written_and_bad_ones_are_named() {
    for (text, message) in [
        (r#"{"kind":"cross-entropy","smoothing":0.1}"#, None),
        (r#"{"kind":{"focal":{"gamma":2.0}},"smoothing":0.0}"#, None),
        (
            r#"{"kind":"binary","smoothing":1.5}"#,
            Some("`smoothing` of the loss is 1.5, it must be from 0 to 1"),
        ),
        (
            r#"{"kind":{"focal":{"gamma":-1.0}},"smoothing":0.0}"#,
            Some("`gamma` of the loss is -1, it must be from 0 to infinity"),
        ),
    ] {
        let config: LossConfig = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&config).unwrap(), text);
        assert_eq!(config.validate().err().map(|error| error.to_string()).as_deref(), message);
    }
}

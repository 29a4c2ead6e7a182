//! Steps whose activations are computed again, beside those whose activations are kept.

use super::*;

/// What there is after two steps: losses, values of the network with its running statistics, and the moving average.
fn after(mut desk: Desk, batches: &[Batch]) -> ([f64; 2], StateDict, StateDict) {
    desk.train_state.average = Some(ModelEma::new(0.5, &desk.train_state.network));
    let losses = [1.0, 0.5].map(|share| desk.step(batches, 0.02 * share, Some(1.0)));
    let average = desk.train_state.average.map(|average| average.state()).unwrap_or_default();
    (losses, desk.train_state.network.state(Boundary(0)), average)
}

/// The same network, all of whose stages behind the boundary run again but for the last ones.
fn again(desk: &mut Desk, name: &str) {
    let row = architecture(name).unwrap();
    let side = row.smallest_input.max(32);
    let segments = Segments::of_stages(&summary_at(&row, [side, side]).unwrap(), desk.train_state.boundary);
    assert!(!segments.again().is_empty(), "{name}: one segment");
    desk.train_state.segments = segments;
}

fn equal(name: &str, last: Option<usize>, norms: Norms, devices: usize) {
    let head = HeadConfig { hidden: Some(8), ..HeadConfig::named("fastai").unwrap() };
    let desk = || {
        let mut desk = Desk::with_head(&head, name, last, norms, OptimizerKind::AdamW);
        desk.train_state.devices = vec![desk.train_state.devices[0].clone(); devices];
        desk
    };
    let (kept, mut computed) = (desk(), desk());
    again(&mut computed, name);
    let batches = halves(&kept.batch);
    let (kept, computed) = (after(kept, &batches), after(computed, &batches));
    assert_eq!(kept.0, computed.0, "{name}, {norms:?}: losses");
    for (key, value) in &kept.1.tensors {
        assert!(computed.1.tensors[key] == *value, "{name}, {norms:?}, {devices} devices: {key}");
    }
    assert!(kept.2 == computed.2, "{name}, {norms:?}: average");
}

#[test]
fn activations_computed_again_give_the_same_bits_in_every_family() {
    for name in with_every_family(&["resnet18", "mobilenetv2_050", "mobilenetv3_small_100", "vgg11_bn"]) {
        equal(name, None, Norms::Train, 1);
    }
}

#[test]
fn so_they_do_with_frozen_norms_a_frozen_part_and_several_devices() {
    for (last, norms, devices) in [
        (None, Norms::Frozen, 1),
        (Some(3), Norms::Frozen, 1),
        (Some(3), Norms::Train, 1),
        (None, Norms::Train, 2),
    ] {
        equal("mobilenetv2_050", last, norms, devices);
    }
}

#[test]
fn the_last_segment_takes_no_more_than_the_largest_stage_in_front_of_it() {
    // Name, frozen stages, stages that run twice.
    for (name, frozen, twice) in
        [("resnet50", 0, 3), ("resnet50", 3, 1), ("resnet50", 4, 0), ("resnet50", 5, 0), ("vgg16", 0, 2)]
    {
        let summary = tl_backbones::summary(&architecture(name).unwrap());
        let segments = Segments::of_stages(&summary, Boundary(frozen));
        assert_eq!(segments.last(), Boundary(frozen + twice), "{name}, {frozen}");
        assert!(segments.again().iter().map(|stages| stages.len()).eq(vec![1; twice]), "{segments:?}");
    }
}

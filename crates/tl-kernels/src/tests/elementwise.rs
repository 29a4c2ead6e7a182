//! What is done value by value, and what optimisers do, against loops in double precision.

use burn::tensor::{Device, Tensor, TensorData};
use proptest::prelude::*;

use super::naive::{Exact, numbers, odd, same, within};
use crate::elementwise::{activate, activate_back, add, add_bias, sums};
use crate::{Act, Adapt, adapt, blend, blend_square};

/// None, one, some registers, and the ends of what a thread takes at a time.
fn lengths() -> impl Strategy<Value = usize> {
    prop_oneof![0..70_usize, (1 << 15) - 3..(1 << 15) + 20_usize]
}

fn acts() -> impl Strategy<Value = Act> {
    prop_oneof![Just(Act::None), Just(Act::Relu), Just(Act::Relu6)]
}

fn activated(act: Act, x: f32) -> f32 {
    match act {
        _ if x.is_nan() => x,
        Act::None => x,
        Act::Relu => x.max(0.0),
        Act::Relu6 => x.clamp(0.0, 6.0),
    }
}

fn passes(act: Act, y: f32) -> bool {
    match act {
        Act::None => true,
        Act::Relu => y.is_nan() || y > 0.0,
        Act::Relu6 => y.is_nan() || (y > 0.0 && y < 6.0),
    }
}

/// A view that begins behind the first value of its memory if `behind`.
fn tensor(values: &[f32], behind: bool) -> Tensor<1> {
    let len = values.len();
    let device = Device::flex();
    if !behind {
        return Tensor::from_data(TensorData::new(values.to_vec(), [len]), &device);
    }
    let longer = [&[9.0][..], values].concat();
    Tensor::<1>::from_data(TensorData::new(longer, [len + 1]), &device).narrow(0, 1, len)
}

fn values(tensor: Tensor<1>) -> Vec<f32> {
    tensor.into_data().iter::<f32>().collect()
}

/// Every value is as near to the one in double precision as so many roundings of the size of its terms leave it.
fn near(ours: &[f32], theirs: impl Fn(usize) -> [f64; 2], roundings: f64) -> Result<(), TestCaseError> {
    for (at, &ours) in ours.iter().enumerate() {
        let [value, size] = theirs(at);
        let bound = roundings * f64::from(f32::EPSILON) / 2.0 * size + f64::from(f32::MIN_POSITIVE);
        prop_assert!((f64::from(ours) - value).abs() <= bound, "{at}: {ours}, not {value}, of {size}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn activations_and_their_gradients_are_those_of_a_loop(len in lengths(), act in acts(), seed: u64) {
        let x = odd(len, seed);
        let mut y = x.clone();
        activate(&mut y, act);
        for (at, (&x, &y)) in x.iter().zip(&y).enumerate() {
            prop_assert!(same(y, activated(act, x)), "{at}: {act:?} of {x} is {y}");
        }
        let gy = numbers(len, seed ^ 1);
        let mut gx = gy.clone();
        activate_back(&y, &mut gx, act);
        for ((&y, &gy), &gx) in y.iter().zip(&gy).zip(&gx) {
            prop_assert!(same(gx, if passes(act, y) { gy } else { 0.0 }), "{act:?} at {y}: {gx} of {gy}");
        }
    }

    #[test]
    fn sums_and_biases_are_those_of_a_loop(len in lengths(), channels in 1..40_usize, seed: u64) {
        let x = odd(len / channels * channels, seed);
        let bias = numbers(channels, seed ^ 2);
        let mut with = x.clone();
        add_bias(&mut with, &bias);
        for (at, (&x, &with)) in x.iter().zip(&with).enumerate() {
            prop_assert!(same(with, x + bias[at % channels]), "{at}: {with}");
        }
        let mut twice = x.clone();
        add(&mut twice, &with);
        prop_assert!(x.iter().zip(&with).zip(&twice).all(|((&x, &with), &twice)| same(twice, x + with)));
        let x = numbers(x.len(), seed);
        let mut theirs = vec![Exact::default(); channels];
        x.iter().enumerate().for_each(|(at, &x)| theirs[at % channels].add(x, 1.0));
        within("sum", &sums(channels, &x), &theirs)?;
    }

    #[test]
    fn running_means_are_those_of_a_loop(len in lengths().prop_map(|len| len.max(1)), keep in 0.0..1.0_f32, behind: bool, seed: u64) {
        let [to, from] = [seed, !seed].map(|seed| numbers(len, seed));
        let [old, new] = [tensor(&to, behind), tensor(&from, behind)];
        let numbers = [keep, 1.0 - keep];
        // A product each, and a sum; squares have a product more.
        let terms = |at: usize, square: bool| {
            let from = f64::from(from[at]);
            let from = if square { from * from } else { from };
            let terms = [f64::from(to[at]) * f64::from(keep), from * f64::from(numbers[1])];
            [terms[0] + terms[1], terms[0].abs() + terms[1].abs()]
        };
        near(&values(blend(old.clone(), new.clone(), numbers)), |at| terms(at, false), 2.01)?;
        near(&values(blend_square(old.clone(), new.clone(), numbers)), |at| terms(at, true), 3.01)?;
        prop_assert_eq!(values(old), to, "what somebody else reads has changed");
        prop_assert_eq!(values(new), from);
    }

    #[test]
    fn steps_of_adam_are_those_of_a_loop(
        len in lengths().prop_map(|len| len.max(1)), rate in 0.0..0.1_f32, step in 1..1000, behind: bool, seed: u64,
    ) {
        let [x, mean, square] = [1, 2, 3].map(|number| numbers(len, seed ^ number));
        let square: Vec<f32> = square.iter().map(|value| (value * value - 0.1).max(0.0)).collect();
        let corrected = |beta: f32| 1.0 / (1.0 - beta.powi(step));
        let how = Adapt { keep: 0.999, rate, epsilon: 1e-8, first: corrected(0.9), second: corrected(0.999) };
        let tensors = [&x, &mean, &square].map(|values| tensor(values, behind));
        let [a, b, c] = tensors.clone();
        let terms = |at: usize| {
            let [x, mean, square] = [x[at], mean[at], square[at]].map(f64::from);
            let [keep, rate, epsilon, first, second] =
                [how.keep, how.rate, how.epsilon, how.first, how.second].map(f64::from);
            let moved = mean * rate * first / ((square * second).sqrt() + epsilon);
            [x * keep - moved, (x * keep).abs() + moved.abs()]
        };
        // Rate, mean, half of the square's, root, epsilon, division and difference.
        near(&values(adapt(a, b, c, how)), terms, 6.6)?;
        let [first, ..] = tensors;
        prop_assert_eq!(values(first), x, "what somebody else reads has changed");
    }
}

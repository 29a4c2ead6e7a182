//! Lanes of two bfloat16 numbers against the nearest ones.

use proptest::prelude::*;

use crate::rounding::{couple, round};

/// Any bits: numbers of all sizes, those without a leading one, infinities and what is no number.
fn any_numbers() -> impl Strategy<Value = Vec<f32>> {
    let tie = any::<u16>().prop_map(|upper| f32::from_bits(u32::from(upper) << 16 | 0x8000));
    proptest::collection::vec(prop_oneof![any::<u32>().prop_map(f32::from_bits), tie], 0..80)
}

/// Both numbers of a lane.
fn halves(lane: f32) -> [f32; 2] {
    [lane.to_bits() << 16, lane.to_bits() & !0xffff].map(f32::from_bits)
}

/// The nearest bfloat16 number, of two the one that ends in a zero.
fn nearest(value: f32) -> f32 {
    let below = value.to_bits() & !0xffff;
    if value.is_infinite() || value.to_bits() == below {
        return value;
    }
    let above = f32::from_bits(below + 0x1_0000);
    // Where the next one is infinite, it stands for the power of two that it would be.
    let beyond = if above.is_infinite() { 2.0_f64.powi(128).copysign(value.into()) } else { above.into() };
    let [down, up] = [f64::from(f32::from_bits(below)), beyond].map(|other| (f64::from(value) - other).abs());
    let even = below & 0x1_0000 == 0;
    if down < up || (down == up && even) { f32::from_bits(below) } else { above }
}

/// Of numbers without a leading one some instructions make zeros.
fn is_of(rounded: f32, value: f32) -> bool {
    let vanishes = value.abs() < f32::MIN_POSITIVE && rounded == 0.0;
    vanishes || if value.is_nan() { rounded.is_nan() } else { rounded == nearest(value) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn neighbours_are_rounded_to_the_nearest(values in any_numbers(), behind in 0..20_usize) {
        let inside = values.len().div_ceil(2);
        let mut lanes = vec![7.0; inside + behind];
        round(&values, &mut lanes);
        let rounded: Vec<f32> = lanes.iter().flat_map(|&lane| halves(lane)).collect();
        for (at, &rounded) in rounded.iter().enumerate() {
            let value = values.get(at).copied().unwrap_or(0.0);
            prop_assert!(is_of(rounded, value), "{at}: {value:e} becomes {rounded:e}");
        }
    }

    #[test]
    fn couples_are_rounded_to_the_nearest(low in any_numbers(), high in any_numbers(), alone: bool) {
        let len = low.len().min(high.len());
        let low = &low[..len];
        let mut lanes = vec![7.0; len + 3];
        couple(low, (!alone).then_some(&high[..]), &mut lanes);
        for at in 0..len {
            let upper = if alone { 0.0 } else { high[at] };
            let [first, second] = halves(lanes[at]);
            prop_assert!(is_of(first, low[at]) && is_of(second, upper), "{at}: {:e}, {upper:e} become {first:e}, {second:e}", low[at]);
        }
        prop_assert_eq!(&lanes[len..], &[7.0; 3], "lanes behind the last are written");
    }
}

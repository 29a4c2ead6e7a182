//! Weights that are numbers: no model file is written or read with others.

use safetensors::tensor::Dtype;
use std::borrow::Cow;

/// Refuses tensors with a value that is not finite, by the name of the first.
pub(super) fn check_finite<'a>(
    tensors: impl IntoIterator<Item = (&'a str, Dtype, Cow<'a, [u8]>)>,
) -> Result<(), String> {
    let bad = tensors.into_iter().find(|(_, dtype, bytes)| !is_finite(*dtype, bytes));
    bad.map_or(Ok(()), |(name, ..)| Err(format!("tensor `{name}` holds a value that is not finite")))
}

/// A number is not finite if all bits of its exponent are set. Whole numbers always are.
fn is_finite(dtype: Dtype, bytes: &[u8]) -> bool {
    match dtype {
        Dtype::F16 => below(bytes, 0x7c00),
        Dtype::BF16 => below(bytes, 0x7f80),
        Dtype::F32 => bytes.as_chunks::<4>().0.iter().all(|&four| f32::from_le_bytes(four).is_finite()),
        Dtype::F64 => bytes.as_chunks::<8>().0.iter().all(|&eight| f64::from_le_bytes(eight).is_finite()),
        _ => true,
    }
}

fn below(bytes: &[u8], exponent: u16) -> bool {
    bytes.as_chunks::<2>().0.iter().all(|&two| u16::from_le_bytes(two) & exponent != exponent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_of_number_that_is_none_is_found_at_any_place() {
        let types: [(Dtype, Vec<u8>, Vec<Vec<u8>>); 4] = [
            (
                Dtype::F16,
                0x7bffu16.to_le_bytes().into(),
                [0x7c00u16, 0xfc00, 0x7e01].map(|v| v.to_le_bytes().into()).into(),
            ),
            (
                Dtype::BF16,
                0x7f7fu16.to_le_bytes().into(),
                [0x7f80u16, 0xff80, 0x7fc1].map(|v| v.to_le_bytes().into()).into(),
            ),
            (
                Dtype::F32,
                f32::MAX.to_le_bytes().into(),
                [f32::INFINITY, f32::NEG_INFINITY, -f32::NAN].map(|v| v.to_le_bytes().into()).into(),
            ),
            (
                Dtype::F64,
                f64::MAX.to_le_bytes().into(),
                [f64::INFINITY, f64::NEG_INFINITY, f64::NAN].map(|v| v.to_le_bytes().into()).into(),
            ),
        ];
        for (dtype, sound, bad) in types {
            let check =
                |values: &[Vec<u8>]| check_finite([("layer.weight", dtype, Cow::from(values.concat()))]);
            let sound = vec![sound; 5];
            assert_eq!(check(&sound), Ok(()));
            for (place, bad) in (0..5).flat_map(|place| bad.iter().map(move |bad| (place, bad))) {
                let mut values = sound.clone();
                values[place].clone_from(bad);
                assert_eq!(
                    check(&values),
                    Err("tensor `layer.weight` holds a value that is not finite".to_owned())
                );
            }
        }
    }
}

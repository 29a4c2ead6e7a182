//! Preprocessing that was read from a file is checked before pictures are prepared by it.

use crate::Preprocess;

/// The largest side: of one picture, 200 MB of numbers.
const LARGEST: u32 = 4096;

impl Preprocess {
    /// Says which field cannot be, and what it must be: a network would be given nonsense, or no memory would do.
    ///
    /// # Errors
    /// The field, its value and the rule, as `crop is 1.5, it must be above 0 and at most 1`.
    pub fn check(&self) -> Result<(), String> {
        let Preprocess { size, crop, mean, std, .. } = self;
        if !(1..=LARGEST).contains(size) {
            return Err(format!("size is {size}, it must be from 1 to {LARGEST}"));
        }
        // Not a number is in no range.
        if !(*crop > 0.0 && *crop <= 1.0) {
            return Err(format!("crop is {crop}, it must be above 0 and at most 1"));
        }
        if let Some(value) = mean.iter().find(|value| !value.is_finite()) {
            return Err(format!("mean holds {value}, it must be finite"));
        }
        if let Some(value) = std.iter().find(|value| !(value.is_finite() && **value > 0.0)) {
            return Err(format!("std holds {value}, it must be finite and above 0"));
        }
        match mean.iter().zip(std).find(|(mean, std)| !tells_apart(**mean, **std)) {
            Some((mean, std)) => Err(format!(
                "mean {mean:?} and std {std:?} leave nothing of a picture, neighbouring brightnesses must become different, finite numbers"
            )),
            None => Ok(()),
        }
    }
}

/// Do normalised values of 8 bits stay what they are: finite, and each above the one before?
fn tells_apart(mean: f32, std: f32) -> bool {
    let normalised = |byte: u8| (f32::from(byte) / 255.0 - mean) / std;
    (0..255).all(|byte| normalised(byte) < normalised(byte + 1))
        && normalised(0).is_finite()
        && normalised(255).is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_held_to_its_range() {
        let sound = Preprocess::default();
        assert_eq!(sound.check(), Ok(()));
        type Edit = fn(&mut Preprocess);
        let right: [Edit; 4] = [
            |p| p.size = 1,
            |p| p.size = 4096,
            |p| p.crop = 1.0,
            |p| (p.mean, p.std) = ([-7.0; 3], [1e-6; 3]),
        ];
        let wrong: [(Edit, &str); 16] = [
            (|p| p.size = 0, "size is 0, it must be from 1 to 4096"),
            (|p| p.size = 4097, "size is 4097, it must be from 1 to 4096"),
            (|p| p.size = u32::MAX, "size is 4294967295, it must be from 1 to 4096"),
            (|p| p.crop = 0.0, "crop is 0, it must be above 0 and at most 1"),
            (|p| p.crop = -0.5, "crop is -0.5, it must be above 0 and at most 1"),
            (|p| p.crop = 1.5, "crop is 1.5, it must be above 0 and at most 1"),
            (|p| p.crop = f32::NAN, "crop is NaN, it must be above 0 and at most 1"),
            (|p| p.mean[2] = f32::INFINITY, "mean holds inf, it must be finite"),
            (|p| p.mean[0] = f32::NAN, "mean holds NaN, it must be finite"),
            (|p| p.std[1] = 0.0, "std holds 0, it must be finite and above 0"),
            (|p| p.std[2] = -1.0, "std holds -1, it must be finite and above 0"),
            (|p| p.std[0] = f32::INFINITY, "std holds inf, it must be finite and above 0"),
            (|p| p.std[0] = f32::NAN, "std holds NaN, it must be finite and above 0"),
            (
                |p| (p.mean[0], p.std[0]) = (0.5, 1e-45),
                "mean 0.5 and std 1e-45 leave nothing of a picture, neighbouring brightnesses must become different, finite numbers",
            ),
            (
                |p| (p.mean[1], p.std[1]) = (1e30, 0.5),
                "mean 1e30 and std 0.5 leave nothing of a picture, neighbouring brightnesses must become \
                 different, finite numbers",
            ),
            (
                |p| (p.mean[2], p.std[2]) = (1e6, 0.5),
                "mean 1000000.0 and std 0.5 leave nothing of a picture, neighbouring brightnesses must \
                 become different, finite numbers",
            ),
        ];
        let after = |edit: Edit| {
            let mut edited = sound.clone();
            edit(&mut edited);
            edited.check()
        };
        right.into_iter().for_each(|edit| assert_eq!(after(edit), Ok(())));
        wrong.into_iter().for_each(|(edit, words)| assert_eq!(after(edit), Err(words.to_owned())));
    }
}

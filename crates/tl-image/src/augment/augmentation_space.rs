//! What the policies choose from: lists of operations and the strengths of each.

use super::color::ColorStep;
use super::drawing::Change;
use super::draws::Draws;
use super::map::Map;
use super::table::Table;

/// An operation that a policy may choose.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Choice {
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
}

/// The choices of a policy, and the largest strength of each. Strengths rise evenly from 0 to it.
pub(super) struct AugmentationSpace {
    choices: &'static [Choice],
    /// Pixels of one axis for each pixel of the other.
    shear: f64,
    /// Relative to the side.
    translate: f64,
    /// Largest rotation in degrees.
    rotate: f64,
    /// Added to the factor 1 of brightness, colour, contrast and sharpness, or taken from it.
    enhance: f64,
    /// Bits kept at strength 0, and how many fewer at the largest.
    posterize: [f64; 2],
}

use Choice::{
    AutoContrast, Brightness, Color, Contrast, Equalize, Identity, Posterize, Rotate, Sharpness, ShearX,
    ShearY, Solarize, TranslateX, TranslateY,
};

const ALL: [Choice; 14] = [
    Identity,
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
];
const ALL_BUT_IDENTITY: [Choice; 13] = [
    ShearX,
    ShearY,
    TranslateX,
    TranslateY,
    Rotate,
    Brightness,
    Color,
    Contrast,
    Sharpness,
    Posterize,
    Solarize,
    AutoContrast,
    Equalize,
];
const PARTIAL: [Choice; 9] =
    [ShearX, ShearY, TranslateX, TranslateY, Rotate, Posterize, Solarize, AutoContrast, Equalize];

/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>; its 32 pixels are
/// those of a side of 224.
pub(super) const TRIVIAL_WIDE: AugmentationSpace = AugmentationSpace {
    choices: &ALL,
    shear: 0.99,
    translate: 32.0 / 224.0,
    rotate: 135.0,
    enhance: 0.99,
    posterize: [8.0, 6.0],
};

/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>
pub(super) const RAND_AUGMENT: AugmentationSpace = AugmentationSpace {
    choices: &ALL,
    shear: 0.3,
    translate: 150.0 / 331.0,
    rotate: 30.0,
    enhance: 0.9,
    posterize: [8.0, 4.0],
};

/// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>
pub(super) const AUG_MIX: AugmentationSpace = AugmentationSpace {
    choices: &ALL_BUT_IDENTITY,
    shear: 0.3,
    translate: 1.0 / 3.0,
    rotate: 30.0,
    enhance: 0.9,
    posterize: [4.0, 4.0],
};

pub(super) const AUG_MIX_PARTIAL: AugmentationSpace = AugmentationSpace { choices: &PARTIAL, ..AUG_MIX };

impl AugmentationSpace {
    /// A choice, and for it one of `bins` strengths, to either side where there are two.
    pub(super) fn draw(
        &self,
        draws: &mut Draws,
        side: f64,
        bin: impl Fn(&mut Draws) -> u32,
        bins: u32,
    ) -> Change {
        let at = draws.below(self.choices.len() as u64) as usize;
        let choice = self.choices.get(at).copied().unwrap_or(Identity);
        let strength = f64::from(bin(draws)) / f64::from(bins.saturating_sub(1).max(1));
        let sign = if draws.chance(0.5) { -1.0 } else { 1.0 };
        self.change(choice, strength, sign, side)
    }

    /// <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>
    pub(super) fn change(&self, choice: Choice, strength: f64, sign: f64, side: f64) -> Change {
        let signed = |largest: f64| sign * strength * largest;
        let factor = 1.0 + signed(self.enhance);
        // Whole pixels, as there.
        let pixels = signed(self.translate * side).trunc();
        match choice {
            Identity => Change::Nothing,
            ShearX => Change::Geometry(Map::shear(signed(self.shear), 0.0)),
            ShearY => Change::Geometry(Map::shear(0.0, signed(self.shear))),
            TranslateX => Change::Geometry(Map::shift(-pixels, 0.0)),
            TranslateY => Change::Geometry(Map::shift(0.0, -pixels)),
            Rotate => Change::Geometry(Map::rotation(signed(self.rotate)).about(side / 2.0, side / 2.0)),
            Brightness => Change::Color(ColorStep::Table(Table::brightness(factor))),
            Color => Change::Color(ColorStep::Saturation(factor)),
            Contrast => Change::Color(ColorStep::Contrast(factor)),
            Sharpness => Change::Color(ColorStep::Sharpness(factor)),
            Posterize => Change::Color(ColorStep::Table(Table::posterize(self.bits(strength)))),
            Solarize => Change::Color(ColorStep::Table(Table::solarize(255.0 * (1.0 - strength)))),
            AutoContrast => Change::Color(ColorStep::AutoContrast),
            Equalize => Change::Color(ColorStep::Equalize),
        }
    }

    fn bits(&self, strength: f64) -> u32 {
        let [most, fewer] = self.posterize;
        (most - fewer * strength).round_ties_even() as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of 14 is drawn 1,000 times in 14,000, standard deviation 30.5; five deviations are allowed.
    #[test]
    fn every_choice_comes_equally_often() {
        let mut draws = Draws::new("choices", &[1]);
        let mut counts = [0_i32; 5];
        for _ in 0..14_000 {
            let counted = match TRIVIAL_WIDE.draw(&mut draws, 224.0, |_| 15, 31) {
                Change::Nothing => 0,
                Change::Color(ColorStep::AutoContrast) => 1,
                Change::Color(ColorStep::Equalize) => 2,
                Change::Color(ColorStep::Saturation(_)) => 3,
                Change::Color(ColorStep::Contrast(_)) => 4,
                _ => continue,
            };
            counts[counted] += 1;
        }
        assert!(counts.iter().all(|count| (count - 1000).abs() < 153), "{counts:?}");
    }

    /// torchvision's tables at 31 strengths: <https://github.com/pytorch/vision/blob/v0.21.0/torchvision/transforms/autoaugment.py>
    #[test]
    fn strengths_are_torchvisions() {
        let trivial = |bin: u32| TRIVIAL_WIDE.bits(f64::from(bin) / 30.0);
        assert_eq!([0, 2, 3, 15, 30].map(trivial), [8, 8, 7, 5, 2]);
        let randaugment = |bin: u32| RAND_AUGMENT.bits(f64::from(bin) / 30.0);
        assert_eq!([0, 9, 30].map(randaugment), [8, 7, 4]);
        assert_eq!(AUG_MIX.bits(2.0 / 9.0), 3);
        let half = TRIVIAL_WIDE.change(TranslateX, 1.0, -1.0, 224.0);
        assert_eq!(half, Change::Geometry(Map::shift(32.0, 0.0)));
        let solarized = RAND_AUGMENT.change(Solarize, 9.0 / 30.0, 1.0, 224.0);
        assert_eq!(solarized, Change::Color(ColorStep::Table(Table::solarize(178.5))));
    }
}

//! A sheet of augmented versions of one picture, for people.

use image::{Rgb, RgbImage, imageops};

use super::{Augment, AugmentKey, SourcePixels};
use crate::Preprocess;

/// Pixels between the tiles, and their colour.
const GAP: u32 = 4;
const BACKGROUND: [u8; 3] = [120; 3];

/// The picture as it is at prediction, top left, and `count` augmented versions of it: those of sample 0 in the first
/// `count` epochs of this seed. Tiles have the side the network takes; `columns` of them are in a row.
pub fn contact_sheet(
    picture: &RgbImage,
    augment: &Augment,
    preprocess: &Preprocess,
    count: u32,
    columns: u32,
    seed: u64,
) -> RgbImage {
    let columns = columns.clamp(1, count + 1);
    let rows = (count + 1).div_ceil(columns);
    let place = |i: u32| i * (preprocess.size + GAP);
    let mut sheet = RgbImage::from_pixel(place(columns) - GAP, place(rows) - GAP, Rgb(BACKGROUND));
    let mut put = |i: u32, tile: &RgbImage| {
        imageops::replace(&mut sheet, tile, place(i % columns).into(), place(i / columns).into());
    };
    put(0, &preprocess.picture(picture));
    for epoch in 0..count {
        let key = AugmentKey { seed, epoch: epoch.into(), sample: 0 };
        let plan = augment.draw(key, picture.dimensions(), preprocess);
        put(epoch + 1, &plan.render(&SourcePixels::whole(picture)));
    }
    sheet
}

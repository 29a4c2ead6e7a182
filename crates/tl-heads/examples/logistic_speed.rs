//! Time of [`logistic_regression`] on features in a file, for `cargo xtask bench logistic`: one line of JSON.
//!
//! ```text
//! logistic_speed FOLDER ROWS COLUMNS CLASSES C
//! ```
//!
//! `FOLDER/x.bin` has `ROWS * COLUMNS` little-endian floats, `FOLDER/y-CLASSES.bin` as many labels as rows, in four bytes each.

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use tl_heads::{Fit, Matrix, logistic_regression};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, rows, columns, classes, c] = words.as_slice() else {
        return Err("usage: logistic_speed FOLDER ROWS COLUMNS CLASSES C".into());
    };
    let folder = Path::new(folder);
    let features = fours(&folder.join("x.bin"))?.into_iter().map(f32::from_le_bytes).collect();
    let labels = fours(&folder.join(format!("y-{classes}.bin")))?;
    let labels_n: Vec<usize> = labels.into_iter().map(|label| u32::from_le_bytes(label) as usize).collect();
    let features_nd = Matrix::new(rows.parse()?, columns.parse()?, features)?;
    let begun = Instant::now();
    let fit = logistic_regression(&features_nd, &labels_n, classes.parse()?, c.parse()?, None)?;
    let seconds = begun.elapsed().as_secs_f64();
    let Fit { iterations, loss, gradient, converged, .. } = fit;
    println!(
        "{{\"seconds\": {seconds}, \"iterations\": {iterations}, \"loss\": {loss}, \"gradient\": {gradient}, \"converged\": {converged}}}"
    );
    Ok(())
}

fn fours(path: &Path) -> Result<Vec<[u8; 4]>, Box<dyn Error>> {
    Ok(std::fs::read(path)?.as_chunks::<4>().0.to_vec())
}

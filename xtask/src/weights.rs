//! `cargo xtask fetch-weights`: the catalogue, and whether what is here is what was published.

use anyhow::{Result, bail};
use tl_weights::CATALOGUE;

pub(crate) fn run() -> Result<()> {
    let mut damaged = 0;
    for weights in CATALOGUE {
        let verdict = match weights.bytes() {
            Ok(_) => "verified, inside the program".to_owned(),
            Err(error) => {
                damaged += 1;
                error.to_string()
            }
        };
        println!("{:<28} {:>10} bytes  {}  {verdict}", weights.name, weights.bytes, weights.licence);
    }
    if damaged > 0 {
        bail!("{damaged} of {} sets of weights cannot be used", CATALOGUE.len());
    }
    Ok(())
}

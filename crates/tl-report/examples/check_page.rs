//! The page of a check, from its JSON.
//! `cargo run -p tl-report --example check_page -- REPORT.json PAGE.html`; tl-data's example `check` writes the JSON.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (from, to) = (arguments.next().ok_or("which report?")?, arguments.next().ok_or("to which page?")?);
    let report = serde_json::from_str(&std::fs::read_to_string(from)?)?;
    std::fs::write(to, tl_report::check_html(&report))?;
    Ok(())
}

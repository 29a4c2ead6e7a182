//! Checks a source and prints what it found, its time and its memory.
//! `cargo run --release -p tl-data --example check -- FOLDER [REPORT.json]`

use std::error::Error;
use std::time::Instant;

use tl_data::{CheckOptions, Source, check};
use tl_image::Limits;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let source = Source::of_path(arguments.next().ok_or("which folder?")?);
    let begun = Instant::now();
    let report = check(&source, &CheckOptions::default(), &Limits::default(), &|_| {})?;
    let seconds = begun.elapsed().as_secs_f64();
    for advice in &report.advice {
        println!("{}: {}\n  {}", advice.severity, advice.text, advice.remedy);
        advice.command.iter().for_each(|command| println!("  {command}"));
    }
    println!("{} of {} files usable, {seconds:.1} s", report.usable(), report.files);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    if let Some(path) = arguments.next() {
        std::fs::write(path, serde_json::to_vec(&report)?)?;
    }
    Ok(())
}

//! Every way to read a picture.
#![no_main]

libfuzzer_sys::fuzz_target!(init: tl_fuzz::stop_at_panics(), |bytes: &[u8]| tl_fuzz::image::picture(bytes));

//! The program as people run it: arguments in, text, files and an exit code out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod as_found;
mod backbones;
mod bad_input;
mod caching;
mod damaged_model;
mod data;
mod documented;
mod extract;
mod folders;
mod going_on;
mod hostile_names;
mod logs;
mod lr_find;
mod manners;
mod network;
mod next;
#[cfg(unix)]
mod no_text;
mod options;
mod other_formats;
mod precision;
mod predicting;
mod program;
mod recipes;
mod seen;
mod several_labels;
mod sixteen_bits;
mod streaming;
mod training;
mod versions;
mod warm_start;
mod weights;

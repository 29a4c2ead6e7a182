//! The program as people run it: arguments in, text, files and an exit code out.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop")]

mod backbones;
mod bad_input;
mod caching;
mod damaged_model;
mod data;
mod extract;
mod folders;
mod going_on;
mod logs;
mod lr_find;
mod manners;
mod network;
mod precision;
mod predicting;
mod program;
mod recipes;
mod seen;
mod several_labels;
mod training;
mod warm_start;
mod weights;

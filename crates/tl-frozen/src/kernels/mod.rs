//! The loops in which the time goes, over a few floats at once.
//!
//! A kernel is a plain description of one step, whose addresses are offsets into the memory of one picture, and a function
//! `run` that does a part of it. Everything that makes a step safe to run is checked when it is made (`plan/lower.rs`):
//! every offset that a kernel can form lies inside that memory.

mod activation;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod amx;
mod arena;
mod borders;
mod depthwise;
mod dot;
mod elementwise;
mod format;
mod image;
mod int8;
mod isa;
mod map;
mod narrow;
mod peak;
mod pool;
mod product;
mod product_tile;
mod winograd;
mod winograd_transforms;
mod work;

pub(crate) use activation::{Activation, Finish, Join};
pub(crate) use arena::{Arena, Memory};
pub(crate) use borders::Borders;
pub(crate) use depthwise::{Depthwise, pack_depthwise};
pub(crate) use elementwise::Elementwise;
pub(crate) use format::Format;
pub(crate) use image::Image;
pub(crate) use isa::Isa;
pub(crate) use map::{Map, WorkPart};
pub(crate) use narrow::Narrow;
pub use peak::peak_gflops;
pub(crate) use pool::{Pool, Reduce};
pub(crate) use product::{Product, pack_panels};
pub(crate) use winograd::Winograd;
pub(crate) use winograd_transforms::Tiling;
pub(crate) use work::{Grid, Panel};

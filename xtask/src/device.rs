//! `--device` of the benchmarks: what a program is built with, and where it is then.

use anyhow::Result;
use clap::ValueEnum;
use std::path::PathBuf;

use crate::{cargo, must, root};

/// Device on which networks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Device {
    /// The processor (CPU).
    Cpu,
    /// The processor, by burn's older backend.
    Ndarray,
    /// An NVIDIA GPU; docs/gpu.md says what building for it takes.
    Cuda,
}

impl Device {
    /// The device's name, as `tl --device` and the examples spell it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Ndarray => "ndarray",
            Self::Cuda => "cuda",
        }
    }

    /// `cargo build --release` of all programs and examples, with this device. One at a time would be built with other
    /// features of the packages that they share, and those again and again.
    pub(crate) fn build(self) -> Result<()> {
        let mut command = cargo(&["build", "--release", "--quiet", "--workspace", "--bins", "--examples"]);
        command.env("CARGO_TARGET_DIR", self.target());
        if self != Self::Cpu {
            command.args(["--features", self.name()]);
        }
        must(&mut command)
    }

    /// Where a program is that was built with this device.
    pub(crate) fn built(self, program: &str) -> PathBuf {
        self.target().join("release").join(program)
    }

    /// The target folder. Others than the processor have one of their own: with another feature of burn everything is built
    /// again.
    fn target(self) -> PathBuf {
        let target = root().join("target");
        if self == Self::Cpu { target } else { target.join(self.name()) }
    }
}

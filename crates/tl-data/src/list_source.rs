//! Listing of a source, whatever its kind.

use crate::listing::Listing;
use crate::{DataError, Source, list, manifest, pattern, shards, walk};

/// What the source lists, before any picture is opened.
pub(crate) fn list_source(source: &Source) -> Result<Listing, DataError> {
    match source {
        Source::Folder { path } => walk::list(path),
        Source::Divided { path, parts } => walk::list_divided(path, parts),
        Source::Pattern { path, pattern } => pattern::list(path, pattern),
        Source::Table { path, root, columns } => Ok(manifest::list(path, root.as_deref(), columns)?),
        Source::Shards { path } => Ok(shards::list(path)?),
        Source::List { path, root } => Ok(list::list(path, root.as_deref())?),
    }
}

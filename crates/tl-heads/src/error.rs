//! What can be wrong with features and labels.

/// Why a head could not be made or used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HeadError {
    /// Rows times columns is not the number of values.
    #[error("a matrix of {rows} x {columns} needs {} values, there are {actual}", rows * columns)]
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        columns: usize,
        /// Values given.
        actual: usize,
    },
    /// The head was trained on features of another width.
    #[error("the head takes {expected} features, the network gives {actual}")]
    Width {
        /// Features the head takes.
        expected: usize,
        /// Features given.
        actual: usize,
    },
    /// There is not one label for each row.
    #[error("there are {labels} labels for {rows} rows of features")]
    LabelCount {
        /// Labels given.
        labels: usize,
        /// Rows given.
        rows: usize,
    },
    /// A label is not a class.
    #[error("label {label} is not below the number of classes, {classes}")]
    Label {
        /// The label.
        label: usize,
        /// Number of classes.
        classes: usize,
    },
    /// Features are NaN or infinite.
    #[error("row {row} of the features holds a value that is not finite")]
    NotFinite {
        /// Number of the row.
        row: usize,
    },
}

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
        /// Number of values that were given.
        actual: usize,
    },
    /// The head was trained on features of another width.
    #[error("the head takes {expected} features, the network gives {actual}")]
    Width {
        /// Features the head takes.
        expected: usize,
        /// Number of features that were given.
        actual: usize,
    },
    /// There is not one label for each row.
    #[error("there are {labels} labels for {rows} rows of features")]
    LabelCount {
        /// Number of labels that were given.
        labels: usize,
        /// Number of rows that were given.
        rows: usize,
    },
    /// A label is not a class.
    #[error("label {label} is not below the number of classes, {classes}")]
    Label {
        /// The label that is no class.
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
    /// A fitted head does not answer raw features as it answered the standardised ones it was fitted on.
    #[error(
        "the head for features as they come does not answer as the fitted one does: logits differ by {apart:.1e} of the \
         largest, more than 1e-4"
    )]
    Folding {
        /// The difference of the logits, as a share of the largest.
        apart: f32,
    },
    /// The loss, or its gradient, is not finite where the search for its minimum has come to.
    #[error("the loss of the head is not a finite number after {iterations} steps of the solver")]
    NoMinimum {
        /// Steps that were taken.
        iterations: usize,
    },
    /// The loss of a step is not finite.
    #[error("the loss of the head is {loss} after {step} steps at a learning rate of {rate:.1e}")]
    Diverged {
        /// Steps that were taken.
        step: usize,
        /// Learning rate of the last one.
        rate: f64,
        /// The loss that is not finite.
        loss: f64,
    },
    /// No model of a comparison gives probabilities that are numbers.
    #[error("no strength of the penalty gives the held-out pictures a loss that is a number")]
    NoLoss,
    /// A share of a configuration is not one.
    #[error("`{name}` is {value}, it must be at least 0 and below 1")]
    Share {
        /// The setting's name.
        name: &'static str,
        /// The value that was refused.
        value: f64,
    },
    /// A hidden layer of no width.
    #[error("`hidden` is 0; leave it out for a head without a hidden layer")]
    HiddenWidth,
    /// A setting of the hidden layer without one.
    #[error("`hidden_dropout` is set but there is no hidden layer; set `hidden`, or `dropout` instead")]
    NoHidden,
    /// A setting of the loss is out of range.
    #[error("`{name}` of the loss is {value}, it must be from {range}")]
    Loss {
        /// The setting's name.
        name: &'static str,
        /// The range that the value must be in.
        range: &'static str,
        /// The value that was refused.
        value: f64,
    },
    /// More neighbours are to vote than there are, or none.
    #[error("{k} nearest of {rows} stored features cannot vote; choose from 1 to {rows}")]
    Neighbours {
        /// Number of neighbours that are to vote.
        k: usize,
        /// Number of rows that are stored.
        rows: usize,
    },
    /// A tensor of a stored head is wrong.
    #[error("tensor `{name}` {reason}")]
    Tensor {
        /// The tensor's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The layers of a stored head are no head.
    #[error("its layers are no head: {reason}")]
    Layers {
        /// The reason why the tensor cannot be used.
        reason: &'static str,
    },
}

//! Heads: what turns pooled features into class probabilities.
//!
//! Shapes in names: `features_nd` is `[samples, features]`, row by row; `logits_nk` is `[samples, classes]`;
//! `weight_kd` is `[classes, features]`, PyTorch's layout.
//!
//! ```
//! use tl_heads::{Matrix, logistic_regression};
//!
//! let features_nd = Matrix::new(4, 1, vec![-2.0, -1.0, 1.0, 2.0])?;
//! let fit = logistic_regression(&features_nd, &[0, 0, 1, 1], 2, 1.0, None)?;
//! let p = fit.head.probabilities(&features_nd)?;
//! assert!(p.row(0)[0] > 0.7 && p.row(3)[1] > 0.7);
//! # Ok::<(), tl_heads::HeadError>(())
//! ```

mod config;
mod draws;
mod error;
mod evaluation;
mod fitted;
mod fitted_tensors;
mod folding;
mod head;
mod lbfgs;
mod linear;
mod logistic;
mod loss;
mod matrix;
mod nearest;
mod neighbours;
mod one_vs_rest;
mod pooling;
#[cfg(test)]
mod pytorch;
mod standardise;
mod sweep;

pub use config::{HeadConfig, Init};
pub use error::HeadError;
pub use fitted::{FittedHead, FittedLayer};
pub use fitted_tensors::LayerKind;
pub use head::Head;
pub use linear::{LinearHead, probabilities, sigmoids, softmax_rows};
pub use logistic::{Fit, check_finite, logistic_regression};
pub use loss::{Loss, LossConfig, LossKind};
pub use matrix::Matrix;
pub use nearest::{nearest_neighbours, nearest_prototype};
pub use neighbours::Neighbours;
pub use one_vs_rest::one_vs_rest;
pub use pooling::Pooling;
pub use standardise::Standardiser;

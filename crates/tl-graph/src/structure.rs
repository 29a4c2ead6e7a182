//! A graph as a document: everything but the values of its constants.
//!
//! The values lie beside the document, as arrays of f32 or as tensors of a weights file, in the order of
//! [`Graph::constants`]. Those whose provenance is a checkpoint's key are that checkpoint's tensors as they are, so a file
//! that has those already needs to add only the others.

use serde::{Deserialize, Serialize};

use crate::constant::{Constant, ConstantRecord};
use crate::epilogue::Epilogue;
use crate::graph::{Draft, Output};
use crate::operation::Operation;
use crate::{Graph, GraphError, NodeId};

/// A graph without the values of its constants, for a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Structure {
    /// The nodes, in an order in which they can run.
    nodes: Vec<NodeRecord>,
    /// The nodes whose values are wanted.
    outputs: Vec<Output>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct NodeRecord {
    name: String,
    operation: Operation<ConstantRecord>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    inputs: Vec<NodeId>,
    #[serde(default, skip_serializing_if = "Epilogue::is_none")]
    epilogue: Epilogue,
}

impl Structure {
    /// The constants, in the order in which [`Graph::from_structure`] asks for their values.
    pub fn constants(&self) -> impl Iterator<Item = &ConstantRecord> {
        self.nodes.iter().flat_map(|node| node.operation.constants())
    }
}

impl Graph {
    /// The graph without the values of its constants.
    pub fn structure(&self) -> Structure {
        let record = |node: &crate::Node| {
            let Ok(operation) =
                node.operation().try_map(|constant| Ok::<_, std::convert::Infallible>(constant.record()));
            NodeRecord {
                name: node.name().to_owned(),
                operation,
                inputs: node.inputs().to_vec(),
                epilogue: *node.epilogue(),
            }
        };
        Structure { nodes: self.nodes().iter().map(record).collect(), outputs: self.outputs().to_vec() }
    }

    /// The graph of a structure, whose constants get their values from `values`, one after the other.
    ///
    /// # Errors
    /// What `values` says; [`GraphError`] if anything does not fit: nothing that the structure says is believed.
    pub fn from_structure<E: From<GraphError>>(
        structure: &Structure,
        mut values: impl FnMut(&ConstantRecord) -> Result<Vec<f32>, E>,
    ) -> Result<Self, E> {
        let mut builder = Self::builder();
        for node in &structure.nodes {
            let operation =
                node.operation.try_map(|record| valued(record, values(record)?).map_err(E::from))?;
            let (name, inputs, epilogue) = (node.name.clone(), node.inputs.clone(), node.epilogue);
            builder.push(Draft { name, operation, inputs, epilogue })?;
        }
        for output in &structure.outputs {
            builder.output(&output.name, output.node)?;
        }
        Ok(builder.finish()?)
    }
}

fn valued(record: &ConstantRecord, values: Vec<f32>) -> Result<Constant, GraphError> {
    let actual = values.len();
    let ConstantRecord { shape, provenance } = record.clone();
    Constant::new(shape, values, provenance).ok_or_else(|| GraphError::Values {
        what: "a constant".to_owned(),
        shape: record.shape.clone(),
        expected: record.shape.checked_values().unwrap_or(usize::MAX),
        actual,
    })
}

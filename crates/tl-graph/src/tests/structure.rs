use proptest::prelude::*;

use super::random::graphs;
use crate::{Graph, GraphError, Provenance, Structure, fold_batch_norm, fuse};

/// A graph read back from its document, constants in their order.
fn read_back(graph: &Graph, text: &str) -> Result<Graph, GraphError> {
    let structure: Structure = serde_json::from_str(text).unwrap();
    let mut values = graph.constants().map(|constant| constant.values().to_vec());
    Graph::from_structure(&structure, |_| Ok::<_, GraphError>(values.next().unwrap_or_default()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn a_graph_is_read_back_as_it_was((graph, _) in graphs()) {
        for graph in [graph.clone(), fuse(fold_batch_norm(graph).unwrap()).unwrap()] {
            let text = serde_json::to_string(&graph.structure()).unwrap();
            prop_assert_eq!(read_back(&graph, &text).unwrap(), graph);
        }
    }

    /// Whatever one number of the document becomes, the graph is refused or runs.
    #[test]
    fn a_changed_document_is_refused_or_fits((graph, image) in graphs(), at in any::<prop::sample::Index>(), new in 0..9_u8) {
        let text = serde_json::to_string(&graph.structure()).unwrap();
        let digits: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(i, _)| i).collect();
        let at = digits[at.index(digits.len())];
        let text = format!("{}{new}{}", &text[..at], &text[at + 1..]);
        let Ok(structure) = serde_json::from_str::<Structure>(&text) else { return Ok(()) };
        let made = Graph::from_structure(&structure, |record| {
            Ok::<_, GraphError>(vec![0.5; record.shape.checked_values().unwrap_or_default()])
        });
        let small = |graph: &Graph| graph.nodes().iter().all(|node| node.shape().values() < 100_000);
        if let Ok(made) = made && small(&made) {
            let _ = made.interpret(&[&image]);
        }
    }
}

#[test]
fn a_document_is_readable() {
    let mut builder = Graph::builder();
    let image = builder.input("image", crate::Shape::new([3, 2, 2])).unwrap();
    let conv = builder.add(crate::Operation::Conv2d(super::conv("stem", [1, 3, 1, 1])), &[image]).unwrap();
    builder.output("features", conv).unwrap();
    let structure = builder.finish().unwrap().structure();
    assert_eq!(
        structure.constants().next().unwrap().provenance,
        Provenance::Checkpoint("stem.weight".to_owned())
    );
    let expected = r#"{"nodes":[{"name":"image","operation":{"input":{"shape":[3,2,2]}}},{"name":"conv2d_1","operation":{"conv2d":{"weight":{"shape":[1,3,1,1],"provenance":{"checkpoint":"stem.weight"}},"bias":null,"stride":[1,1],"padding":{"top":0,"bottom":0,"left":0,"right":0},"dilation":[1,1],"groups":1}},"inputs":[0]}],"outputs":[{"name":"features","node":1}]}"#;
    assert_eq!(serde_json::to_string(&structure).unwrap(), expected);
}

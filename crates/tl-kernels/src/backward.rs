//! The backward passes of the operations.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::{Autodiff, AutodiffBackend, Flex, tensor::FloatTensor};
use std::sync::Arc;

use crate::act::Act;
use crate::arrived::Arrived;
use crate::elementwise::Adapt;
use crate::maps::{dims, flat, in_place, of_pixels, pixels, plain, values};
use crate::ops::{Kernels, Norm, Numbers, greatest, pooled};
use crate::shape::{Shape, Window};
use crate::{dense, depthwise, elementwise, norm, pool, weights};

type Learning<C> = Autodiff<Flex, C>;

/// With what has come to the node so far.
fn added(gradient: FlexTensor, so_far: Option<FlexTensor>) -> FlexTensor {
    let Some(so_far) = so_far else { return gradient };
    let so_far = pixels(so_far);
    in_place(gradient, |to| elementwise::add(to, values(&so_far)))
}

#[derive(Debug)]
struct ConvBack;

impl Backward<Flex, 2> for ConvBack {
    type State = (NodeId, NodeId, Window, Arrived);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gy = pixels(grads.consume::<Flex>(&ops.node));
        let (x, w, window, arrived) = ops.state.clone();
        let x: FlexTensor = pixels(checkpointer.retrieve_node_output(x));
        let w: FlexTensor = plain(checkpointer.retrieve_node_output(w));
        let shape = Shape::new(dims(&x), dims(&w), window);
        let [to_x, to_w] = &ops.parents;
        if let Some(node) = to_w {
            let back =
                if shape.is_depthwise() { depthwise::towards_weights } else { weights::towards_weights };
            grads.register::<Flex>(node.id, flat(back(&shape, values(&x), values(&gy)), &dims(&w)));
        }
        if to_x.is_some() {
            drop(x);
            let so_far = arrived.take(&ops, 0, grads);
            arrived.register(&ops, 0, grads, conv_back(&shape, &w, &gy, so_far));
        }
    }
}

/// The gradient towards the input, added to what has come there.
fn conv_back(shape: &Shape, w: &FlexTensor, gy: &FlexTensor, so_far: Option<FlexTensor>) -> FlexTensor {
    let back = if shape.is_depthwise() { depthwise::towards_input } else { dense::towards_input };
    let (w, gy) = (values(w), values(gy));
    let input = [shape.batch, shape.channels, shape.height, shape.width];
    match so_far {
        Some(so_far) => in_place(so_far, |gx| {
            back(shape, w, gy, Some(gx));
        }),
        None => of_pixels(back(shape, w, gy, None).unwrap_or_default(), input),
    }
}

#[derive(Debug)]
struct BiasBack;

impl Backward<Flex, 2> for BiasBack {
    type State = ();

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gy = pixels(grads.consume::<Flex>(&ops.node));
        let [to_x, to_bias] = ops.parents;
        if let Some(node) = to_bias {
            let [_, channels, _, _] = dims(&gy);
            grads.register::<Flex>(node.id, flat(elementwise::sums(channels, values(&gy)), &[channels]));
        }
        if let Some(node) = to_x {
            grads.register::<Flex>(node.id, gy);
        }
    }
}

#[derive(Debug)]
struct ActBack;

impl Backward<Flex, 1> for ActBack {
    /// What came out.
    type State = (FlexTensor, Act, Arrived);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gy = grads.consume::<Flex>(&ops.node);
        let (y, act, arrived) = &ops.state;
        let gx = in_place(gy, |gy| elementwise::activate_back(values(y), gy, *act));
        let so_far = arrived.take(&ops, 0, grads);
        arrived.register(&ops, 0, grads, added(gx, so_far));
    }
}

#[derive(Debug)]
struct NormBack;

/// Nodes of x, gamma and beta; the moments, which are constants here.
type NormState = ([NodeId; 3], FlexTensor, Norm);

impl Backward<Flex, 3> for NormBack {
    type State = NormState;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gy = grads.consume::<Flex>(&ops.node);
        let (nodes, moments, how) = ops.state;
        let [x, gamma, beta]: [FlexTensor; 3] = nodes.map(|node| checkpointer.retrieve_node_output(node));
        let x = pixels(x);
        let numbers = Numbers::new([gamma, beta, moments], how);
        let mut slopes = None;
        let gx = in_place(gy, |gy| {
            let found = norm::slopes(values(&x), None, gy, &numbers.channels(), how.act);
            norm::towards_input(values(&x), gy, &numbers.channels(), &found, (how.act, how.train));
            slopes = Some(found);
        });
        let [to_x, to_gamma, to_beta] = ops.parents;
        let parameters = slopes.map_or([const { Vec::new() }; 2], |slopes| [slopes.gamma, slopes.beta]);
        for (parent, values) in [to_gamma, to_beta].into_iter().zip(parameters) {
            let len = values.len();
            if let Some(node) = parent {
                grads.register::<Flex>(node.id, flat(values, &[len]));
            }
        }
        if let Some(node) = to_x {
            grads.register::<Flex>(node.id, gx);
        }
    }
}

#[derive(Debug)]
struct JoinBack;

/// As of the norm; what came out, where there is an activation.
type JoinState = (NormState, Option<FlexTensor>, Arrived);

impl Backward<Flex, 4> for JoinBack {
    type State = JoinState;

    fn backward(self, ops: Ops<Self::State, 4>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gy = grads.consume::<Flex>(&ops.node);
        let ((nodes, moments, how), y, arrived) = ops.state.clone();
        let [x, gamma, beta]: [FlexTensor; 3] = nodes.map(|node| checkpointer.retrieve_node_output(node));
        let x = pixels(x);
        let numbers = Numbers::new([gamma, beta, moments], how);
        let mut slopes = None;
        let g = in_place(gy, |gy| {
            slopes = Some(norm::slopes(values(&x), y.as_ref().map(values), gy, &numbers.channels(), how.act));
        });
        drop(y);
        let Some(slopes) = slopes else { return };
        if let Some(node) = &ops.parents[0] {
            let gx =
                norm::towards_input_beside(values(&x), values(&g), &numbers.channels(), &slopes, how.train);
            grads.register::<Flex>(node.id, of_pixels(gx, dims(&x)));
        }
        let so_far = arrived.take(&ops, 3, grads);
        arrived.register(&ops, 3, grads, added(g, so_far));
        for (parent, values) in ops.parents[1..3].iter().zip([slopes.gamma, slopes.beta]) {
            let len = values.len();
            if let Some(node) = parent {
                grads.register::<Flex>(node.id, flat(values, &[len]));
            }
        }
    }
}

#[derive(Debug)]
struct GreatestBack;

impl Backward<Flex, 1> for GreatestBack {
    /// Where in their windows the greatest values were.
    type State = (Arc<Vec<u8>>, Shape, Arrived);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gy = pixels(grads.consume::<Flex>(&ops.node));
        let (places, shape, arrived) = &ops.state;
        let input = [shape.batch, shape.channels, shape.height, shape.width];
        let gx = of_pixels(pool::greatest_back(shape, places, values(&gy)), input);
        let so_far = arrived.take(&ops, 0, grads);
        arrived.register(&ops, 0, grads, added(gx, so_far));
    }
}

#[derive(Debug)]
struct MeansBack;

impl Backward<Flex, 1> for MeansBack {
    type State = ([usize; 4], Arrived);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gy = pixels(grads.consume::<Flex>(&ops.node));
        let (shape, arrived) = &ops.state;
        let [_, channels, height, width] = *shape;
        let gx = of_pixels(pool::means_back(channels, height * width, values(&gy)), *shape);
        let so_far = arrived.take(&ops, 0, grads);
        arrived.register(&ops, 0, grads, added(gx, so_far));
    }
}

impl<C: CheckpointStrategy> Kernels for Learning<C> {
    fn tl_conv(x: FloatTensor<Self>, w: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        match ConvBack.prepare::<C>([x.node(), w.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let arrived = Arrived::at(x.id());
                let state = (prep.checkpoint(&x), prep.checkpoint(&w), window, arrived);
                prep.finish(state, Flex::tl_conv(x.into_primitive(), w.into_primitive(), window))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(Flex::tl_conv(x.into_primitive(), w.into_primitive(), window))
            }
        }
    }

    fn tl_bias(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let prep = BiasBack.prepare::<C>([x.node(), bias.node()]).compute_bound();
        prep.stateless(Flex::tl_bias(x.into_primitive(), bias.into_primitive()))
    }

    fn tl_act(x: FloatTensor<Self>, act: Act) -> FloatTensor<Self> {
        let arrived = Arrived::at(x.id());
        match ActBack.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let y = Flex::tl_act(x.into_primitive(), act);
                prep.finish((y.clone(), act, arrived), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::tl_act(x.into_primitive(), act)),
        }
    }

    fn tl_moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(Flex::tl_moments(x.into_primitive()))
    }

    fn tl_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self> {
        alone::<C>([x, gamma, beta], moments.into_primitive(), how)
    }

    fn tl_join(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        other: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self> {
        join::<C>([x, gamma, beta, other], moments.into_primitive(), how)
    }

    fn tl_greatest(x: FloatTensor<Self>, window: Window, kernel: [usize; 2]) -> FloatTensor<Self> {
        let arrived = Arrived::at(x.id());
        match GreatestBack.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let x = x.into_primitive();
                let shape = pooled(dims(&x), window, kernel);
                let (y, places) = greatest(x, window, kernel);
                prep.finish((Arc::new(places), shape, arrived), y)
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::tl_greatest(x.into_primitive(), window, kernel)),
        }
    }

    fn tl_means(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let arrived = Arrived::at(x.id());
        match MeansBack.prepare::<C>([x.node()]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let x = x.into_primitive();
                prep.finish((dims(&x), arrived), Flex::tl_means(x))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::tl_means(x.into_primitive())),
        }
    }

    // What optimisers do is nothing to differentiate.
    fn tl_blend(to: FloatTensor<Self>, from: FloatTensor<Self>, numbers: [f32; 2]) -> FloatTensor<Self> {
        Self::from_inner(Flex::tl_blend(to.into_primitive(), from.into_primitive(), numbers))
    }

    fn tl_blend_square(
        to: FloatTensor<Self>,
        from: FloatTensor<Self>,
        numbers: [f32; 2],
    ) -> FloatTensor<Self> {
        Self::from_inner(Flex::tl_blend_square(to.into_primitive(), from.into_primitive(), numbers))
    }

    fn tl_adapt(
        x: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        square: FloatTensor<Self>,
        how: Adapt,
    ) -> FloatTensor<Self> {
        let [x, mean, square] = [x, mean, square].map(|tensor| tensor.into_primitive());
        Self::from_inner(Flex::tl_adapt(x, mean, square, how))
    }
}

type Tensors<C, const N: usize> = [FloatTensor<Learning<C>>; N];

fn alone<C: CheckpointStrategy>(
    tensors: Tensors<C, 3>,
    moments: FlexTensor,
    how: Norm,
) -> FloatTensor<Learning<C>> {
    let nodes = tensors.each_ref().map(|tensor| tensor.node());
    match NormBack.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(mut prep) => {
            let nodes = tensors.each_ref().map(|tensor| prep.checkpoint(tensor));
            let [x, gamma, beta] = tensors.map(|tensor| tensor.into_primitive());
            let y = Flex::tl_norm(x, gamma, beta, moments.clone(), how);
            prep.finish((nodes, moments, how), y)
        }
        OpsKind::UnTracked(prep) => {
            let [x, gamma, beta] = tensors.map(|tensor| tensor.into_primitive());
            prep.finish(Flex::tl_norm(x, gamma, beta, moments, how))
        }
    }
}

fn join<C: CheckpointStrategy>(
    tensors: Tensors<C, 4>,
    moments: FlexTensor,
    how: Norm,
) -> FloatTensor<Learning<C>> {
    let nodes = tensors.each_ref().map(|tensor| tensor.node());
    match JoinBack.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(mut prep) => {
            let [x, gamma, beta, other] = &tensors;
            let arrived = Arrived::at(other.id());
            let nodes = [x, gamma, beta].map(|tensor| prep.checkpoint(tensor));
            let [x, gamma, beta, other] = tensors.map(|tensor| tensor.into_primitive());
            let y = Flex::tl_join(x, gamma, beta, moments.clone(), other, how);
            let kept = (how.act != Act::None).then(|| y.clone());
            prep.finish(((nodes, moments, how), kept, arrived), y)
        }
        OpsKind::UnTracked(prep) => {
            let [x, gamma, beta, other] = tensors.map(|tensor| tensor.into_primitive());
            prep.finish(Flex::tl_join(x, gamma, beta, moments, other, how))
        }
    }
}

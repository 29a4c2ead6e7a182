//! The kernels as operations of burn, with their own backward passes.
//!
//! burn's `extension` feature adds operations to its backends from outside. Here there is one for flex, and one that
//! records them for automatic differentiation.

use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Autodiff, AutodiffBackend, Flex, backend_extension, tensor::FloatTensor};
use burn::tensor::{Bytes, DType, Shape as Dims};

use crate::norm::{Act, Channels, Sizes};
use crate::shape::{Shape, Window};
use crate::{dense, depthwise, norm};

/// How batches are normalised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Norm {
    /// Do mean and variance come from the batch itself?
    pub train: bool,
    /// What is added to the variance.
    pub epsilon: f64,
    /// What comes behind.
    pub act: Act,
}

/// Operations that training a convolutional network spends its time in.
#[backend_extension(Autodiff, Flex)]
pub trait Kernels: burn::backend::Backend {
    /// `[batch, channels, height, width]` and `[outputs, channels / groups, kernel, kernel]` to
    /// `[batch, outputs, height, width]`.
    fn tl_conv(x: FloatTensor<Self>, w: FloatTensor<Self>, window: Window) -> FloatTensor<Self>;
    /// The gradient towards the input; of `x` only the shape counts.
    fn tl_conv_x(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;
    /// The gradient towards the weights; of `w` only the shape counts.
    fn tl_conv_w(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self>;
    /// Mean and biased variance of each channel, `[2, channels]`.
    fn tl_moments(x: FloatTensor<Self>) -> FloatTensor<Self>;
    /// Normalised by `moments`, times gamma, plus beta, and activated.
    fn tl_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self>;
    /// Gradients of [`tl_norm`](Self::tl_norm), one after the other: towards x, gamma and beta.
    fn tl_norm_back(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self>;
    /// `len` values from `start` on, in this shape.
    fn tl_part(values: FloatTensor<Self>, start: usize, shape: Vec<usize>) -> FloatTensor<Self>;
}

fn dims(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.layout().shape();
    std::array::from_fn(|axis| shape.as_slice().get(axis).copied().unwrap_or(1))
}

fn conv_shape(x: &FlexTensor, w: &FlexTensor, window: Window) -> Shape {
    Shape::new(dims(x), dims(w), window)
}

fn flex(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Dims::from(shape.to_vec())), DType::F32)
}

/// Values in order, from the first on.
fn plain(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() && tensor.layout().start_offset() == 0 {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

fn values(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage::<f32>()[..tensor.layout().num_elements()]
}

impl Kernels for Flex {
    fn tl_conv(x: FlexTensor, w: FlexTensor, window: Window) -> FlexTensor {
        let (x, w) = (plain(x), plain(w));
        let shape = conv_shape(&x, &w, window);
        let forward = if shape.is_depthwise() { depthwise::forward } else { dense::forward };
        flex(forward(&shape, values(&x), values(&w)), &shape.output())
    }

    fn tl_conv_x(x: FlexTensor, w: FlexTensor, gy: FlexTensor, window: Window) -> FlexTensor {
        let (w, gy) = (plain(w), plain(gy));
        let shape = conv_shape(&x, &w, window);
        let back = if shape.is_depthwise() { depthwise::towards_input } else { dense::towards_input };
        flex(back(&shape, values(&w), values(&gy)), &dims(&x))
    }

    fn tl_conv_w(x: FlexTensor, w: FlexTensor, gy: FlexTensor, window: Window) -> FlexTensor {
        let (x, gy) = (plain(x), plain(gy));
        let shape = conv_shape(&x, &w, window);
        if shape.batch == 0 || shape.places() == 0 {
            return flex(vec![0.0; w.layout().num_elements()], &dims(&w));
        }
        let back = if shape.is_depthwise() { depthwise::towards_weights } else { dense::towards_weights };
        flex(back(&shape, values(&x), values(&gy)), &dims(&w))
    }

    fn tl_moments(x: FlexTensor) -> FlexTensor {
        let x = plain(x);
        let sizes = sizes(&x);
        let (mean, variance) = norm::moments(sizes, values(&x));
        flex([mean, variance].concat(), &[2, sizes.channels])
    }

    fn tl_norm(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        moments: FlexTensor,
        how: Norm,
    ) -> FlexTensor {
        let [x, gamma, beta, moments] = [x, gamma, beta, moments].map(plain);
        let numbers = Numbers::new(&moments, how);
        let channels = numbers.channels(&gamma, &beta);
        flex(norm::forward(sizes(&x), values(&x), &channels, how.act), &dims(&x))
    }

    fn tl_norm_back(
        x: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        moments: FlexTensor,
        gy: FlexTensor,
        how: Norm,
    ) -> FlexTensor {
        let [x, gamma, beta, moments, gy] = [x, gamma, beta, moments, gy].map(plain);
        let numbers = Numbers::new(&moments, how);
        let channels = numbers.channels(&gamma, &beta);
        let slopes = norm::backward(sizes(&x), values(&x), values(&gy), &channels, how.act, how.train);
        let len = slopes.len();
        flex(slopes, &[len])
    }

    fn tl_part(values: FlexTensor, start: usize, shape: Vec<usize>) -> FlexTensor {
        let len = shape.iter().product();
        plain(values.narrow(0, start, len)).reshape(Dims::from(shape))
    }
}

fn sizes(x: &FlexTensor) -> Sizes {
    let [batch, channels, height, width] = dims(x);
    Sizes { batch, channels, places: height * width }
}

/// Mean and one over the deviation of each channel.
struct Numbers {
    mean: Vec<f32>,
    inverse: Vec<f32>,
}

impl Numbers {
    fn new(moments: &FlexTensor, how: Norm) -> Self {
        let (mean, variance) = values(moments).split_at(values(moments).len() / 2);
        let inverse = |variance: &f32| (1.0 / (f64::from(*variance) + how.epsilon).sqrt()) as f32;
        Self { mean: mean.to_vec(), inverse: variance.iter().map(inverse).collect() }
    }

    fn channels<'a>(&'a self, gamma: &'a FlexTensor, beta: &'a FlexTensor) -> Channels<'a> {
        Channels { mean: &self.mean, inverse: &self.inverse, gamma: values(gamma), beta: values(beta) }
    }
}

#[derive(Debug)]
struct ConvBack;

impl<B: Kernels> Backward<B, 2> for ConvBack {
    type State = (NodeId, NodeId, Window);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let [to_x, to_w] = ops.parents;
        let gy = grads.consume::<B>(&ops.node);
        let (x, w, window) = ops.state;
        let x: FloatTensor<B> = checkpointer.retrieve_node_output(x);
        let w: FloatTensor<B> = checkpointer.retrieve_node_output(w);
        if let Some(node) = to_x {
            grads.register::<B>(node.id, B::tl_conv_x(x.clone(), w.clone(), gy.clone(), window));
        }
        if let Some(node) = to_w {
            grads.register::<B>(node.id, B::tl_conv_w(x, w, gy, window));
        }
    }
}

#[derive(Debug)]
struct NormBack;

/// Nodes of x, gamma and beta; the moments, which are constants here; and their shapes.
type NormState<B> = ([NodeId; 3], FloatTensor<B>, Norm);

impl<B: Kernels> Backward<B, 3> for NormBack {
    type State = NormState<B>;

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, checkpointer: &mut Checkpointer) {
        let gy = grads.consume::<B>(&ops.node);
        let (nodes, moments, how) = ops.state;
        let [x, gamma, beta]: [FloatTensor<B>; 3] = nodes.map(|node| checkpointer.retrieve_node_output(node));
        let shapes = [&x, &gamma, &beta].map(|tensor| {
            use burn::backend::TensorMetadata;
            tensor.shape().as_slice().to_vec()
        });
        let all = B::tl_norm_back(x, gamma, beta, moments, gy, how);
        let mut start = 0;
        for (parent, shape) in ops.parents.into_iter().zip(shapes) {
            let len: usize = shape.iter().product();
            if let Some(node) = parent {
                grads.register::<B>(node.id, B::tl_part(all.clone(), start, shape));
            }
            start += len;
        }
    }
}

impl<B: Kernels, C: CheckpointStrategy> Kernels for Autodiff<B, C> {
    fn tl_conv(x: FloatTensor<Self>, w: FloatTensor<Self>, window: Window) -> FloatTensor<Self> {
        match ConvBack.prepare::<C>([x.node(), w.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let state = (prep.checkpoint(&x), prep.checkpoint(&w), window);
                prep.finish(state, B::tl_conv(x.into_primitive(), w.into_primitive(), window))
            }
            OpsKind::UnTracked(prep) => {
                prep.finish(B::tl_conv(x.into_primitive(), w.into_primitive(), window))
            }
        }
    }

    fn tl_conv_x(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::tl_conv_x(x.into_primitive(), w.into_primitive(), gy.into_primitive(), window))
    }

    fn tl_conv_w(
        x: FloatTensor<Self>,
        w: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        window: Window,
    ) -> FloatTensor<Self> {
        Self::from_inner(B::tl_conv_w(x.into_primitive(), w.into_primitive(), gy.into_primitive(), window))
    }

    fn tl_moments(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::from_inner(B::tl_moments(x.into_primitive()))
    }

    fn tl_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self> {
        let moments = moments.into_primitive();
        match NormBack.prepare::<C>([x.node(), gamma.node(), beta.node()]).compute_bound().stateful() {
            OpsKind::Tracked(mut prep) => {
                let nodes = [prep.checkpoint(&x), prep.checkpoint(&gamma), prep.checkpoint(&beta)];
                let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.into_primitive());
                let y = B::tl_norm(x, gamma, beta, moments.clone(), how);
                prep.finish((nodes, moments, how), y)
            }
            OpsKind::UnTracked(prep) => {
                let [x, gamma, beta] = [x, gamma, beta].map(|tensor| tensor.into_primitive());
                prep.finish(B::tl_norm(x, gamma, beta, moments, how))
            }
        }
    }

    fn tl_norm_back(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        moments: FloatTensor<Self>,
        gy: FloatTensor<Self>,
        how: Norm,
    ) -> FloatTensor<Self> {
        let [x, gamma, beta, moments, gy] =
            [x, gamma, beta, moments, gy].map(|tensor| tensor.into_primitive());
        Self::from_inner(B::tl_norm_back(x, gamma, beta, moments, gy, how))
    }

    fn tl_part(values: FloatTensor<Self>, start: usize, shape: Vec<usize>) -> FloatTensor<Self> {
        Self::from_inner(B::tl_part(values.into_primitive(), start, shape))
    }
}

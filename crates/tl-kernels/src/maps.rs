//! Tensors whose shape is `[batch, channels, height, width]` and whose memory is `[batch, height, width, channels]`.
//!
//! burn's tensors have strides, so nothing outside needs to know: whatever reads them in order gets the values in order.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape as Dims};
use rayon::prelude::*;

use crate::lanes::vectorised;
use crate::room::pieces;

/// Batch, channels, height and width.
pub(crate) fn dims(tensor: &FlexTensor) -> [usize; 4] {
    let shape = tensor.layout().shape();
    std::array::from_fn(|axis| shape.as_slice().get(axis).copied().unwrap_or(1))
}

/// Values in the order of the shape.
pub(crate) fn flat(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(Dims::from(shape.to_vec())), DType::F32)
}

/// Values of maps, pixel by pixel.
pub(crate) fn of_pixels(values: Vec<f32>, shape: [usize; 4]) -> FlexTensor {
    let layout = Layout::new(Dims::from(shape.to_vec()), strides(shape).to_vec(), 0);
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}

fn strides([_, channels, height, width]: [usize; 4]) -> [isize; 4] {
    [height * width * channels, 1, width * channels, channels].map(usize::cast_signed)
}

/// Does memory hold maps pixel by pixel, from the first on?
fn is_of_pixels(tensor: &FlexTensor) -> bool {
    let (shape, layout) = (dims(tensor), tensor.layout());
    let mut along = layout.strides().iter().zip(strides(shape)).zip(shape);
    layout.num_dims() == 4
        && layout.start_offset() == 0
        && along.all(|((&stride, expected), size)| size == 1 || stride == expected)
}

/// Maps whose memory holds them pixel by pixel.
pub(crate) fn pixels(tensor: FlexTensor) -> FlexTensor {
    if is_of_pixels(&tensor) {
        return tensor;
    }
    let tensor = plain(tensor);
    let shape = dims(&tensor);
    let [_, channels, height, width] = shape;
    let mut to = vec![0.0; tensor.layout().num_elements()];
    let size = (channels * height * width).max(1);
    to.par_chunks_exact_mut(size)
        .zip(values(&tensor).par_chunks_exact(size))
        .for_each(|(to, from)| deal(from, to, channels, height * width));
    of_pixels(to, shape)
}

/// Values in the order of the shape, from the first on.
pub(crate) fn plain(tensor: FlexTensor) -> FlexTensor {
    if tensor.is_contiguous() && tensor.layout().start_offset() == 0 {
        tensor
    } else {
        tensor.to_contiguous()
    }
}

/// As they lie in memory.
pub(crate) fn values(tensor: &FlexTensor) -> &[f32] {
    &tensor.storage::<f32>()[..tensor.layout().num_elements()]
}

/// Pixels side by side of one transposition.
const TOGETHER: usize = 64;

vectorised! {
    /// Planes to pixels.
    fn deal(from: &[f32], to: &mut [f32], channels: usize, places: usize) {
        for (block, to) in to.chunks_mut((TOGETHER * channels).max(1)).enumerate() {
            let first = block * TOGETHER;
            for channel in 0..channels {
                let from = &from[channel * places + first..];
                to[channel..].iter_mut().step_by(channels).zip(from).for_each(|(to, &from)| *to = from);
            }
        }
    }
}

/// Changes maps pixel by pixel, where they are unless somebody else reads them.
pub(crate) fn in_place(tensor: FlexTensor, change: impl FnOnce(&mut [f32])) -> FlexTensor {
    changed_as_it_lies(pixels(tensor), change)
}

/// Changes values in the order of the shape, where they are unless somebody else reads them.
pub(crate) fn changed(tensor: FlexTensor, change: impl FnOnce(&mut [f32])) -> FlexTensor {
    changed_as_it_lies(plain(tensor), change)
}

/// Floats that a thread copies at a time.
const COPIED: usize = 1 << 15;

/// Changes values that fill their memory from the first on.
fn changed_as_it_lies(mut tensor: FlexTensor, change: impl FnOnce(&mut [f32])) -> FlexTensor {
    let len = tensor.layout().num_elements();
    if let Some(values) = tensor.try_storage_mut::<f32>() {
        change(&mut values[..len]);
        return tensor;
    }
    let from = values(&tensor);
    let mut copy = pieces(len, COPIED, |number, to| to.copy_from_slice(&from[number * COPIED..][..to.len()]));
    change(&mut copy);
    FlexTensor::new(Bytes::from_elems(copy), tensor.layout().clone(), DType::F32)
}

//! Weights and inputs from their names, bit for bit those of `xtask/reference/backbones.py`.

use burn::module::{Flag, Module as _, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use tl_backbones::{Architecture, Backbone, KeyPath};

/// FNV-1a, 64 bits.
fn seed(key: &str) -> u64 {
    key.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |state, byte| (state ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// The key's sequence of numbers in [0, 1): the top 24 bits of splitmix64.
fn uniform(key: &str) -> impl Iterator<Item = f32> {
    let seed = seed(key);
    (1_u64..).map(move |index| {
        let mut z = seed.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        (z >> 40) as f32 * (1.0 / 16_777_216.0)
    })
}

/// Scale and offset: a tensor's values are `scale * u + offset`.
fn law(key: &str, shape: &[usize]) -> (f32, f32) {
    match key.rsplit('.').next().unwrap_or(key) {
        "input" => (4.0, -2.0),
        "running_mean" => (0.6, -0.3),
        "running_var" => (1.0, 0.5),
        "bias" if key.ends_with(".conv_expand.bias") || key.ends_with(".fc2.bias") => (1.0, 2.0),
        "bias" => (0.2, -0.1),
        _ if shape.len() == 1 => {
            let ends_branch = key.ends_with(".bn3.weight")
                || key.ends_with(".conv.3.weight")
                || key.contains(".rep.")
                || key.starts_with("layer") && key.ends_with(".bn2.weight");
            if ends_branch { (0.25, 0.375) } else { (0.5, 0.75) }
        }
        _ => {
            let fan_in: usize = shape[1..].iter().product();
            let bound = (6.0 / fan_in as f64).sqrt() as f32;
            (2.0 * bound, -bound)
        }
    }
}

/// The values of the tensor that PyTorch calls `key`, in its order.
pub(crate) fn values(key: &str, shape: &[usize]) -> Vec<f32> {
    let (scale, offset) = law(key, shape);
    uniform(key).take(shape.iter().product()).map(|u| scale * u + offset).collect()
}

/// The images that every reference was given.
pub(crate) fn images(shape: [usize; 4], device: &Device) -> Tensor<4> {
    drawn("input", shape, device)
}

/// One of any number of other images.
pub(crate) fn image(number: usize, shape: [usize; 4], device: &Device) -> Tensor<4> {
    drawn(&format!("{number}.input"), shape, device)
}

fn drawn(key: &str, shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(values(key, &shape), shape), device)
}

/// The network with every parameter and running statistic by the formula, and batch normalisation set to inference.
pub(crate) fn filled(row: &Architecture, device: &Device) -> Backbone {
    row.init(device).map(&mut Fill { row: *row, path: KeyPath::default(), device: device.clone() })
}

struct Fill {
    row: Architecture,
    path: KeyPath,
    device: Device,
}

impl ModuleMapper for Fill {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.path.enter(name, container);
    }

    fn exit_module(&mut self, _name: &str, container: &str) {
        self.path.exit(container);
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = self.path.checkpoint_shape(&param);
        let (key, published) = self.row.published(&self.path.key(), &shape);
        let data = TensorData::new(values(&key, &published), shape);
        let drawn = Tensor::<D>::from_data(data, &self.device);
        let tensor = if self.path.is_transposed(D) { drawn.swap_dims(0, 1) } else { drawn };
        let trained = self.device.is_autodiff();
        Param::initialized(param.id, if trained { tensor.require_grad() } else { tensor })
    }

    fn map_flag(&mut self, flag: Param<Flag>) -> Param<Flag> {
        flag.with_value(false)
    }
}

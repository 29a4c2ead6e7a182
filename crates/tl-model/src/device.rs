//! Devices by name.

use burn::tensor::Device;

use crate::error::ModelError;

/// Opens `auto`, `cpu`, `ndarray`, `cuda` or `cuda:1`. `auto` is the GPU where this build has CUDA, else the CPU.
///
/// # Errors
/// [`ModelError::Device`] if there is no such device, or this build was made without it.
pub fn open_device(name: &str) -> Result<Device, ModelError> {
    let (kind, index) = name.split_once(':').unwrap_or((name, "0"));
    let unknown = || ModelError::Device { name: name.to_owned(), detail: "not a device".to_owned() };
    let index: usize = index.parse().map_err(|_| unknown())?;
    match kind {
        "auto" if cfg!(feature = "cuda") => cuda(name, index),
        "auto" | "cpu" => Ok(Device::flex()),
        "ndarray" => ndarray(name),
        "cuda" => cuda(name, index),
        _ => Err(unknown()),
    }
}

/// Opens one device or several, `cuda:0,cuda:1`: at least one.
///
/// # Errors
/// As [`open_device`].
pub fn open_devices(names: &str) -> Result<Vec<Device>, ModelError> {
    names.split(',').map(|name| open_device(name.trim())).collect()
}

#[cfg(feature = "ndarray")]
#[allow(deprecated, reason = "burn keeps it until 0.23; it is a second opinion on the CPU")]
fn ndarray(_name: &str) -> Result<Device, ModelError> {
    Ok(Device::ndarray())
}

#[cfg(not(feature = "ndarray"))]
fn ndarray(name: &str) -> Result<Device, ModelError> {
    Err(left_out(name, "ndarray"))
}

#[cfg(feature = "cuda")]
fn cuda(_name: &str, index: usize) -> Result<Device, ModelError> {
    Ok(Device::cuda(index))
}

#[cfg(not(feature = "cuda"))]
fn cuda(name: &str, _index: usize) -> Result<Device, ModelError> {
    Err(left_out(name, "cuda"))
}

#[cfg(not(all(feature = "cuda", feature = "ndarray")))]
fn left_out(name: &str, feature: &str) -> ModelError {
    let detail = format!("this program was built without it, build it with `--features {feature}`");
    ModelError::Device { name: name.to_owned(), detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_do_not_exist_are_named() {
        for name in ["gpu", "cuda:x", ""] {
            let message = open_device(name).unwrap_err().to_string();
            assert_eq!(message, format!("cannot use the device `{name}`: not a device"));
        }
    }

    #[test]
    fn auto_and_cpu_always_open() {
        for name in ["auto", "cpu"] {
            assert!(cfg!(feature = "cuda") || open_device(name).is_ok(), "{name}");
        }
    }
}

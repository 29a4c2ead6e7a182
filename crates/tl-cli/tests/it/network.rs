//! Weights files with invented values, and a server that has one.

use safetensors::tensor::{Dtype, TensorView};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use tl_backbones::checkpoint_shapes;

/// The published checkpoint of a network as a safetensors file, with values that some features come out of.
pub(crate) fn checkpoint(name: &str) -> Vec<u8> {
    let architecture = tl_backbones::architecture(name).unwrap();
    let shapes = checkpoint_shapes(&architecture.init(&tl_model::open_device("cpu").unwrap()));
    let published: BTreeMap<String, Vec<usize>> =
        shapes.iter().map(|(key, shape)| architecture.published(key, shape)).collect();
    let data: BTreeMap<&String, Vec<u8>> =
        published.iter().map(|(key, shape)| (key, values(key, shape.iter().product()))).collect();
    let tensors = data.iter().map(|(key, bytes)| {
        let shape = published[*key].clone();
        ((*key).clone(), TensorView::new(Dtype::F32, shape, bytes).unwrap())
    });
    safetensors::serialize(tensors, None).unwrap()
}

/// Between -0.15 and 0.15; variances around 1.
fn values(key: &str, count: usize) -> Vec<u8> {
    let center = if key.ends_with("running_var") || key.ends_with("bn1.weight") { 1.0 } else { 0.0 };
    let noise = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 24) as f32 - 0.5;
    (0..count).flat_map(|i| (center + 0.3 * noise(i)).to_le_bytes()).collect()
}

/// Answers every request with this file; the address to put in `TL_WEIGHTS_MIRROR`.
pub(crate) fn serve(file: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let request = BufReader::new(stream.try_clone().unwrap());
            request.lines().map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", file.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&file));
        }
    });
    format!("http://{address}")
}

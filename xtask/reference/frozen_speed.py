"""Pictures per second of other programs on the networks of `cargo xtask bench frozen`, pooled features, random weights.

    frozen_speed.py export FOLDER NETWORK ...            ONNX files, batch 1 and 32; needs torch, torchvision, timm, onnx
    frozen_speed.py PEER FOLDER NETWORK BATCH THREADS SECONDS PRECISION [DEVICE]    one line of JSON

PEER is onnxruntime, openvino, torch or torch-compiled; PRECISION f32, bf16 or int8; DEVICE cpu or, for torch, cuda, where the
images are, and to whose end every turn waits.

openvino is told to compute in f32 or bf16; torch runs eagerly in channels-last order under inference mode, in bf16 with
weights and images of bf16. For int8, onnxruntime quantises the ONNX file itself (QDQ, a scale per output channel, bytes with
sign, 8 calibration images), which openvino then runs, too. What a peer cannot do is null.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

SIDES = {"xception": 299}
TIMM = {"efficientnet_lite0": "tf_efficientnet_lite0", "xception": "legacy_xception", "mobilenetv2_100": "mobilenetv2_100"}


def module(name):
    import timm
    import torch
    import torchvision

    if name in TIMM:
        return timm.create_model(TIMM[name], pretrained=False, num_classes=0).eval()
    whole = getattr(torchvision.models, name)(weights=None).eval()
    if name.startswith("vgg"):
        return torch.nn.Sequential(whole.features, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()).eval()
    whole.fc = torch.nn.Identity()
    return whole


def file_of(folder, name, batch):
    return Path(folder) / f"{name}_{batch}.onnx"


def export(folder, names):
    import torch

    for name in names:
        side = SIDES.get(name, 224)
        network = module(name)
        for batch in (1, 32):
            path = file_of(folder, name, batch)
            if not path.exists():
                torch.onnx.export(network, torch.zeros(batch, 3, side, side), path, dynamo=False, opset_version=17)


def onnxruntime_runner(path, threads, _precision):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda images: session.run(None, {name: images}), onnxruntime.__version__


def quantised(path):
    """The file with its convolutions in bytes, made if it is not there."""
    import numpy
    import onnxruntime.quantization as quantization

    made = path.with_name(path.stem + "_int8.onnx")
    if made.exists():
        return made
    session_input = __import__("onnx").load(str(path)).graph.input[0]
    shape = [dimension.dim_value for dimension in session_input.type.tensor_type.shape.dim]
    random = numpy.random.default_rng(1)
    batches = [random.standard_normal(shape, dtype=numpy.float32) for _ in range(max(1, 8 // shape[0]))]

    class Reader(quantization.CalibrationDataReader):
        def get_next(self):
            return {session_input.name: batches.pop()} if batches else None

    quantization.quantize_static(str(path), str(made), Reader(), quant_format=quantization.QuantFormat.QDQ,
                                 per_channel=True, activation_type=quantization.QuantType.QUInt8,
                                 weight_type=quantization.QuantType.QInt8)
    return made


def openvino_runner(path, threads, precision):
    import openvino

    hint = "bf16" if precision == "bf16" else "f32"
    config = {"INFERENCE_PRECISION_HINT": hint, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = openvino.Core().compile_model(str(path), "CPU", config)
    request = compiled.create_infer_request()
    return lambda images: request.infer({0: images}, share_inputs=True), openvino.__version__.split("-")[0]


def torch_runner(peer, name, threads, precision, device):
    import torch

    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    network = module(name).to(device, memory_format=torch.channels_last, dtype=kind)
    if peer == "torch-compiled":
        network = torch.compile(network)
    resident = {}

    def tensor(images):
        return torch.from_numpy(images).to(device, kind).contiguous(memory_format=torch.channels_last)

    def run(images):
        with torch.inference_mode():
            if device == "cpu":
                return network(tensor(images))
            if not resident:
                resident["images"] = tensor(images)
            return network(resident["images"]).float().cpu()

    return run, torch.__version__


def main():
    if sys.argv[1] == "export":
        return export(sys.argv[2], sys.argv[3:])
    peer, folder, name, batch, threads, seconds, precision = sys.argv[1:8]
    batch, threads, seconds = int(batch), int(threads), float(seconds)
    device = sys.argv[8] if len(sys.argv) > 8 else "cpu"
    os.environ.setdefault("OMP_NUM_THREADS", str(threads))
    import numpy

    side = SIDES.get(name, 224)
    images = numpy.random.default_rng(0).standard_normal((batch, 3, side, side), dtype=numpy.float32)
    runners = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner}
    if (peer, precision) in {("torch", "int8"), ("torch-compiled", "int8"), ("onnxruntime", "bf16")}:
        return print(json.dumps({"peer": peer, "version": "-", "median": None}))
    if peer.startswith("torch"):
        run, version = torch_runner(peer, name, threads, precision, device)
    else:
        path = file_of(folder, name, batch)
        run, version = runners[peer](quantised(path) if precision == "int8" else path, threads, precision)
    run(images)
    times, begun = [], time.perf_counter()
    while time.perf_counter() - begun < seconds or len(times) < 3:
        start = time.perf_counter()
        run(images)
        times.append(time.perf_counter() - start)
    print(json.dumps({"peer": peer, "version": version, "network": name, "batch": batch,
                      "median": batch / statistics.median(times), "best": batch / min(times)}))


if __name__ == "__main__":
    main()

"""The main job in other programs, for `cargo xtask bench main-job`: a folder of pictures becomes a classifier.

    main_job.py weights NETWORK ...    random weights as NETWORK.safetensors (torchvision's keys) and as NETWORK.onnx
    main_job.py PEER NETWORK           one line of JSON; --help lists the options

PEER is
    torch           as people write it: PIL in worker processes, features kept by hand
    torch-tuned     decoding in threads, channels last; start it with GLIBC_TUNABLES that keep memory
    torch-compiled  the same with torch.compile
    onnxruntime, openvino    decoding in threads, the head in numpy, no torch imported
    keras           as the older tutorials write it: ImageDataGenerator, the frozen network run in every epoch
    keras-data      as the newer ones do: image_dataset_from_directory, Random* layers, the same

Four fifths of every class train, the last fifth judges. The head is Dense(256) with ReLU and a layer of classes, ten epochs
of Adam at 1e-3 in batches of 32. Weights are random, so that nothing has to be downloaded, with batch norms fitted to noise,
so that features are sane; accuracies only show that the programs do the same. `more_seconds` is what the epochs that were left
out would have taken, if each takes as long as the last one that was run.

Needs torch, torchvision, safetensors and onnx; pillow with onnxruntime or openvino; or, in a Python of its own,
tensorflow-cpu, pillow and scipy.
"""

import argparse
import collections
import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SIDE, RESIZED, BATCH, HIDDEN, RATE = 224, 256, 32, 256, 1e-3
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def parts(folder):
    """Training and validation: lists of (file, class)."""
    train, val = [], []
    for label, kind in enumerate(sorted(path for path in Path(folder).iterdir() if path.is_dir())):
        files = sorted(kind.glob("*.jpg"))
        learned = len(files) * 4 // 5
        train += [(str(file), label) for file in files[:learned]]
        val += [(str(file), label) for file in files[learned:]]
    return train, val


def in_batches(items, size, load, threads):
    """Loads items in threads, some batches ahead, and yields lists of them in order."""
    with ThreadPoolExecutor(threads) as pool:
        ahead, waiting = collections.deque(), iter(items)
        for _ in range(0, len(items), size):
            while len(ahead) < 4 * size and (item := next(waiting, None)):
                ahead.append(pool.submit(load, item))
            yield [ahead.popleft().result() for _ in range(min(size, len(ahead)))]


# PyTorch


def whole_network(name):
    import torchvision

    return getattr(torchvision.models, name)(weights=None)


def without_classifier(network):
    import torch

    setattr(network, "fc" if hasattr(network, "fc") else "classifier", torch.nn.Identity())
    return network.eval().requires_grad_(False)


def write_weights(names, folder):
    import torch
    from safetensors.torch import save_file

    Path(folder).mkdir(parents=True, exist_ok=True)
    for name in names:
        path = Path(folder) / f"{name}.safetensors"
        if path.exists() and path.with_suffix(".onnx").exists():
            continue
        torch.manual_seed(0)
        network = whole_network(name).train()
        for norm in (part for part in network.modules() if isinstance(part, torch.nn.BatchNorm2d)):
            norm.momentum = None
        with torch.no_grad():
            for _ in range(3):
                network(torch.randn(16, 3, SIDE, SIDE))
        save_file(network.state_dict(), path)
        torch.onnx.export(without_classifier(network), torch.zeros(2, 3, SIDE, SIDE), path.with_suffix(".onnx"),
                          dynamo=False, opset_version=17, input_names=["images"], output_names=["features"],
                          dynamic_axes={"images": {0: "batch"}, "features": {0: "batch"}})


def torch_job(options):
    import torch
    from safetensors.torch import load_file

    torch.manual_seed(0)
    torch.set_num_threads(options.threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    tuned, device = options.peer != "torch", options.device
    order = torch.channels_last if tuned else torch.contiguous_format
    network = whole_network(options.network)
    network.load_state_dict(load_file(Path(options.weights) / f"{options.network}.safetensors"))
    network = without_classifier(network).to(device, memory_format=order)
    if options.peer == "torch-compiled":
        network = torch.compile(network)
    train, val = parts(options.pictures)
    batches = tuned_batches if tuned else loader_batches

    def features(items):
        rows = []
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=options.precision == "bf16"):
            for images in batches(items, options, device):
                rows.append(network(images.contiguous(memory_format=order)).float())
        return torch.cat(rows).clone(), torch.tensor([label for _, label in items], device=device)

    begun = time.perf_counter()
    (train_x, train_y), (val_x, val_y) = features(train), features(val)
    extraction = time.perf_counter() - begun
    layers = torch.nn.Linear(train_x.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, int(train_y.max()) + 1)
    head = torch.nn.Sequential(*layers).to(device)
    optimizer = torch.optim.Adam(head.parameters(), RATE)
    for _ in range(options.epochs):
        for rows in torch.randperm(len(train_x), device=device).split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(train_x[rows]), train_y[rows]).backward()
            optimizer.step()
        with torch.no_grad():
            accuracy = (head(val_x).argmax(1) == val_y).float().mean().item()
    return {"version": f"torch {torch.__version__}", "extraction": extraction, "accuracy": accuracy}


class Pictures:
    """A data set as people write it."""

    def __init__(self, items):
        from torchvision import transforms

        self.items = items
        self.prepare = transforms.Compose([transforms.Resize(RESIZED), transforms.CenterCrop(SIDE),
                                           transforms.ToTensor(), transforms.Normalize(MEAN, STD)])

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        from PIL import Image

        file, label = self.items[index]
        with Image.open(file) as image:
            return self.prepare(image.convert("RGB")), label


def loader_batches(items, options, device):
    import torch

    loader = torch.utils.data.DataLoader(Pictures(items), BATCH, num_workers=options.threads)
    for images, _ in loader:
        yield images.to(device)


def tuned_batches(items, options, device):
    """Decoded by torchvision in threads, without the interpreter's lock; bytes go to the device and become floats there."""
    import torch
    from torchvision.io import ImageReadMode, decode_jpeg, read_file
    from torchvision.transforms import v2

    prepare = v2.Compose([v2.Resize(RESIZED, antialias=True), v2.CenterCrop(SIDE)])
    mean, std = (torch.tensor(values, device=device).view(1, 3, 1, 1) * 255 for values in (MEAN, STD))
    load = lambda item: prepare(decode_jpeg(read_file(item[0]), mode=ImageReadMode.RGB))
    for images in in_batches(items, BATCH, load, options.threads):
        yield (torch.stack(images).to(device).float() - mean) / std


# ONNX Runtime and OpenVINO


def runner(options):
    path = Path(options.weights) / f"{options.network}.onnx"
    if options.peer == "onnxruntime":
        import onnxruntime

        settings = onnxruntime.SessionOptions()
        settings.intra_op_num_threads = options.threads
        session = onnxruntime.InferenceSession(str(path), settings, providers=["CPUExecutionProvider"])
        return lambda images: session.run(None, {"images": images})[0], f"onnxruntime {onnxruntime.__version__}"
    import openvino

    core = openvino.Core()
    network = core.read_model(str(path))
    network.reshape({0: [BATCH // 2, 3, SIDE, SIDE]})
    hint = {"INFERENCE_NUM_THREADS": options.threads, "PERFORMANCE_HINT": "LATENCY"}
    compiled = core.compile_model(network, "CPU", hint | {"INFERENCE_PRECISION_HINT": options.precision})
    request = compiled.create_infer_request()

    def run(images):
        # The compiled network takes batches of one size.
        padded = numpy_padded(images, BATCH // 2)
        return request.infer({0: padded}, share_inputs=True)[compiled.output(0)][: len(images)].copy()

    return run, f"openvino {openvino.__version__.split('-')[0]}"


def numpy_padded(images, size):
    import numpy

    return images if len(images) == size else numpy.pad(images, ((0, size - len(images)), (0, 0), (0, 0), (0, 0)))


def numpy_job(options):
    import numpy
    from PIL import Image

    run, version = runner(options)
    mean, std = (numpy.array(values, "f4") * 255 for values in (MEAN, STD))

    def load(item):
        with Image.open(item[0]) as image:
            image = image.convert("RGB")
            width, height = image.size
            # What is left of Resize(256) and CenterCrop(224), in one step.
            side = min(width, height) * SIDE / RESIZED
            left, top = (width - side) / 2, (height - side) / 2
            small = image.resize((SIDE, SIDE), Image.BILINEAR, box=(left, top, left + side, top + side))
            return ((numpy.asarray(small, "f4") - mean) / std).transpose(2, 0, 1)

    def features(items):
        batches = in_batches(items, BATCH // 2, load, options.threads)
        return numpy.concatenate([run(numpy.stack(images)) for images in batches]), numpy.array([y for _, y in items])

    begun = time.perf_counter()
    train, val = map(features, parts(options.pictures))
    extraction = time.perf_counter() - begun
    return {"version": version, "extraction": extraction, "accuracy": numpy_head(train, val, options.epochs)}


def numpy_head(train, val, epochs):
    """Adam by hand: Kingma and Ba 2015, algorithm 1. Right of the held-out pictures, as a share."""
    import numpy

    (x, y), (val_x, val_y), random = train, val, numpy.random.default_rng(0)
    widths = x.shape[1], HIDDEN, int(y.max()) + 1
    uniform = lambda rows, columns: (random.uniform(-1, 1, (rows, columns)) / rows**0.5).astype("f4")
    values = [uniform(*widths[:2]), numpy.zeros(HIDDEN, "f4"), uniform(*widths[1:]), numpy.zeros(widths[2], "f4")]
    first, second = ([numpy.zeros_like(value) for value in values] for _ in range(2))
    step = 0
    for _ in range(epochs):
        order = random.permutation(len(x))
        for at in range(0, len(order), BATCH):
            rows = order[at:at + BATCH]
            hidden = numpy.maximum(x[rows] @ values[0] + values[1], 0)
            logits = hidden @ values[2] + values[3]
            error = numpy.exp(logits - logits.max(1, keepdims=True))
            error /= error.sum(1, keepdims=True)
            error[numpy.arange(len(rows)), y[rows]] -= 1
            error /= len(rows)
            below = (error @ values[2].T) * (hidden > 0)
            gradients = x[rows].T @ below, below.sum(0), hidden.T @ error, error.sum(0)
            step += 1
            for value, m, v, gradient in zip(values, first, second, gradients):
                m += 0.1 * (gradient - m)
                v += 0.001 * (gradient**2 - v)
                value -= RATE * (m / (1 - 0.9**step)) / (numpy.sqrt(v / (1 - 0.999**step)) + 1e-8)
        logits = numpy.maximum(val_x @ values[0] + values[1], 0) @ values[2] + values[3]
    return float((logits.argmax(1) == val_y).mean())


# Keras


def keras_job(options):
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import keras
    import tensorflow

    keras.utils.set_random_seed(0)
    package = getattr(keras.applications, options.network)
    network = {"mobilenet_v2": "MobileNetV2", "resnet50": "ResNet50"}[options.network]
    sets = (keras_generators if options.peer == "keras" else keras_datasets)(options.pictures, package.preprocess_input)
    base = getattr(package, network)(weights=None, include_top=False, input_shape=(SIDE, SIDE, 3))
    base.trainable = False
    classes = sum(path.is_dir() for path in Path(options.pictures).iterdir())
    dense = [keras.layers.Dense(HIDDEN, "relu"), keras.layers.Dense(classes, "softmax")]
    model = keras.Sequential([base, keras.layers.GlobalAveragePooling2D(), *dense])
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    epochs, steps = [], []
    clocks = [clock(keras, "epoch", epochs), clock(keras, "train_batch", steps)]
    history = model.fit(sets[0], validation_data=sets[1], epochs=options.epochs, verbose=0, callbacks=clocks)
    steady = epochs[-1]
    if options.epochs == 1:
        # The first step traces the graph, which later epochs do not.
        steady -= max(0.0, steps[0] - sorted(steps)[len(steps) // 2])
    return {"version": f"keras {keras.__version__} on tensorflow {tensorflow.__version__}", "extraction": None,
            "accuracy": history.history["val_accuracy"][-1], "epochs": options.epochs,
            "more_seconds": max(0, options.of - options.epochs) * steady}


def clock(keras, event, seconds):
    """A callback that notes how long every event of a kind takes."""
    begun = []

    def begin(*_, **__):
        begun.append(time.perf_counter())

    def end(*_, **__):
        seconds.append(time.perf_counter() - begun[-1])

    return type("Clock", (keras.callbacks.Callback,), {f"on_{event}_begin": begin, f"on_{event}_end": end})()


def keras_generators(pictures, preprocess):
    from tensorflow.keras.preprocessing.image import ImageDataGenerator

    changes = {"shear_range": 0.2, "zoom_range": 0.2, "horizontal_flip": True}
    flow = {"directory": pictures, "target_size": (SIDE, SIDE), "batch_size": BATCH, "class_mode": "categorical"}
    make = lambda subset, **changes: ImageDataGenerator(
        preprocessing_function=preprocess, validation_split=0.2, **changes).flow_from_directory(subset=subset, **flow)
    return make("training", **changes), make("validation")


def keras_datasets(pictures, preprocess):
    import keras
    import tensorflow

    how = {"image_size": (SIDE, SIDE), "batch_size": BATCH, "label_mode": "categorical", "validation_split": 0.2, "seed": 1}
    train, val = (keras.utils.image_dataset_from_directory(pictures, subset=subset, verbose=False, **how)
                  for subset in ("training", "validation"))
    random = [keras.layers.RandomShear(0.2, 0.2), keras.layers.RandomZoom(0.2), keras.layers.RandomFlip("horizontal")]
    change, tune = keras.Sequential(random), tensorflow.data.AUTOTUNE
    train = train.map(lambda x, y: (preprocess(change(x, training=True)), y), num_parallel_calls=tune)
    val = val.map(lambda x, y: (preprocess(x), y), num_parallel_calls=tune)
    return train.prefetch(tune), val.prefetch(tune)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer")
    parser.add_argument("network", nargs="+")
    parser.add_argument("--pictures", help="a folder with one folder of JPEGs per class")
    parser.add_argument("--weights", required=True, help="the folder that `weights` wrote")
    parser.add_argument("--precision", default="f32", choices=["f32", "bf16"])
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--of", type=int, default=10, help="epochs that `more_seconds` counts up to")
    options = parser.parse_args()
    if options.peer == "weights":
        return write_weights(options.network, options.weights)
    os.environ.setdefault("OMP_NUM_THREADS", str(options.threads))
    (options.network,) = options.network
    family = options.peer.split("-")[0]
    job = {"torch": torch_job, "keras": keras_job, "onnxruntime": numpy_job, "openvino": numpy_job}[family]
    print(json.dumps({"epochs": options.epochs, "more_seconds": 0, **job(options)}))


if __name__ == "__main__":
    main()

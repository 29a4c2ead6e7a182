"""Activations and gradients of every backbone by its reference implementation, torchvision's or timm's.

Run:    python xtask/reference/backbones.py [NAME...]      (all models without a name; needs torch, torchvision, timm)
Writes: crates/tl-backbones/tests/golden/parity/NAME.safetensors  samples of every stage, for crates/tl-backbones/tests/it
        crates/tl-backbones/tests/golden/parity/keys.json         keys and shapes of every state dict, hashed

No weights are stored: `values` draws every parameter, every running statistic and the input from its key, and
tests/it/formula.rs draws the same bits. To add a model, add a row to MODELS; a family needs a function that says how
its reference walks the stages.
"""

import copy
import hashlib
import itertools
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import timm
import torch
import torch.nn.functional as F
import torchvision
from kinks import distance
from safetensors.numpy import save_file

GOLDEN = Path(__file__).resolve().parents[2] / "crates/tl-backbones/tests/golden/parity"
SAMPLES = 64
CLEAR = 4.0  # of rounding errors, between an activation and a kink
RULE = (
    "Weights and inputs are drawn from their keys (xtask/reference/backbones.py). Of each tensor: every k-th value of "
    "its batch-first row-major order, 64 at most, k the largest odd number not above max(1, numel // 64) that is "
    "coprime to the last dimension; KEY.stats = [mean, population std, max abs] of the whole tensor. Gradients are "
    "those of the cross-entropy with label 1, in eval mode, computed in f64, for the image of the shape "
    "gradients.image[1:] that is drawn from the key N.input, N = gradients.image[0]: the first for which every "
    "activation is at least 4 times its layer's rounding error (f32, PyTorch) away from where its derivative jumps."
)

# ---- the formula: the same lines are in crates/tl-backbones/tests/it/formula.rs


def seed(key):
    """FNV-1a, 64 bits."""
    state = 0xCBF29CE484222325
    for byte in key.encode():
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def uniform(key, start, count):
    """Numbers `start..start + count` of the key's sequence in [0, 1): the top 24 bits of splitmix64."""
    z = np.arange(start + 1, start + count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(seed(key))
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(40)).astype(np.float32) * np.float32(2.0**-24)


def law(key, shape):
    """(scale, offset): a tensor's values are scale * u + offset, so that activations neither vanish nor explode."""
    kind = key.rsplit(".", 1)[-1]
    if kind == "input":
        return 4.0, -2.0
    if kind == "running_mean":
        return 0.6, -0.3
    if kind == "running_var":
        return 1.0, 0.5
    if key.endswith((".conv_expand.bias", ".fc2.bias")):  # a gate of squeeze-and-excitation: open
        return 1.0, 2.0
    if kind == "bias":
        return 0.2, -0.1
    if len(shape) == 1:  # BatchNorm's weight: half as large at the end of a residual branch
        ends_branch = key.endswith((".bn3.weight", ".conv.3.weight")) or ".rep." in key
        ends_branch |= key.startswith("layer") and key.endswith(".bn2.weight")
        return (0.25, 0.375) if ends_branch else (0.5, 0.75)
    bound = np.float32(math.sqrt(6.0 / math.prod(shape[1:])))  # variance 2 / fan_in
    return float(bound) * 2.0, -float(bound)


def values(key, shape):
    scale, offset = map(np.float32, law(key, shape))
    count, block = math.prod(shape), 1 << 22
    out = np.empty(count, dtype=np.float32)
    for start in range(0, count, block):
        part = uniform(key, start, min(block, count - start))
        out[start : start + len(part)] = scale * part + offset
    return torch.from_numpy(out).reshape(shape)


# ---- the models


@dataclass
class Model:
    name: str
    make: Callable
    walk: Callable  # model -> ([(stage, function)], pool, classify)
    size: tuple = (64, 80)  # height and width of the input, unequal on purpose
    gradients: tuple = ()  # keys of a first, a middle and a last weight
    smooth: tuple = (33, 40)  # height and width of the image for gradients: small, for every activation may be near a kink
    side: tuple = ()  # (stage, name, model -> function): an output beside the logits, from the stage's maps


def average(x):
    return x.mean((2, 3))


def resnet(m):
    stem = lambda x: m.maxpool(m.relu(m.bn1(m.conv1(x))))
    stages = [("conv1", stem)] + [(f"layer{n}", getattr(m, f"layer{n}")) for n in (1, 2, 3, 4)]
    return stages, average, lambda x: m.fc(m.avgpool(x).flatten(1))


def vgg(m):
    """A stage ends with its pooling and is named by its first layer."""
    stages, first = [], 0
    for index, layer in enumerate(m.features):
        if isinstance(layer, torch.nn.MaxPool2d):
            stages.append((f"features.{first}", m.features[first : index + 1]))
            first = index + 1
    return stages, average, lambda x: m.classifier(m.avgpool(x).flatten(1))


def squeezenet(m):
    """A stage is the first convolution or a fire module, with the pooling behind it."""
    stages, first = [], 0
    for index in range(1, len(m.features) + 1):
        if index == len(m.features) or isinstance(m.features[index], torchvision.models.squeezenet.Fire):
            stages.append((f"features.{first}", m.features[first:index]))
            first = index
    return stages, average, lambda x: m.classifier(x).flatten(1)


def densenet(m):
    f = m.features
    stages = [("features.conv0", lambda x: f.pool0(f.relu0(f.norm0(f.conv0(x)))))]
    for n in (1, 2, 3):
        both = torch.nn.Sequential(getattr(f, f"denseblock{n}"), getattr(f, f"transition{n}"))
        stages.append((f"features.denseblock{n}", both))
    stages.append(("features.denseblock4", lambda x: F.relu(f.norm5(f.denseblock4(x)))))
    return stages, average, lambda x: m.classifier(F.adaptive_avg_pool2d(x, (1, 1)).flatten(1))


def mobile(m):
    """timm's EfficientNet and MobileNet; v3 pools before its last convolution."""
    stages = [("conv_stem", torch.nn.Sequential(m.conv_stem, m.bn1))]
    stages += [(f"blocks.{index}", blocks) for index, blocks in enumerate(m.blocks)]
    if isinstance(m, timm.models.mobilenetv3.MobileNetV3):
        stages.append(("conv_head", lambda x: m.act2(m.norm_head(m.conv_head(m.global_pool(x))))))
        return stages, average, lambda x: m.classifier(m.flatten(x))
    if not isinstance(m.conv_head, torch.nn.Identity):
        stages.append(("conv_head", torch.nn.Sequential(m.conv_head, m.bn2)))
    return stages, average, lambda x: m.classifier(m.global_pool(x))


def torchvision_mobile(*lengths):
    """torchvision's MobileNets, whose blocks are one list: `lengths` cuts it into timm's stages."""

    def walk(m):
        f, stages, first = m.features, [("conv_stem", m.features[0])], 1
        for index, length in enumerate(lengths):
            stages.append((f"blocks.{index}", f[first : first + length]))
            first += length
        flat = lambda x: F.adaptive_avg_pool2d(x, (1, 1)).flatten(1)
        if first < len(f):
            stages.append(("conv_head", f[first]))
            return stages, average, lambda x: m.classifier(flat(x))
        stages.append(("conv_head", lambda x: m.classifier[:2](flat(x))[..., None, None]))
        return stages, average, lambda x: m.classifier[2:](x.flatten(1))

    return walk


def inception(m):
    chain = lambda *names: torch.nn.Sequential(*(getattr(m, name) for name in names))
    stem = chain("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "maxpool1")
    stages = [
        ("Conv2d_1a_3x3", lambda x: stem(m._transform_input(x))),
        ("Conv2d_3b_1x1", chain("Conv2d_3b_1x1", "Conv2d_4a_3x3", "maxpool2")),
        ("Mixed_5b", chain("Mixed_5b", "Mixed_5c", "Mixed_5d")),
        ("Mixed_6a", chain("Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e")),
        ("Mixed_7a", chain("Mixed_7a", "Mixed_7b", "Mixed_7c")),
    ]
    return stages, average, lambda x: m.fc(m.avgpool(x).flatten(1))


def xception(m):
    chain = lambda *names: torch.nn.Sequential(*(getattr(m, name) for name in names))
    stages = [("conv1", chain("conv1", "bn1", "act1", "conv2", "bn2", "act2"))]
    stages += [(f"block{number}", getattr(m, f"block{number}")) for number in range(1, 13)]
    stages.append(("conv3", chain("conv3", "bn3", "act3", "conv4", "bn4", "act4")))
    return stages, average, lambda x: m.fc(m.global_pool(x))


def timm_model(name):
    return lambda: timm.create_model(name)


tv = torchvision.models
MODELS = [
    Model("densenet121", tv.densenet121, densenet, size=(75, 107), smooth=(29, 31),
          gradients=("features.conv0.weight", "features.denseblock3.denselayer1.conv2.weight", "classifier.weight")),
    Model("efficientnet_b0", timm_model("efficientnet_b0"), mobile, size=(75, 107),
          gradients=("conv_stem.weight", "blocks.2.1.se.conv_reduce.weight", "classifier.weight")),
    Model("efficientnet_lite0", timm_model("tf_efficientnet_lite0"), mobile, size=(75, 107),
          gradients=("conv_stem.weight", "blocks.3.1.conv_dw.weight", "classifier.weight")),
    Model("efficientnet_lite1", timm_model("tf_efficientnet_lite1"), mobile, size=(107, 75)),
    Model("efficientnet_lite2", timm_model("tf_efficientnet_lite2"), mobile),
    Model("inception_v3", lambda: tv.inception_v3(aux_logits=False, init_weights=False), inception, size=(96, 128), smooth=(75, 77),
          gradients=("Conv2d_1a_3x3.conv.weight", "Mixed_6c.branch7x7dbl_3.conv.weight", "fc.weight")),
    Model("inception_v3_aux", lambda: tv.inception_v3(transform_input=True, init_weights=False), inception,
          size=(299, 299), side=("Mixed_6a", "auxiliary", lambda m: m.AuxLogits)),
    Model("mobilenet_v2", tv.mobilenet_v2, torchvision_mobile(1, 2, 3, 4, 3, 3, 1), size=(75, 107)),
    Model("mobilenet_v3_large", tv.mobilenet_v3_large, torchvision_mobile(1, 2, 3, 4, 2, 3, 1), size=(75, 107)),
    Model("mobilenet_v3_small", tv.mobilenet_v3_small, torchvision_mobile(1, 2, 3, 2, 3, 1), size=(75, 107)),
    Model("mobilenetv1_100", timm_model("mobilenetv1_100"), mobile, size=(75, 107),
          gradients=("conv_stem.weight", "blocks.3.2.conv_dw.weight", "classifier.weight")),
    Model("mobilenetv2_050", timm_model("mobilenetv2_050"), mobile, size=(107, 75),
          gradients=("conv_stem.weight", "blocks.3.1.conv_dw.weight", "classifier.weight")),
    Model("mobilenetv2_100", timm_model("mobilenetv2_100"), mobile),
    Model("mobilenetv2_140", timm_model("mobilenetv2_140"), mobile),
    Model("mobilenetv3_large_100", timm_model("mobilenetv3_large_100"), mobile, size=(107, 75)),
    Model("mobilenetv3_small_100", timm_model("mobilenetv3_small_100"), mobile, size=(75, 107),
          gradients=("conv_stem.weight", "blocks.2.1.se.conv_expand.weight", "conv_head.weight")),
    Model("resnet18", tv.resnet18, resnet, size=(107, 75),
          gradients=("conv1.weight", "layer3.0.downsample.0.weight", "fc.weight")),
    Model("resnet34", tv.resnet34, resnet),
    Model("resnet50", tv.resnet50, resnet, size=(75, 107)),
    Model("resnet101", tv.resnet101, resnet),
    Model("resnet152", tv.resnet152, resnet),
    Model("resnext50_32x4d", tv.resnext50_32x4d, resnet),
    Model("resnext101_32x8d", tv.resnext101_32x8d, resnet),
    Model("wide_resnet50_2", tv.wide_resnet50_2, resnet),
    # At these sizes the poolings round up.
    Model("squeezenet1_1", tv.squeezenet1_1, squeezenet, size=(69, 75),
          gradients=("features.0.weight", "features.6.expand3x3.weight", "classifier.1.weight")),
    Model("vgg11", tv.vgg11, vgg),
    Model("vgg11_bn", tv.vgg11_bn, vgg, size=(107, 75),
          gradients=("features.0.weight", "features.11.weight", "classifier.6.weight")),
    Model("vgg13", tv.vgg13, vgg),
    Model("vgg13_bn", tv.vgg13_bn, vgg),
    Model("vgg16", tv.vgg16, vgg),
    Model("vgg16_bn", tv.vgg16_bn, vgg),
    Model("vgg19", tv.vgg19, vgg),
    Model("vgg19_bn", tv.vgg19_bn, vgg),
    Model("xception", timm_model("legacy_xception"), xception, size=(75, 107),
          gradients=("conv1.weight", "block6.rep.4.pointwise.weight", "fc.weight")),
]

# ---- the goldens


def parameters(model):
    """The state dict without the counters of batches, which no one reads at inference."""
    return {key: tensor for key, tensor in model.state_dict().items() if not key.endswith("num_batches_tracked")}


def filled(model):
    state = {key: values(key, tensor.shape) for key, tensor in parameters(model).items()}
    left = model.load_state_dict(state, strict=False, assign=True)
    assert not left.unexpected_keys and all(key.endswith("num_batches_tracked") for key in left.missing_keys)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model.eval()


def stride(shape):
    step = max(1, math.prod(shape) // SAMPLES)
    while step % 2 == 0 or math.gcd(step, shape[-1]) != 1:
        step -= 1
    return step


def record(out, name, tensor):
    flat = tensor.detach().flatten().numpy()
    out[name] = flat[:: stride(tensor.shape)][:SAMPLES].astype(np.float32)
    wide = flat.astype(np.float64)
    out[f"{name}.stats"] = np.array([wide.mean(), wide.std(), np.abs(wide).max()], dtype=np.float32)


def golden(row, model):
    images = values("input", (2, 3, *row.size))
    out = {"shape": np.array(images.shape, dtype=np.int64)}
    record(out, "input", images)
    stages, pool, classify = row.walk(model)
    with torch.no_grad():
        x = images.clone()  # layers that work in place
        for name, stage in stages:
            x = stage(x)
            record(out, name, x)
            if name in row.side:
                record(out, row.side[1], row.side[2](model)(x.clone()))
        logits = classify(x.clone())
        record(out, "pooled", pool(x.clone()))
        record(out, "logits", logits)
        assert torch.allclose(logits, model(images.clone()), rtol=1e-6, atol=0), "the walk is not the model's forward"
    if row.gradients:
        number, image = clear_image(row, model)
        out["gradients.image"] = np.array([number, *image.shape], dtype=np.int64)
        for key, gradient in gradients(row, model, image).items():
            record(out, f"grad.{key}", gradient)
    return out


def clear_image(row, model):
    """The first image for which f32 suffices: no activation is so near a kink that rounding decides its derivative."""
    wide = copy.deepcopy(model).double()
    for number in itertools.count():
        image = values(f"{number}.input", (1, 3, *row.smooth))
        if distance(model, wide, image) >= CLEAR:
            return number, image


def gradients(row, model, image):
    model, image = model.double(), image.double()
    weights = [model.get_parameter(key).requires_grad_() for key in row.gradients]
    loss = F.cross_entropy(model(image), torch.ones(len(image), dtype=torch.int64))
    return dict(zip(row.gradients, torch.autograd.grad(loss, weights)))


def keys(model):
    lines = sorted(f"{key} {'x'.join(map(str, tensor.shape))}" for key, tensor in parameters(model).items())
    return {
        "tensors": len(lines),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "sha256": hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        "first": lines[:3],
        "last": lines[-3:],
    }


def main():
    torch.set_num_threads(2)
    versions = ", ".join(f"{m.__name__} {m.__version__.split('+')[0]}" for m in (torch, torchvision, timm))
    metadata = {"about": f"Written by xtask/reference/backbones.py with {versions}. {RULE}"}
    known = GOLDEN / "keys.json"
    chosen = [row for row in MODELS if not sys.argv[1:] or row.name in sys.argv[1:]]
    for row in chosen:
        model = filled(row.make())
        out = golden(row, model)
        file = GOLDEN / f"{row.name}.safetensors"
        save_file(out, file, metadata=metadata)
        file.chmod(0o644)
        table = json.loads(known.read_text()) if known.exists() else {}
        table[row.name] = keys(model)
        known.write_text(json.dumps(dict(sorted(table.items())), indent=1) + "\n")
        scales = {name[:-6]: f"{stats[2]:.1e}" for name, stats in out.items() if name.endswith(".stats")}
        print(row.name, table[row.name]["parameters"], out.get("gradients.image"), scales, flush=True)


if __name__ == "__main__":
    main()

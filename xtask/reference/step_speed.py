"""Pictures per second of PyTorch training steps, for `cargo xtask bench train`: one line of JSON.

    step_speed.py HOW NETWORK BATCH THREADS SECONDS DEVICE [STAGES]

HOW is plain (as people run it), tuned (channels last; start it with GLIBC_TUNABLES that keep memory, or tcmalloc), torch-bf16
(tuned, with autocast) or torch-compiled (that by torch.compile). DEVICE is cpu or cuda, with a pause for the GPU to finish
after every step. With STAGES, so many of the network's last top-level parts with a convolution and the head learn and
the rest is run frozen in every step. Random weights, noise for pictures, SGD with momentum, 10 classes.
"""

import json
import resource
import statistics
import sys
import time

from frozen_speed import SIDES, module


def parts(network):
    """The network's parts from front to back, as coarse as torchvision's modules are."""
    import torch

    children = [child for child in network.children()]
    if len(children) <= 3 and isinstance(children[0], torch.nn.Sequential):
        return [*children[0].children(), *children[1:]]
    return children


def frozen_parts(network, learning):
    """All before the last `learning` parts with a convolution."""
    import torch

    found = parts(network)
    convolve = [any(isinstance(m, torch.nn.Conv2d) for m in part.modules()) for part in found]
    places = [at for at, convolves in enumerate(convolve) if convolves]
    return found if learning == 0 else found[: places[-learning]]


def main():
    import torch

    how, name, batch, threads, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])
    torch.set_num_threads(threads)
    network = module(name).train()
    side = SIDES.get(name, 224)
    device, cuda = sys.argv[6], sys.argv[6] == "cuda"
    torch.backends.cuda.matmul.allow_tf32 = True
    if len(sys.argv) > 7:
        for part in frozen_parts(network, int(sys.argv[7])):
            part.eval().requires_grad_(False)
    order = torch.contiguous_format if how == "plain" else torch.channels_last
    network = network.to(device, memory_format=order)
    images = torch.randn(batch, 3, side, side, device=device).contiguous(memory_format=order)
    labels = torch.arange(batch, device=device) % 10
    with torch.no_grad():
        width = network(images[:2]).flatten(1).shape[1]
    head = torch.nn.Linear(width, 10).to(device)
    forward = torch.compile(network) if how == "torch-compiled" else network
    learning = [p for p in [*network.parameters(), *head.parameters()] if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-4, momentum=0.9)
    times, begun = [], time.perf_counter()
    while len(times) < 3 or time.perf_counter() - begun < seconds:
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast(device, torch.bfloat16, enabled=how.startswith("torch-")):
            loss = torch.nn.functional.cross_entropy(head(forward(images).flatten(1)), labels)
        loss.backward()
        optimizer.step()
        if cuda:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"median": batch / statistics.median(times[1:]), "version": torch.__version__, "peak_mib": peak}))


main()

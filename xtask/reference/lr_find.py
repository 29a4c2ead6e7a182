"""fastai's search for a learning rate, written out for plain lists of floats, as the reference of the project's own.

Run:    python xtask/reference/lr_find.py
Writes: crates/tl-train/tests/golden/lr_find.json

The rules are those of fastai 2.8.12: AvgSmoothLoss in learner.py; LRFinder, lr_find, valley, minimum and steep in
callback/schedule.py. fastai computes in float32; this is float64.
"""

import json
import math
import random
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-train/tests/golden/lr_find.json"
START, END, STEPS, BETA = 1e-7, 10.0, 100, 0.98


def run(loss_of):
    """LRFinder: losses and rates of the steps up to the one that diverges."""
    losses, smoothed, rates, value, best = [], [], [], 0.0, math.inf
    for step in range(STEPS):
        rate = START * (END / START) ** (step / STEPS)
        loss = loss_of(step, rate)
        value = loss + (value - loss) * BETA
        smooth = value / (1 - BETA ** (step + 1))
        losses.append(loss), smoothed.append(smooth), rates.append(rate)
        best = min(best, smooth)
        if smooth > 4 * best:
            break
    return losses, smoothed, rates


def valley(lrs, losses):
    n = len(losses)
    max_start, max_end = 0, 0
    lds = [1] * n
    for i in range(1, n):
        for j in range(0, i):
            if (losses[i] < losses[j]) and (lds[i] < lds[j] + 1):
                lds[i] = lds[j] + 1
            if lds[max_end] < lds[i]:
                max_end = i
                max_start = max_end - lds[max_end]
    sections = (max_end - max_start) / 3
    idx = max_start + int(sections) + int(sections / 2)
    return lrs[idx]


def minimum(lrs, losses):
    return lrs[min(range(len(losses)), key=lambda i: losses[i])] / 10


def steep(lrs, losses):
    slopes = [
        (losses[i + 1] - losses[i]) / (math.log(lrs[i + 1]) - math.log(lrs[i])) for i in range(len(losses) - 1)
    ]
    return lrs[min(range(len(slopes)), key=lambda i: slopes[i])]


def curves():
    """Losses like those of training, by step and rate."""
    rng = random.Random(0)
    log = math.log10
    yield "falls and rises", lambda step, rate: 2 - 1.4 / (1 + math.exp(-3 * (log(rate) + 3))) + max(0, log(rate)) ** 2
    yield "noisy", lambda step, rate: 2.3 - 1.8 / (1 + math.exp(-2 * (log(rate) + 2.5))) + 0.3 * rng.random() + 40 * rate**2
    yield "diverges early", lambda step, rate: 0.5 - 0.2 * step / STEPS + 500 * max(0, rate - 0.01)
    yield "falls to the end", lambda step, rate: 3 - 0.01 * step
    yield "a bump", lambda step, rate: 2 - 0.01 * step + (0.9 if 40 <= step < 48 else 0) + 5 * rate


def main():
    cases = []
    for name, loss_of in curves():
        losses, smoothed, rates = run(loss_of)
        lrs, kept = rates[STEPS // 10 : -5], smoothed[STEPS // 10 : -5]
        cases.append(
            {
                "name": name,
                "losses": losses,
                "smoothed": smoothed,
                "valley": valley(lrs, kept),
                "minimum": minimum(lrs, kept),
                "steep": steep(lrs, kept),
            }
        )
        print(f"{name}: {len(losses)} steps, valley {cases[-1]['valley']:.3g}, minimum/10 {cases[-1]['minimum']:.3g}, "
              f"steep {cases[-1]['steep']:.3g}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()

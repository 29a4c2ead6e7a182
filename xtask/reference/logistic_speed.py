"""scikit-learn's LogisticRegression(solver="lbfgs") beside the project's solver, for `cargo xtask bench logistic`.

    logistic_speed.py make FOLDER ROWS COLUMNS CLASSES...      features and labels, the same for both
    logistic_speed.py fit FOLDER ROWS COLUMNS CLASSES C        one line of JSON

Features are float32, standardised, and lean on 256 hidden ones, as a network's do; the labels of every number of classes come
from the same features: noisy, so that no plane separates them. `gradient` is the largest entry of the mean loss's gradient, in
double precision. Needs numpy, scikit-learn, threadpoolctl.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

HIDDEN = 256


def make(folder, rows, columns, classes):
    rng = np.random.default_rng(0)
    hidden = rng.standard_normal((rows, HIDDEN), dtype=np.float32)
    x = hidden @ rng.standard_normal((HIDDEN, columns), dtype=np.float32) / np.sqrt(np.float32(HIDDEN))
    x += 0.5 * rng.standard_normal((rows, columns), dtype=np.float32)
    x = ((x - x.mean(0)) / x.std(0)).astype(np.float32)
    x.tofile(folder / "x.bin")
    for count in classes:
        scores = hidden @ rng.standard_normal((HIDDEN, count), dtype=np.float32) * np.float32(4 / np.sqrt(HIDDEN))
        labels = (scores + rng.gumbel(size=scores.shape)).argmax(1).astype(np.uint32)
        # Every class occurs, or scikit-learn leaves it out.
        labels[:count] = np.arange(count)
        labels.tofile(folder / f"y-{count}.bin")


def gradient(model, x, y, c):
    largest, bias = None, 0
    for at in range(0, len(x), 5000):
        part = x[at : at + 5000].astype(np.float64)
        logits = part @ model.coef_.T.astype(np.float64) + model.intercept_
        logits = np.exp(logits - logits.max(1, keepdims=True))
        error = logits / logits.sum(1, keepdims=True)
        error[np.arange(len(part)), y[at : at + 5000]] -= 1
        largest = error.T @ part + (0 if largest is None else largest)
        bias = bias + error.sum(0)
    largest = largest / len(x) + model.coef_ / (c * len(x))
    return float(max(np.abs(largest).max(), np.abs(bias).max() / len(x)))


def fit(folder, rows, columns, classes, c):
    import scipy
    import sklearn
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_info

    x = np.fromfile(folder / "x.bin", np.float32).reshape(rows, columns)
    y = np.fromfile(folder / f"y-{classes}.bin", np.uint32).astype(np.int64)
    model = LogisticRegression(solver="lbfgs", C=c, tol=1e-4, max_iter=1000)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        begun = time.perf_counter()
        model.fit(x, y)
        seconds = time.perf_counter() - begun
    blas = [f"{i['internal_api']} {i.get('architecture')} x {i['num_threads']}" for i in threadpool_info()]
    result = {"seconds": seconds, "iterations": int(model.n_iter_.max()), "gradient": gradient(model, x, y, c)}
    result |= {"converged": not said, "coefficients": str(model.coef_.dtype), "blas": ", ".join(sorted(set(blas)))}
    versions = f"scikit-learn {sklearn.__version__}, SciPy {scipy.__version__}, NumPy {np.__version__}"
    print(json.dumps(result | {"version": versions}))


def main():
    what, folder, rows, columns = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if what == "make":
        folder.mkdir(parents=True, exist_ok=True)
        make(folder, rows, columns, [int(count) for count in sys.argv[5:]])
    else:
        fit(folder, rows, columns, int(sys.argv[5]), float(sys.argv[6]))


if __name__ == "__main__":
    main()

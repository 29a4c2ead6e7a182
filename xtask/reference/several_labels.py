"""scikit-learn on pictures with several labels: one logistic regression per class, and how answers are judged.

Run:    python xtask/reference/several_labels.py      (needs numpy, scikit-learn)
Writes: crates/tl-heads/tests/golden/one_vs_rest.json, crates/tl-report/tests/golden/several_labels.json

One class is rare, so that figures per class differ; probabilities are rounded to 2 decimals, so that many are equal.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier

CRATES = Path(__file__).resolve().parents[2] / "crates"
HEADS = CRATES / "tl-heads/tests/golden/one_vs_rest.json"
REPORT = CRATES / "tl-report/tests/golden/several_labels.json"
SAMPLES, FEATURES, CLASSES = 60, 8, 4
THRESHOLDS = np.array([0.5, 0.35, 0.6, 0.2])


def problem():
    """Noisy labels: no plane separates any class, so even C = 100 has a moderate answer."""
    rng = np.random.RandomState(0)
    x = rng.randn(SAMPLES, FEATURES).round(4)
    logits = x @ rng.randn(FEATURES, CLASSES) + 2 * rng.logistic(size=(SAMPLES, CLASSES)) - [0, 0, 1, 5]
    return x, (logits > 0).astype(int)


def judged(targets, p):
    """Figures as scikit-learn defines them; `zero_division` never comes into play here."""
    given = (p >= THRESHOLDS).astype(int)
    precision, recall, f1, support = metrics.precision_recall_fscore_support(targets, given)
    assert support.min() > 0 and given.sum(0).min() > 0
    return {
        "average_precision": metrics.average_precision_score(targets, p, average=None).tolist(),
        "mean_average_precision": metrics.average_precision_score(targets, p, average="macro"),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
        "f1": f1.tolist(),
        "micro_f1": metrics.f1_score(targets, given, average="micro"),
        "macro_f1": metrics.f1_score(targets, given, average="macro"),
        "exact": metrics.accuracy_score(targets, given),
        "hamming": metrics.hamming_loss(targets, given),
        "log_loss": float(np.mean([metrics.log_loss(t, q) for t, q in zip(targets.T, p.T)])),
    }


def write(path, about, values):
    path.parent.mkdir(parents=True, exist_ok=True)
    versions = {m.__name__: m.__version__ for m in (sklearn, np)}
    head = {"about": about, "script": "xtask/reference/several_labels.py", "versions": versions}
    rows = [f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in (head | values).items()]
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n")


def main():
    x, targets = problem()
    fits = []
    for c in (0.01, 1, 100):
        solver = LogisticRegression(solver="newton-cg", C=c, tol=1e-10, max_iter=10000)
        model = OneVsRestClassifier(solver).fit(x, targets)
        # Of several labels, `predict_proba` gives each class's own sigmoid; they do not sum to 1.
        fits.append({"C": c, "predict_proba": model.predict_proba(x).round(8).tolist()})
        print(f"C={c}: labels {targets.sum(0)}, exact {model.score(x, targets):.3f}")
    shapes = "X is [sample][feature], targets and predict_proba [sample][class]; values are good to 8 decimals."
    write(HEADS, shapes, {"X": x.tolist(), "targets": targets.tolist(), "fits": fits})
    p = np.array(fits[1]["predict_proba"]).round(2)
    figures = judged(targets, p)
    print({name: np.round(value, 4) for name, value in figures.items()})
    about = "targets and probabilities are [sample][class]; a label is given from its class's threshold on."
    values = {"targets": targets.tolist(), "probabilities": p.tolist(), "thresholds": THRESHOLDS.tolist()}
    write(REPORT, about, values | figures)


if __name__ == "__main__":
    main()

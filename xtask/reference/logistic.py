"""scikit-learn's multinomial logistic regression on a small problem, as the reference of the project's own solver.

Run:    python xtask/reference/logistic.py      (needs numpy, scikit-learn)
Writes: crates/tl-heads/tests/golden/logistic.json

Minimised: C * sum of the cross-entropies + 1/2 * sum of the squared coefficients; the intercepts are not penalised.
A constant added to every intercept changes nothing; scikit-learn's sum to 0, so centre others before comparing.
"""

import json
from pathlib import Path

import numpy as np
import sklearn
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "crates/tl-heads/tests/golden/logistic.json"
SAMPLES, FEATURES, CLASSES = 60, 8, 3


def problem():
    """Noisy labels: no plane separates the classes, so even C = 100 has a moderate answer."""
    rng = np.random.RandomState(0)
    x = rng.randn(SAMPLES, FEATURES).round(4)
    logits = x @ rng.randn(FEATURES, CLASSES) + 2 * rng.gumbel(size=(SAMPLES, CLASSES))
    return x, logits.argmax(axis=1)


def gradient(model, x, y, c):
    """Largest absolute entry of the objective's gradient at the model's parameters."""
    error = model.predict_proba(x) - np.eye(CLASSES)[y]
    return max(np.abs(c * error.T @ x + model.coef_).max(), np.abs(c * error.sum(axis=0)).max())


def main():
    OUT.parent.mkdir(parents=True, exist_ok=True)
    x, y = problem()
    fits = []
    for c in (0.01, 1, 100):
        # newton-cg reaches the tolerance; lbfgs, the default, stops earlier, where the objective no longer moves.
        options = {"C": c, "tol": 1e-10, "max_iter": 10000, "fit_intercept": True}
        model = LogisticRegression(solver="newton-cg", **options).fit(x, y)
        default = LogisticRegression(**options).fit(x, y)
        error = gradient(model, x, y, c)
        assert error < 1e-9 and abs(model.intercept_.sum()) < 1e-9
        away, loose = np.abs(model.coef_ - default.coef_).max(), gradient(default, x, y, c)
        print(f"C={c}: training accuracy {model.score(x, y):.3f}, gradient {error:.0e}; ", end="")
        print(f"lbfgs leaves {loose:.0e} and coefficients {away:.0e} away")
        values = {"coef": model.coef_, "intercept": model.intercept_, "predict_proba": model.predict_proba(x)}
        fits.append({"C": c} | {name: value.round(8).tolist() for name, value in values.items()})

    about = (
        "Minimised: C * sum of cross-entropies + 1/2 * sum of squared coefficients, intercepts free and summing to 0. "
        "X is [sample][feature], coef [class][feature], predict_proba [sample][class]; values are good to 8 decimals."
    )
    versions = {m.__name__: m.__version__ for m in (sklearn, np)}
    head = {"about": about, "script": "xtask/reference/logistic.py", "versions": versions}
    text = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in head.items())
    rows = ",\n".join(f"    {json.dumps(row)}" for row in x.tolist())
    fits = ",\n".join(f"    {json.dumps(fit)}" for fit in fits)
    OUT.write_text(f'{{\n{text}  "X": [\n{rows}\n  ],\n  "y": {y.tolist()},\n  "fits": [\n{fits}\n  ]\n}}\n')


if __name__ == "__main__":
    main()

"""Words of names that say what a function or its data is for."""

from __future__ import annotations

EVALUATION_WORDS = frozenset(
    [
        "eval",
        "evaluate",
        "evaluation",
        "evaluating",
        "validate",
        "validation",
        "validating",
        "valid",
        "val",
        "test",
        "testing",
        "accuracy",
        "infer",
        "inference",
        "predict",
        "predictions",
        "score",
        "translate",
        "decode",
        "extract",
        "embed",
        "demo",
        "export",
    ]
)
"""Words of a function's name that say it evaluates (RULES: evaluation)."""
SAMPLING_WORDS = frozenset(["generate", "sample", "sampling", "rollout", "act", "play", "collect", "visualize", "plot"])
"""Words that mean evaluation too, but inside training mean looking at samples on the way."""
TRAINING_WORDS = frozenset(
    ["train", "training", "fit", "update", "learn", "optimize", "step", "finetune", "pretrain", "loss"]
)
"""Words of a function's name that say it trains: what it calls is not evaluation by a caller's name."""
DELIBERATE_WORDS = frozenset(
    [
        "mc",
        "montecarlo",
        "uncertainty",
        "bayesian",
        "stochastic",
        "calibrate",
        "calibration",
        "recalibrate",
        "bn",
        "adapt",
        "adaptation",
        "adversarial",
        "attack",
        "perturb",
        "profile",
        "flops",
        "benchmark",
        "warmup",
    ]
)
"""Words that say the mode is meant: Monte Carlo dropout, re-estimated statistics, measuring speed."""
EVALUATION_DATA_WORDS = frozenset(["val", "valid", "validation", "test", "eval", "evaluation", "dev", "holdout"])
"""Words of a loop's iterable that say it is evaluation data (assumption role-by-name)."""
TRAINING_DATA_WORDS = frozenset(["train", "training"])

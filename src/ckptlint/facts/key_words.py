"""What the name of a checkpoint's key says of what is under it."""

from __future__ import annotations

from ckptlint.flow.written import words_of

PROGRESS_WORDS = frozenset("epoch step iter iteration it best".split())
"""Words of keys that say how far a training has come."""
NO_PROGRESS_WORDS = frozenset("num max min total n size time per params hparams config window model state".split())
"""Words beside these that make it a setting (`max_epoch`, `step_size`) or weights (`best_model`)."""

_OPTIMIZER = frozenset("optim optims optimizer optimizers optimiser optimisers opt opts".split())
_SCHEDULER = frozenset("scheduler schedulers sched scheds schedule".split())
_SCALER = frozenset("scaler scalers amp".split())
_AVERAGE = frozenset("ema swa averaged average shadow".split())
_ARGUMENTS = frozenset("args arguments argv hparams hyperparameters hyperparams config configs cfg params".split())
_MODEL = frozenset("model models net network weights generator discriminator encoder decoder backbone".split())
_STATE = frozenset({"state", "dict"})


def is_progress(key: str) -> bool:
    """Whether a key's value says how far a training has come."""
    words = words_of(key)
    return bool(words & PROGRESS_WORDS) and not words & NO_PROGRESS_WORDS


def kind_by_key(key: str) -> str:
    """What a key's words say is under it; "unknown" when they say nothing."""
    words = words_of(key)
    if is_progress(key):
        return "progress"
    for kind, telling in (
        ("optimizer", _OPTIMIZER),
        ("scheduler", _SCHEDULER),
        ("scaler", _SCALER),
        ("average", _AVERAGE),
        ("model", _MODEL),
        ("arguments", _ARGUMENTS),
    ):
        if words & telling:
            return kind
    return "model" if words and words <= _STATE else "unknown"

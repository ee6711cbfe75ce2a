"""Which keys say how far a training has come."""

from __future__ import annotations

import pytest

from ckptlint.facts.key_words import is_progress


@pytest.mark.parametrize("key", ["epoch", "start_epoch", "global_step", "iteration", "best_acc", "best_prec1"])
def test_progress(key: str) -> None:
    assert is_progress(key)


@pytest.mark.parametrize("key", ["max_epoch", "num_epochs", "step_size", "time_step", "best_model", "accuracy", "args"])
def test_a_setting_or_weights(key: str) -> None:
    assert not is_progress(key)

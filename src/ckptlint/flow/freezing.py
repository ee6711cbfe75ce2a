"""Parameters that are kept from training: by a call on the model, or by a flag on each of them."""

from __future__ import annotations

from ckptlint.flow.domain import TRUE, Value, derived
from ckptlint.flow.events import Frozen
from ckptlint.flow.frame import Frame
from ckptlint.semantics.model import Place

GRADIENT_FLAG = "requires_grad"
"""The attribute of a parameter that says whether it is trained."""


def kept_from_training(frame: Frame, at: Place, operand: Value) -> None:
    """Keep that these models, or what their parameters are listed by, may be frozen here."""
    whole = Value(operand.atoms, operand.open, frame.expanded(derived([operand])).origins)
    frame.record(Frozen(frame.site(at), frame.within, frame.state.tests, whole))


def flag_set(frame: Frame, at: Place, name: str, base: Value, value: Value) -> None:
    """An attribute is set: on a parameter it may freeze it."""
    if name == GRADIENT_FLAG and value != TRUE:
        kept_from_training(frame, at, base)

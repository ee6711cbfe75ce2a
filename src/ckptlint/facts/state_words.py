"""What the name of an attribute says of how long its value is meant to live."""

from __future__ import annotations

from ckptlint.flow.written import words_of

_EPISODE = frozenset(
    "cache cached kv past hidden state states h c cell mem membrane spike trace history context support pos position "
    "v u hx cx potential syn offset cursor prev previous last cur current buffer stream".split()
)
_LEARNED = frozenset(
    "queue bank memory center centers centroid centroids prototype prototypes codebook running ema moving mean var std "
    "momentum average avg ptr pointer".split()
)
_RESETTING = frozenset(
    "reset clear init initialize initialise begin start restart flush empty sample resample redraw".split()
)


def is_of_episode(*names: str) -> bool:
    """Whether names say that a value belongs to one sequence, call or episode."""
    return any(words_of(name) & _EPISODE or any(w.endswith("cache") for w in words_of(name)) for name in names)


def is_learned(name: str) -> bool:
    """Whether a name says that a value is learned from the data, like a running mean or a memory bank."""
    return bool(words_of(name) & _LEARNED)


def redraws(method: str) -> bool:
    """Whether a method's name says that whoever trains draws noise anew with it."""
    words = words_of(method)
    return bool(words & {"reset", "sample", "resample", "redraw", "noise"}) and not words & {"parameters", "weights"}


def resets(method: str) -> bool:
    """Whether a method's name says that it puts something back to its first value."""
    return bool(words_of(method) & _RESETTING)

"""Conditions over a call's arguments, as rows write them: `dropout > 0 and num_layers > 1`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache


class Missing(Enum):
    """The type of `MISSING`."""

    MISSING = "missing"


MISSING = Missing.MISSING
"""Stands for an argument that is given but whose value is not known."""

_ORDER = {">", ">=", "<", "<="}
_COMPARISONS = _ORDER | {"==", "!="}
_WORDS: Mapping[str, object] = {"True": True, "False": False, "None": None}


class ConditionError(ValueError):
    """A condition that cannot be read; the message says what was expected."""


# A term is (parameter, comparison, value); the comparisons "" and "not" ask for truth and have no value.
_Term = tuple[str, str, object]
_Alternatives = tuple[tuple[_Term, ...], ...]


def parameters_of(condition: str | bool) -> frozenset[str]:
    """The parameters a condition speaks of; ConditionError when it cannot be read."""
    if isinstance(condition, bool):
        return frozenset()
    return frozenset(term[0] for terms in _parse(condition) for term in terms)


def holds(condition: str | bool, arguments: Mapping[str, object]) -> bool | None:
    """Whether a condition holds for literal arguments; None when that turns on an argument not known."""
    if isinstance(condition, bool):
        return condition
    return _any(_all(_term(term, arguments) for term in terms) for terms in _parse(condition))


def _any(values: Iterator[bool | None]) -> bool | None:
    unknown = False
    for value in values:
        if value:
            return True
        unknown = unknown or value is None
    return None if unknown else False


def _all(values: Iterator[bool | None]) -> bool | None:
    unknown = False
    for value in values:
        if value is False:
            return False
        unknown = unknown or value is None
    return None if unknown else True


def _term(term: _Term, arguments: Mapping[str, object]) -> bool | None:
    parameter, comparison, wanted = term
    value = arguments.get(parameter, MISSING)
    if value is MISSING:
        return None
    if comparison == "":
        return bool(value)
    if comparison == "not":
        return not value
    if comparison == "==":
        return value == wanted
    if comparison == "!=":
        return value != wanted
    if not isinstance(value, (int, float)) or not isinstance(wanted, (int, float)):
        return None
    if comparison == ">":
        return value > wanted
    if comparison == ">=":
        return value >= wanted
    return value < wanted if comparison == "<" else value <= wanted


@cache
def _parse(condition: str) -> _Alternatives:
    words = condition.split()
    alternatives: list[tuple[_Term, ...]] = []
    terms: list[_Term] = []
    while True:
        term, words = _take(words, condition)
        terms.append(term)
        if not words:
            return (*alternatives, tuple(terms))
        joint, words = words[0], words[1:]
        if joint == "or":
            alternatives.append(tuple(terms))
            terms = []
        elif joint != "and":
            raise ConditionError(f'"{condition}": expected "and", "or" or a comparison, found "{joint}"')


def _take(words: list[str], condition: str) -> tuple[_Term, list[str]]:
    negated = words[:1] == ["not"]
    if negated:
        words = words[1:]
    if not words or not words[0].isidentifier() or words[0] in {"and", "or", "not"}:
        found = f'"{words[0]}"' if words else "the end"
        raise ConditionError(f'"{condition}": expected the name of a parameter, found {found}')
    parameter, words = words[0], words[1:]
    if negated:
        return (parameter, "not", None), words
    if words and words[0] in _COMPARISONS:
        if len(words) < 2:
            raise ConditionError(f'"{condition}": a value is missing after "{words[0]}"')
        return (parameter, words[0], _literal(words[1], condition)), words[2:]
    return (parameter, "", None), words


def _literal(word: str, condition: str) -> object:
    if word in _WORDS:
        return _WORDS[word]
    if len(word) > 1 and word[0] == word[-1] == "'":
        return word[1:-1]
    try:
        return float(word) if "." in word or "e" in word else int(word)
    except ValueError:
        raise ConditionError(
            f'"{condition}": expected a number, True, False, None or a quoted word, found "{word}"'
        ) from None

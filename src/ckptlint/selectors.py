"""What users write to mean rules: codes, prefixes of codes, names, topics and ALL."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import takewhile

from ckptlint.rule import Rule
from ckptlint.rules import all_rules

UNREADABLE_FILE = "CKP001"
UNUSED_SUPPRESSION = "CKP002"


class UnknownSelectorError(ValueError):
    """The text means no rule; the message names the nearest that does."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Some rules, and how exactly they were named: 0 ALL, 1 a topic or hundred, 2 a ten, 3 one rule."""

    text: str
    exactness: int
    codes: frozenset[str]


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option most like a mistyped word, when one is like it at all; of equals the one that begins alike."""
    known = {option.lower(): option for option in options}
    written = word.lower()

    def likeness(option: str) -> tuple[float, int]:
        alike = takewhile(lambda pair: pair[0] == pair[1], zip(option, written, strict=False))
        return difflib.SequenceMatcher(None, option, written).ratio(), len(list(alike))

    found = difflib.get_close_matches(written, known, n=max(len(known), 1), cutoff=0.6)
    return known[max(found, key=likeness)] if found else None


def suggestion(word: str, options: Iterable[str]) -> str:
    """`; did you mean …?`, or nothing when no option is like the word."""
    found = nearest(word, options)
    return f"; did you mean `{found}`?" if found else ""


@cache
def parse_selector(text: str) -> Selector:
    """Raises `UnknownSelectorError`."""
    word = text.strip()
    rules = all_rules()
    code = word.upper()
    if code in ("ALL", "CKP"):
        return Selector(word, 0, frozenset(rule.code for rule in rules))
    if re.fullmatch(r"CKP\d{1,3}", code):
        codes = frozenset(rule.code for rule in rules if rule.code.startswith(code))
        if codes:
            return Selector(word, len(code) - len("CKP"), codes)
    for rule in rules:
        if rule.name == word:
            return Selector(word, 3, frozenset({rule.code}))
    codes = frozenset(rule.code for rule in rules if rule.topic == word)
    if codes:
        return Selector(word, 1, codes)
    raise UnknownSelectorError(f"no rule, topic or prefix is called `{word}`{suggestion(word, _words(rules))}")


def _words(rules: Iterable[Rule]) -> list[str]:
    words = {"ALL": None}
    for rule in rules:
        words |= dict.fromkeys((rule.code, rule.name, rule.topic))
    return list(words)


def find_rule(text: str) -> Rule:
    """The one rule with this code or name. Raises `UnknownSelectorError`."""
    word = text.strip()
    for rule in all_rules():
        if word.upper() == rule.code or word.lower().replace("_", "-") == rule.name:
            return rule
    options = [option for rule in all_rules() for option in (rule.code, rule.name)]
    raise UnknownSelectorError(f"no rule is called `{word}`{suggestion(word, options)}")


@dataclass(frozen=True, slots=True)
class Selection:
    """What one source of configuration says about which rules are on; `select` None leaves what was on."""

    select: tuple[Selector, ...] | None = None
    extend_select: tuple[Selector, ...] = ()
    ignore: tuple[Selector, ...] = ()


def selected_codes(selections: Iterable[Selection]) -> frozenset[str]:
    """The rules in force: later sources win, and within one source the more exact selector.

    `unreadable-file` stays on unless it is ignored: a run that could not read a file must not look clean.
    """
    codes = {rule.code for rule in all_rules() if rule.on_by_default}
    for selection in selections:
        if selection.select is not None:
            codes = {UNREADABLE_FILE} if UNREADABLE_FILE in codes else set()
        for exactness in range(4):
            for selector in (*(selection.select or ()), *selection.extend_select):
                if selector.exactness == exactness:
                    codes |= selector.codes
            for selector in selection.ignore:
                if selector.exactness == exactness:
                    codes -= selector.codes
    return frozenset(codes)

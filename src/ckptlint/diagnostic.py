"""What a rule reports, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum

from ckptlint.text import Fix, Span


class Severity(Enum):
    """How bad the fault is when the diagnostic is right."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Confidence(IntEnum):
    """How likely the diagnostic is right; ordered, so that two can be compared."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        """The word users read and write."""
        return self.name.lower()


class Assumption(Enum):
    """Something a fact takes for granted and did not see."""

    ROLE_BY_NAME = "role-by-name"
    TYPE_BY_USE = "type-by-use"
    EXTERNAL_CALLEE = "external-callee"
    CLASS_UNSEEN = "class-unseen"
    CALLER_UNSEEN = "caller-unseen"
    PATH_PATTERN = "path-pattern"
    BRANCH_CORRELATION = "branch-correlation"


def confidence_of(assumptions: Iterable[Assumption]) -> Confidence:
    """Computed, never guessed: no assumption is high, one is medium, more are low."""
    count = len(set(assumptions))
    return Confidence.HIGH if count == 0 else Confidence.MEDIUM if count == 1 else Confidence.LOW


@dataclass(frozen=True, slots=True)
class Related:
    """Another place of the same story, with what happens there."""

    span: Span
    message: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One report: what is wrong at a place, how sure, what else belongs to it, and how to mend it."""

    code: str
    name: str
    message: str
    span: Span
    severity: Severity
    confidence: Confidence
    related: tuple[Related, ...] = ()
    fix: Fix | None = None
    statement: Span | None = None
    """The statement that `span` lies in: a suppression on any of its lines counts."""

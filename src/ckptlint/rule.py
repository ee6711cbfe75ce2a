"""What a rule is: one sentence, a code, and a function from one fact to diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ckptlint.diagnostic import Confidence, Diagnostic, Related, Severity
from ckptlint.text import Fix, Span

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

F = TypeVar("F")
Check = Callable[[F, "Facts"], Iterable[Diagnostic]]


@dataclass(slots=True)
class Rule:
    """A rule; its name and topic come from its folder (`ckptlint.rules.<topic>.<name>`)."""

    module: str
    code: str
    severity: Severity
    summary: str
    on_by_default: bool = True
    checks: list[tuple[type[Any], Check[Any]]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The fault's name, with dashes."""
        return self.module.rsplit(".", 1)[-1].replace("_", "-")

    @property
    def topic(self) -> str:
        """The folder above the rule's own."""
        return self.module.rsplit(".", 2)[-2]

    def check(self, fact_type: type[F]) -> Callable[[Check[F]], Check[F]]:
        """Register a function of (fact, facts of the project) for every fact of this type."""

        def register(function: Check[F]) -> Check[F]:
            self.checks.append((fact_type, function))
            return function

        return register

    def at(
        self,
        span: Span,
        message: str,
        *,
        confidence: Confidence,
        related: tuple[Related, ...] = (),
        fix: Fix | None = None,
        statement: Span | None = None,
    ) -> Diagnostic:
        """A diagnostic of this rule."""
        return Diagnostic(self.code, self.name, message, span, self.severity, confidence, related, fix, statement)

"""What the lowering knows about the code around the place where it stands."""

from __future__ import annotations

from ckptlint.semantics.model import Function, Name, Operand, Sequence, Star


class Scope:
    """The body of a function, of a class, or of the module, while it is lowered.

    A class body is a scope of its own whose names belong to no function.
    """

    __slots__ = (
        "bound",
        "calls",
        "function",
        "global_names",
        "is_generator",
        "mentions",
        "model",
        "nonlocal_names",
        "prefix",
    )

    def __init__(self, function: int, model: int | None = None, prefix: str = "") -> None:
        """`prefix` leads the qualified names of what is defined here."""
        self.function = function
        self.model = model
        self.prefix = prefix
        self.mentions: set[str] = set()
        self.calls: set[str] = set()
        self.bound: set[str] = set()
        self.global_names: set[str] = set()
        self.nonlocal_names: set[str] = set()
        self.is_generator = False

    def header(self, inner: Scope) -> Scope:
        """For decorators, defaults and annotations of `inner`: they run here, but are mentioned there."""
        scope = Scope(self.function, None, self.prefix)
        scope.bound = self.bound
        scope.mentions = inner.mentions
        scope.calls = inner.calls
        return scope

    def bind(self, target: Operand) -> None:
        """Note the names that an assignment to the target binds."""
        if isinstance(target, Name):
            self.bound.add(target.id)
        elif isinstance(target, Sequence):
            for item in target.items:
                self.bind(item)
        elif isinstance(target, Star):
            self.bind(target.value)

    def close(self, function: Function) -> None:
        """Write what was gathered into the function."""
        function.declared_global = frozenset(self.global_names)
        function.declared_nonlocal = frozenset(self.nonlocal_names)
        function.bound = frozenset(self.bound - self.global_names - self.nonlocal_names)
        function.mentions = frozenset(self.mentions)
        function.calls = frozenset(self.calls)
        function.is_generator = self.is_generator

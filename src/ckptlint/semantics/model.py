"""The lowered form of one file.

A `Record` is independent of every other file and of the parser: operands (expressions), statements, functions and
classes, each with its place. Order of fields is source order; the order of evaluation is the reader's business
(`flow/`). Everything here is plain data: it turns into JSON and back without loss (`semantics/serial.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, field

Place = tuple[int, int, int, int]
"""(row, column, end row, end column): characters counted from 1, the end exclusive."""

# ------------------------------------------------------------------------------------------------ operands


@dataclass(slots=True)
class Name:
    """A bare name that is read."""

    at: Place
    id: str


@dataclass(slots=True)
class Literal:
    """A number, string, bytes, True, False, None or `...`; adjacent strings are joined."""

    at: Place
    value: object


@dataclass(slots=True)
class Attribute:
    """`value.name`; `name_at` is the place of the name alone."""

    at: Place
    value: Operand
    name: str
    name_at: Place


@dataclass(slots=True)
class Argument:
    """One argument of a call: `keyword` when given by name, `star` 1 for `*x` and 2 for `**x`."""

    at: Place
    value: Operand
    keyword: str | None = None
    star: int = 0


@dataclass(slots=True)
class CallSite:
    """`func(args)`."""

    at: Place
    func: Operand
    args: list[Argument]


@dataclass(slots=True)
class Index:
    """`value[items]`; more than one item for `x[1, 2]`, slices are `Slice`."""

    at: Place
    value: Operand
    items: list[Operand]


@dataclass(slots=True)
class Slice:
    """`lower:upper:step` within an index."""

    at: Place
    lower: Operand | None
    upper: Operand | None
    step: Operand | None


@dataclass(slots=True)
class Star:
    """`*value` within a display or a target."""

    at: Place
    value: Operand


@dataclass(slots=True)
class Sequence:
    """A list, tuple or set display (`kind` is "list", "tuple" or "set")."""

    at: Place
    kind: str
    items: list[Operand]


@dataclass(slots=True)
class DictItem:
    """`key: value`, or `**value` when `key` is None."""

    key: Operand | None
    value: Operand


@dataclass(slots=True)
class Mapping:
    """A dict display."""

    at: Place
    items: list[DictItem]


@dataclass(slots=True)
class Generator:
    """One `for target in iter if …` of a comprehension."""

    target: Operand
    iter: Operand
    tests: list[Operand]
    is_async: bool = False


@dataclass(slots=True)
class Comprehension:
    """`kind` is "list", "set", "dict" or "generator"; `key` only for a dict."""

    at: Place
    kind: str
    key: Operand | None
    value: Operand
    generators: list[Generator]


@dataclass(slots=True)
class FunctionRef:
    """A lambda: the function with this index in the record."""

    at: Place
    function: int


@dataclass(slots=True)
class Logic:
    """`and`, `or` over two or more operands."""

    at: Place
    operator: str
    values: list[Operand]


@dataclass(slots=True)
class Compare:
    """`left op right op right …`; operators as written: "==", "not in", "is not" …"""

    at: Place
    left: Operand
    operators: list[str]
    rights: list[Operand]


@dataclass(slots=True)
class Unary:
    """`not`, `-`, `+`, `~`."""

    at: Place
    operator: str
    value: Operand


@dataclass(slots=True)
class Binary:
    """Arithmetic and bit operators."""

    at: Place
    left: Operand
    operator: str
    right: Operand


@dataclass(slots=True)
class Choice:
    """`body if test else orelse`."""

    at: Place
    body: Operand
    test: Operand
    orelse: Operand


@dataclass(slots=True)
class Walrus:
    """`(target := value)`."""

    at: Place
    target: Name
    value: Operand


@dataclass(slots=True)
class Await:
    """`await value`."""

    at: Place
    value: Operand


@dataclass(slots=True)
class Yield:
    """`yield value` or, with `is_from`, `yield from value`."""

    at: Place
    value: Operand | None
    is_from: bool = False


@dataclass(slots=True)
class Format:
    """An f-string (or a concatenation with one): literal pieces are `Literal`, the rest operands."""

    at: Place
    parts: list[Operand]


Operand = (
    Name
    | Literal
    | Attribute
    | CallSite
    | Index
    | Slice
    | Star
    | Sequence
    | Mapping
    | Comprehension
    | FunctionRef
    | Logic
    | Compare
    | Unary
    | Binary
    | Choice
    | Walrus
    | Await
    | Yield
    | Format
)

# ---------------------------------------------------------------------------------------------- statements
# `at` of a simple statement covers it whole; of a compound statement its header, from the first word to the colon.


@dataclass(slots=True)
class Evaluate:
    """An expression statement."""

    at: Place
    value: Operand


@dataclass(slots=True)
class Bind:
    """`target = … = value`; also `target: annotation = value` (one target) and a bare annotation (no value)."""

    at: Place
    targets: list[Operand]
    value: Operand | None
    annotation: Operand | None = None


@dataclass(slots=True)
class Augment:
    """`target op= value`; the operator without its `=`."""

    at: Place
    target: Operand
    operator: str
    value: Operand


@dataclass(slots=True)
class Return:
    """`return value`."""

    at: Place
    value: Operand | None


@dataclass(slots=True)
class Raise:
    """`raise value from cause`."""

    at: Place
    value: Operand | None
    cause: Operand | None = None


@dataclass(slots=True)
class Delete:
    """`del targets`."""

    at: Place
    targets: list[Operand]


@dataclass(slots=True)
class Assert:
    """`assert test, message`."""

    at: Place
    test: Operand
    message: Operand | None


@dataclass(slots=True)
class Jump:
    """`kind` is "pass", "break" or "continue"."""

    at: Place
    kind: str


@dataclass(slots=True)
class Declare:
    """`global` or `nonlocal` names."""

    at: Place
    kind: str
    names: list[str]


@dataclass(slots=True)
class ImportedName:
    """One name an import binds.

    `import a.b` binds `a` to module `a` (attribute None), `import a.b as c` binds `c` to `a.b`,
    `from ..m import x as y` binds `y` to attribute `x` of module `..m` (leading dots kept).
    """

    bound: str
    module: str
    attribute: str | None = None


@dataclass(slots=True)
class Import:
    """An import statement; `star` names the module of `from module import *`."""

    at: Place
    names: list[ImportedName]
    star: str | None = None


@dataclass(slots=True)
class Branch:
    """`if test`; `elif` is a Branch alone in `orelse`."""

    at: Place
    test: Operand
    body: list[Statement]
    orelse: list[Statement]


@dataclass(slots=True)
class Loop:
    """`for target in iter` or, with `target` None, `while iter`."""

    at: Place
    target: Operand | None
    iter: Operand
    body: list[Statement]
    orelse: list[Statement]
    is_async: bool = False


@dataclass(slots=True)
class Handler:
    """One `except` (or `except*`) of a Try."""

    at: Place
    type: Operand | None
    name: str | None
    body: list[Statement]


@dataclass(slots=True)
class Try:
    """try/except/else/finally."""

    at: Place
    body: list[Statement]
    handlers: list[Handler]
    orelse: list[Statement]
    final: list[Statement]


@dataclass(slots=True)
class WithItem:
    """`value as target` of a with statement."""

    value: Operand
    target: Operand | None


@dataclass(slots=True)
class Region:
    """A with statement."""

    at: Place
    items: list[WithItem]
    body: list[Statement]
    is_async: bool = False


@dataclass(slots=True)
class Case:
    """One `case` of a match; `pattern` holds the literals and dotted names it tests, `bound` the names it binds."""

    at: Place
    pattern: list[Operand]
    bound: list[str]
    is_wildcard: bool
    guard: Operand | None
    body: list[Statement]


@dataclass(slots=True)
class Match:
    """A match statement."""

    at: Place
    subject: Operand
    cases: list[Case]


@dataclass(slots=True)
class Define:
    """A function or class statement binds its name here; `function` or `model` is the index in the record."""

    at: Place
    name: str
    function: int | None = None
    model: int | None = None


Statement = (
    Evaluate
    | Bind
    | Augment
    | Return
    | Raise
    | Delete
    | Assert
    | Jump
    | Declare
    | Import
    | Branch
    | Loop
    | Try
    | Region
    | Match
    | Define
)

# ------------------------------------------------------------------------------- functions, classes, files


@dataclass(slots=True)
class Parameter:
    """`kind` is "positional" (before `/`), "any", "keyword", "args" (`*x`) or "kwargs" (`**x`)."""

    at: Place
    name: str
    kind: str
    default: Operand | None = None
    annotation: Operand | None = None


@dataclass(slots=True)
class Function:
    """A function, method, lambda, or (index 0 of a record, name "<module>") the module's own code.

    `bound` are the names local to it; `mentions` every name and attribute name written in its own body, its
    decorators and defaults included, nested functions and classes excluded; `calls` those among them that are called.
    """

    at: Place
    index: int
    name: str
    qualname: str
    parameters: list[Parameter]
    body: list[Statement]
    decorators: list[Operand] = field(default_factory=list)
    returns: Operand | None = None
    is_async: bool = False
    is_generator: bool = False
    is_lambda: bool = False
    model: int | None = None
    """Index of the class whose body defines it."""
    outer: int | None = None
    """Index of the function whose body defines it (0 for the module)."""
    bound: frozenset[str] = frozenset()
    declared_global: frozenset[str] = frozenset()
    declared_nonlocal: frozenset[str] = frozenset()
    mentions: frozenset[str] = frozenset()
    calls: frozenset[str] = frozenset()
    has_doc: bool = False
    end_row: int = 0
    """Row of the last line of its body."""


@dataclass(slots=True)
class ClassModel:
    """A class: header, body (defaults of attributes, nested definitions), methods by name."""

    at: Place
    index: int
    name: str
    qualname: str
    bases: list[Operand]
    keywords: list[Argument]
    decorators: list[Operand]
    body: list[Statement]
    methods: dict[str, int]
    outer: int | None = None
    """Index of the function whose body defines it (0 for the module)."""
    model: int | None = None
    """Index of the class whose body defines it."""
    end_row: int = 0


@dataclass(slots=True)
class Record:
    """One file, lowered."""

    path: str
    functions: list[Function]
    classes: list[ClassModel]
    imports: dict[str, ImportedName]
    """Names that import statements bind at module level, those under if/try included (the last wins)."""
    stars: list[str]
    """Modules star-imported at module level."""
    has_main_guard: bool = False
    """There is an `if __name__ == "__main__"` at module level."""

    @property
    def module_body(self) -> Function:
        """The module's own code."""
        return self.functions[0]

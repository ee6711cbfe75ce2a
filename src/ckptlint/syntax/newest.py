"""The grammar of every Python version: libcst's tree as the tree of Python's own parser.

Only a file that the running Python cannot parse comes here. The tree holds no places. What is read off places
elsewhere, attributes say: `parentheses` (of every expression and pattern), `in_brackets` (of a sequence
pattern) and `in_parentheses` (of a with statement). Arguments are numbered in their order.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from unicodedata import normalize

import libcst as cst

from ckptlint.syntax.limits import room_for_recursion

_CONSTANTS: dict[str, bool | None] = {"True": True, "False": False, "None": None}
_MODULE = cst.Module([])


def converted(module: cst.Module) -> ast.Module:
    """The whole tree."""
    with room_for_recursion():
        return ast.Module(_statements(module.body), [])


_Node = TypeVar("_Node", bound=ast.AST)


def _marked(node: _Node, **attributes: object) -> _Node:
    for name, value in attributes.items():
        setattr(node, name, value)
    return node


# -------------------------------------------------------------------------------------------------- statements


def _statements(nodes: Iterable[Any]) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for node in nodes:
        if isinstance(node, cst.SimpleStatementLine):
            found.extend(_STATEMENTS[type(small).__name__](small) for small in node.body)
        else:
            found.append(_STATEMENTS[type(node).__name__](node))
    return found


def _block(node: Any) -> list[ast.stmt]:
    """The statements of an indented block, of one on the same line, or of an `else`."""
    if node is None:
        return []
    if isinstance(node, cst.If):
        return [_if(node)]
    if isinstance(node, cst.Else | cst.Finally):
        return _block(node.body)
    if isinstance(node, cst.IndentedBlock):
        return _statements(node.body)
    return [_STATEMENTS[type(small).__name__](small) for small in node.body]


def _if(node: cst.If) -> ast.If:
    # An `elif` chain can be long: the last branch is made first.
    chain: list[cst.If] = [node]
    while isinstance(chain[-1].orelse, cst.If):
        chain.append(chain[-1].orelse)
    following = _block(chain[-1].orelse)
    for one in reversed(chain):
        following = [ast.If(_expression(one.test), _block(one.body), following)]
    return following[0]  # type: ignore[return-value]


def _for(node: cst.For) -> ast.stmt:
    parts = (_expression(node.target), _expression(node.iter), _block(node.body), _block(node.orelse))
    return ast.For(*parts) if node.asynchronous is None else ast.AsyncFor(*parts)


def _try(node: Any) -> ast.stmt:
    handlers = [
        ast.ExceptHandler(_maybe(one.type), _name_of(one.name.name) if one.name is not None else None, _block(one.body))
        for one in node.handlers
    ]
    return ast.Try(_block(node.body), handlers, _block(node.orelse), _block(node.finalbody))


def _with(node: cst.With) -> ast.stmt:
    items = [
        ast.withitem(_expression(one.item), _expression(one.asname.name) if one.asname is not None else None)
        for one in node.items
    ]
    kind = ast.With if node.asynchronous is None else ast.AsyncWith
    return _marked(kind(items, _block(node.body)), in_parentheses=isinstance(node.lpar, cst.LeftParen))


def _match(node: cst.Match) -> ast.stmt:
    cases = [ast.match_case(_pattern(one.pattern), _maybe(one.guard), _block(one.body)) for one in node.cases]
    return ast.Match(_expression(node.subject), cases)


def _function(node: cst.FunctionDef) -> ast.stmt:
    kind = ast.FunctionDef if node.asynchronous is None else ast.AsyncFunctionDef
    return kind(
        name=_name_of(node.name),
        args=_parameters(node.params),
        body=_block(node.body),
        decorator_list=[_expression(one.decorator) for one in node.decorators],
        returns=None if node.returns is None else _expression(node.returns.annotation),
    )


def _class(node: cst.ClassDef) -> ast.stmt:
    given = _arguments([*node.bases, *node.keywords])
    return ast.ClassDef(
        name=_name_of(node.name),
        bases=[one for one in given if not isinstance(one, ast.keyword)],
        keywords=[one for one in given if isinstance(one, ast.keyword)],
        body=_block(node.body),
        decorator_list=[_expression(one.decorator) for one in node.decorators],
    )


def _annotated(node: cst.AnnAssign) -> ast.stmt:
    annotation = _expression(node.annotation.annotation)
    return ast.AnnAssign(_expression(node.target), annotation, _maybe(node.value), 0)


def _raise(node: cst.Raise) -> ast.stmt:
    return ast.Raise(_maybe(node.exc), None if node.cause is None else _expression(node.cause.item))


def _delete(node: cst.Del) -> ast.stmt:
    target = node.target
    if isinstance(target, cst.Tuple) and not target.lpar:
        return ast.Delete([_element(one) for one in target.elements])
    return ast.Delete([_expression(target)])


def _import(node: Any) -> ast.stmt:
    return ast.Import([_alias(one) for one in node.names])


def _import_from(node: Any) -> ast.stmt:
    names = [] if isinstance(node.names, cst.ImportStar) else [_alias(one) for one in node.names]
    return ast.ImportFrom(None if node.module is None else "", names, 0)


def _alias(node: cst.ImportAlias) -> ast.alias:
    # The names of modules are read from the tokens.
    name = _name_of(node.name) if isinstance(node.name, cst.Name) else ""
    return ast.alias(name, None if node.asname is None else _name_of(node.asname.name))


def _type_alias(node: Any) -> ast.stmt:
    from ckptlint.syntax.tree import TypeAlias

    # Newer Pythons want all fields at once; the stand-in of older ones takes any.
    fields: dict[str, Any] = {"name": _expression(node.name), "type_params": [], "value": _expression(node.value)}
    return TypeAlias(**fields)


_STATEMENTS: dict[str, Callable[[Any], ast.stmt]] = {
    "If": _if,
    "For": _for,
    "While": lambda node: ast.While(_expression(node.test), _block(node.body), _block(node.orelse)),
    "Try": _try,
    "TryStar": _try,
    "With": _with,
    "Match": _match,
    "FunctionDef": _function,
    "ClassDef": _class,
    "Expr": lambda node: ast.Expr(_expression(node.value)),
    "Assign": lambda node: ast.Assign([_expression(one.target) for one in node.targets], _expression(node.value)),
    "AnnAssign": _annotated,
    "AugAssign": lambda node: ast.AugAssign(_expression(node.target), ast.Add(), _expression(node.value)),
    "TypeAlias": _type_alias,
    "Return": lambda node: ast.Return(_maybe(node.value)),
    "Raise": _raise,
    "Del": _delete,
    "Assert": lambda node: ast.Assert(_expression(node.test), _maybe(node.msg)),
    "Pass": lambda _: ast.Pass(),
    "Break": lambda _: ast.Break(),
    "Continue": lambda _: ast.Continue(),
    "Global": lambda node: ast.Global([_name_of(one.name) for one in node.names]),
    "Nonlocal": lambda node: ast.Nonlocal([_name_of(one.name) for one in node.names]),
    "Import": _import,
    "LazyImport": _import,
    "ImportFrom": _import_from,
    "LazyImportFrom": _import_from,
}

# ------------------------------------------------------------------------------------------------- expressions


def _name_of(node: Any) -> str:
    return node.value if node.value.isascii() else normalize("NFKC", node.value)


def _maybe(node: Any) -> Any:
    return None if node is None else _expression(node)


def _expression(node: Any) -> Any:
    return _marked(_EXPRESSIONS[type(node).__name__](node), parentheses=len(node.lpar))


def _element(node: Any) -> Any:
    return _expression(node.value if isinstance(node, cst.Element) else node)


def _name(node: cst.Name) -> ast.expr:
    if node.value in _CONSTANTS:
        return ast.Constant(_CONSTANTS[node.value])
    return ast.Name(_name_of(node))


def _strings(node: Any) -> ast.expr:
    """What the strings hold is read from the tokens; how many rows they take is not."""
    rows = _MODULE.code_for_node(node).count("\n")
    return ast.JoinedStr([], lineno=1, end_lineno=1 + rows, col_offset=0)


def _arguments(nodes: Iterable[cst.Arg]) -> list[Any]:
    found: list[Any] = []
    for number, node in enumerate(nodes):
        value = _expression(node.value)
        if node.keyword is not None:
            found.append(ast.keyword(_name_of(node.keyword), value))
        elif node.star:
            found.append(ast.keyword(None, value) if node.star == "**" else ast.Starred(value))
        else:
            found.append(value)
        found[-1].lineno, found[-1].col_offset = getattr(found[-1], "lineno", 1), number
    return found


def _call(node: cst.Call) -> ast.expr:
    given = _arguments(node.args)
    keywords = [one for one in given if isinstance(one, ast.keyword)]
    return ast.Call(_expression(node.func), [one for one in given if not isinstance(one, ast.keyword)], keywords)


def _subscript(node: cst.Subscript) -> ast.expr:
    items = [_item(one.slice) for one in node.slice]
    if len(items) == 1 and isinstance(node.slice[0].comma, cst.MaybeSentinel):
        return ast.Subscript(_expression(node.value), items[0])
    return ast.Subscript(_expression(node.value), _marked(ast.Tuple(items), parentheses=0))


def _item(node: Any) -> Any:
    if isinstance(node, cst.Slice):
        return ast.Slice(_maybe(node.lower), _maybe(node.upper), _maybe(node.step))
    return ast.Starred(_expression(node.value)) if node.star else _expression(node.value)


def _logic(node: cst.BooleanOperation) -> ast.expr:
    kind = type(node.operator)
    values: list[Any] = []
    pending: list[Any] = [node.right, node.left]
    while pending:
        part = pending.pop()
        if isinstance(part, cst.BooleanOperation) and type(part.operator) is kind and not part.lpar:
            pending += (part.right, part.left)
        else:
            values.append(_expression(part))
    return ast.BoolOp(ast.And() if kind is cst.And else ast.Or(), values)


def _yield(node: cst.Yield) -> ast.expr:
    if isinstance(node.value, cst.From):
        return ast.YieldFrom(_expression(node.value.item))
    return ast.Yield(_maybe(node.value))


def _dict(node: cst.Dict) -> ast.expr:
    keys = [_expression(one.key) if isinstance(one, cst.DictElement) else None for one in node.elements]
    return ast.Dict(keys, [_expression(one.value) for one in node.elements])


def _comprehension(kind: Any) -> Callable[[Any], ast.expr]:
    return lambda node: kind(_expression(node.elt), _generators(node.for_in))


def _dict_comprehension(node: Any) -> ast.expr:
    key = _expression(node.key) if isinstance(node, cst.DictComp) else None
    return ast.DictComp(key, _expression(node.value), _generators(node.for_in))  # type: ignore[arg-type]


def _generators(node: cst.CompFor | None) -> list[ast.comprehension]:
    found = []
    while node is not None:
        tests = [_expression(one.test) for one in node.ifs]
        found.append(ast.comprehension(_expression(node.target), _expression(node.iter), tests, 0))
        node = node.inner_for_in
    return found


def _parameters(node: cst.Parameters) -> ast.arguments:
    in_place = [*node.posonly_params, *node.params]
    vararg = _parameter(node.star_arg) if isinstance(node.star_arg, cst.Param) else None
    return ast.arguments(
        [_parameter(one) for one in node.posonly_params],
        [_parameter(one) for one in node.params],
        vararg,
        [_parameter(one) for one in node.kwonly_params],
        [_maybe(one.default) for one in node.kwonly_params],
        _parameter(node.star_kwarg) if node.star_kwarg is not None else None,
        [_expression(one.default) for one in in_place if one.default is not None],
    )


def _parameter(node: cst.Param) -> ast.arg:
    annotation = None if node.annotation is None else _expression(node.annotation.annotation)
    return ast.arg(_name_of(node.name), annotation)


_EXPRESSIONS: dict[str, Callable[[Any], ast.expr]] = {
    "Name": _name,
    "Integer": lambda _: ast.Constant(0),
    "Float": lambda _: ast.Constant(0),
    "Imaginary": lambda _: ast.Constant(0),
    "Ellipsis": lambda _: ast.Constant(...),
    "SimpleString": _strings,
    "FormattedString": _strings,
    "TemplatedString": _strings,
    "ConcatenatedString": _strings,
    "Attribute": lambda node: ast.Attribute(_expression(node.value), _name_of(node.attr)),
    "Call": _call,
    "Subscript": _subscript,
    "BinaryOperation": lambda node: ast.BinOp(_expression(node.left), ast.Add(), _expression(node.right)),
    "UnaryOperation": lambda node: ast.UnaryOp(ast.Not(), _expression(node.expression)),
    "BooleanOperation": _logic,
    "Comparison": lambda node: ast.Compare(
        _expression(node.left), [], [_expression(one.comparator) for one in node.comparisons]
    ),
    "IfExp": lambda node: ast.IfExp(_expression(node.test), _expression(node.body), _expression(node.orelse)),
    "NamedExpr": lambda node: ast.NamedExpr(_expression(node.target), _expression(node.value)),
    "Await": lambda node: ast.Await(_expression(node.expression)),
    "Yield": _yield,
    "Lambda": lambda node: ast.Lambda(_parameters(node.params), _expression(node.body)),
    "Tuple": lambda node: ast.Tuple([_element(one) for one in node.elements]),
    "List": lambda node: ast.List([_element(one) for one in node.elements]),
    "Set": lambda node: ast.Set([_element(one) for one in node.elements]),
    "StarredElement": lambda node: ast.Starred(_expression(node.value)),
    "Dict": _dict,
    "ListComp": _comprehension(ast.ListComp),
    "SetComp": _comprehension(ast.SetComp),
    "GeneratorExp": _comprehension(ast.GeneratorExp),
    "DictComp": _dict_comprehension,
    "StarredDictComp": _dict_comprehension,
}

# --------------------------------------------------------------------------------------------------- patterns


def _pattern(node: Any) -> Any:
    return _marked(_PATTERNS[type(node).__name__](node), parentheses=len(node.lpar))


def _pattern_value(node: cst.MatchValue) -> ast.pattern:
    return ast.MatchValue(_expression(node.value))


def _pattern_constant(node: cst.MatchSingleton) -> ast.pattern:
    return ast.MatchSingleton(_CONSTANTS[node.value.value])


def _pattern_as(node: cst.MatchAs) -> ast.pattern:
    return ast.MatchAs(
        _pattern(node.pattern) if node.pattern is not None else None,
        _name_of(node.name) if node.name is not None else None,
    )


def _pattern_sequence(node: Any) -> ast.pattern:
    in_brackets = isinstance(node, cst.MatchList) and node.lbracket is not None
    return _marked(ast.MatchSequence([_part(one) for one in node.patterns]), in_brackets=in_brackets)


def _part(node: Any) -> ast.pattern:
    if not isinstance(node, cst.MatchStar):
        return _pattern(node.value)  # type: ignore[no-any-return]
    return _marked(ast.MatchStar(_name_of(node.name) if node.name is not None else None), parentheses=0)


def _pattern_mapping(node: cst.MatchMapping) -> ast.pattern:
    return ast.MatchMapping(
        [_expression(one.key) for one in node.elements],
        [_pattern(one.pattern) for one in node.elements],
        _name_of(node.rest) if node.rest is not None else None,
    )


def _pattern_class(node: cst.MatchClass) -> ast.pattern:
    return ast.MatchClass(
        _expression(node.cls),
        [_pattern(one.value) for one in node.patterns],
        [_name_of(one.key) for one in node.kwds],
        [_pattern(one.pattern) for one in node.kwds],
    )


_PATTERNS: dict[str, Callable[[Any], ast.pattern]] = {
    "MatchValue": _pattern_value,
    "MatchSingleton": _pattern_constant,
    "MatchAs": _pattern_as,
    "MatchOr": lambda node: ast.MatchOr([_pattern(one.pattern) for one in node.patterns]),
    "MatchList": _pattern_sequence,
    "MatchTuple": _pattern_sequence,
    "MatchMapping": _pattern_mapping,
    "MatchClass": _pattern_class,
}

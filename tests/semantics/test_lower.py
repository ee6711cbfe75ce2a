"""What each piece of grammar is lowered to."""

from __future__ import annotations

from typing import Any

import pytest

from ckptlint.semantics import model as m
from ckptlint.semantics.constants import fold
from ckptlint.semantics.lower import lower
from ckptlint.syntax.tree import Unreadable


def show(item: Any) -> str:
    """A compact form of operands and statements, without places."""
    match item:
        case None:
            return "-"
        case list():
            return "[" + " ".join(map(show, item)) + "]"
        case m.Name(id=name):
            return name
        case m.Literal(value=value):
            return repr(value)
        case m.Attribute(value=value, name=name):
            return f"{show(value)}.{name}"
        case m.Argument(value=value, keyword=keyword, star=star):
            return "*" * star + (f"{keyword}=" if keyword else "") + show(value)
        case m.CallSite(func=func, args=args):
            return f"{show(func)}({' '.join(map(show, args))})"
        case m.Index(value=value, items=items):
            return f"{show(value)}{show(items)}"
        case m.FunctionRef(function=function):
            return f"#{function}"
        case m.ImportedName(bound=bound, module=module, attribute=attribute):
            return f"{bound}<{module}:{attribute or ''}>"
        case str() | bool() | int():
            return str(item)
        case _:
            fields = [getattr(item, name) for name in item.__slots__ if name != "at"]
            return f"{type(item).__name__}({' '.join(map(show, fields))})"


def expression(source: str) -> str:
    """The compact form of an expression."""
    statement = lower("f.py", source + "\n").module_body.body[0]
    assert isinstance(statement, m.Evaluate)
    return show(statement.value)


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a", "a"),
        ("True, None, ..., 0x1F, 1_0, 1.5, 2j, 0", "Sequence(tuple [True None Ellipsis 31 10 1.5 2j 0])"),
        (r"'a' r'\n' '\x41\N{BULLET}\101\q'", repr("a\\nA\u2022A\\q")),
        (r"b'\xff' b'\u0041'", repr(b"\xff\\u0041")),
        ("'''a\r\nb'''", repr("a\nb")),
        ("a.b.c(1, *d, k=e, **f)[0].g", "a.b.c(1 *d k=e **f)[0].g"),
        ("a[1:2, ::3, :, x:, *y]", "a[Slice(1 2 -) Slice(- - 3) Slice(- - -) Slice(x - -) Star(y)]"),
        (
            "((a, *b), [], {c}, ())",
            "Sequence(tuple [Sequence(tuple [a Star(b)]) Sequence(list []) Sequence(set [c]) Sequence(tuple [])])",
        ),
        ("{1: a, **b}", "Mapping([DictItem(1 a) DictItem(- b)])"),
        (
            "[a for b in c if d if e for f, in g]",
            "Comprehension(list - a [Generator(b c [d e] False) Generator(Sequence(tuple [f]) g [] False)])",
        ),
        ("{a: b for c in d}", "Comprehension(dict a b [Generator(c d [] False)])"),
        ("{a async for c in d}", "Comprehension(set - a [Generator(c d [] True)])"),
        ("f(a for b in c)", "f(Comprehension(generator - a [Generator(b c [] False)]))"),
        ("a and b and c or d", "Logic(or [Logic(and [a b c]) d])"),
        ("a and (b and c)", "Logic(and [a Logic(and [b c])])"),
        ("a < b is not c not in d", "Compare(a [< is not not in] [b c d])"),
        ("not a + -b ** c", "Unary(not Binary(a + Unary(- Binary(b ** c))))"),
        ("a - b - c", "Binary(Binary(a - b) - c)"),
        ("a if b else c", "Choice(a b c)"),
        ("(a := b)", "Walrus(a b)"),
        ("f'a{{{b!r:>{w}}}}' 'c' f'{d=}'", "Format(['a{' b w '}c' d])"),
        ("lambda: a", "#1"),
        ("{**a for a in b}", "Comprehension(dict - a [Generator(a b [] False)])"),
        ("t'a{b}'", "Format(['a' b])"),
    ],
)
def test_expressions(source: str, shown: str) -> None:
    assert expression(source) == shown


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("a = b, c = d", "Bind([a Sequence(tuple [b c])] d -)"),
        ("a: 'B' = c", "Bind([a] c 'B')"),
        ("a.b: C", "Bind([a.b] - C)"),
        ("a //= b", "Augment(a // b)"),
        ("raise a from b", "Raise(a b)"),
        ("raise", "Raise(- -)"),
        ("del a, b[0]", "Delete([a b[0]])"),
        ("del (a, b)", "Delete([Sequence(tuple [a b])])"),
        ("assert a, b", "Assert(a b)"),
        ("pass", "Jump(pass)"),
        ("global a, b", "Declare(global [a b])"),
        ("import a.b, c.d as e", "Import([a<a:> e<c.d:>] -)"),
        ("from ...a.b import (c as d, e,)", "Import([d<...a.b:c> e<...a.b:e>] -)"),
        ("from .... import f", "Import([f<....:f>] -)"),
        ("from a import *", "Import([] a)"),
        ("type A[T] = list[T]", "Bind([A] - list[T])"),
        ("if a: b\nelif c: d\nelse: e", "Branch(a [Evaluate(b)] [Branch(c [Evaluate(d)] [Evaluate(e)])])"),
        ("for a, b in c: break\nelse: d", "Loop(Sequence(tuple [a b]) c [Jump(break)] [Evaluate(d)] False)"),
        ("while a: continue\nelse: d", "Loop(- a [Jump(continue)] [Evaluate(d)] False)"),
        (
            "try: a\nexcept (B, C) as e: f\nexcept: g\nelse: h\nfinally: i",
            "Try([Evaluate(a)] [Handler(Sequence(tuple [B C]) e [Evaluate(f)]) Handler(- - [Evaluate(g)])]"
            " [Evaluate(h)] [Evaluate(i)])",
        ),
        ("try: a\nexcept* B: c", "Try([Evaluate(a)] [Handler(B - [Evaluate(c)])] [] [])"),
        ("with a as b, c: d", "Region([WithItem(a b) WithItem(c -)] [Evaluate(d)] False)"),
        (
            "with (a as b, c(),): d; e",
            "Region([WithItem(a b) WithItem(c() -)] [Evaluate(d) Evaluate(e)] False)",
        ),
        (
            "match a:\n case 1 | B.c if d: e\n case [x, *y]: f\n"
            " case {'k': v, **r}: g\n case C(p, k=q) as s: h\n case _: i",
            "Match(a [Case([1 B.c] [] False d [Evaluate(e)]) Case([] [x y] False - [Evaluate(f)])"
            " Case(['k'] [v r] False - [Evaluate(g)]) Case([C] [p q s] False - [Evaluate(h)])"
            " Case([] [] True - [Evaluate(i)])])",
        ),
        ("def f(): pass", "Define(f 1 -)"),
        ("class C: pass", "Define(C - 0)"),
    ],
)
def test_statements(source: str, shown: str) -> None:
    body = lower("f.py", source + "\n").module_body.body
    assert [show(item) for item in body] == [shown]


def test_async() -> None:
    source = "async def f():\n  async with a: pass\n  async for b in c: await d\n"
    source += "  return (yield e), (yield from g)\n"
    function = lower("f.py", source).functions[1]
    assert function.is_async
    assert function.is_generator
    assert [show(item) for item in function.body] == [
        "Region([WithItem(a -)] [Jump(pass)] True)",
        "Loop(b c [Evaluate(Await(d))] [] True)",
        "Return(Sequence(tuple [Yield(e False) Yield(g True)]))",
    ]


FUNCTIONS = '''
"""doc"""
@outside.decorate(option)
def f(a, /, b: T = default(), *args, c=lambda q: q + deep, d, **kw) -> R:
    "doc"
    global g1
    g1 = x1 = 1
    x2.attr, (x3, *x4) = made.by()
    for x5 in it: pass
    with w as x6: pass
    try: pass
    except E as x7: pass
    import x8.y, z as x9
    def x10(): nonlocal x1; x1 = inside
    class x11: attr = 1
    [(x12 := i) for i in it]
    match it:
        case [x13]: pass
    x14 += 1
    del x15
    x16: int
class C(B, metaclass=M, **kw):
    field = 1
    @property
    def p(self): return 1
    @p.setter
    def p(self, v): pass
    if field:
        def m(self):
            class D: pass
    class E: pass
'''


def test_functions() -> None:
    record = lower("f.py", FUNCTIONS)
    by_name = {function.qualname: function for function in record.functions}
    assert list(by_name) == [
        "<module>",
        "f",
        "<lambda>",
        "f.<locals>.x10",
        "C.p",
        "C.m",
    ]
    f = by_name["f"]
    assert [(p.name, p.kind, show(p.default), show(p.annotation)) for p in f.parameters] == [
        ("a", "positional", "-", "-"),
        ("b", "any", "default()", "T"),
        ("args", "args", "-", "-"),
        ("c", "keyword", "#2", "-"),
        ("d", "keyword", "-", "-"),
        ("kw", "kwargs", "-", "-"),
    ]
    assert show(f.decorators) == "[outside.decorate(option)]"
    assert show(f.returns) == "R"
    assert f.bound == {"a", "b", "args", "c", "d", "kw"} | {f"x{n}" for n in range(1, 17) if n != 2}
    assert f.declared_global == {"g1"}
    assert f.has_doc
    assert {"outside", "decorate", "option", "default", "made", "by", "attr"} <= f.mentions
    assert not {"deep", "inside", "field"} & f.mentions
    assert f.calls == {"decorate", "default", "by"}
    assert by_name["f.<locals>.x10"].declared_nonlocal == {"x1"}
    assert by_name["f.<locals>.x10"].outer == f.index
    assert by_name["<lambda>"].is_lambda
    assert by_name["<lambda>"].outer == 0
    assert by_name["<lambda>"].mentions == {"q", "deep"}
    assert record.module_body.bound == {"f", "C"}
    assert record.module_body.has_doc
    assert f.end_row == FUNCTIONS.split("\n").index("class C(B, metaclass=M, **kw):")


def test_classes() -> None:
    record = lower("f.py", FUNCTIONS)
    assert [(model.qualname, model.outer, model.model) for model in record.classes] == [
        ("f.<locals>.x11", 1, None),
        ("C", 0, None),
        ("C.m.<locals>.D", 6, None),
        ("C.E", 0, 1),
    ]
    model = record.classes[1]
    assert show(model.bases) == "[B]"
    assert show(model.keywords) == "[metaclass=M **kw]"
    assert model.methods == {"p": 4, "m": 6}
    assert [record.functions[index].model for index in (4, 5, 6)] == [1, 1, 1]


def test_module_level_imports() -> None:
    record = lower(
        "f.py",
        "import a.b\nif TYPE_CHECKING:\n  from c import d as e\ntry: import f\nexcept E: import g as f\n"
        "from h import *\ndef k(): import local\nclass C: import field\n"
        "if '__main__' == __name__ and a: pass\n",
    )
    assert {name: (i.module, i.attribute) for name, i in record.imports.items()} == {
        "a": ("a", None),
        "e": ("c", "d"),
        "f": ("g", None),
    }
    assert record.stars == ["h"]
    assert record.has_main_guard
    assert not lower("f.py", "def f():\n  if __name__ == '__main__': pass\n").has_main_guard


@pytest.mark.parametrize("source", ["", "\n", "# only\n", "\f", "  \n\t"])
def test_nothing(source: str) -> None:
    assert lower("f.py", source).module_body.body == []


def test_names_are_normalised_as_python_does() -> None:
    assert expression("\ufb01.\ufb01") == "fi.fi"


def test_wide_files() -> None:
    source = "x = [" + "f(1, a), " * 10_000 + "]\n" + "'a'\n" * 100 + "y = (" + "'s'\n" * 2000 + ")\n"
    body = lower("f.py", source).module_body.body
    assert isinstance(body[0], m.Bind)
    assert isinstance(body[0].value, m.Sequence)
    assert len(body[0].value.items) == 10_000
    assert isinstance(body[-1], m.Bind)
    assert fold(body[-1].value) == "s" * 2000


def test_integers_python_does_not_convert() -> None:
    with pytest.raises(Unreadable, match="digits") as caught:
        lower("f.py", f"x = 1\ny = {'1' * 10_000}\n")
    assert (caught.value.row, caught.value.column) == (2, 5)

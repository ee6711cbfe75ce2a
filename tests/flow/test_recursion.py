"""Functions that call themselves or each other: what one does is known whoever is asked first."""

from __future__ import annotations

import pytest

from tests.flow.programs import analyse

MUTUAL = """
def visit(model, tree):
    model.eval()
    for child in tree: walk(model, child)
def walk(model, tree):
    visit(model, tree)
"""


@pytest.mark.parametrize("first", ["visit", "walk"])
@pytest.mark.parametrize("then", ["visit", "walk"])
def test_mutual_recursion_does_not_depend_on_who_is_asked_first(first: str, then: str) -> None:
    code = MUTUAL + f"other = Net()\n{first}(other, t)\nnet = Net()\n{then}(net, t)\nnet(x)"
    assert "built" not in analyse(code).modes("net")


def test_recursion_comes_to_an_end_with_both_ways_out() -> None:
    code = "def f(m, n):\n    if n:\n        f(m, n - 1)\n        return\n    m.eval()\nnet = Net()\nf(net, k)\nnet(x)"
    assert analyse(code).modes("net") == {"built", "eval"}  # The rounds begin with a call that does nothing.


def test_recursion_that_never_returns_is_followed_by_nothing() -> None:
    code = "def f(m):\n    return f(m)\nnet = Net()\nf(net)\nnet(x)"
    assert analyse(code).modes("net") <= {"built", "unknown"}


def test_three_functions_in_a_ring() -> None:
    ring = "def a(m, n):\n    if n: b(m, n)\ndef b(m, n):\n    c(m, n)\n    m.train()\ndef c(m, n):\n    m.eval()\n    a(m, n)\n"
    for start, last in (("a", {"built", "train"}), ("b", {"train"}), ("c", {"eval", "train"})):
        for before in "abc":
            code = ring + f"other = Net()\n{before}(other, k)\nnet = Net()\n{start}(net, k)\nnet(x)"
            assert analyse(code).modes("net") == last, (start, before)


def test_recursion_inside_recursion_takes_bounded_work() -> None:
    names = "abcdefghijkl"
    code = "".join(f"def {n}(m, k):\n    m.eval()\n" + "".join(f"    {o}(m, k)\n" for o in names) for n in names)
    found = analyse(code + "net = Net()\na(net, k)\nnet(x)")
    assert "built" not in found.modes("net")
    assert found.analyzer.runs < 60

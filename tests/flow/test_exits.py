"""Every way out of a statement: what it leaves behind reaches the code after it."""

from __future__ import annotations

import pytest

from ckptlint.flow.events import Forward
from tests.flow.programs import analyse

EVALUATING = """
from contextlib import contextmanager
@contextmanager
def evaluating(model):
    model.eval()
    try:
        yield
    finally:
        model.train()
"""


def test_a_return_within_a_with_leaves_its_context() -> None:
    code = (
        EVALUATING
        + "def validate(m):\n    with evaluating(m):\n        return m(x)\nnet = Net()\nvalidate(net)\nnet(y)"
    )
    assert analyse(code).modes("m") == {"eval"}
    assert analyse(code).modes("net") == {"train"}


@pytest.mark.parametrize("jump", ["break", "continue"])
def test_a_jump_within_a_with_leaves_its_context(jump: str) -> None:
    code = EVALUATING + f"net = Net()\nfor x in xs:\n    with evaluating(net):\n        {jump}\nnet(y)"
    assert "eval" not in analyse(code).modes("net")
    assert "eval+" not in analyse(code).modes("net")


def test_gradients_are_on_again_after_a_return_within_no_grad() -> None:
    code = "net = Net()\ndef f():\n    with torch.no_grad():\n        if c: return net(1)\n    return net(2)\nf()"
    assert [event.gradients for event in analyse(code).of(Forward)] == [False, True]


@pytest.mark.parametrize("call", ["sys.exit(1)", "os._exit(0)", "exit()", "quit()", "sys.exit(main())"])
def test_a_call_that_ends_the_program_leads_nowhere(call: str) -> None:
    code = f"import os, sys\nnet = Net()\nfor x in xs:\n    net(x)\n    if c:\n        net.eval()\n        {call}"
    assert analyse(code).modes("net") == {"built", "built+"}


def test_a_helper_that_ends_the_program_leads_nowhere() -> None:
    code = (
        "import sys\ndef stop():\n    return sys.exit(1)\nnet = Net()\nif c:\n    net.eval()\nelse:\n    stop()\nnet(x)"
    )
    assert analyse(code).modes("net") == {"eval"}


def test_an_unrolled_loop_that_breaks_leaves_no_trace_in_other_functions() -> None:
    from ckptlint.flow.state import DEAD

    analyse("def f(m):\n    for i in [1, 2, 3]:\n        m.eval()\n        break\nf(Net())")
    analyse(EVALUATING + "def f(m):\n    with evaluating(m):\n        return 1\nf(Net())")
    assert not DEAD.names
    assert not DEAD.modes


def test_partial_binds_the_first_arguments() -> None:
    code = "from functools import partial\ndef run(m, x, train): m.train(train); m(x)\nf = partial(run, Net(), train=False)\nf(1)"
    assert analyse(code).modes("m") == {"eval"}

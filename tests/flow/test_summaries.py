"""Calls: what a function does to what it is given, and what it gives back."""

from __future__ import annotations

import textwrap

import pytest

from ckptlint.flow.events import Forward, Switched
from tests.flow.programs import analyse

MODES: dict[str, tuple[str, set[str]]] = {
    "helper": ("def off(m): m.eval()\nnet = Net()\noff(net)\nnet(x)", {"eval"}),
    "two calls down": ("def a(m): m.eval()\ndef b(m): a(m)\nnet = Net()\nb(net)\nnet(x)", {"eval"}),
    "returns it": ("def off(m):\n    m.eval()\n    return m\nnet = off(Net())\nnet(x)", {"eval"}),
    "only the given one": ("def off(m): m.eval()\nnet = Net()\noff(Net())\nnet(x)", {"built"}),
    "made inside": ("def make(): return Net().eval()\nnet = make()\nnet(x)", {"eval"}),
    "made twice": ("def make(): return Net()\nother = make()\nother.eval()\nnet = make()\nnet(x)", {"built"}),
    "loop inside": ("def off(m):\n    for i in r: m.eval()\nnet = Net()\noff(net)\nnet(x)", {"built", "eval+"}),
    "early return": ("def off(m, s):\n    if s: return\n    m.eval()\nnet = Net()\noff(net, c)\nnet(x)", {"built", "eval"}),
    "early return, known": ("def off(m, s):\n    if s: return\n    m.eval()\nnet = Net()\noff(net, True)\nnet(x)", {"built"}),
    "early return, known not to": ("def off(m, s):\n    if s: return\n    m.eval()\nnet = Net()\noff(net, False)\nnet(x)", {"eval"}),
    "never returns": ("def stop(): raise E\nnet = Net()\nif c:\n    net.eval()\nelse:\n    stop()\nnet(x)", {"eval"}),
    "return in finally": ("def f(m):\n    m.eval()\n    try: return 1\n    finally: m.train()\nnet = Net()\nf(net)\nnet(x)", {"train"}),
    "raises half way": ("def f(m):\n    m.eval()\n    work()\nnet = Net()\ntry: f(net)\nexcept E: net(x)", {"built", "eval"}),
    # arguments
    "keyword": ("def off(*, m): m.eval()\nnet = Net()\noff(m=net)\nnet(x)", {"eval"}),
    "default": ("def f(m, ev=True):\n    if ev: m.eval()\nnet = Net()\nf(net)\nnet(x)", {"eval"}),
    "default overridden": ("def f(m, ev=True):\n    if ev: m.eval()\nnet = Net()\nf(net, ev=False)\nnet(x)", {"built"}),
    "default None": ("def f(m, o=None):\n    if o is None: m.eval()\nnet = Net()\nf(net)\nnet(x)", {"eval"}),
    "phase": ("def f(m, p):\n    if p == 'train': m.train()\n    else: m.eval()\nnet = Net()\nf(net, 'val')\nnet(x)", {"eval"}),
    "flag handed on": ("def f(m, t): m.train(t)\ndef g(m, t): f(m, not t)\nnet = Net()\ng(net, True)\nnet(x)", {"eval"}),
    "flag unknown": ("def f(m, t): m.train(t)\nnet = Net()\nf(net, flag)\nnet(x)", {"eval", "train"}),
    "star": ("def f(m, n): n.eval()\nnet = Net()\na = (1, net)\nf(*a)\nnet(x)", {"eval"}),
    "star args": ("def f(*ms):\n    for m in ms: m.eval()\nnet = Net()\nf(1, net)\nnet(x)", {"eval"}),
    "handed on whole": ("def f(m, ev): m.train(not ev)\ndef g(*a, **k): f(*a, **k)\nnet = Net()\ng(net, ev=True)\nnet(x)", {"eval"}),
    "keywords by name": ("def f(**k): k['m'].eval()\nnet = Net()\nf(m=net)\nnet(x)", {"eval"}),
    "list given": ("def f(ms):\n    for m in ms: m.eval()\nnet = Net()\nf([net, Net()])\nnet(x)", {"built", "eval+"}),
    "function given": ("def off(m): m.eval()\ndef do(f, m): f(m)\nnet = Net()\ndo(off, net)\nnet(x)", {"eval"}),
    "class given": ("def make(c): return c()\nnet = make(Net)\nnet(x)", {"built"}),
    # functions
    "lambda": ("off = lambda m: m.eval()\nnet = Net()\noff(net)\nnet(x)", {"eval"}),
    "partial": ("from functools import partial\ndef f(m, n): m.eval()\nnet = Net()\npartial(f, net)(1)\nnet(x)", {"eval"}),
    "closure": ("def f():\n    net = Net()\n    def off(): net.eval()\n    off()\n    net(x)\nf()", {"eval"}),
    "closure returned": ("def f(m):\n    def off(): m.eval()\n    return off\nnet = Net()\nf(net)()\nnet(x)", {"eval"}),
    "closure changed later": ("def f():\n    net = None\n    def off(): net.eval()\n    net = Net()\n    off()\n    net(x)\nf()", {"eval"}),
    "nonlocal": ("def f():\n    net = None\n    def make():\n        nonlocal net\n        net = Net().eval()\n    make()\n    net(x)\nf()", {"eval"}),
    "global": ("def make():\n    global net\n    net = Net().eval()\nmake()\nnet(x)", {"eval"}),
    "global read": ("net = Net()\ndef off(): net.eval()\noff()\nnet(x)", {"eval"}),
    "global in both": ("net = Net()\ndef off(): net.eval()\ndef run(): net(x)\noff()\nrun()", {"eval"}),
    "generator": ("def f(m):\n    m.eval()\n    yield 1\nnet = Net()\nfor i in f(net): pass\nnet(x)", {"eval", "eval+"}),
    "main guard": ("def main():\n    net = Net().eval()\n    net(x)\nif __name__ == '__main__': main()", {"eval"}),
    # decorators
    "decorator": ("def d(f):\n    def w(*a, **k):\n        a[0].eval()\n        return f(*a, **k)\n    return w\n@d\ndef f(m): pass\nnet = Net()\nf(net)\nnet(x)", {"eval"}),
    "decorator with arguments": ("def d(t):\n    def e(f):\n        def w(m):\n            m.train(t)\n            return f(m)\n        return w\n    return e\n@d(False)\ndef f(m): pass\nnet = Net()\nf(net)\nnet(x)", {"eval", "train"}),
    "wraps": ("import functools\ndef d(f):\n    @functools.wraps(f)\n    def w(m): return f(m)\n    return w\n@d\ndef f(m): m.eval()\nnet = Net()\nf(net)\nnet(x)", {"eval"}),
    "no_grad": ("@torch.no_grad()\ndef f(m): m.eval()\nnet = Net()\nf(net)\nnet(x)", {"eval"}),
    "decorator of a library": ("import lib\n@lib.timed\ndef f(m): pass\nnet = Net()\nf(net)\nnet(x)", {"unknown"}),
    # classes
    "static": ("class T:\n    @staticmethod\n    def off(m): m.eval()\nnet = Net()\nT.off(net)\nnet(x)", {"eval"}),
    "static of an instance": ("class T:\n    @staticmethod\n    def off(m): m.eval()\nnet = Net()\nT().off(net)\nnet(x)", {"eval"}),
    "class method": ("class T:\n    @classmethod\n    def off(cls, m): m.eval()\nnet = Net()\nT.off(net)\nnet(x)", {"eval"}),
    "class method makes": ("class T:\n    def __init__(self, m): self.m = m\n    @classmethod\n    def of(cls, m): return cls(m)\n    def off(self): self.m.eval()\nnet = Net()\nT.of(net).off()\nnet(x)", {"eval"}),
    "property": ("class T:\n    def __init__(self, m): self._m = m\n    @property\n    def m(self): return self._m\nnet = Net()\nT(net).m.eval()\nnet(x)", {"eval"}),
    "self": ("class T:\n    def __init__(self, m): self.m = m\n    def off(self): self.m.eval()\nnet = Net()\nT(net).off()\nnet(x)", {"eval"}),
    "self through self": ("class T:\n    def __init__(self, m): self.m = m\n    def a(self): self.m.eval()\n    def b(self): self.a()\nnet = Net()\nT(net).b()\nnet(x)", {"eval"}),
    "callable object": ("class T:\n    def __call__(self, m): m.eval()\nnet = Net()\nT()(net)\nnet(x)", {"eval"}),
    "super": ("class A:\n    def off(self, m): m.eval()\nclass B(A):\n    def off(self, m): super().off(m)\nnet = Net()\nB().off(net)\nnet(x)", {"eval"}),
    "hook of a subclass": ("class A:\n    def run(self, m): self.pre(m)\n    def pre(self, m): pass\nclass B(A):\n    def pre(self, m): m.eval()\nnet = Net()\nB().run(net)\nnet(x)", {"eval"}),
    "hook of the base": ("class A:\n    def run(self, m): self.pre(m)\n    def pre(self, m): pass\nclass B(A):\n    def pre(self, m): m.eval()\nnet = Net()\nA().run(net)\nnet(x)", {"built"}),
    "made in another method": ("class T:\n    def make(self): self.net = Net()\n    def run(self):\n        self.make()\n        self.net.eval()\n        net = self.net\n        net(x)\nT().run()", {"eval"}),
    "two instances": ("class T:\n    def __init__(self, m): self.m = m\nnet = Net()\na = T(net)\nb = T(Net())\nb.m.eval()\nnet(x)", {"built"}),
    # putting back
    "was training": ("def f(m):\n    was = m.training\n    m.eval()\n    m.train(was)\nnet = Net()\nf(net)\nnet(x)", {"built"}),
    "was training, by keyword": ("def f(m):\n    was = m.training\n    m.eval()\n    m.train(mode=was)\nnet = Net().eval()\nf(net)\nnet(x)", {"eval"}),
    "was training, if": ("def f(m):\n    was = m.training\n    m.eval()\n    if was: m.train()\nnet = Net()\nf(net)\nnet(x)", {"built"}),
    "was training, if not": ("def f(m):\n    was = m.training\n    m.eval()\n    if not was: return\n    m.train()\nnet = Net()\nf(net)\nnet(x)", {"eval", "train"}),
    "was evaluating": ("def f(m):\n    was = m.training\n    m.eval()\n    if was: m.train()\nnet = Net().eval()\nf(net)\nnet(x)", {"eval"}),
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_what_a_call_does_to_a_mode(name: str) -> None:
    code, expected = MODES[name]
    assert analyse(code).modes("net") == expected


def test_a_loop_around_the_call_crosses_its_back_edge() -> None:
    code = """
    def validate(m):
        m.eval()
        m(x)
    def step(m):
        t = m
        t(x).backward()
    net = Net()
    for epoch in range(3):
        step(net)
        validate(net)
    """
    found = analyse(textwrap.dedent(code))
    assert found.modes("t") == {"built", "eval+"}
    assert found.modes("m") == {"eval"}
    assert found.trained() == {"t"}


def test_an_event_knows_the_way_to_it() -> None:
    found = analyse("def a(m): m.eval()\ndef b(m): a(m)\nb(Net())")
    (event,) = found.of(Switched)
    assert event.site.at[0] == 4
    assert [at[0] for _, at in event.site.chain] == [6, 5]
    assert [found.analyzer.program.function(key).name for key in event.within] == ["<module>", "b", "a"]


def test_a_parameter_s_mode_is_that_of_the_entry() -> None:
    found = analyse("def f(m):\n    m(x)\n    m.eval()\n    m(y)", function="f")
    assert [{d.kind for d in event.modes} for event in found.of(Forward)] == [{"entry"}, {"eval"}]


def test_parts_of_a_model_are_one_forward_at_the_call() -> None:
    code = """
    class Big(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = Net()
            self.b = Net()
        def forward(self, x): return self.b(self.a(x))
        def generate(self, x): return self.forward(x)
    big = Big()
    big(x)
    big.generate(x)
    """
    found = analyse(textwrap.dedent(code))
    assert found.forwards() == ["big", "big.generate"]
    assert found.modes() == {"built"}


def test_a_model_that_keeps_a_part_in_eval_mode_is_in_no_one_mode() -> None:
    code = """
    class Big(nn.Module):
        def __init__(self):
            super().__init__()
            self.a = Net()
        def train(self, mode=True):
            super().train(mode)
            self.a.eval()
            return self
        def forward(self, x): return self.a(x)
    big = Big()
    big.train()
    big(x)
    """
    assert "unknown" in analyse(textwrap.dedent(code)).modes("big")


FILES = {
    "lib/__init__.py": "from .engine import Base\n",
    "lib/engine.py": (
        "class Base:\n    def __init__(self, m): self.m = m\n    def run(self):\n        self.before()\n"
        "        self.m(x)\n    def before(self): pass\n"
    ),
    "state.py": "from net import Net\nmodel = Net()\n",
    "use.py": "from state import model\ndef use(): model(x)\n",
    "main.py": "",
}


@pytest.mark.parametrize(
    ("main", "written", "expected"),
    [
        (
            "from lib import Base\nclass T(Base):\n    def before(self): self.m.eval()\nT(Net()).run()",
            "self.m", {"eval"},
        ),
        ("import lib\nlib.Base(Net()).run()", "self.m", {"built"}),
        ("import lib.engine as e\ne.Base(Net().eval()).run()", "self.m", {"eval"}),
        ("import state\nfrom use import use\nstate.model.eval()\nuse()", "model", {"eval"}),
        ("from state import model\nfrom use import use\nmodel.eval()\nuse()", "model", {"eval"}),
        ("from use import *\nuse()", "model", {"entry"}),
    ],
)  # fmt: skip
def test_calls_over_files(main: str, written: str, expected: set[str]) -> None:
    assert analyse({**FILES, "main.py": f"from net import Net\n{main}"}).modes(written) == expected


def test_constants_beyond_a_bound_are_no_longer_told_apart() -> None:
    code = "def f(m, p):\n    if p == 'a0': m.eval()\nnet = Net()\n"
    code += "".join(f"f(net, 'a{i}')\n" for i in range(1, 12)) + "net(x)"
    assert analyse(code).modes("net") == {"built", "eval"}

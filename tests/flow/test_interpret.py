"""Statements and operands: which modes reach a forward call, and what reaches a backward pass.

Each program holds one forward call of `net` that is asked about. `built`, `train` and `eval` are definitions of the
mode; a `+` says that the definition came over the back edge of a loop.
"""

from __future__ import annotations

import textwrap

import pytest

from ckptlint.flow.events import Forward, Ineffective, Switched
from tests.flow.programs import analyse

MODES: dict[str, tuple[str, set[str]]] = {
    "built": ("net = Net()\nnet(x)", {"built"}),
    "eval": ("net = Net()\nnet.eval()\nnet(x)", {"eval"}),
    "train(False)": ("net = Net()\nnet.train(False)\nnet(x)", {"eval"}),
    "train(mode=False)": ("net = Net()\nnet.train(mode=False)\nnet(x)", {"eval"}),
    "train(not False)": ("net = Net().eval()\nnet.train(not False)\nnet(x)", {"train"}),
    "train(unknown)": ("net = Net()\nnet.train(flag)\nnet(x)", {"unknown"}),
    "chained": ('net = Net().to("cuda").eval()\nnet = net.cuda()\nnet(x)', {"eval"}),
    "never called": ("net = Net()\nnet.eval\nnet(x)", {"built"}),
    "getattr": ('net = Net()\ngetattr(net, "eval")()\nnet(x)', {"eval"}),
    "bound method kept": ("net = Net()\noff = net.eval\noff()\nnet(x)", {"eval"}),
    # branches
    "if": ("net = Net()\nif c: net.eval()\nnet(x)", {"built", "eval"}),
    "if else": ("net = Net()\nif c: net.eval()\nelse: net.train()\nnet(x)", {"eval", "train"}),
    "elif": ("net = Net()\nif c: net.eval()\nelif d: net.train()\nnet(x)", {"built", "eval", "train"}),
    "if True": ("net = Net()\nif True: net.eval()\nnet(x)", {"eval"}),
    "if not None": ("net = Net()\nif not None: net.eval()\nnet(x)", {"eval"}),
    "choice": ("net = Net()\nnet.eval() if c else net.train()\nnet(x)", {"eval", "train"}),
    "and": ("net = Net()\nTrue and net.eval()\nnet(x)", {"eval"}),
    "match": (
        "net = Net()\nmatch c:\n    case 'a': net.eval()\n    case _: net.train()\nnet(x)",
        {"eval", "train"},
    ),
    "match without a last case": ("net = Net()\nmatch c:\n    case 'a': net.eval()\nnet(x)", {"built", "eval"}),
    "match of a literal": (
        "net = Net()\nc = 'b'\nmatch c:\n    case 'a': net.eval()\n    case 'b': net.train()\n    case _: net.eval()\nnet(x)",
        {"train"},
    ),
    "match with a guard": (
        "net = Net()\nmatch c:\n    case 'a' if d: net.eval()\n    case _ if e: net.train()\nnet(x)",
        {"built", "eval", "train"},
    ),
    "raise": ("net = Net()\nif c:\n    net.train()\n    raise ValueError\nnet(x)", {"built"}),
    "assert": ("net = Net()\nassert net.eval() is not None\nnet(x)", {"eval"}),
    "walrus": ("if (net := Net()): pass\nnet.eval()\nnet(x)", {"eval"}),
    "deleted and made again": ("net = Net()\ndel net\nnet = Net().eval()\nnet(x)", {"eval"}),
    # loops
    "for": ("net = Net()\nfor i in r: net.eval()\nnet(x)", {"built", "eval+"}),
    "for, within": ("net = Net()\nfor i in r:\n    net(x)\n    net.eval()", {"built", "eval+"}),
    "for, switched first": ("net = Net()\nfor i in r:\n    net.train()\n    net(x)\n    net.eval()", {"train"}),
    "for else": ("net = Net()\nfor i in r: pass\nelse: net.eval()\nnet(x)", {"eval"}),
    "for else with break": (
        "net = Net()\nfor i in r:\n    if c: break\nelse:\n    net.eval()\nnet(x)",
        {"built", "built+", "eval"},
    ),
    "break": ("net = Net()\nfor i in r:\n    net.eval()\n    break\nnet(x)", {"built", "eval"}),
    "continue": ("net = Net()\nfor i in r:\n    if c: continue\n    net.eval()\nnet(x)", {"built", "built+", "eval+"}),
    "while": ("net = Net()\nwhile c: net.eval()\nnet(x)", {"built", "eval+"}),
    "while True": ("net = Net()\nwhile True:\n    net.eval()\n    if c: break\nnet(x)", {"eval"}),
    "while True without an end": ("net = Net()\nnet(x)\nwhile True: net.eval()", {"built"}),
    "literal items": ("net = Net()\nfor i in [1, 2]: net.eval()\nnet(x)", {"eval"}),
    "literal items and break": (
        "net = Net()\nfor i in [1, 2]:\n    if c: break\n    net.eval()\nnet(x)",
        {"built", "eval"},
    ),
    "no items": ("net = Net()\nfor i in []: net.eval()\nnet(x)", {"built"}),
    "literal phases": (
        "net = Net()\nfor p in ('train', 'val'):\n    if p == 'train': net.train()\n    else: net.eval()\nnet(x)",
        {"eval"},
    ),
    "literal phases, in": (
        "net = Net()\nfor p in ('val', 'train'):\n    if p in ['train']: net.train()\n    else: net.eval()\nnet(x)",
        {"train"},
    ),
    "phases as a flag": ("net = Net()\nfor p in ['train', 'val']: net.train(p == 'train')\nnet(x)", {"eval"}),
    "nested loops": (
        "net = Net()\nfor i in r:\n    for j in s: net(x)\n    net.eval()",
        {"built", "built+", "eval+"},
    ),
    "comprehension": ("net = Net().eval()\no = [net(i) for i in r]", {"eval"}),
    "comprehension switches": ("net = Net()\n[m.eval() for m in [net]]\nnet(x)", {"eval"}),
    # try
    "try": ("net = Net()\ntry: net.eval()\nexcept E: pass\nnet(x)", {"built", "eval"}),
    "try, switched before work": ("net = Net()\ntry:\n    net.eval()\n    work()\nexcept E:\n    net(x)", {"built", "eval"}),
    "try else": ("net = Net()\ntry: work()\nexcept E: net.eval()\nelse: net.eval()\nnet(x)", {"eval"}),
    "finally": ("net = Net()\ntry: work()\nfinally: net.eval()\nnet(x)", {"eval"}),
    "finally after handler": (
        "net = Net()\ntry: net.train()\nexcept E: net.train()\nfinally: net.eval()\nnet(x)",
        {"eval"},
    ),
    "re-raised": ("net = Net()\ntry: net.eval()\nexcept E: raise\nnet(x)", {"eval"}),
    "raised in a nested try": (
        "net = Net()\ntry:\n    net.eval()\n    try: raise E\n    except F: pass\nexcept E:\n    net(x)",
        {"built", "eval"},
    ),
    # with
    "with": ("net = Net()\nwith open(p) as f: net.eval()\nnet(x)", {"eval"}),
    "with a class of the project": (
        "class Off:\n    def __init__(self, m): self.m = m\n    def __enter__(self): self.m.eval()\n"
        "    def __exit__(self, *a): self.m.train()\nnet = Net()\nwith Off(net): pass\nnet(x)",
        {"train"},
    ),
    "with, inside": (
        "class Off:\n    def __init__(self, m): self.m = m\n    def __enter__(self):\n        self.m.eval()\n"
        "        return self.m\n    def __exit__(self, *a): self.m.train()\nwith Off(Net()) as net: net(x)",
        {"eval"},
    ),
    "context manager of the project": (
        "from contextlib import contextmanager\n@contextmanager\ndef off(m):\n    was = m.training\n    m.eval()\n"
        "    yield\n    m.train(was)\nnet = Net()\nwith off(net): pass\nnet(x)",
        {"built"},
    ),
    "context manager of the project, inside": (
        "from contextlib import contextmanager\n@contextmanager\ndef off(m):\n    m.eval()\n    yield\n    m.train()\n"
        "net = Net()\nwith off(net): net(x)",
        {"eval"},
    ),
    # who it is
    "data parallel": ("net = Net()\nd = nn.DataParallel(net)\nd.eval()\nnet(x)", {"eval"}),
    "distributed": ("m = Net()\nnet = nn.parallel.DistributedDataParallel(m)\nm.eval()\nnet(x)", {"eval"}),
    "compiled": ("net = Net()\nc = torch.compile(net)\nc.eval()\nnet(x)", {"eval"}),
    "module of a wrapper": ("net = Net()\nd = nn.DataParallel(net)\nd.module.eval()\nnet(x)", {"eval"}),
    "perhaps wrapped": ("net = Net()\nif c: net = nn.DataParallel(net)\nnet.eval()\nnet(x)", {"eval"}),
    "copied": ("import copy\nm = Net().eval()\nnet = copy.deepcopy(m)\nm.train()\nnet(x)", {"eval"}),
    "unpacked": ("def f(): return Net(), 1\nnet, o = f()\nnet.eval()\nnet(x)", {"eval"}),
    "one of two": ("net = Net()\nm = net if c else Net()\nm.eval()\nnet(x)", {"built", "eval"}),
    "list": ("net = Net()\nfor m in [net, Net()]: m.eval()\nnet(x)", {"eval"}),
    "dict": ("net = Net()\nd = {'a': net}\nd['a'].eval()\nnet(x)", {"eval"}),
    "values": ("net = Net()\nfor m in {'a': net}.values(): m.eval()\nnet(x)", {"eval"}),
    "items": ("net = Net()\nfor k, m in {'a': net}.items(): m.eval()\nnet(x)", {"eval"}),
    "zip": ("net = Net()\nfor m, k in zip([net], [1]): m.eval()\nnet(x)", {"eval"}),
    "module list": ("ms = nn.ModuleList([Net()])\nms.eval()\nfor net in ms: net(x)", {"eval", "eval+"}),
    "attribute": ("class T: pass\nt = T()\nt.m = net = Net()\nt.m.eval()\nnet(x)", {"eval"}),
    "dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass T:\n    m: Net\n    n: int = 0\nnet = Net()\nt = T(net)\n"
        "t.m.eval()\nnet(x)",
        {"eval"},
    ),
    "part switched": ("net = Net()\nnet.eval()\nnet.fc.train()\nnet(x)", {"eval", "unknown"}),
    # code that is not seen
    "unknown callee": ("from lib import run\nnet = Net().eval()\nrun(net)\nnet(x)", {"eval"}),
    "unknown callee named for a mode": ("from lib import evaluate\nnet = Net()\nevaluate(net)\nnet(x)", {"unknown"}),
    "unresolved callee of the project": ("from .lib import run\nnet = Net()\nrun(net)\nnet(x)", {"unknown"}),
    "given in a list": ("from .lib import run\nnet = Net()\nrun([net])\nnet(x)", {"unknown"}),
    "given in an object": (
        "from .lib import run\nclass T:\n    def __init__(self, m): self.m = m\nnet = Net()\nrun(T(net))\nnet(x)",
        {"unknown"},
    ),
    "printed": ("net = Net().eval()\nprint(net)\nlen(str(net))\nnet(x)", {"eval"}),
    "method of something unknown": ("net = Net().eval()\nlogger.info(net)\nnet(x)", {"eval"}),
    "raised in a nested try without a handler": (
        "net = Net()\ntry:\n    try:\n        net.eval()\n        raise E\n    finally: pass\nexcept E:\n    net(x)",
        {"built", "eval"},
    ),
    "bound method given": ("def do(f): f()\nnet = Net()\ndo(net.eval)\nnet(x)", {"eval"}),
    "switched through vars()": (
        "class T:\n    def __init__(self): self.net = Net()\n    def off(self):\n"
        "        for m in vars(self).values(): m.eval()\nt = T()\nt.off()\nnet = t.net\nnet(x)",
        {"unknown", "unknown+"},
    ),
    "function under a test": (
        "if c:\n    def off(m): m.eval()\nelse:\n    def off(m): pass\nnet = Net()\noff(net)\nnet(x)",
        {"unknown"},
    ),
    "mode asked before it is switched": (
        "def f(m):\n    if m.training:\n        m.eval()\n        flag = True\n    else:\n        flag = False\n"
        "    if flag: m.train()\nnet = Net()\nf(net)\nnet(x)",
        {"built"},
    ),
}  # fmt: skip

DEFECTS: dict[str, tuple[str, set[str]]] = {
    "tests that change from round to round": (
        "def main(n):\n    net = Net()\n    for e in range(n):\n        last = e % 2\n        if not last: net.train()\n"
        "        net(x)\n        if last: net.eval()\nmain(3)",
        {"built", "train", "train+"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODES)
def test_the_modes_that_reach_a_forward_call(name: str) -> None:
    code, expected = MODES[name]
    assert analyse(code).modes("net") == expected


@pytest.mark.xfail(strict=True, reason="known defects")
@pytest.mark.parametrize("name", DEFECTS)
def test_modes_that_are_told_wrongly(name: str) -> None:
    code, expected = DEFECTS[name]
    assert analyse(code).modes("net") == expected


TRAINED = {
    "at once": "net(x).backward()",
    "named": "y = net(x)\nloss = crit(y, t)\nloss.backward()",
    "sum": "loss = 0\nfor b in r: loss += net(b)\nloss.backward()",
    "list": "ls = []\nfor b in r: ls.append(net(b))\nsum(ls).backward()",
    "dict": "d = {'a': net(x)}\nt = 0\nfor k, v in d.items(): t = t + v\nt.backward()",
    "unpacked": "a, b = net(x)\nb.backward()",
    "subscript": "net(x)['loss'].backward()",
    "attribute": "out = net(x)\nout.loss.backward()",
    "helper": "def loss(m, x): return crit(m(x), 1)\nloss(net, x).backward()",
    "object": "class T:\n    def f(self): self.out = net(x)\n    def b(self): self.out.mean().backward()\nt = T()\nt.f()\nt.b()",
    "scaler": "s = torch.cuda.amp.GradScaler()\ns.scale(net(x)).backward()",
    "grad": "torch.autograd.grad(net(x).sum(), net.parameters())",
    "closure": "o = torch.optim.LBFGS(net.parameters())\ndef c():\n    l = net(x)\n    l.backward()\n    return l\no.step(c)",
    "accelerate": "from accelerate import Accelerator\na = Accelerator()\nnet, o = a.prepare(net, o)\na.backward(net(x))",
    "conditional": "y = net(x) if c else 0\nif y: y.backward()",
    "input of another": "m = nn.Linear(1, 1)\nm(net(x)).backward()",
}  # fmt: skip
NOT_TRAINED = {
    "never used": "net(x)",
    "only printed": "print(net(x))",
    "another's": "m = nn.Linear(1, 1)\nnet(x)\nm(x).backward()",
    "overwritten": "y = net(x)\ny = 0\ny.backward()",
}


@pytest.mark.parametrize("name", TRAINED)
def test_what_reaches_a_backward_pass(name: str) -> None:
    assert analyse(f"net = Net()\n{TRAINED[name]}").trained() & {"net", "m", "self.out"}
    if "m(" not in TRAINED[name]:
        assert "net" in analyse(f"net = Net()\n{TRAINED[name]}").trained()


@pytest.mark.parametrize("name", NOT_TRAINED)
def test_what_does_not_reach_a_backward_pass(name: str) -> None:
    assert "net" not in analyse(f"net = Net()\n{NOT_TRAINED[name]}").trained()


def test_phases_keep_what_belongs_to_each() -> None:
    code = """
    def fit(net):
        for epoch in range(3):
            for phase in ["train", "val"]:
                if phase == "train":
                    net.train()
                else:
                    net.eval()
                for x in loaders[phase]:
                    out = net(x)
                    if phase == "train":
                        out.backward()
    fit(Net())
    """
    found = {event.loops[-1]: {d.kind for d in event.modes} for event in analyse(textwrap.dedent(code)).of(Forward)}
    assert found == {"loaders['train']": {"train"}, "loaders['val']": {"eval"}}


def test_the_same_test_twice_takes_the_same_side() -> None:
    code = "def f(net, t):\n    if t: net.train()\n    else: net.eval()\n    y = net(x)\n    if t: y.backward()\nf(Net(), flag)"
    found = analyse(code, function="f")
    sides = {event.tests: {d.kind for d in event.modes} for event in found.of(Forward)}
    assert sides == {frozenset({("t", True)}): {"train"}, frozenset({("t", False)}): {"eval"}}


@pytest.mark.parametrize(
    ("setting", "modes"),
    [
        ("from config import FROZEN", {"train", "eval"}),
        ("import config\nFROZEN = config.FROZEN", {"train", "eval"}),
        ("from config import options\nFROZEN = options.model.frozen", {"train", "eval"}),
        ("from .config import FROZEN", {"train", "eval"}),
        ("from torch import save as FROZEN", {"eval"}),
        ("FROZEN = print", {"eval"}),
        ("def FROZEN(): pass", {"eval"}),
        ("FROZEN = True", {"eval"}),
    ],
)
def test_a_setting_of_a_module_that_is_not_seen_may_be_false(setting: str, modes: set[str]) -> None:
    code = f"{setting}\nnet = Net()\nif FROZEN: net.eval()\nelse: net.train()\nnet(x)"
    assert analyse(code).modes() == modes


def test_gradients_are_off_where_they_are_switched_off() -> None:
    code = """
    net = Net()
    with torch.no_grad(): net(1)
    with torch.inference_mode(), open(p): net(2)
    with torch.set_grad_enabled(False): net(3)
    with torch.set_grad_enabled(flag): net(4)
    @torch.no_grad()
    def f(m): m(5)
    f(net)
    net(6)
    """
    found = [event.gradients for event in analyse(textwrap.dedent(code)).of(Forward)]
    assert found == [False, False, False, True, False, True]


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("net.eval", "mode-method"),
        ("net.train", "mode-method"),
        ("opt.zero_grad", "gradient-method"),
        ("torch.no_grad()", "context"),
        ("with torch.no_grad: pass", "context-class"),
        ("net.training = False", "training-flag"),
    ],
)
def test_expressions_without_effect(statement: str, kind: str) -> None:
    assert [event.kind for event in analyse(f"net = Net()\n{statement}").of(Ineffective)] == [kind]
    assert not list(analyse(f"net = Net()\n{statement}").of(Switched))


@pytest.mark.parametrize("given", ["torch.randn(1)", "torch.zeros(2, 3)", "[torch.ones(1)]"])
def test_inputs_that_are_made_up(given: str) -> None:
    (event,) = analyse(f"net = Net()\nnet({given})").of(Forward)
    assert event.synthetic


def test_inputs_that_are_data() -> None:
    (event,) = analyse("net = Net()\nnet(x)").of(Forward)
    assert not event.synthetic

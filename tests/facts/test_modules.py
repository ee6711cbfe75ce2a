"""What a model is made of: whether its mode makes a difference, and whether it holds buffers."""

from __future__ import annotations

import pytest

from ckptlint.facts.modules import Modules, Trait
from ckptlint.flow.analyzer import Analyzer
from ckptlint.flow.domain import FunctionKey, Made
from ckptlint.flow.frame import Context
from tests.flow.programs import ROOT, program_of


def traits(code: str) -> tuple[bool | None, bool | None]:
    """(sensitive, buffers) of the model bound to `net` in a program."""
    return tuple(trait.holds for trait in found(code))  # type: ignore[return-value]


def found(code: str) -> tuple[Trait, Trait]:
    """Both traits with what shows them."""
    text = f"import torch\nimport torchvision\nfrom torch import nn\nimport torch.nn.functional as F\n{code}\n"
    failures: list[str] = []
    analyzer = Analyzer(program_of({"main.py": text}), lambda key, error: failures.append(f"{key}: {error!r}"))
    summary = analyzer.summary(Context(FunctionKey(f"{ROOT}/main.py", 0)))
    assert not failures, failures
    (ref,) = summary.names["net"].refs()
    assert isinstance(ref.location, Made)
    modules = Modules(analyzer)
    held = summary.objects.get(ref.location)
    return modules.trait(held, "sensitive"), modules.trait(held, "buffers")


EACH = "[part(x) for part in self.children()]"
"""A forward pass that runs every part."""


def model(init: str, *, signature: str = "", rest: str = "", call: str = "") -> str:
    """A class `Net` with this constructor, and one instance of it."""
    lines = "".join(f"        {line}\n" for line in init.splitlines())
    return (
        f"{rest}\nclass Net(nn.Module):\n    def __init__(self{', ' if signature else ''}{signature}):\n"
        f"        super().__init__()\n{lines}    def forward(self, x): return {EACH}\nnet = Net({call})"
    )


def tool(used: str, *, made: str = "Coder(3)", base: str = "    pass") -> str:
    """A class whose only part is made of something unseen, with what its forward returns."""
    before = f"from lib import Coder\nclass Base(nn.Module):\n{base}"
    code = model(f"self.a = {made}", rest=before).replace(f"return {EACH}", f"return {used}")
    return code.replace("class Net(nn.Module)", "class Net(Base)")


LIBRARY = {
    "linear": ("net = nn.Linear(1, 1)", (False, False)),
    "layer norm": ("net = nn.LayerNorm(3)", (False, False)),
    "group norm": ("net = nn.GroupNorm(1, 3)", (False, False)),
    "dropout": ("net = nn.Dropout(0.5)", (True, False)),
    "dropout by default": ("net = nn.Dropout()", (True, False)),
    "dropout of nothing": ("net = nn.Dropout(0)", (False, False)),
    "dropout of 0.0": ("net = nn.Dropout(p=0.0)", (False, False)),
    "dropout of something": ("net = nn.Dropout(p)", (True, False)),
    "batch norm": ("net = nn.BatchNorm2d(3)", (True, True)),
    "batch norm without statistics": ("net = nn.BatchNorm2d(3, track_running_stats=False)", (False, False)),
    "instance norm": ("net = nn.InstanceNorm2d(3)", (False, False)),
    "instance norm with statistics": ("net = nn.InstanceNorm2d(3, track_running_stats=True)", (True, True)),
    "lstm": ("net = nn.LSTM(1, 1)", (False, False)),
    "lstm of one layer": ("net = nn.LSTM(1, 1, num_layers=1, dropout=0.5)", (False, False)),
    "lstm of two layers": ("net = nn.LSTM(1, 1, num_layers=2, dropout=0.5)", (True, False)),
    "lstm of two layers, no dropout": ("net = nn.LSTM(1, 1, 2)", (False, False)),
    "transformer layer": ("net = nn.TransformerEncoderLayer(8, 2)", (True, False)),
    "transformer layer, no dropout": ("net = nn.TransformerEncoderLayer(8, 2, dropout=0.0)", (False, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", LIBRARY)
def test_a_layer_of_the_library(name: str) -> None:
    code, expected = LIBRARY[name]
    assert traits(code) == expected


PROJECT = {
    "nothing": (model("pass"), (False, False)),
    "linear": (model("self.a = nn.Linear(1, 1)"), (False, False)),
    "dropout": (model("self.a = nn.Dropout(0.1)"), (True, False)),
    "dropout of 0": (model("self.a = nn.Dropout(0)"), (False, False)),
    "batch norm": (model("self.a = nn.BatchNorm1d(3)"), (True, True)),
    "in a sequential": (model("self.a = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.1))"), (True, False)),
    "in a list": (model("self.a = nn.ModuleList([nn.BatchNorm1d(3) for _ in range(2)])"), (True, True)),
    "in a plain list": (model("ls = []\nls.append(nn.Dropout(0.5))\nself.a = nn.Sequential(*ls)"), (True, False)),
    "rate given": (model("self.a = nn.Dropout(p)", signature="p", call="0.3"), (True, False)),
    "rate given as 0": (model("self.a = nn.Dropout(p)", signature="p", call="0.0"), (False, False)),
    "rate given by name": (model("self.a = nn.Dropout(p)", signature="p", call="p=0"), (False, False)),
    "rate by default": (model("self.a = nn.Dropout(p)", signature="p=0.1"), (True, False)),
    "rate by default 0": (model("self.a = nn.Dropout(p)", signature="p=0.0"), (False, False)),
    "rate from a configuration": (model("self.a = nn.Dropout(cfg.p)", signature="cfg", call="c"), (True, False)),
    "norm by default": (model("self.a = norm(3)", signature="norm=nn.BatchNorm2d"), (True, True)),
    "norm chosen": (model("norm = nn.BatchNorm2d if c else nn.Identity\nself.a = norm(3)"), (True, True)),
    "buffer": (model('self.register_buffer("a", torch.zeros(1))'), (False, True)),
    "reads its mode": (model("pass").replace(f"return {EACH}", "return x if self.training else -x"), (True, False)),
    "hands its mode on": (model("pass").replace(f"return {EACH}", "return F.dropout(x, training=self.training)"), (True, False)),
    "nested": (model("self.a = Part()", rest="class Part(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.d = nn.Dropout()"), (True, False)),
    "nested, rate handed on": (model("self.a = Part(p)", signature="p", call="0", rest="class Part(nn.Module):\n    def __init__(self, p):\n        super().__init__()\n        self.d = nn.Dropout(p)"), (False, False)),
    "helper": (model("self.a = make()", rest="def make():\n    return nn.Sequential(nn.BatchNorm1d(3))"), (True, True)),
    "method": (model("self.build()").replace("    def forward", "    def build(self): self.a = nn.Dropout()\n    def forward"), (True, False)),
    "inherited": ("class A(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.d = nn.BatchNorm1d(2)\nclass Net(A): pass\nnet = Net()", (True, True)),
    "of a sequential": ("class Net(nn.Sequential):\n    def __init__(self): super().__init__(nn.Linear(1, 1), nn.Dropout())\nnet = Net()", (True, False)),
    "holds itself": (model("self.a = Net() if c else nn.Linear(1, 1)"), (False, False)),
    "hold each other": (model("self.a = Part()", rest="class Part(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.n = Net()"), (False, False)),
    "hold each other, with dropout": (model("self.a = Part()\nself.b = nn.Dropout()", rest="class Part(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.n = Net()"), (True, False)),
    "unknown base": ("from lib import Base\nclass Net(Base):\n    def __init__(self): pass\n    def eval(self): pass\nnet = Net()", (None, None)),
    "unknown part": (model("self.a = Block(3)", rest="from lib import Block"), (None, None)),
    "unknown part, methods alone": (tool("self.a.decode(x)"), (False, False)),
    "unknown part, methods alone, and tested": (tool("self.a.decode(x) if self.a is not None and not self.a else x"), (False, False)),
    "unknown part, read and asked": (tool("self.a.decode(x, self.a.scale)"), (False, False)),
    "unknown part, called": (tool("self.a(self.a.decode(x))"), (None, None)),
    "unknown part, run": (tool("self.a.forward(self.a.decode(x))"), (None, None)),
    "unknown part, switched": (tool("self.a.eval() and self.a.decode(x)"), (None, None)),
    "unknown part, handed on": (tool("helper(self.a, self.a.decode(x))"), (None, None)),
    "unknown part, iterated": (tool("[self.a.decode(x) for layer in self.a]"), (None, None)),
    "unknown part, indexed": (tool("self.a[0](self.a.decode(x))"), (None, None)),
    "unknown part, called in a lambda": (tool("(lambda y: self.a(y))(self.a.decode(x))"), (None, None)),
    "unknown part, looked up": (tool("getattr(self, name)(self.a.decode(x))"), (None, None)),
    "unknown part, called by the base": (tool("self.a.decode(x)", base="    def run(self, x): return self.a(x)"), (None, None)),
    "pretrained part, methods alone": (tool("self.a.decode(x)", made="torch.load(p)"), (None, None)),
    "layer, methods alone": (tool("self.a.extra_repr()", made="nn.Dropout()"), (True, False)),
    "part given": (model("self.encoder = encoder", signature="encoder", call="1"), (None, None)),
    "layer, never run": (model("self.a = nn.BatchNorm1d(3)\nself.b = nn.Linear(1, 1)").replace(f"return {EACH}", "return self.b(x)"), (False, True)),
    "layer, run by another method": (model("self.a = nn.BatchNorm1d(3)").replace(f"return {EACH}", "return self.run(x)\n    def run(self, x): return self.a(x)"), (True, True)),
    "layer, one of its parts run": (model("self.a = nn.ModuleDict({'n': nn.BatchNorm1d(3)})").replace(f"return {EACH}", "return self.a['n'](x)"), (True, True)),
    "layer, run by who is given the model": (model("self.a = nn.BatchNorm1d(3)").replace(f"return {EACH}", "return helper(self, x)"), (True, True)),
    "layer, run by a forward that is not seen": (model("self.a = nn.BatchNorm1d(3)").replace(f"    def forward(self, x): return {EACH}\n", ""), (True, True)),
    "norm handed to a helper": (model("self.a = make(nn.LayerNorm)", rest="def make(norm=nn.BatchNorm1d):\n    return norm(3)"), (False, False)),
    "norm handed to a helper, by default": (model("self.a = make()", rest="def make(norm=nn.BatchNorm1d):\n    return norm(3)"), (True, True)),
    "norm with statistics handed to a helper": (model("self.a = make(nn.InstanceNorm1d)", rest="def make(norm=nn.LayerNorm):\n    return norm(3, track_running_stats=True)"), (True, True)),
    "norm handed to a helper, not known which": (model("self.a = make(norm)", signature="norm", rest="def make(norm=nn.BatchNorm1d):\n    return norm(3)"), (True, True)),
    "parts asked for their class": (model("for part in self.modules():\n    if isinstance(part, (nn.Linear, nn.BatchNorm2d)): nn.init.zeros_(part.bias)"), (False, False)),
    "parts compared with a class": (model("for part in self.modules():\n    if type(part) is nn.BatchNorm2d: nn.init.zeros_(part.bias)"), (False, False)),
    "parts asked, and one made": (model("self.a = nn.BatchNorm2d(3)\nfor part in self.modules():\n    if isinstance(part, nn.BatchNorm2d): nn.init.zeros_(part.bias)"), (True, True)),
    "number given": (model("self.width = width", signature="width", call="1"), (False, False)),
    "unknown part beside dropout": (model("self.a = Block(3)\nself.b = nn.Dropout()", rest="from lib import Block"), (True, None)),
    "rate 0 handed to a helper": (model("self.a = make(p)", signature="p", call="0", rest="def make(p):\n    return nn.Dropout(p)"), (False, False)),
    "rate 0 by the class that is made": (model("self.a = nn.Dropout(self.p)").replace("    def __init__", "    p = 0.0\n    def __init__"), (False, False)),
    "rate handed to the base": ("class A(nn.Module):\n    def __init__(self, p=0.5):\n        super().__init__()\n        self.d = nn.Dropout(p)\nclass Net(A):\n    def __init__(self): super().__init__(0.0)\nnet = Net()", (False, False)),
    "not reached": (model("if False: self.a = nn.Dropout()"), (False, False)),
    "rate 0 of the class, another set": (model("self.p = p\nself.a = nn.Dropout(self.p)", signature="p").replace("    def __init__", "    p = 0.0\n    def __init__"), (True, False)),
    "rate of the base": ("class A(nn.Module):\n    def __init__(self, p=0.0):\n        super().__init__()\n        self.d = nn.Dropout(p)\nclass Net(A):\n    def __init__(self): super().__init__(0.5)\nnet = Net()", (True, False)),
    "not reached by its default": (model("if p > 0: self.a = nn.Dropout(p)", signature="p=0.0"), (False, False)),
    "reached by what is given": (model("if p > 0: self.a = nn.Dropout(p)", signature="p=0.0", call="0.5"), (True, False)),
    "reached otherwise": (model("if not bn: self.a = nn.Linear(1, 1)\nelse: self.a = nn.BatchNorm1d(3)", signature="bn", call="True"), (True, True)),
    "flag changed before it is asked": (model("bn = bn or cfg.bn\nif bn: self.a = nn.BatchNorm1d(3)", signature="bn=False"), (True, True)),
}  # fmt: skip
DEFECTS = {
    "norm by default, another given": (model("self.a = norm(3)", signature="norm=nn.BatchNorm2d", call="nn.Identity"), (False, False)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROJECT)
def test_a_class_of_the_project(name: str) -> None:
    code, expected = PROJECT[name]
    assert traits(code) == expected


@pytest.mark.xfail(strict=True, reason="known defects")
@pytest.mark.parametrize("name", DEFECTS)
def test_a_class_that_is_told_wrongly(name: str) -> None:
    code, expected = DEFECTS[name]
    assert traits(code) == expected


def test_the_layer_that_shows_it_is_named_with_its_place() -> None:
    sensitive, buffers = found(model("self.a = nn.Linear(1, 1)\nself.b = nn.BatchNorm1d(3)"))
    assert (sensitive.layer, sensitive.path, sensitive.at and sensitive.at[0]) == ("BatchNorm1d", f"{ROOT}/main.py", 10)
    assert buffers.layer == "BatchNorm1d"


@pytest.mark.parametrize(
    ("init", "tied"),
    [("self.a.weight = self.b.weight", True), ("self.a = self.b", False), ("self.a.weight = w", False)],
)
def test_shared_parameters(init: str, tied: bool) -> None:
    text = "from torch import nn\n" + model(init)
    analyzer = Analyzer(program_of({"main.py": text}), lambda *_: None)
    summary = analyzer.summary(Context(FunctionKey(f"{ROOT}/main.py", 0)))
    (ref,) = summary.names["net"].refs()
    assert Modules(analyzer).ties_weights(summary.objects[ref.location]) is tied

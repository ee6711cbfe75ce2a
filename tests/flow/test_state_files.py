"""What a save holds, in which loops, what a forward's weights come from, and who gets hold of an optimizer."""

from __future__ import annotations

import pytest

from ckptlint.flow.domain import Field, Made, root_of
from ckptlint.flow.events import Built, Forward, Loaded, Opened, Saved
from ckptlint.knowledge.roles import Role
from tests.flow.programs import Analysis, analyse

SETUP = "net = Net()\nopt = torch.optim.Adam(net.parameters())\n"


def _roles_held(found: Analysis) -> set[Role | None]:
    """The roles of objects whose state the only save holds."""
    (saved,) = found.of(Saved)
    snapshots = [found.summary.objects.get(o) for o in saved.holds.origins if isinstance(o, Made)]
    owners = [held.argument("of") for held in snapshots if held is not None and held.role is Role.SNAPSHOT]
    refs = [ref for owner in owners if owner is not None for ref in owner.refs()]
    return {held.role for ref in refs if (held := found.summary.objects.get(ref.location)) is not None}


HOLDING = {
    "an entry": 'torch.save({"a": {"b": opt.state_dict()}}, p)',
    "a list": "torch.save([o.state_dict() for o in [opt]], p)",
    "a helper": "def keep(x): torch.save(x, p)\nkeep([opt.state_dict()])",
    "an attribute": "class T:\n    def __init__(self, o): self.s = o.state_dict()\ntorch.save(T(opt), p)",
    "a copy": "import copy\ntorch.save(copy.deepcopy(opt.state_dict()), p)",
}


@pytest.mark.parametrize("name", HOLDING)
def test_a_save_holds_the_state_of_the_optimizer(name: str) -> None:
    assert Role.OPTIMIZER in _roles_held(analyse(SETUP + HOLDING[name]))


def test_a_save_of_the_model_does_not() -> None:
    assert Role.OPTIMIZER not in _roles_held(analyse(SETUP + 'torch.save({"a": net.state_dict()}, p)'))


def test_loops_are_those_of_the_whole_way() -> None:
    found = analyse(
        "def keep(n, e):\n    for i in range(2):\n        torch.save(n.state_dict(), e)\n"
        "for fold in folds:\n    net = torch.load(fold)\n    opt = torch.optim.Adam(net)\n"
        "    for epoch in range(9):\n        keep(Net(), epoch)"
    )
    assert [event.loops for event in found.of(Saved)] == [("folds", "range(9)", "range(2)")]
    assert [event.loops for event in found.of(Loaded)] == [("folds",)]
    assert [event.loops for event in found.of(Built)] == [("folds",)]


WEIGHTS = {
    "restored": ("net.load_state_dict(torch.load(p))", True),
    "restored in a branch": ("if x:\n    net.load_state_dict(torch.load(p))", True),
    "restored by a helper": ("def fill(m): m.load_state_dict(torch.load(p)['m'])\nfill(net)", True),
    "rebuilt from a part": ("net.load_state_dict({k: v for k, v in torch.load(p).items()})", True),
    "another model": ("other = Net()\nother.load_state_dict(torch.load(p))", False),
    "a branch that ends": ("if x:\n    net.load_state_dict(torch.load(p))\n    exit()", False),
    "made anew": ("net.load_state_dict(torch.load(p))\nnet = Net()", False),
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_where_the_weights_of_a_forward_come_from(name: str) -> None:
    text, expected = WEIGHTS[name]
    found = analyse(f"{SETUP}{text}\nnet(x)")
    loaded = {ref.location for event in found.of(Loaded) for ref in event.made.refs()}
    (forward,) = found.of(Forward)
    assert bool(loaded & {root_of(o) for o in forward.weights.origins if isinstance(o, Made | Field)}) is expected


def test_an_optimizer_is_handed_to_code_that_is_not_seen() -> None:
    found = analyse(f"{SETUP}from keep import save_all\nsave_all(net, opt)\nsave_all([opt.state_dict()])\nprint(net)")
    roles = [found.summary.objects[ref.location].role for e in found.of(Opened) for ref in e.operand.refs()]
    assert roles == [Role.OPTIMIZER, Role.SNAPSHOT]
    assert {(event.name, event.project) for event in found.of(Opened)} == {("save_all", True)}


def test_a_result_that_is_one_of_several_tuples_is_taken_apart_by_its_length() -> None:
    found = analyse(
        f"{SETUP}def back(m, o):\n    if x:\n        return m, 0, o\n    return m, o\n"
        "net, opt = back(net, opt)\ntorch.save(opt.state_dict(), p)"
    )
    assert _roles_held(found) == {Role.OPTIMIZER}

"""What is under the keys of a saved dict."""

from __future__ import annotations

from ckptlint.facts.checkpoints import Checkpoint
from ckptlint.facts.schemas import Entry
from tests.facts.projects import facts_of

HEAD = """
import sys
import torch
from torch import nn
from net import Net

model = Net()
optimizer = torch.optim.Adam(model.parameters())
schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3)
"""


def entries(code: str) -> dict[str, Entry]:
    """The entries that the one save of a program gives, by key."""
    (checkpoint,) = facts_of({"main.py": HEAD + code}).of(Checkpoint)
    assert checkpoint.schema is not None
    return {entry.key: entry for entry in checkpoint.schema.entries}


def kinds(code: str) -> dict[str, str]:
    """Their kinds."""
    return {key: entry.kind for key, entry in entries(code).items()}


def test_states_of_objects_and_plain_values() -> None:
    assert kinds(
        """
for epoch in range(9):
    torch.save({
        "net": model.state_dict(), "opt": optimizer.state_dict(), "lr": schedule.state_dict(),
        "epoch": epoch + 1, "classes": 3, "whole": model,
    }, "last.pt")
"""
    ) == {
        "net": "model",
        "opt": "optimizer",
        "lr": "scheduler",
        "epoch": "progress",
        "classes": "value",
        "whole": "whole-object",
    }


def test_words_of_keys_are_only_an_assumption() -> None:
    found = entries("import here\ntorch.save({'optimizer': here.a, 'b': here.b}, 'last.pt')\n")
    assert (found["optimizer"].kind, found["optimizer"].is_by_name) == ("optimizer", True)
    assert (found["b"].kind, found["b"].is_by_name) == ("unknown", False)


def test_dicts_in_dicts() -> None:
    found = entries(
        "states = {'net': model.state_dict(), 'opt': optimizer.state_dict()}\ntorch.save({'all': states}, 'last.pt')\n"
    )
    assert [(entry.key, entry.kind) for entry in found["all"].entries] == [("net", "model"), ("opt", "optimizer")]


def test_keys_of_some_paths() -> None:
    code = """
state = {"net": model.state_dict()}
if sys.argv[1:]:
    state["opt"] = optimizer.state_dict()
torch.save(state, "last.pt")
"""
    assert {key: entry.is_certain for key, entry in entries(code).items()} == {"net": True, "opt": False}


def test_a_bare_state_and_a_whole_model() -> None:
    first, second = facts_of(
        {"main.py": HEAD + "torch.save(model.state_dict(), 'a.pt')\ntorch.save(model, 'b.pt')\n"}
    ).of(Checkpoint)
    assert (first.whole.kind, second.whole.kind) == ("model", "whole-object")

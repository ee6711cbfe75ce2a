"""Keys of checkpoints: which are saved, which are read, and which reads provide for their absence."""

from __future__ import annotations

import pytest

from tests.flow.programs import analyse

SAVED = {
    "literal": ('torch.save({"a": 1, "b": 2}, p)', ["a", "b"]),
    "dict()": ("torch.save(dict(a=1, b=2), p)", ["a", "b"]),
    "subscript": ('d = {}\nd["a"] = 1\nif c: d["b"] = 2\ntorch.save(d, p)', ["a", "b"]),
    "update": ('d = {"a": 1}\nd.update({"b": 2}, k=3)\ntorch.save(d, p)', ["a", "b", "k"]),
    "or": ('torch.save({"a": 1} | {"b": 2}, p)', ["a", "b"]),
    "spread": ('d = {"a": 1}\ntorch.save({**d, "b": 2}, p)', ["a", "b"]),
    "helper's return": ('def f(m, **kw):\n    return {"m": m, **kw}\ntorch.save(f(1, e=2), p)', ["e", "m"]),
    "helper's keywords": ("def f(**kw): torch.save(kw, p)\nf(a=1, b=2)", ["a", "b"]),
    "helper adds": ('def f(d): d["b"] = 1\nd = {"a": 1}\nf(d)\ntorch.save(d, p)', ["a", "b"]),
    "helper updates": ('def f(d): d.update(b=1)\nd = {"a": 1}\nf(d)\ntorch.save(d, p)', ["a", "b"]),
    "helper updates by a dict": ('def f(d): d.update({"b": 1})\nd = {"a": 1}\nf(d)\ntorch.save(d, p)', ["a", "b"]),
    "helper's default": ('def f(d): d.setdefault("b", 1)\nd = {"a": 1}\nf(d)\ntorch.save(d, p)', ["a", "b"]),
    "default": ('d = {}\nd.setdefault("a", 1)\ntorch.save(d, p)', ["a"]),
    "literal loop": ('d = {}\nfor k in ["a", "b"]: d[k] = 1\ntorch.save(d, p)', ["a", "b"]),
    "popped": ('d = {"a": 1, "b": 2}\nd.pop("a")\ntorch.save(d, p)', ["b"]),
    "perhaps popped": ('d = {"a": 1, "b": 2}\nif c: d.pop("a")\ntorch.save(d, p)', ["a", "b"]),
    "alias": ('d = {"a": 1}\ne = d\ne["b"] = 2\ntorch.save(d, p)', ["a", "b"]),
    "copy": ('d = {"a": 1}\ne = d.copy()\ne["b"] = 2\ntorch.save(d, p)', ["a"]),
    "deep copy": ('import copy\nd = {"a": 1}\ne = copy.deepcopy(d)\ne["b"] = 2\ntorch.save(e, p)', ["a", "b"]),
    "inherited": (
        'class A:\n    def s(self): return {"a": 1}\nclass B(A):\n    def s(self):\n        d = super().s()\n'
        '        d["b"] = 2\n        return d\ntorch.save(B().s(), p)',
        ["a", "b"],
    ),
    "in a loop": ('d = {"a": 1}\nfor e in r:\n    d["b"] = e\n    torch.save(d, p)', ["a", "b"]),
    "in-place or": ('d = {"a": 1}\nd |= {"b": 2}\ntorch.save(d, p)', ["a", "b"]),
    "deleted": ('d = {"a": 1, "b": 2}\ndel d["a"]\ntorch.save(d, p)', ["b"]),
    "zip": ('torch.save(dict(zip(["a"], [1])), p)', ["a"]),
    "pairs": ('torch.save(dict([("a", 1), ("b", 2)]), p)', ["a", "b"]),
    "ordered": ('from collections import OrderedDict as O\nd = O(a=1)\nd["b"] = 2\ntorch.save(d, p)', ["a", "b"]),
    "comprehension over parts": (
        "parts = {'a': m, 'b': n}\ntorch.save({k: v.state_dict() for k, v in parts.items()}, p)",
        ["a", "b"],
    ),
    "comprehension over pairs": ('torch.save({k: v for k, v in [("a", m), ("b", n)]}, p)', ["a", "b"]),
    "keywords one by one": ("def f(**kw): torch.save({k: v.state_dict() for k, v in kw.items()}, p)\nf(a=1)", ["a"]),
    "spread of either": ('torch.save({"a": 1, **({"b": 2} if c else {})}, p)', ["a", "b"]),
    "either": ('torch.save({"a": 1} if c else {"b": 1}, p)', ["a", "b"]),
    "dataclass": (
        "from dataclasses import asdict, dataclass\n@dataclass\nclass S:\n    a: int\n    b: int = 2\n"
        "torch.save(asdict(S(1)), p)",
        ["a", "b"],
    ),
    "dataclass given to a helper": (
        "from dataclasses import asdict, dataclass\n@dataclass\nclass S:\n    a: int\n    b: int = 2\n"
        "def f(s): torch.save(asdict(s), p)\nf(S(1))",
        ["a", "b"],
    ),
    "dataclass's attributes": (
        "from dataclasses import dataclass\n@dataclass\nclass S:\n    a: int\ntorch.save(S(1).__dict__, p)",
        ["a"],
    ),
    "named tuple": (
        "from typing import NamedTuple\nclass S(NamedTuple):\n    a: int\n    b: int = 2\ntorch.save(S(1)._asdict(), p)",
        ["a", "b"],
    ),
    "namespace": (
        "from types import SimpleNamespace as N\nn = N(a=1)\nn.b = 2\ntorch.save(vars(n), p)",
        ["a", "b"],
    ),
    "printed": ('d = {"a": 1}\nprint(d)\ntorch.save(d, p)', ["a"]),
}
OPEN = {
    "unknown spread": 'torch.save({**d, "b": 2}, p)',
    "unknown key": "d = {}\nfor k in ks: d[k] = 1\ntorch.save(d, p)",
    "in-place or": 'd = {"a": 1}\nd |= x\ntorch.save(d, p)',
    "deleted": 'd = {"a": 1, "b": 2}\ndel d[x]\ntorch.save(d, p)',
    "comprehension": "torch.save({k: v for k, v in x.items()}, p)",
    "given to unseen code": 'from lib import f\nd = {"a": 1}\nf(d)\ntorch.save(d, p)',
    "updated by unseen values": 'd = {"a": 1}\nd.update(x)\ntorch.save(d, p)',
    "helper updates by unseen values": 'def f(d): d.update(x)\nd = {"a": 1}\nf(d)\ntorch.save(d, p)',
    "zip": "torch.save(dict(zip(x, [1])), p)",
    "dict that fills itself": "from collections import defaultdict\nd = defaultdict(list, a=1)\ntorch.save(d, p)",
    "namespace of unseen keywords": "from types import SimpleNamespace as N\ntorch.save(vars(N(a=1, **x)), p)",
    "namespace set by name": (
        "from types import SimpleNamespace as N\nn = N(a=1)\nfor k in x: setattr(n, k, 1)\ntorch.save(vars(n), p)"
    ),
    "attributes of any object": "class A:\n    def __init__(s): s.a = 1\ntorch.save(vars(A()), p)",
    "one of two unseen": 'd = {"a": 1} if c else x\ntorch.save({**d, "b": 1}, p)',
}


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_dict_is_known(name: str) -> None:
    code, keys = SAVED[name]
    found, is_open = analyse(code).schema()
    assert (sorted(map(str, found)), is_open) == (keys, False)


@pytest.mark.parametrize("name", OPEN)
def test_a_saved_dict_may_hold_more(name: str) -> None:
    _, is_open = analyse(OPEN[name]).schema()
    assert is_open


@pytest.mark.parametrize("code", ["d = x", "def f(**k): return k\nd = f(**x)"])
def test_an_unclear_dict_has_no_single_closed_schema(code: str) -> None:
    from ckptlint.flow.events import Saved

    (event,) = analyse(f"{code}\ntorch.save(d, p)").of(Saved)
    items = event.stored.items
    assert items is None or items.open or len(event.stored.value.atoms) > 1


GUARDED = {
    "in": 'if "a" in c: c["a"]',
    "not in": 'def f(c):\n    if "a" not in c: return\n    c["a"]\nf(c)',
    "in keys()": 'if "a" in c.keys(): c["a"]',
    "and": 'x = "a" in c and c["a"]',
    "choice": 'x = c["a"] if "a" in c else None',
    "named key": 'KEY = "a"\nif KEY in c: c[KEY]',
    "key given": 'def f(c, k): return c[k] if k in c else None\nf(c, "a")',
    "literal loop": 'for k in ["a"]:\n    if k in c: c[k]',
    "try": 'try:\n    c["a"]\nexcept KeyError: pass',
    "try with several": 'try:\n    c["a"]\nexcept (OSError, KeyError): pass',
    "try anything": 'try:\n    c["a"]\nexcept: pass',
    "suppress": 'from contextlib import suppress\nwith suppress(KeyError):\n    c["a"]',
    "suppress with module": 'import contextlib\nwith contextlib.suppress(OSError, KeyError):\n    c["a"]',
    "try around the helper": 'def f(c): c["a"]\ntry:\n    f(c)\nexcept KeyError: pass',
    "get": 'c.get("a")',
    "pop with a default": 'c.pop("a", None)',
    "in before the helper": 'def f(c): c["a"]\nif "a" in c: f(c)',
}
UNGUARDED = {
    "plain": 'c["a"]',
    "helper": 'def f(c): c["a"]\nf(c)',
    "other error": 'try:\n    c["a"]\nexcept OSError: pass',
    "other key": 'if "b" in c: c["a"]',
    "suppressed other error": 'from contextlib import suppress\nwith suppress(OSError):\n    c["a"]',
    "after the suppress": 'from contextlib import suppress\nwith suppress(KeyError):\n    f(c)\nc["a"]',
    "method": 'class T:\n    def f(self, c): self.x = c["a"]\nT().f(c)',
}
NOT_READ = {
    "set before": 'c["a"] = 1\nc["a"]',
    "default before": 'c.setdefault("a", 1)\nc["a"]',
    "updated before": 'c.update(a=1)\nc["a"]',
    "updated by unseen values": 'c.update(x)\nc["a"]',
    "set by a helper": 'def f(c): c["a"] = 1\nf(c)\nc["a"]',
    "set by a helper that returns it": 'def f(c):\n    c["a"] = 1\n    return c\nc = f(c)\nc["a"]',
    "updated by a helper": 'def f(c): c.update(x)\nf(c)\nc["a"]',
    "rebuilt": 'c = {k: v for k, v in c.items()}\nc["a"]',
    "never loaded": 'c = {"a": 1}\nc["a"]',
}


@pytest.mark.parametrize("name", GUARDED)
def test_a_guarded_read(name: str) -> None:
    assert analyse(f"c = torch.load(p)\n{GUARDED[name]}").reads() == [("a", True)]


@pytest.mark.parametrize("name", UNGUARDED)
def test_an_unguarded_read(name: str) -> None:
    assert analyse(f"c = torch.load(p)\n{UNGUARDED[name]}").reads() == [("a", False)]


@pytest.mark.parametrize("name", NOT_READ)
def test_no_read_of_the_file(name: str) -> None:
    assert analyse(f"c = torch.load(p)\n{NOT_READ[name]}").reads() == []


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ('"a/b.pt"', ("a/b.pt",)),
        ('"./a.pt"', ("a.pt",)),
        ('"a" + "/b.pt"', ("a/b.pt",)),
        ('os.path.join("a", "b.pt")', ("a/b.pt",)),
        ('Path("a") / "b.pt"', ("a/b.pt",)),
        ('f"a/{name}.pt"', ("a/", "{name}", ".pt")),
        ('f"a/{3}.pt"', ("a/3.pt",)),
        ('"a/" + str(n) + ".pt"', ("a/", "{n}", ".pt")),
        ('os.path.join(args.out, "b.pt")', ("{args.out}", "/b.pt")),
        ("unknown()", None),
    ],
)
def test_a_path_is_literal_pieces_and_named_holes(path: str, pattern: tuple[str, ...] | None) -> None:
    assert analyse(f"import os\nfrom pathlib import Path\ntorch.save(1, {path})").paths() == [pattern]


def test_a_path_of_a_helper_takes_the_caller_s_pieces() -> None:
    code = 'import os\ndef f(folder, e): torch.save(1, os.path.join(folder, f"m_{e}.pt"))\nf("out", 3)\ndef main(args): f(args.out, "x")'
    assert analyse(code).paths() == [("out/m_3.pt",)]
    assert analyse(code, function="main").paths() == [("{args.out}", "/m_x.pt")]

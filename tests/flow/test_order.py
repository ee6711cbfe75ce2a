"""Which containers come in no fixed order, and where their positions become numbers."""

from __future__ import annotations

import pytest

from ckptlint.flow.events import Indexed
from tests.flow.programs import analyse

UNORDERED = {
    "set()": ("a = set(x)", "set"),
    "frozenset()": ("a = frozenset(x)", "set"),
    "display": ("a = {x, y}", "set"),
    "comprehension": ("a = {n for n in x}", "set"),
    "list of a set": ("a = list(set(x))", "set"),
    "tuple of a list of a set": ("a = tuple(list(set(x)))", "set"),
    "spread": ("a = [*set(x)]", "set"),
    "filtered": ("a = [n for n in set(x) if n]", "set"),
    "filter()": ("a = list(filter(len, set(x)))", "set"),
    "mapped": ("a = list(map(len_of, set(x)))", "set"),
    "operator": ("a = set(x) - y", "set"),
    "operator on the right": ("a = y & set(x)", "set"),
    "method": ("a = set(x).union(y)", "set"),
    "keys": ("a = x.keys() & y.keys()", "set"),
    "sum": ("a = [0] + list(set(x))", "set"),
    "slice": ("a = list(set(x))[1:]", "set"),
    "extended": ("a = []\na.extend(set(x))", "set"),
    "appended": ("a = []\nfor n in set(x): a.append(n)", "set"),
    "keys of a dict by a set": ("a = {n: 0 for n in set(x)}", "set"),
    "returned": ("def f(y): return list(set(y))\na = f(x)", "set"),
    "attribute": ("class A:\n    def __init__(self, y): self.y = set(y)\na = A(x).y", "set"),
    "dropped on one path": ("a = list(set(x))\nif len(a) > 3: a.sort()", "set"),
    "listdir": ("import os\na = os.listdir(x)", "listing"),
    "iterdir": ("from pathlib import Path\na = Path(x).iterdir()", "listing"),
    "iterdir of what is given": ("def f(p): return list(p.iterdir())\na = f(x)", "listing"),
    "glob": ("from glob import glob\na = glob(x)", "listing"),
    "glob of a path": ("from pathlib import Path\na = list((Path('d') / 'e').glob('*'))", "listing"),
    "names of a listing": ("import os\na = [e.name for e in os.scandir(x)]", "listing"),
    "folders of a walk": ("import os\nfor _, a, _ in os.walk(x): pass\n", "listing"),
}
ORDERED = {
    "list": "a = list(x)",
    "sorted": "a = sorted(set(x))",
    "sorted again": "a = list(set(x))\na = sorted(a)",
    "sort": "a = list(set(x))\na.sort()",
    "sort in a helper": "def f(y):\n    y = list(set(y))\n    y.sort()\n    return y\na = f(x)",
    "unique": "import numpy as np\na = np.unique(list(set(x)))",
    "fromkeys": "a = list(dict.fromkeys(x))",
    "counter": "from collections import Counter\na = list(Counter(x))",
    "keys of one dict": "a = x.keys()",
    "difference of numbers": "a = x - y",
    "sorted listing": "import os\na = sorted(os.listdir(x))",
    "one item": "a = {'only'}",
    "sorted on every path": "a = list(set(x))\nif len(a) > 3: a.sort()\nelse: a.sort(key=len)",
}
NUMBERED = "\nb = {k: i for i, k in enumerate(a)}"


def _orders(code: str) -> list[str]:
    events = [event for event in analyse(code).of(Indexed) if event.use == "numbered"]
    return [event.order.kind for event in events if event.order is not None]


@pytest.mark.parametrize("name", UNORDERED)
def test_an_order_that_is_not_fixed(name: str) -> None:
    code, kind = UNORDERED[name]
    assert _orders(code + NUMBERED) == [kind]


@pytest.mark.parametrize("name", ORDERED)
def test_a_fixed_order(name: str) -> None:
    assert _orders(ORDERED[name] + NUMBERED) == []


SORTS = {
    "text": ("a = {'p', 'q'}", "string"),
    "numbers": ("a = {1, 2}", "number"),
    "either": ("a = {'p', 2}", "number"),
    "words": ("a = set(x.split())", "string"),
    "letters": ("a = set(' '.join(x))", "string"),
    "pieces": ("a = {n.strip() for n in x}", "string"),
    "unknown": ("a = set(x)", ""),
    "int()": ("a = {int(n) for n in x}", "number"),
    "int mapped": ("a = set(map(int, x))", "number"),
    "range": ("a = set(range(3)) - {1}", "number"),
    "tolist": ("a = set(x.tolist())", "number"),
    "annotated": ("def f(y: list[str]): return set(y)\na = f(x)", ""),
    "pairs": ("a = {(n.lower(), m) for n, m in x}", "string"),
    "lengths of words": ("a = {len(n.strip()) for n in x}", "number"),
    "made of words": ("a = {made(n.strip()) for n in x}", ""),
}


@pytest.mark.parametrize("name", SORTS)
def test_what_the_items_are(name: str) -> None:
    code, sort = SORTS[name]
    (event,) = analyse(code + NUMBERED).of(Indexed)
    assert event.sort == sort


USES = {
    "dict": (NUMBERED, ["numbered"]),
    "dict from number": ("b = {i: k for i, k in enumerate(a)}", ["numbered"]),
    "number of a kind": ("b = {k: i + 1 for i, k in enumerate(a)}", ["numbered"]),
    "zipped": ("b = {k: i for k, i in zip(a, range(9))}", ["numbered"]),
    "zipped dict": ("b = dict(zip(a, range(9)))", ["numbered"]),
    "pairs": ("b = dict((k, i) for i, k in enumerate(a))", ["numbered"]),
    "loop": ("b = {}\nfor i, k in enumerate(a): b[k] = i", ["numbered"]),
    "loop with a bar": ("from tqdm import tqdm\nb = {}\nfor i, k in tqdm(enumerate(a)): b[k] = i", ["numbered"]),
    "length": ("b = {}\nfor k in a:\n    if k not in b: b[k] = len(b)", ["numbered"]),
    "counter": ("b, n = {}, 0\nfor k in a:\n    b[k] = n\n    n += 1", ["numbered"]),
    "by position": ("b = {}\nfor i in range(len(a)): b[a[i]] = i", ["numbered"]),
    "by position in a comprehension": ("b = {a[i]: i for i in range(len(a))}", ["numbered"]),
    "other items at the same positions": ("b = {}\nfor i in range(len(a)): b[c[i]] = i", []),
    "colours by position": ("b = {a[i]: x[i] for i in range(len(a))}", []),
    "update": ("b = {}\nfor i, k in enumerate(a): b.update({k: i})", ["numbered"]),
    "setdefault": ("b = {}\nfor k in a: b.setdefault(k, len(b))", ["numbered"]),
    "labels": ("b = []\nfor i, k in enumerate(a):\n    for f in k: b.append(i)", ["labelled"]),
    "labels of many": ("b = []\nfor i, k in enumerate(a): b += [i] * 3", ["labelled"]),
    "found": ("b = a.index('p')", ["found"]),
    "looked up": ("b = a[nn.Linear(1, 2)(x).argmax()]", ["looked-up"]),
    "divided": ("b, c = a[:3], a[3:]", ["lower", "upper"]),
    "helper": ("def f(c): return {k: i for i, k in enumerate(c)}\nf(a)", ["numbered"]),
    "printed": ("for i, k in enumerate(a): print(i, k)", []),
    "colours": ("b = {k: x[i] for i, k in enumerate(a)}", []),
    "counted": ("n = 0\nfor k in a: n += 1", []),
    "grouped": ("b = {k: [] for k in a}", []),
    "each": ("b = {}\nfor k in a: b[k] = made(k)", []),
    "first": ("b = a[0]", []),
    "item": ("for i in range(3): made(a[i])", []),
    "sizes": ("b = {k: len(k) for i, k in enumerate(a)}", []),
    "membership": ("b = [k for k in x if k in a]", []),
}


@pytest.mark.parametrize("name", USES)
def test_where_positions_become_numbers(name: str) -> None:
    code, uses = USES[name]
    found = [event.use for event in analyse(f"a = list(set(x))\n{code}").of(Indexed) if event.order is not None]
    assert sorted(found) == sorted(uses)

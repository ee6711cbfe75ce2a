"""Imports and names: what a name means, over files."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ckptlint.flow.domain import ApiAtom, Atom, ClassAtom, Const, FunctionAtom, Global, ModuleAtom, Ref
from tests.flow.programs import ROOT, program_of


def meaning(files: Mapping[str, str], path: str, name: str) -> str:
    """What a name means in a file, as text: `file.py:qualname`, a module's path, or a library's name."""
    program = program_of(files)
    atom: Atom | None = program.lookup(f"{ROOT}/{path}", name)
    if isinstance(atom, FunctionAtom):
        return f"{atom.key.path[len(ROOT) + 1 :]}:{program.function(atom.key).qualname}"
    if isinstance(atom, ClassAtom):
        return f"{atom.key.path[len(ROOT) + 1 :]}:{program.class_model(atom.key).name}"
    if isinstance(atom, ModuleAtom):
        return atom.path[len(ROOT) + 1 :]
    if isinstance(atom, ApiAtom):
        return atom.name
    if isinstance(atom, Const):
        return repr(atom.value)
    if isinstance(atom, Ref) and isinstance(atom.location, Global):
        return f"global {atom.location.name}"
    return str(atom)


F = "def f(): pass\n"
CASES: dict[str, tuple[dict[str, str], str, str]] = {
    "own function": ({"a.py": F}, "f", "a.py:f"),
    "own class": ({"a.py": "class C: pass"}, "C", "a.py:C"),
    "unbound": ({"a.py": ""}, "f", "None"),
    "beside the importer": ({"a.py": "from b import f", "b.py": F}, "f", "b.py:f"),
    "under another name": ({"a.py": "from b import f as g", "b.py": F}, "g", "b.py:f"),
    "module": ({"a.py": "import b", "b.py": F}, "b", "b.py"),
    "module under another name": ({"a.py": "import p.b as m", "p/__init__.py": "", "p/b.py": F}, "m", "p/b.py"),
    "dotted module binds its first name": ({"a.py": "import p.b", "p/__init__.py": "", "p/b.py": F}, "p", "p/__init__.py"),
    "from a package": ({"a.py": "from p import b", "p/__init__.py": "", "p/b.py": F}, "b", "p/b.py"),
    "through a package": ({"a.py": "from p import f", "p/__init__.py": "from .b import f", "p/b.py": F}, "f", "p/b.py:f"),
    "package's name before its file": ({"a.py": "from p import b", "p/__init__.py": "def b(): pass", "p/b.py": F}, "b", "p/__init__.py:b"),
    "namespace folder": ({"a.py": "from p.b import f", "p/b.py": F}, "f", "p/b.py:f"),
    "file of a namespace folder": ({"a.py": "from p import b", "p/b.py": F}, "b", "p/b.py"),
    "module before package": ({"a.py": "from b import f", "b.py": F, "b/__init__.py": F}, "f", "b.py:f"),
    "root/src": ({"a.py": "from p.b import f", "src/p/__init__.py": "", "src/p/b.py": F}, "f", "src/p/b.py:f"),
    "root before src": ({"a.py": "from b import f", "b.py": F, "src/b.py": F}, "f", "b.py:f"),
    "library": ({"a.py": "from torch import save"}, "save", "torch.save"),
    "library under another name": ({"a.py": "import torch.nn.functional as F"}, "F", "torch.nn.functional"),
    "not found, relative": ({"a.py": "from .b import f"}, "f", "?.b.f"),
    "not found in a module": ({"a.py": "from b import g", "b.py": F}, "g", "?b.g"),
    "star": ({"a.py": "from b import *", "b.py": F}, "f", "b.py:f"),
    "star through star": ({"a.py": "from b import *", "b.py": "from c import *", "c.py": F}, "f", "c.py:f"),
    "star of a package": ({"a.py": "from p import *", "p/__init__.py": "from .b import f", "p/b.py": F}, "f", "p/b.py:f"),
    "own name before star": ({"a.py": "from b import *\n" + F, "b.py": F}, "f", "a.py:f"),
    "import before star": ({"a.py": "from b import *\nfrom c import f", "b.py": F, "c.py": F}, "f", "c.py:f"),
    "alias": ({"a.py": "from b import f\ng = f", "b.py": F}, "g", "b.py:f"),
    "alias of a library": ({"a.py": "import torch\ng = torch.save"}, "g", "torch.save"),
    "literal": ({"a.py": "K = 'model'"}, "K", "'model'"),
    "literal over files": ({"a.py": "from b import K", "b.py": "K = 3"}, "K", "3"),
    "assigned twice": ({"a.py": "K = 1\nK = 2"}, "K", "global K"),
    "assigned by a function": ({"a.py": "K = 1\ndef f():\n    global K\n    K = 2"}, "K", "global K"),
    "assigned by a call": ({"a.py": "m = make()"}, "m", "global m"),
    "unpacked": ({"a.py": "m, n = make()"}, "n", "global n"),
    "loop": ({"a.py": "for m in x: pass"}, "m", "global m"),
    "with": ({"a.py": "with x as m: pass"}, "m", "global m"),
    "under a test": ({"a.py": "if c:\n    def f(): pass"}, "f", "a.py:f"),
    "under try": ({"a.py": "try:\n    from b import f\nexcept ImportError:\n    f = None", "b.py": F}, "f", "b.py:f"),
    "for the type checker": ({"a.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import f", "b.py": F}, "f", "b.py:f"),
    "cycle of imports": ({"a.py": "from b import g\n" + F, "b.py": "from a import f\ndef g(): pass"}, "g", "b.py:g"),
    "cycle without an end": ({"a.py": "from b import f", "b.py": "from a import f"}, "f", "?a.f"),
    "cycle of stars": ({"a.py": "from b import *", "b.py": "from a import *\n" + F}, "f", "b.py:f"),
    "itself": ({"a.py": "from a import f"}, "f", "?a.f"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_name_means(case: str) -> None:
    files, name, expected = CASES[case]
    assert meaning(files, "a.py", name) == expected


NEAR = {
    "in a package, from the root": (
        {"p/__init__.py": "", "p/a.py": "from b import f", "p/b.py": F, "b.py": F},
        "p/a.py", "b.py:f",
    ),
    "in a folder, beside": ({"p/a.py": "from b import f", "p/b.py": F, "b.py": F}, "p/a.py", "p/b.py:f"),
    "in a folder, an ancestor": ({"p/q/a.py": "from b import f", "p/b.py": F, "b.py": F}, "p/q/a.py", "p/b.py:f"),
    "own package by name": ({"p/__init__.py": "", "p/a.py": "from p.b import f", "p/b.py": F}, "p/a.py", "p/b.py:f"),
    "relative": ({"p/__init__.py": "", "p/a.py": "from .b import f", "p/b.py": F, "b.py": F}, "p/a.py", "p/b.py:f"),
    "relative, from the package": (
        {"p/__init__.py": F, "p/a.py": "from . import f"},
        "p/a.py", "p/__init__.py:f",
    ),
    "relative, two up": (
        {"p/__init__.py": "", "p/q/__init__.py": "", "p/q/a.py": "from ..b import f", "p/b.py": F},
        "p/q/a.py", "p/b.py:f",
    ),
    "relative, in __init__": ({"p/__init__.py": "from .b import f", "p/b.py": F}, "p/__init__.py", "p/b.py:f"),
    "above the root is nothing": ({"a.py": "from ...b import f", "b.py": F}, "a.py", "?...b.f"),
}  # fmt: skip


@pytest.mark.parametrize("case", NEAR)
def test_the_nearest_module_is_meant(case: str) -> None:
    files, path, expected = NEAR[case]
    assert meaning(files, path, "f") == expected


def test_a_module_of_a_package_is_a_name_of_it() -> None:
    assert meaning({"p/__init__.py": "import torch", "p/b.py": F}, "p/__init__.py", "b") == "p/b.py"


def test_a_file_that_is_no_python_binds_nothing() -> None:
    program = program_of({"a.py": "from b import f"})
    broken = type(program)(ROOT, [f"{ROOT}/a.py"], lambda _: None, lambda *_: None, program.catalog)
    assert broken.lookup(f"{ROOT}/a.py", "f") is None


def test_files_are_read_when_they_are_asked_for() -> None:
    program = program_of({"a.py": "from b import f\nimport c", "b.py": F, "c.py": F})
    program.lookup(f"{ROOT}/a.py", "f")
    assert [record.path for record in program.loaded()] == [f"{ROOT}/a.py", f"{ROOT}/b.py"]


def test_stars_in_a_cycle_answer_the_same_whoever_is_asked_first() -> None:
    files = {"a.py": "from b import *\nfrom c import *", "b.py": "from a import *", "c.py": F}
    asked_first, asked_second = program_of(files), program_of(files)
    first = asked_first.lookup(f"{ROOT}/b.py", "f")
    asked_second.lookup(f"{ROOT}/a.py", "f")
    assert asked_second.lookup(f"{ROOT}/b.py", "f") == first


@pytest.mark.parametrize(
    "text",
    [
        "try:\n    from b import f\nexcept ImportError:\n    from missing import f",
        "if c:\n    from b import f\nelse:\n    from d import f",
        "if c:\n    def f(): return 1\nelse:\n    def f(): return 2",
        F + "f = wrap(f)",
    ],
)
def test_a_name_bound_in_several_ways_is_not_the_last(text: str) -> None:
    found = meaning({"a.py": text, "b.py": F, "d.py": F}, "a.py", "f")
    assert found not in ("missing.f", "d.py:f", "a.py:f")


def test_files_that_all_star_import_each_other() -> None:
    names = [f"m{number}" for number in range(30)]
    stars = {f"{name}.py": "".join(f"from {other} import *\n" for other in names if other != name) for name in names}
    program = program_of({**stars, "m29.py": stars["m29.py"] + F})
    assert program.lookup("/project/m0.py", "nothing") is None
    assert program.lookup("/project/m1.py", "f") == program.lookup("/project/m29.py", "f") is not None
    assert len(program.starred("/project/m0.py")) == 29

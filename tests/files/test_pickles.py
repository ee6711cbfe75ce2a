"""Pickles of plain data give the tree of the data, in every protocol; mutated and random files give our error."""

import contextlib
import io
import pickle
import random
from collections import Counter, OrderedDict, defaultdict, deque
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckptlint.files import FileEntry, UnreadableCheckpointError, read_checkpoint
from ckptlint.files.entries import shortened
from ckptlint.files.pickle_machine import PickleMachine
from ckptlint.files.pickle_tree import TreeBuilder
from ckptlint.files.stream import Stream
from tests.files.write_samples import HERE

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | st.text(max_size=20)
    | st.binary(max_size=20)
)
KEYS = st.text(max_size=8) | st.integers(2, 1000) | st.none() | st.tuples(st.integers(), st.text(max_size=3))
DATA = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4).map(OrderedDict)
        | st.sets(st.integers(), max_size=4)
        | st.frozensets(st.integers(), max_size=4)
    ),
    max_leaves=20,
)


def tree_of(data: object, key: str = "") -> FileEntry:
    """The tree that plain data has, told from the data itself."""
    if isinstance(data, dict):
        name = "" if type(data) is dict else "collections.OrderedDict"
        entries = tuple(tree_of(v, k if isinstance(k, str) else shortened(repr(k))) for k, v in data.items())
        return FileEntry(key, "mapping", class_name=name, entries=entries)
    if isinstance(data, list | tuple | set | frozenset):
        entries = tuple(tree_of(item, str(index)) for index, item in enumerate(data))
        return FileEntry(key, "sequence", (len(data),), class_name=type(data).__name__, entries=entries)
    if isinstance(data, str):
        return FileEntry(key, "text", value=shortened(data))
    name = "None" if data is None else type(data).__name__
    return FileEntry(key, "scalar", dtype=name, value=shortened(repr(data)))


def tree(data: bytes) -> FileEntry:
    machine = PickleMachine(Stream(io.BytesIO(data), len(data)))
    found = machine.run()
    return TreeBuilder(machine.steps).build(found)


@given(DATA, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_plain_data_gives_its_own_tree(data: object, protocol: int) -> None:
    assert tree(pickle.dumps(data, protocol)) == tree_of(data)


@given(DATA)
def test_the_slow_pickler_writes_the_same(data: object) -> None:
    file = io.BytesIO()
    pickle._Pickler(file, 2).dump(data)  # type: ignore[attr-defined]
    assert tree(file.getvalue()) == tree_of(data)


def test_dicts_by_other_names() -> None:
    data = [defaultdict(int, a=1), Counter("aab"), deque([1, 2]), bytearray(b"x"), 2j]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        entries = tree(pickle.dumps(data, protocol)).entries
        assert [entry.kind for entry in entries] == ["mapping", "mapping", "sequence", "scalar", "scalar"]
        assert [entry.key for entry in entries[1].entries] == ["a", "b"]
        assert [entry.value for entry in entries[3:]] == ["bytearray(b'x')", "2j"]


def test_what_holds_itself_ends() -> None:
    data: list[object] = [1]
    data.append(data)
    assert tree(pickle.dumps(data)).entries[1].value == "what holds it"


def test_instances_show_their_attributes() -> None:
    from argparse import Namespace

    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        root = tree(pickle.dumps({"args": Namespace(lr=0.1, path=Path("a"))}, protocol))
        (args,) = root.entries
        assert (args.kind, args.class_name) == ("object", "argparse.Namespace")
        assert [entry.key for entry in args.entries] == ["lr", "path"]


def _refused_or_read(path: Path) -> None:
    with contextlib.suppress(UnreadableCheckpointError):
        assert isinstance(read_checkpoint(str(path)).root, FileEntry)


@given(st.binary(max_size=600))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "random.pt"
    path.write_bytes(data)
    _refused_or_read(path)


@given(st.binary(max_size=200), st.sampled_from([b"\x80\x02", b"\x80\x04}", b"\x82\xa1a", b"\x93NUMPY\x01\x00", b"(d"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_behind_a_real_beginning(tmp_path: Path, data: bytes, start: bytes) -> None:
    path = tmp_path / "random.pt"
    path.write_bytes(start + data)
    _refused_or_read(path)


SAMPLES = sorted(path.name for path in HERE.iterdir() if path.suffix != ".json")


@pytest.mark.parametrize("name", SAMPLES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_mutated_files(tmp_path: Path, name: str, seed: int) -> None:
    drawn = random.Random(seed)
    data = bytearray((HERE / name).read_bytes())
    for _ in range(drawn.randint(1, 6)):
        at = drawn.randrange(len(data))
        action = drawn.random()
        if action < 0.6:
            data[at] = drawn.randrange(256)
        elif action < 0.8:
            del data[at : at + drawn.randint(1, 30)]
        else:
            data[at:at] = drawn.randbytes(drawn.randint(1, 8))
        if not data:
            break
    path = tmp_path / name
    path.write_bytes(bytes(data))
    _refused_or_read(path)


@pytest.mark.parametrize("name", SAMPLES)
def test_cut_off_files(tmp_path: Path, name: str) -> None:
    data = (HERE / name).read_bytes()
    path = tmp_path / name
    for part in range(0, 20):
        path.write_bytes(data[: len(data) * part // 20])
        with pytest.raises(UnreadableCheckpointError):
            read_checkpoint(str(path))

"""Foreign, damaged and hostile files: a clear message, bounded time and memory, and nothing is run."""

import io
import json
import os
import pickle
import socket
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ckptlint.files import UnreadableCheckpointError, pickle_opcodes, read_checkpoint
from tests.files.write_samples import HERE


def refused(path: Path) -> str:
    """What is said of a file, without its name."""
    with pytest.raises(UnreadableCheckpointError) as caught:
        read_checkpoint(str(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message.removeprefix(f"{path}: ")


def refused_bytes(tmp_path: Path, data: bytes) -> str:
    path = tmp_path / "last.pt"
    path.write_bytes(data)
    return refused(path)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), "a PNG picture"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 12\n", "`git lfs pull`"),
        (b"<!DOCTYPE html><html>not found</html>", "a web page"),
        (b"\x1f\x8b\x08" + bytes(20), "compressed with gzip"),
        (b"GGUF" + bytes(20), "a GGUF file"),
        (b"epoch 3: loss 0.2\n", "but text; give the file that the training wrote"),
        (bytes(100), "it is no checkpoint of PyTorch"),
        (b"PK\x03\x04" + bytes(100), "without its end"),
    ],
)
def test_foreign_files(tmp_path: Path, data: bytes, said: str) -> None:
    assert said in refused_bytes(tmp_path, data)


def test_places_that_are_no_files(tmp_path: Path) -> None:
    assert "it is a folder" in refused(tmp_path)
    assert "No such file" in refused(tmp_path / "missing.pt")
    loop = tmp_path / "loop.pt"
    loop.symlink_to(loop)
    assert "leads to itself" in refused(loop)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.pt")
        assert "no regular file" in refused(tmp_path / "pipe.pt")
        assert "no regular file" in refused(Path("/dev/zero"))


def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("s.pt")
        assert "no regular file" in refused(Path("s.pt"))


# ------------------------------------------------------------------------------------------------ what would run


class Touch:
    """Loading it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.path}",)


class Evaluated:
    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("open('ran', 'w')",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_run_and_what_would_run_is_named(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "last.pkl"
    path.write_bytes(pickle.dumps({"epoch": 1, "model": Touch(tmp_path / "ran")}, protocol))
    contents = read_checkpoint(str(path))
    assert [entry.key for entry in contents.root.entries] == ["epoch", "model"]
    (warning,) = contents.warnings
    assert "loading this file would call posix.system('touch" in warning or "nt.system" in warning
    assert not (tmp_path / "ran").exists()
    pickle.loads(path.read_bytes())  # the test itself: it would have run
    assert (tmp_path / "ran").exists() or os.name == "nt"


def test_the_same_within_a_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "last.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("last/data.pkl", pickle.dumps({"model": Evaluated()}, 2))
    (warning,) = read_checkpoint(str(path)).warnings
    assert warning.startswith("loading this file would call builtins.eval(\"open('ran', 'w')\"")
    assert not (tmp_path / "ran").exists()


def test_an_object_array_is_a_pickle_too(tmp_path: Path) -> None:
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (), }"
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + pickle.dumps([Evaluated()]))
    assert any("builtins.eval" in warning for warning in read_checkpoint(str(path)).warnings)


def test_old_ways_of_calling(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    for data in (b"(S'ls'\nios\nsystem\n.", b"(cos\nsystem\nS'ls'\no.", b"cos\nsystem\n(S'ls'\ntR."):
        path.write_bytes(data)
        (warning,) = read_checkpoint(str(path)).warnings
        assert warning.startswith("loading this file would call os.system('ls', …)")


def test_a_class_of_the_project_is_no_warning(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(b"\x80\x02cproject.nets\nNet\n)\x81}X\x01\x00\x00\x00aK\x01sb.")
    contents = read_checkpoint(str(path))
    assert (contents.root.class_name, contents.warnings) == ("project.nets.Net", ())


def test_names_in_a_message_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(b"cos\n\x1b[2Jsystem\n(S'ls'\ntR.")
    (warning,) = read_checkpoint(str(path)).warnings
    assert "\x1b" not in warning


# ------------------------------------------------------------------------------------------------- hostile sizes


def _laughs() -> bytes:
    """Sixty lists, each of which holds the one before ten times."""
    return b"\x80\x04]\x94" + b"".join(b"]\x94(" + b"h" + bytes([n]) + b"2" * 9 + b"e" for n in range(60)) + b"."


def _deep() -> bytes:
    return b"\x80\x04" + b"]" * 500_000 + b"a" * 499_999 + b"."


def _many() -> bytes:
    return b"\x80\x04](" + b"K\x01" * 9_000_000 + b"e."


def _colliding() -> bytes:
    """Keys that are multiples of 2^61-1, whose hashes are all the same."""
    step = 2**61 - 1
    keys = b"".join(b"\x8a\x0a" + (n * step).to_bytes(10, "little") + b"N" for n in range(1, 60_000))
    return b"\x80\x02}(" + keys + b"u."


def _huge_string() -> bytes:
    return b"\x80\x04X" + struct.pack("<I", 2**32 - 1) + b"abc"


def _huge_frame() -> bytes:
    return b"\x80\x04\x8d" + struct.pack("<Q", 2**63) + b"abc"


def _huge_number() -> bytes:
    return b"I" + b"9" * 60_000 + b"\n."


def _safetensors_length() -> bytes:
    return struct.pack("<Q", 2**39) + b"{" + bytes(100)


def _safetensors_nested() -> bytes:
    header = b'{"a":' + b"[" * 200_000
    return struct.pack("<Q", len(header)) + header


def _safetensors_large() -> bytes:
    return struct.pack("<Q", 20 * 2**20) + b"{" + b" " * 20 * 2**20


def _msgpack_map() -> bytes:
    return b"\xdf\xff\xff\xff\xff" + b"\xa1a\x01" * 100


def _msgpack_deep() -> bytes:
    return b"\x81\xa1a" * 100_000


def _msgpack_array() -> bytes:
    return b"\x81\xa1a\xdd\xff\xff\xff\xff" + b"\x01" * 100


def _npy_header() -> bytes:
    return b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + b" " * 100


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "laughs": (_laughs, "it unfolds to many more entries"),
    "huge-string": (_huge_string, "it is cut off"),
    "huge-frame": (_huge_frame, "it is cut off"),
    "safetensors-length": (_safetensors_length, "it is cut off"),
    "safetensors-nested": (_safetensors_nested, "nested too deeply"),
    "safetensors-large": (_safetensors_large, "its header takes 20,971,520 bytes"),
    "msgpack-map": (_msgpack_map, "it is cut off"),
    "msgpack-deep": (_msgpack_deep, "nested more than 64 levels deep"),
    "msgpack-array": (_msgpack_array, "a list of 4,294,967,295 items"),
    "npy-header": (_npy_header, "an array's header takes 2,147,483,648 bytes"),
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_files(tmp_path: Path, name: str) -> None:
    make, said = HOSTILE[name]
    assert said in refused_bytes(tmp_path, make())


def test_a_pickle_of_too_many_opcodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pickle_opcodes, "MAX_OPCODES", 1000)
    assert "more than 1,000 opcodes" in refused_bytes(tmp_path, b"\x80\x04](" + b"K\x01" * 2000 + b"e.")


def test_what_is_deep_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "deep.pkl"
    path.write_bytes(_deep())
    entry = read_checkpoint(str(path)).root
    for _ in range(64):
        (entry,) = entry.entries
    assert entry.value == "more than 64 levels deep"


def test_a_huge_number_is_told_by_its_size(tmp_path: Path) -> None:
    path = tmp_path / "number.pkl"
    path.write_bytes(_huge_number())
    assert read_checkpoint(str(path)).root.value == "60,000 bytes"


def test_keys_of_one_hash(tmp_path: Path) -> None:
    path = tmp_path / "keys.pkl"
    path.write_bytes(_colliding())
    assert len(read_checkpoint(str(path)).root.entries) == 59_999


def test_an_encrypted_archive(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("last/data.pkl", pickle.dumps({}, 2))
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    assert "it is encrypted" in refused_bytes(tmp_path, bytes(data))


def test_an_archive_that_unpacks_to_far_more(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("last/data.pkl", "w") as file:
        for _ in range(300):
            file.write(bytes(2**20))
    assert path.stat().st_size < 2**20
    assert "`last/data.pkl` in it unpacks to 314,572,800 bytes" in refused(path)


def test_an_archive_with_a_huge_table_of_contents(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**31, 0, 0)
    assert "its table of contents takes 2,147,483,648 bytes" in refused_bytes(tmp_path, b"PK\x03\x04" + end)


def test_an_archive_of_something_else(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert "it is a zip archive of `word/document.xml`, and no checkpoint" in refused_bytes(tmp_path, file.getvalue())


def test_a_safetensors_file_without_its_tensors(tmp_path: Path) -> None:
    header = json.dumps({"w": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}).encode()
    assert "`w` ends at byte 16" in refused_bytes(tmp_path, struct.pack("<Q", len(header)) + header + bytes(8))
    twice = header[:-1] + b"," + header[1:]
    assert "a key stands twice" in refused_bytes(tmp_path, struct.pack("<Q", len(twice)) + twice + bytes(16))


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1500 * 2**20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from ckptlint.files import UnreadableCheckpointError, read_checkpoint
for path in sys.argv[1:]:
    try:
        read_checkpoint(path)
    except UnreadableCheckpointError as error:
        assert "memory than there is" not in str(error), error
print("done")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of a process as Linux has them")
def test_time_and_memory_are_bounded(tmp_path: Path) -> None:
    """All of them in one process of 1.5 GB and 60 s: each takes a small part of both."""
    makers = {**{name: make for name, (make, _) in HOSTILE.items()}, "deep": _deep, "keys": _colliding, "many": _many}
    for name, make in makers.items():
        (tmp_path / name).write_bytes(make())
    files = [*(str(tmp_path / name) for name in makers), *(str(path) for path in HERE.iterdir())]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, *files],
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.stdout, done.returncode) == ("done\n", 0), done.stderr

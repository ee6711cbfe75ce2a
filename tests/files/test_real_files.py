"""What is told of a file is what its own library reads from it."""

import json
from pathlib import Path

import pytest

from ckptlint.files import FileEntry, hdf5, read_checkpoint
from tests.files.write_samples import HERE, SAMPLES

EXPECTED = json.loads((HERE / "expected.json").read_text(encoding="utf-8"))
LIBRARIES = {"torch": "torch", "model.s": "safetensors", "model.k": "keras", "model.w": "keras", "state": "flax"}
"""What must be installed to write a sample, by how its name begins."""
KERAS = ("model.keras", "model.weights.h5")


def told(entry: FileEntry, prefix: str = "") -> dict[str, list]:
    """The leaves of a tree in the form of `write_samples.leaves`."""
    if entry.kind == "tensor":
        return {prefix: ["tensor", list(entry.shape or ()), entry.dtype]}
    if entry.kind in ("scalar", "text"):
        kind = {"None": "NoneType", "": "str"}.get(entry.dtype, entry.dtype)
        return {prefix: [kind, entry.value]}
    found: dict[str, list] = {}
    for inner in entry.entries:
        found.update(told(inner, f"{prefix}.{inner.key}" if prefix else inner.key))
    return found


def agrees(path: Path, expected: dict[str, list]) -> None:
    contents = read_checkpoint(str(path))
    found = told(contents.root)
    if path.name not in KERAS:
        assert found == expected
        assert contents.warnings == ()
        return
    # Keras counts weights where the model names them, and moments of the optimizer stand beside the layers.
    weights = [leaf for key, leaf in found.items() if leaf[0] == "tensor" and "layers." in key]
    assert sorted(weights) == sorted(expected.values())


@pytest.mark.parametrize("name", list(EXPECTED))
def test_kept_samples(name: str) -> None:
    if name in KERAS:
        pytest.importorskip("h5py")
    agrees(HERE / name, EXPECTED[name])


@pytest.mark.parametrize("name", list(SAMPLES))
@pytest.mark.filterwarnings("ignore")
def test_files_written_now(name: str, tmp_path: Path) -> None:
    library = next((package for start, package in LIBRARIES.items() if name.startswith(start)), "numpy")
    pytest.importorskip(library)
    pytest.importorskip("torch")
    agrees(tmp_path / name, SAMPLES[name](tmp_path / name))


def test_every_sample_is_kept() -> None:
    assert sorted(EXPECTED) == sorted(SAMPLES)
    assert {path.name for path in HERE.iterdir()} == {*SAMPLES, "expected.json"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("torch_zip.pt", "PyTorch, zip"),
        ("torch_legacy.pt", "PyTorch, before 1.6"),
        ("torch_pickled.pkl", "pickle"),
        ("model.safetensors", "safetensors"),
        ("model.keras", "Keras"),
        ("state.msgpack", "msgpack"),
        ("arrays.npz", "NumPy arrays"),
    ],
)
def test_formats_are_told_by_content(name: str, said: str, tmp_path: Path) -> None:
    other = tmp_path / "checkpoint.bin"
    other.write_bytes((HERE / name).read_bytes())
    assert read_checkpoint(str(other)).format == said


def test_a_whole_model_is_told_by_its_classes() -> None:
    root = read_checkpoint(str(HERE / "torch_module.pt")).root
    assert (root.kind, root.class_name) == ("object", "torch.nn.modules.container.Sequential")
    assert [entry.class_name for entry in root.entries] == [
        "torch.nn.modules.linear.Linear",
        "torch.nn.modules.batchnorm.BatchNorm1d",
    ]


def test_without_h5py_the_rest_is_told_and_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdf5, "library", lambda: None)
    contents = read_checkpoint(str(HERE / "model.keras"))
    assert [entry.key for entry in contents.root.entries] == ["config", "metadata"]
    assert contents.warnings == ("the weights are not shown: reading HDF5 needs h5py: pip install 'ckptlint[h5]'",)
    with pytest.raises(ValueError, match=r"model.weights.h5: reading HDF5 needs h5py: pip install 'ckptlint\[h5\]'"):
        read_checkpoint(str(HERE / "model.weights.h5"))

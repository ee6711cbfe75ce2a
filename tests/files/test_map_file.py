"""`ckptlint map --file`: what it prints, compares and refuses."""

import io
import json
import pickle
import struct
import tarfile
from pathlib import Path

import pytest

from ckptlint.cli import main
from ckptlint.facts.compared_files import fits_path
from ckptlint.files import read_checkpoint
from tests.files.write_samples import HERE

TRAIN = """\
import torch
from torch import nn


def build():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten())
    return model, torch.optim.AdamW(model.parameters())


def train(name):
    model, optimizer = build()
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    for epoch in range(10):
        loss = model(torch.rand(2, 3, 4, 4)).sum()
        loss.backward()
        optimizer.step()
        state = {
            "epoch": epoch,
            "model": model.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
        }
        torch.save(state, f"runs/{name}/last.pt")


def resume(name):
    model, optimizer = build()
    checkpoint = torch.load(f"runs/{name}/last.pt")
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 10)
    schedule.load_state_dict(checkpoint["schedule"])
    if "best" in checkpoint:
        print(checkpoint["best"])
    return model, checkpoint["epoch"]


if __name__ == "__main__":
    train("a")
    resume("a")
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "train.py").write_text(TRAIN)
    (tmp_path / "runs" / "a").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "last.pt").write_bytes((HERE / "torch_zip.pt").read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_file_beside_the_code(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "--file", "runs/a/last.pt"]) == 0
    out = capsys.readouterr().out
    assert "  epoch                         int 7\n" in out
    assert "  model                         7 tensors, 129 numbers, float32, int64\n" in out
    assert (
        "  wrapped                       7 tensors, 129 numbers, float32, int64, every key begins with `module.`\n"
        in out
    )
    assert "    state                       12 tensors, 244 numbers, float32\n" in out
    assert "which train.py:23 writes (chosen by its path):\n" in out
    compared = out[out.index("Compared") :].splitlines()[1:]
    assert compared == [
        "  not in the file: schedule, saved at train.py:21",
        "  not in the file: schedule, read at train.py:32",
        "  read by no code: name",
        "  read by no code: half",
        "  read by no code: wrapped",
        "  read by no code: scheduler",
    ]


def test_every_tensor(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "--file", "runs/a/last.pt", "--all-tensors"]) == 0
    out = capsys.readouterr().out
    assert "    0.weight                      (4, 3, 3, 3) float32\n" in out
    assert "    1.num_batches_tracked         () int64\n" in out


def test_as_json(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "--file", "runs/a/last.pt", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["file"], found["format"], found["warnings"]) == ("runs/a/last.pt", "PyTorch, zip", [])
    epoch, model = found["contents"]["entries"][0], found["contents"]["entries"][4]
    assert (epoch["key"], epoch["kind"], epoch["value"]) == ("epoch", "scalar", "7")
    assert model["entries"][0] == {
        "key": "0.weight",
        "kind": "tensor",
        "shape": [4, 3, 3, 3],
        "dtype": "float32",
        "class": "torch.Tensor",
        "value": None,
    }
    compared = found["compared"]
    assert compared["chosen_by"] == "path"
    assert [key["key"] for key in compared["saved_but_not_in_file"]] == [["schedule"]]
    assert [key["key"] for key in compared["read_but_not_in_file"]] == [["schedule"]]
    assert compared["in_file_but_never_read"] == ["name", "half", "wrapped", "scheduler"]


def test_chosen_by_keys_when_the_path_says_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "runs" / "a" / "last.pt").rename(project / "old.bin")
    assert main(["map", "--file", "old.bin"]) == 0
    assert "(chosen by its keys)" in capsys.readouterr().out


def test_a_file_of_other_code_is_compared_with_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["map", "--file", str(HERE / "model.safetensors")]) == 0
    assert "compared with nothing" in capsys.readouterr().out


def test_refusals_name_the_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "empty.pt").touch()
    assert main(["map", "--file", "empty.pt"]) == 2
    assert "Error: empty.pt: it is empty; the save was cut off" in capsys.readouterr().err
    assert main(["map", "--file", "runs/a/last.pt", "--format", "html"]) == 2
    assert "--file has table and json" in capsys.readouterr().err


def test_what_it_would_run_is_shown(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Ran:
        def __reduce__(self) -> tuple[object, ...]:
            return eval, ("open('ran', 'w')",)

    (project / "bad.pkl").write_bytes(pickle.dumps({"epoch": 1, "model": Ran()}))
    assert main(["map", "--file", "bad.pkl"]) == 0
    assert "warning: loading this file would call builtins.eval(" in capsys.readouterr().out
    assert not (project / "ran").exists()


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("/data/runs/a/last.pt", "runs/{name}/last.pt", True),
        ("/data/runs/a/b/last.pt", "runs/{name}/last.pt", True),
        ("/data/runs/last.pt", "runs/{name}/last.pt", False),
        ("/data/runs/a/best.pt", "runs/{name}/last.pt", False),
        ("/data/runs/epoch_12.pt", "{out}/epoch_{epoch}.pt", True),
        ("/data/runs/a.pt", "{out}/{name}.pt", False),
        ("/work/last.pt", "./last.pt", True),
        ("/work/xlast.pt", "last.pt", False),
        ("/work/lastxpt", "last.pt", False),
    ],
)
def test_paths_and_patterns(path: str, pattern: str, fits: bool) -> None:
    assert fits_path(path, pattern) is fits


def test_the_tar_archives_of_the_first_versions(tmp_path: Path) -> None:
    """Nothing writes them any more; this is what PyTorch's reader of them expects."""
    tensors = pickle.dumps(1, 2) + b"\x80\x02(X\x01\x00\x00\x007X\x01\x00\x00\x008ctorch\nFloatTensor\nt."
    tensors += struct.pack("<i4x2q2qq", 2, 3, 4, 4, 1, 0)
    parts = {
        "storages": pickle.dumps(0, 2) + pickle.dumps([], 2),
        "tensors": tensors,
        "pickle": b"\x80\x02}(X\x05\x00\x00\x00epochK\x03X\x01\x00\x00\x00wX\x01\x00\x00\x007Qu.",
    }
    path = tmp_path / "first.pt"
    with tarfile.open(path, "w") as archive:
        for name, data in parts.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    contents = read_checkpoint(str(path))
    assert contents.format == "PyTorch, before 0.1.10"
    epoch, weight = contents.root.entries
    assert (epoch.key, epoch.value) == ("epoch", "3")
    assert (weight.key, weight.shape, weight.dtype) == ("w", (3, 4), "float32")

"""Versions read from a project's dependency declarations."""

from __future__ import annotations

from pathlib import Path

import pytest

from ckptlint.engine.declared import declared_versions
from tests.linting import lint

FRAMEWORKS = ("keras", "tensorflow", "torch")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "keras==2.2.4\n", {"keras": "2.2.4"}),
        ("requirements.txt", "numpy\nKeras >= 2.0, < 3\n", {"keras": "2.9999"}),
        ("requirements.txt", "keras >= 2.0, < 3  # not 4\n", {"keras": "2.9999"}),
        ("requirements.txt", "keras>=2.0\ntensorflow\n", {}),
        ("requirements.txt", "tensorflow-gpu==1.13.2\nkeras-tuner==1.4.7\n", {"tensorflow": "1.13.2"}),
        ("requirements-dev.txt", "tensorflow[and-cuda]<2.16\n", {"tensorflow": "2.15.9999"}),
        ("requirements.txt", "tensorflow~=2.3.1\n", {"tensorflow": "2.3.9999"}),
        ("setup.py", "setup(install_requires=['keras==2.3', 'tensorflow>=2.16'])\n", {"keras": "2.3"}),
        ("setup.py", 'setup(install_requires=["tensorflow>=2.4", "h5py<3"])\n', {}),
        ("pyproject.toml", 'dependencies = ["keras<=3.5", "numpy==2.0"]\n', {"keras": "3.5"}),
        ("pyproject.toml", '[tool.poetry.dependencies]\ntensorflow = "^2.4"\n', {"tensorflow": "2.9999"}),
        ("environment.yml", "dependencies:\n  - tensorflow=2.1\n", {"tensorflow": "2.1"}),
        ("requirements.txt", "torch==2.4.1+cu121\ntorchvision==0.19\n", {"torch": "2.4.1"}),
        ("requirements.txt", "torch>=1.10\npytorch-lightning==1.9\n", {}),
        ("environment.yml", "dependencies:\n  - pytorch=1.10\n  - pytorch-cuda=11.8\n", {"torch": "1.10"}),
        ("README.md", "keras==2.2.4\n", {}),
    ],
)
def test_declared(tmp_path: Path, name: str, text: str, expected: dict[str, str]) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert declared_versions(tmp_path, FRAMEWORKS) == expected


@pytest.mark.parametrize(("pin", "expected"), [("", ["CKP108"]), ("tensorflow==2.15", []), ("keras==3.3", ["CKP108"])])
def test_rows_of_another_version_hold(tmp_path: Path, pin: str, expected: list[str]) -> None:
    script = 'from tensorflow import keras\nmodel = keras.Sequential([keras.layers.Dense(1)])\nmodel.save("model")\n'
    found = lint({"requirements.txt": pin, "train.py": script}, tmp_path)
    assert [diagnostic.code for diagnostic in found] == expected

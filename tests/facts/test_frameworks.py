"""Frameworks that switch the mode: what they run is silent, the same code without them is reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.linting import lint

HEAD = """\
import torch
from torch import nn

from data import loader, val_loader


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = nn.Linear(20, 64)
        self.dropout = nn.Dropout(0.3)

    def forward(self, x):
        return self.dropout(torch.relu(self.hidden(x)))


def evaluate(model, batches):
    with torch.no_grad():
        return [model(x).argmax(1) for x in batches]


net = Net()
net.load_state_dict(torch.load("a.pt"))
"""

KEEPS = "\n\ndef keep(model):\n    torch.save(model.state_dict(), 'a.pt')\n"
"""What makes a file without training worth reading."""

LIT = """\
class Lit(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(20, 64), nn.Dropout(0.3))

    def forward(self, x):
        return self.layers(x)

    def training_step(self, batch, index):
        return self(batch).mean()

    def validation_step(self, batch, index):
        self.log("val", self(batch).mean())

    def configure_optimizers(self):
        return torch.optim.Adam(self.parameters())


"""

NOTHING_RUNS = "\nprint(evaluate(net, val_loader))\n"

RUNS = {
    "transformers": (
        "from transformers import Trainer\n",
        "trainer = Trainer(net, train_dataset=loader)\ntrainer.train()\nprint(evaluate(net, val_loader))\n",
    ),
    "transformers, a trainer of one's own": (
        "from transformers import Seq2SeqTrainer\n",
        "class Own(Seq2SeqTrainer):\n"
        "    def __init__(self, network, **options):\n"
        "        super().__init__(model=network, **options)\n"
        "trainer = Own(net)\ntrainer.train()\nprint(evaluate(net, val_loader))\n",
    ),
    "transformers, a train of one's own": (
        "from transformers import Trainer\n",
        "class Own(Trainer):\n"
        "    def train(self, *given):\n"
        "        print('go')\n"
        "        return super().train(*given)\n"
        "trainer = Own(net)\ntrainer.train()\nprint(evaluate(net, val_loader))\n",
    ),
    "ignite": (
        "from ignite.engine import create_supervised_evaluator\n",
        "evaluator = create_supervised_evaluator(net)\nevaluator.run(val_loader)\nprint(evaluate(net, val_loader))\n",
    ),
    "fastai": (
        "from fastai.vision.all import Learner\n",
        "learn = Learner(loader, net)\nlearn.fit_one_cycle(3)\nprint(evaluate(net, val_loader))\n",
    ),
    "skorch": (
        "from skorch import NeuralNetClassifier\n",
        "class Own(NeuralNetClassifier):\n"
        "    def get_loss(self, y_pred, y_true, *given, **options):\n"
        "        return super().get_loss(y_pred, y_true, *given, **options)\n"
        "skorched = Own(net)\nskorched.fit(loader)\nprint(evaluate(net, val_loader))\n",
    ),
    "catalyst": (
        "from catalyst import dl\n",
        "runner = dl.SupervisedRunner()\nrunner.train(model=net, loaders={'train': loader})\n"
        "print(evaluate(net, val_loader))\n",
    ),
    "avalanche": (
        "from avalanche.training import Naive\n",
        "strategy = Naive(net, torch.optim.SGD(net.parameters(), 0.1), nn.CrossEntropyLoss())\n"
        "for experience in loader:\n    strategy.train(experience)\n    strategy.eval(val_loader)\n"
        "print(evaluate(net, val_loader))\n",
    ),
    "pytorch-metric-learning": (
        "from pytorch_metric_learning import testers\n",
        "tester = testers.GlobalEmbeddingSpaceTester()\ntester.test({'val': val_loader}, 1, net)\n"
        "print(evaluate(net, val_loader))\n",
    ),
    "mmengine": (
        "from mmengine.runner import Runner\n",
        "runner = Runner(net, 'out', loader)\nrunner.train()\nprint(evaluate(net, val_loader))\n",
    ),
    "monai": (
        "from monai.engines import SupervisedEvaluator\n",
        "evaluator = SupervisedEvaluator('cpu', val_loader, network=net)\nevaluator.run()\n"
        "print(evaluate(net, val_loader))\n",
    ),
    "tianshou": (
        "from tianshou.utils.torch_utils import torch_train_mode\n",
        "with torch_train_mode(net, False):\n    print(evaluate(net, val_loader))\n",
    ),
    "stable-baselines3": (
        "from stable_baselines3.common.policies import ActorCriticPolicy\n",
        "class Policy(ActorCriticPolicy):\n"
        "    def __init__(self, *given):\n"
        "        super().__init__(*given)\n"
        "        self.dropout = nn.Dropout(0.3)\n"
        "    def forward(self, x):\n"
        "        return self.dropout(x)\n"
        "net = Policy(1, 2, 3)\nnet.set_training_mode(False)\nprint(evaluate(net, val_loader))\n",
    ),
    "a library without rows, told by what its object is told to do": (
        "from somewhere import Strategy\n",
        "strategy = Strategy(net)\nstrategy.train(loader)\nstrategy.eval(val_loader)\nprint(evaluate(net, val_loader))\n",
    ),
    "a library without rows, in a loop": (
        "import somewhere\n",
        "for _ in range(3):\n    somewhere.evaluate(net)\nprint(evaluate(net, val_loader))\n",
    ),
}
"""What is imported, and what runs the model: a second evaluation by hand is silent, the mode being unknown."""


def modes_reported(text: str, tmp_path: Path, extra: dict[str, str] | None = None) -> list[tuple[str, int]]:
    """(code, row) of the two rules of train and eval mode."""
    found = lint({"main.py": text, **(extra or {})}, tmp_path)
    return [(d.code, d.span.row) for d in found if d.code in ("CKP401", "CKP402")]


@pytest.mark.parametrize("name", RUNS)
def test_who_runs_the_model_may_have_switched_it(name: str, tmp_path: Path) -> None:
    imports, rest = RUNS[name]
    assert modes_reported(imports + HEAD + rest, tmp_path) == []


@pytest.mark.parametrize("name", ["none", *RUNS])
def test_without_it_the_evaluation_is_in_train_mode(name: str, tmp_path: Path) -> None:
    imports = RUNS[name][0] if name != "none" else ""
    assert [code for code, _ in modes_reported(imports + HEAD + NOTHING_RUNS, tmp_path)] == ["CKP401"]


LEFT = {
    "accelerate leaves the mode to the code": (
        "from accelerate import Accelerator\n" + HEAD + "accelerator = Accelerator()\nnet = accelerator.prepare(net)\n"
        "print(evaluate(net, val_loader))\n"
    ),
    "Fabric leaves the mode to the code": (
        "import lightning as L\n" + HEAD + "fabric = L.Fabric()\nnet = fabric.setup(net)\n"
        "print(evaluate(net, val_loader))\n"
    ),
    "tianshou in train mode": (
        "from tianshou.utils.torch_utils import torch_train_mode\n" + HEAD + "with torch_train_mode(net):\n"
        "    print(evaluate(net, val_loader))\n"
    ),
    "stable-baselines3 in train mode": (
        RUNS["stable-baselines3"][0] + HEAD + RUNS["stable-baselines3"][1].replace("mode(False)", "mode(True)")
    ),
    "Lightning: load_from_checkpoint gives train mode": (
        "import lightning as L\n" + HEAD + LIT + "lit = Lit.load_from_checkpoint('a.ckpt')\n"
        "print(evaluate(lit, val_loader))\n"
    ),
    "Lightning: fit leaves train mode": (
        "import lightning as L\n" + HEAD + LIT + "lit = Lit()\ntrainer = L.Trainer()\ntrainer.fit(lit, loader)\n"
        "print(evaluate(lit, val_loader))\n"
    ),
    "Lightning: test puts back what was": (
        "import lightning as L\n" + HEAD + LIT + "lit = Lit()\ntrainer = L.Trainer()\ntrainer.test(lit, loader)\n"
        "print(evaluate(lit, val_loader))\n"
    ),
    "ignite: a process function is in the mode it finds": (
        "from ignite.engine import Engine\n" + HEAD + "def validation_step(engine, batch):\n    return net(batch)\n"
        "evaluator = Engine(validation_step)\nevaluator.run(val_loader)\n"
    ),
}


@pytest.mark.parametrize("name", LEFT)
def test_train_mode_that_is_known(name: str, tmp_path: Path) -> None:
    assert [code for code, _ in modes_reported(LEFT[name], tmp_path)] == ["CKP401"]


RIGHT = {
    "Lightning: eval() after load_from_checkpoint": LEFT["Lightning: load_from_checkpoint gives train mode"].replace(
        "print(", "lit.eval()\nprint("
    ),
    "Lightning: freeze() after load_from_checkpoint": LEFT["Lightning: load_from_checkpoint gives train mode"].replace(
        "print(", "lit.freeze()\nprint("
    ),
    "Lightning: eval() after fit": LEFT["Lightning: fit leaves train mode"].replace("print(", "lit.eval()\nprint("),
    "Lightning: the Trainer predicts": LEFT["Lightning: load_from_checkpoint gives train mode"].replace(
        "evaluate(lit, val_loader)", "L.Trainer().predict(lit, val_loader)"
    ),
    "Lightning: a hook switches when the fit is over": LEFT["Lightning: fit leaves train mode"].replace(
        "    def configure", "    def on_fit_end(self):\n        self.eval()\n\n    def configure"
    ),
    "ignite: the process function switches": LEFT["ignite: a process function is in the mode it finds"].replace(
        "    return net", "    net.eval()\n    return net"
    ),
    "ignite: a handler switches": LEFT["ignite: a process function is in the mode it finds"].replace(
        "evaluator.run", "@evaluator.on('started')\ndef to_eval(engine):\n    net.eval()\nevaluator.run"
    ),
    "ignite: a handler that is added switches": LEFT["ignite: a process function is in the mode it finds"].replace(
        "evaluator.run", "evaluator.add_event_handler('started', lambda engine: net.eval())\nevaluator.run"
    ),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_in_a_framework(name: str, tmp_path: Path) -> None:
    assert modes_reported(RIGHT[name], tmp_path) == []


HOOKS = {
    "Lightning callback": ("from lightning import Callback as Base\n", "on_validation_epoch_end"),
    "transformers trainer": ("from transformers import Trainer as Base\n", "prediction_step"),
    "transformers callback": ("from transformers import TrainerCallback as Base\n", "on_evaluate"),
    "skorch": ("from skorch import NeuralNet as Base\n", "evaluation_step"),
    "fastai": ("from fastai.vision.all import Callback as Base\n", "after_validate"),
    "catalyst": ("from catalyst.dl import Runner as Base\n", "predict_batch"),
    "mmengine loop": ("from mmengine.runner import ValLoop as Base\n", "eval_iter"),
    "mmengine hook": ("from mmengine.hooks import Hook as Base\n", "after_val_epoch"),
    "nnU-Net": ("from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer as Base\n", "validation_step"),
    "monai": ("from monai.engines import SupervisedEvaluator as Base\n", "predict_iteration"),
}


@pytest.mark.parametrize("name", HOOKS)
@pytest.mark.parametrize("is_switched", [True, False])
def test_hooks_are_low_without_the_framework(name: str, is_switched: bool, tmp_path: Path) -> None:
    imports, hook = HOOKS[name]
    code = (
        f"{imports}import torch\n\n\nclass Own(Base):\n    def {hook}(self, model, batches):\n"
        "        with torch.no_grad():\n            return [model(x) for x in batches]\n" + KEEPS
    )
    if not is_switched:
        code = code.replace("(Base)", "")
    low = {"pyproject.toml": '[tool.ckptlint]\nmin-confidence = "low"\n'}
    found = [code for code, _ in modes_reported(code, tmp_path, low)]
    assert found == ([] if is_switched else ["CKP401"])


OWN_ROWS = {
    "a base class whose hooks the framework switches for": (
        '[tool.ckptlint]\nmin-confidence = "low"\n\n[[tool.ckptlint.api]]\nname = "mylib.Engine"\nrole = "trainer"\nswitches = true\n',
        "from mylib import Engine\nimport torch\n\n\nclass Own(Engine):\n    def validate_batch(self, model, batches):\n"
        "        with torch.no_grad():\n            return [model(x) for x in batches]\n" + KEEPS,
    ),
    "a module whose hooks the framework switches for": (
        '[tool.ckptlint]\nmin-confidence = "low"\n\n[[tool.ckptlint.api]]\nname = "mylib.Plugin"\nrole = "harmless"\nswitches = true\n',
        "import torch\nimport mylib\n\n\nclass Own(mylib.Plugin):\n    def evaluate(self, model, batches):\n"
        "        with torch.no_grad():\n            return [model(x) for x in batches]\n" + KEEPS,
    ),
    "a helper that switches": (
        '[[tool.ckptlint.api]]\nname = "mylib.freeze_all"\nrole = "mode_switch"\nparams = ["first", "model"]\n'
        'of = "model"\nmode = "eval"\n',
        "from mylib import freeze_all\n" + HEAD + "freeze_all(1, net)\nprint(evaluate(net, val_loader))\n",
    ),
    "a helper that switches by a flag": (
        '[[tool.ckptlint.api]]\nname = "mylib.prepare"\nrole = "mode_switch"\nparams = ["model", "training"]\n'
        'of = "model"\nflag = "training"\n',
        "from mylib import prepare\n" + HEAD + "prepare(net, training=False)\nprint(evaluate(net, val_loader))\n",
    ),
    "a context manager that switches": (
        '[[tool.ckptlint.api]]\nname = "mylib.quiet"\nrole = "mode_context"\nparams = ["model"]\n'
        'of = "model"\nmode = "eval"\n',
        "from mylib import quiet\n" + HEAD + "with quiet(net):\n    print(evaluate(net, val_loader))\n",
    ),
    "a call that runs everything": (
        '[[tool.ckptlint.api]]\nname = "mylib.launch"\nrole = "fit"\nparams = ["model"]\nmodel = "model"\nleaves = "eval"\n',
        "from mylib import launch\n" + HEAD + "launch(net)\nprint(evaluate(net, val_loader))\n",
    ),
}


@pytest.mark.parametrize("name", OWN_ROWS)
@pytest.mark.parametrize("has_row", [True, False])
def test_rows_of_a_project(name: str, has_row: bool, tmp_path: Path) -> None:
    rows, code = OWN_ROWS[name]
    if not has_row:
        rows = rows.replace("mylib", "otherlib")
    found = [code for code, _ in modes_reported(code, tmp_path, {"pyproject.toml": rows})]
    assert found == ([] if has_row else ["CKP401"])


def test_a_row_may_say_that_a_call_leaves_train_mode(tmp_path: Path) -> None:
    rows, code = OWN_ROWS["a call that runs everything"]
    project = {"pyproject.toml": rows.replace("eval", "train")}
    assert [found for found, _ in modes_reported(code, tmp_path, project)] == ["CKP401"]

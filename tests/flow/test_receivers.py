"""Methods and items: which object a call is on, and what that says of the others."""

from __future__ import annotations

import pytest

from tests.flow.programs import analyse

AROUND = """
def evaluating(function):
    def wrapper(self, *args, **kwargs):
        self.model.eval()
        out = function(self, *args, **kwargs)
        self.model.train()
        return out
    return wrapper
class Trainer:
    def __init__(self, model): self.model = model
    @evaluating
    def validate(self, x, n=0): return self.model(x)
trainer = Trainer(Net())
trainer.validate(1, n=2)
trainer.model(y)
"""


def test_a_method_is_called_through_the_project_s_decorator() -> None:
    assert analyse(AROUND).modes("self.model") == {"eval"}
    assert analyse(AROUND).modes("trainer.model") == {"train"}


def test_a_decorator_of_another_library_keeps_a_method() -> None:
    code = AROUND.replace("    @evaluating", "    @other.timed").replace("self.model(x)", "self.model.eval()(x)")
    assert analyse("import other\n" + code).modes("trainer.model") == {"eval"}


KEYS = """
class Trainer:
    def __init__(self): self.models = {"g": Net(), "d": Net()}
    def off(self):
        for k in self.models: self.models[k].eval()
    def one(self): self.models["g"].eval()
    def run(self):
        self.models["g"](x)
    def run_all(self):
        for k in self.models: self.models[k](x)
"""


def test_a_switch_at_an_unknown_key_may_be_of_the_item_at_a_literal_one() -> None:
    inside = KEYS.replace('self.models["g"](x)', 'self.off()\n        self.models["g"](x)')
    for code in (KEYS + "t = Trainer()\nt.off()\nt.run()", inside + "Trainer().run()"):
        found = analyse(code).modes("self.models['g']")
        assert found & {"eval", "eval+"}


def test_a_switch_at_a_literal_key_may_be_of_any_item() -> None:
    assert "eval" in analyse(KEYS + "t = Trainer()\nt.one()\nt.run_all()").modes()


def test_items_at_different_literal_keys_are_different() -> None:
    code = 'def f(models):\n    models["g"].eval()\n    models["d"](x)\nf({"g": Net(), "d": Net()})'
    assert analyse(code).modes() == {"built"}


HELD = """
class Trainer:
    def __init__(self):
        self.models = {models}
        self.net = Net()
    def off(self):
        {off}
    def each(self, what):
        for m in self.models: getattr(m, what)()
    def run(self): {run}(x)
t = Trainer()
t.off()
t.run()
"""
LOOPS = [
    ('{"g": Net(), "d": Net()}', "for m in self.models.values(): m.eval()", 'self.models["g"]'),
    ('{"g": Net(), "d": Net()}', "for k, m in self.models.items(): m.eval()", 'self.models["g"]'),
    ('{"g": Net(), "d": Net()}', "[m.eval() for m in self.models.values()]", 'self.models["g"]'),
    ('{"g": Net(), "d": Net()}', "for m in list(self.models.values()): m.eval()", 'self.models["g"]'),
    ('{"g": Net(), "d": Net()}', 'for k in ["g", "d"]: self.models[k].eval()', 'self.models["g"]'),
    ("[Net(), Net()]", "for m in self.models: m.eval()", "self.models[0]"),
    ("[Net(), Net()]", "for i, m in enumerate(self.models): m.eval()", "self.models[0]"),
    ("[Net(), Net()]", "for i in range(2): self.models[i].eval()", "self.models[0]"),
    ("[Net(), Net()]", "for m, y in zip(self.models, ys): m.eval()", "self.models[0]"),
    ("[Net(), Net()]", 'self.each("eval")', "self.models[0]"),
    ("[]", "for n in names: getattr(self, n).eval()", "self.net"),
    ("[]", 'for n in ("net", "x"): getattr(self, n).eval()', "self.net"),
    ("[]", "for m in [self.net]: m.eval()", "self.net"),
]


@pytest.mark.parametrize(("models", "off", "run"), LOOPS)
def test_models_switched_in_a_loop_are_not_thought_to_train(models: str, off: str, run: str) -> None:
    code = HELD.replace("{models}", models).replace("{off}", off).replace("{run}", run)
    assert analyse(code).modes(run.replace('"', "'")) & {"eval", "eval+", "unknown", "unknown+"}


@pytest.mark.parametrize(
    "off", ["list(map(lambda m: m.eval(), [net]))", "list(map(off, [net]))", "off_all([net], off)"]
)
def test_models_switched_by_a_function_that_is_handed_on(off: str) -> None:
    code = f"def off(m): m.eval()\ndef off_all(ms, f):\n    for m in ms: f(m)\nnet = Net()\n{off}\nnet(x)"
    assert analyse(code).modes() & {"eval", "eval+"}


@pytest.mark.parametrize("name", ["eval", "parameters", "named_buffers"])
def test_a_model_s_method_that_another_object_lacks_comes_to_an_end(name: str) -> None:
    code = f"""
class Rows(torch.utils.data.Dataset):
    def show(self): self.{name}()
rows = Rows()
rows.{name}()
rows.show()
net = Net()
net(x)
"""
    assert analyse(code).modes("net") == {"built"}


@pytest.mark.parametrize("taken", ["net.eval", "getattr(net, 'eval')"])
def test_a_method_that_is_put_back_is_the_object_s_own(taken: str) -> None:
    code = f"net = Net()\noriginal = {taken}\nnet.eval = lambda: net\nnet.eval = original\nnet.eval()\nnet(x)"
    assert analyse(code).modes("net") == {"eval"}
    assert analyse(code.replace("net.eval = original\n", "")).modes("net") == {"built"}


def test_a_method_of_a_parameter_that_is_put_back() -> None:
    code = "def off(m):\n    m.eval = m.eval\n    m.eval()\nnet = Net()\noff(net)\nnet(x)"
    assert analyse(code).modes("net") == {"eval"}


def test_manual_backward_trains() -> None:
    code = """
import lightning.pytorch as pl
class Task(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.net = Net()
    def training_step(self, batch): self.manual_backward(self.net(batch).mean())
Task().training_step(b)
"""
    assert analyse(code).trained() == {"Task().training_step"}

"""Which checkpoints a project has, who writes and reads them, and what becomes of each key."""

from __future__ import annotations

from pathlib import Path

from ckptlint.config import FileConfig, Overrides, join
from ckptlint.engine.mapping import map_checkpoints
from ckptlint.facts.mapped_checkpoints import CheckpointMap, MappedCheckpoint, Use
from tests.support import found, write

NET = "from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.fc = nn.Linear(3, 4)\n"


def mapped(root: Path, **files: str) -> CheckpointMap:
    write(root, {"model.py": NET, **{f"{name}.py": text for name, text in files.items()}})
    result = map_checkpoints(found(root), join(FileConfig(), Overrides(), root))
    assert not result.failures
    return result.map


def keys(one: MappedCheckpoint) -> dict[str, tuple[str, tuple[str, ...], bool, Use]]:
    return {".".join(k.path): (k.kind, k.owners, k.is_certain, one.use(k.path)) for k in one.keys}


HEAD = "import torch\nfrom torch import optim\nfrom model import Net\n"
HELPERS = "import torch\n\ndef save(state, path):\n    torch.save(state, path)\n"


def test_a_helper_writes_two_checkpoints(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        helpers=HELPERS,
        train=HEAD
        + """
from helpers import save

def main(args):
    net = Net()
    opt = optim.Adam(net.parameters())
    for epoch in range(3):
        state = {"net": net.state_dict(), "opt": opt.state_dict(), "epoch": epoch}
        if args.ema:
            state["best"] = 1
        save(state, "last.pt")
        save(state, f"{args.out}/{epoch}.pt")
    save(state, "last.pt")

main(parse())
""",
    )
    last = next(one for one in found_map.checkpoints if one.path == "last.pt")
    assert len(found_map.checkpoints) == 2
    assert [[(s.path, s.row, s.function) for s in w.frames] for w in last.writers] == [
        [("train.py", 14, "main"), ("helpers.py", 4, "save")],
        [("train.py", 16, "main"), ("helpers.py", 4, "save")],
    ]
    assert {w.written for w in last.writers} == {'"last.pt"'}
    assert keys(last) == {
        "net": ("model", ("net",), True, Use.NO_READER),
        "opt": ("optimizer", ("opt",), True, Use.NO_READER),
        "epoch": ("progress", (), True, Use.NO_READER),
        "best": ("progress", (), False, Use.NO_READER),
    }


def test_readers_and_what_they_leave(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
net = Net()
opt = optim.Adam(net.parameters())
torch.save({"net": net.state_dict(), "opt": opt.state_dict(), "extra": {"seed": 1, "note": "x"}}, "last.pt")
""",
        evaluate=HEAD
        + """
net = Net()
state = torch.load("last.pt")
net.load_state_dict(state["net"])
print(state["extra"]["seed"], state["best"], state.get("note"))
net.eval()
""",
    )
    (one,) = found_map.checkpoints
    assert {name: use for name, (_, _, _, use) in keys(one).items()} == {
        "net": Use.RESTORED,
        "opt": Use.NEVER,
        "extra": Use.READ,
        "extra.seed": Use.READ,
        "extra.note": Use.NEVER,
    }
    (reader,) = one.readers
    assert (reader.at.path, reader.at.row, reader.purpose, reader.confidence) == ("evaluate.py", 6, "evaluate", "high")
    assert one.unwritten == (("best",),)
    assert [".".join(key.path) for key in one.unread()] == ["opt", "extra.note"]


def test_a_bare_state_dict_is_one_key(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD + 'net = Net()\ntorch.save(net.state_dict(), "net.pt")\n',
        serve=HEAD + 'net = Net()\nnet.load_state_dict(torch.load("net.pt"))\nnet.eval()\n',
    )
    (one,) = found_map.checkpoints
    assert not one.is_dict
    assert keys(one) == {"": ("model", ("net",), True, Use.RESTORED)}
    assert one.readers[0].uses[0].into == ("net",)


def test_an_endless_generator_does_not_end_the_training(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
def rounds(loader):
    while True:
        yield from loader

def main(loader):
    net = Net()
    for x in rounds(loader):
        torch.save({"net": net.state_dict()}, "net.pt")

main(make())
""",
    )
    assert [one.path for one in found_map.checkpoints] == ["net.pt"]


def test_settings_that_other_code_may_change_decide_nothing(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
start = "scratch"
exec(open("settings.py").read())
net = Net()
opt = optim.Adam(net.parameters())
if start == "resume":
    state = torch.load("last.pt")
    net.load_state_dict(state["net"])
    opt.load_state_dict(state["opt"])
torch.save({"net": net.state_dict(), "opt": opt.state_dict()}, "last.pt")
""",
    )
    (one,) = found_map.checkpoints
    assert {key.path[0]: one.use(key.path) for key in one.keys} == {"net": Use.RESTORED, "opt": Use.RESTORED}


def test_each_of_several_files_that_one_place_reads(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
net = Net()
torch.save({"net": net.state_dict()}, "a.pt")
torch.save({"net": net.state_dict()}, "b.pt")
""",
        evaluate=HEAD
        + """
def main(args):
    net = Net()
    if args.first:
        state = torch.load("a.pt")
    else:
        state = torch.load("b.pt")
    net.load_state_dict(state["net"])
    net.eval()

main(parse())
""",
    )
    assert [(one.path, one.use(("net",))) for one in found_map.checkpoints] == [
        ("a.pt", Use.RESTORED),
        ("b.pt", Use.RESTORED),
    ]


def test_a_callback_of_a_library_writes_training_state(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train="""
import keras
model = keras.Sequential([keras.layers.Dense(2)])
keep = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
model.fit(x, y, callbacks=[keep])
""",
        serve='import keras\nmodel = keras.models.load_model("best.keras")\nmodel.predict(x)\n',
    )
    (one,) = found_map.checkpoints
    assert (one.path, one.keys[0].kind, one.use(())) == ("best.keras", "training", Use.RESTORED)
    assert one.readers[0].uses[0].into == ("model",)


def test_outside_files_and_unknown_writers_stand_apart(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
net = Net()
net.load_state_dict(torch.hub.load_state_dict_from_url("https://example.org/net.pt"))
net.load_state_dict(torch.load("somebody.pt"))
""",
    )
    assert found_map.checkpoints == ()
    assert [reader.api for reader in found_map.outside] == ["torch.hub.load_state_dict_from_url"]
    assert [reader.written for reader in found_map.unmatched] == ['"somebody.pt"']


def test_data_is_no_checkpoint(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train="import pickle\nimport torch\nhistory = {'loss': 1.0}\nwith open('h.pkl', 'wb') as f:\n    pickle.dump(history, f)\n",
    )
    assert found_map.is_empty


def test_equal_names_in_unconnected_folders_are_two(tmp_path: Path) -> None:
    text = 'import torch\nfrom torch import nn\nnet = nn.Linear(2, 2)\ntorch.save(net.state_dict(), "net.pt")\n'
    write(tmp_path, {"a/train.py": text, "b/train.py": text})
    result = map_checkpoints(found(tmp_path), join(FileConfig(), Overrides(), tmp_path))
    assert [one.writers[0].at.path for one in result.map.checkpoints] == ["a/train.py", "b/train.py"]


def test_a_parameter_with_another_value_is_no_callers(tmp_path: Path) -> None:
    found_map = mapped(
        tmp_path,
        train=HEAD
        + """
def train(out, path):
    net = Net()
    path = out + "/net.pt"
    torch.save({"net": net.state_dict()}, path)

train(a, b)
""",
    )
    (one,) = found_map.checkpoints
    assert [spot.row for spot in one.writers[0].frames] == [8]
    assert one.writers[0].written == "path"


def test_only_checkpoints_of_the_given_files(tmp_path: Path) -> None:
    text = 'import torch\nfrom torch import nn\nnet = nn.Linear(2, 2)\ntorch.save(net.state_dict(), "net.pt")\n'
    write(tmp_path, {"a/train.py": text, "b/train.py": text})
    result = map_checkpoints(found(tmp_path, ["b"]), join(FileConfig(), Overrides(), tmp_path))
    assert [one.writers[0].at.path for one in result.map.checkpoints] == ["b/train.py"]


def test_a_helper_that_hands_on_all_it_is_given_is_named_with_its_callers(tmp_path: Path) -> None:
    text = """
def on_main(*args, **kwargs):
    if first():
        torch.save(*args, **kwargs)

def main(args):
    net = Net()
    scaler = torch.cuda.amp.GradScaler() if args.half else None
    if args.resume:
        held = torch.load(args.resume)
        net.load_state_dict(held["net"])
        if scaler:
            scaler.load_state_dict(held["scaler"])
    for epoch in range(3):
        held = {"net": net.state_dict()}
        if scaler:
            held["scaler"] = scaler.state_dict()
        on_main(held, "last.pt")

main(parse())
"""
    (one,) = mapped(tmp_path, train=HEAD + text).checkpoints
    (writer,) = one.writers
    assert [(s.row, s.function) for s in writer.frames] == [(21, "main"), (7, "on_main")]
    assert writer.written == '"last.pt"'
    assert keys(one)["scaler"] == ("scaler", ("scaler",), False, Use.RESTORED)
    assert not one.unwritten


def test_who_reads_a_key_that_only_one_file_holds_perhaps_reads_it(tmp_path: Path) -> None:
    train = """
torch.save({"teacher_net": build().state_dict(), "epoch": 3}, "run/last.pt")
"""
    serve = """
net = anything()
net.load_state_dict(torch.load(choose())["teacher_net"])
"""
    other = """
net = anything()
net.load_state_dict(torch.load(choose())["student"])
"""
    whole = mapped(tmp_path, train=HEAD + train, serve=HEAD + serve, other=HEAD + other)
    (one,) = whole.checkpoints
    assert [(r.frames[-1].path, r.confidence) for r in one.readers] == [("serve.py", "low")]
    assert [r.frames[-1].path for r in whole.unmatched] == ["other.py"]


def test_a_library_that_keeps_all_of_the_training(tmp_path: Path) -> None:
    text = """
from accelerate import Accelerator

accelerator = Accelerator()
net = Net()
opt = optim.Adam(net.parameters())
net, opt = accelerator.prepare(net, opt)
if args.resume:
    accelerator.load_state(args.resume)
for x, y in batches():
    accelerator.backward(net(x).sum())
    opt.step()
accelerator.save_state("state")
"""
    (one,) = mapped(tmp_path, train=HEAD + text).checkpoints
    assert [(r.purpose, r.confidence) for r in one.readers] == [("resume", "medium")]


def test_weights_beside_a_resumed_state_begin_another_training(tmp_path: Path) -> None:
    text = """
net = Net()
opt = optim.Adam(net.parameters())
if args.weight:
    net.load_state_dict(torch.load(args.weight)["net"])
if args.resume:
    held = torch.load(args.resume)
    net.load_state_dict(held["net"])
    opt.load_state_dict(held["opt"])
for x, y in batches():
    net(x).sum().backward()
    opt.step()
torch.save({"net": net.state_dict(), "opt": opt.state_dict()}, args.out)
"""
    (one,) = mapped(tmp_path, train=HEAD + text).checkpoints
    assert [r.purpose for r in one.readers] == ["warm-start", "resume"]

"""What the catalog answers about names, methods, arguments and versions."""

from __future__ import annotations

import pytest

from ckptlint.knowledge.catalog import MISSING, Api, Catalog, default_catalog
from ckptlint.knowledge.roles import Role

CATALOG = default_catalog()


def api(name: str, catalog: Catalog = CATALOG) -> Api:
    found = catalog.api(name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("torch.nn.Dropout", Role.LAYER),
        ("torch.nn.modules.dropout.Dropout", Role.LAYER),
        ("torch.nn.Module", Role.MODULE_BASE),
        ("torch.nn.Sequential", Role.CONTAINER),
        ("torch.nn.parallel.distributed.DistributedDataParallel", Role.WRAPPER),
        ("torch.optim.adam.Adam", Role.OPTIMIZER),
        ("torch.optim.lr_scheduler.StepLR", Role.SCHEDULER),
        ("torch.optim.swa_utils.AveragedModel", Role.AVERAGE),
        ("torch.cuda.amp.grad_scaler.GradScaler", Role.SCALER),
        ("torch.utils.data.dataloader.DataLoader", Role.LOADER),
        ("torch.save", Role.SAVE),
        ("torch.randn", Role.TENSOR),
        ("torch.stack", Role.TENSOR),
        ("torch.nn.functional.relu", Role.FUNCTIONAL),
        ("torch.nn.init.xavier_uniform_", Role.HARMLESS),
        ("torchvision.models.resnet18", Role.MODEL),
        ("torchvision.models.resnet.resnet18", Role.MODEL),
        ("torchvision.models.ResNet18_Weights", Role.HARMLESS),
        ("torchvision.transforms.RandomAffine", Role.TRANSFORM),
        ("pytorch_lightning.LightningModule", Role.MODULE_BASE),
        ("pytorch_lightning.trainer.trainer.Trainer", Role.TRAINER),
        ("lightning.Trainer", Role.TRAINER),
        ("transformers.AutoModelForCausalLM.from_pretrained", Role.MODEL),
        ("transformers.models.bert.modeling_bert.BertModel.from_pretrained", Role.MODEL),
        ("transformers.AutoTokenizer.from_pretrained", Role.OUTSIDE_LOAD),
        ("tensorflow.keras.layers.Dropout", Role.LAYER),
        ("timm.models.create_model", Role.MODEL),
        ("numpy.random.rand", Role.RANDOM),
        ("numpy.savez", Role.SAVE),
        ("numpy.mean", Role.VALUE),
        ("numpy.reshape", Role.HARMLESS),
        ("os.path.join", Role.PATH_JOIN),
        ("os.makedirs", Role.HARMLESS),
        ("builtins.print", Role.HARMLESS),
        ("sklearn.cross_validation.train_test_split", Role.SPLIT),
        ("sklearn.preprocessing.StandardScaler", Role.HARMLESS),
        ("albumentations.augmentations.crops.transforms.RandomCrop", Role.TRANSFORM),
        ("albumentations.pytorch.transforms.ToTensorV2", Role.TRANSFORM),
        ("kornia.augmentation.RandomAffine", Role.TRANSFORM),
        ("kornia.augmentation.container.AugmentationSequential", Role.TRANSFORM),
        ("imgaug.augmenters.meta.Sometimes", Role.TRANSFORM),
        ("imgaug.seed", Role.SEED),
        ("monai.transforms.RandFlipd", Role.TRANSFORM),
        ("monai.utils.set_determinism", Role.SEED),
    ],
)
def test_roles(name: str, role: Role) -> None:
    assert api(name).role is role


@pytest.mark.parametrize("name", ["torch.nn.Unheard", "torch.optim.lr_scheduler.Unheard", "mine.save", "torch", ""])
def test_unknown_names(name: str) -> None:
    assert CATALOG.api(name) is None


def test_canonical() -> None:
    assert CATALOG.canonical("torch.nn.modules.batchnorm.BatchNorm2d") == "torch.nn.BatchNorm2d"
    assert CATALOG.canonical("pytorch_lightning.callbacks.Callback") == "lightning.pytorch.callbacks.Callback"
    assert CATALOG.canonical("torch.nn.modules.module.Module.eval") == "torch.nn.Module.eval"
    assert CATALOG.canonical("torch.optim.lr_scheduler.StepLR") == "torch.optim.lr_scheduler.StepLR"
    assert CATALOG.canonical("tensorflow.python.keras.layers.Dense") == "keras.layers.Dense"
    assert CATALOG.canonical("mine.anything") == "mine.anything"


@pytest.mark.parametrize(
    ("name", "key", "arguments", "answer"),
    [
        ("torch.nn.Dropout", "sensitive", {}, True),
        ("torch.nn.Dropout", "sensitive", {"p": 0.0}, False),
        ("torch.nn.Dropout", "sensitive", {"p": MISSING}, None),
        ("torch.nn.BatchNorm2d", "buffers", {"num_features": 3}, True),
        ("torch.nn.BatchNorm2d", "sensitive", {"track_running_stats": False}, False),
        ("torch.nn.InstanceNorm2d", "buffers", {}, False),
        ("torch.nn.LayerNorm", "sensitive", {}, False),
        ("torch.nn.GroupNorm", "buffers", {}, False),
        ("torch.nn.LSTM", "sensitive", {"dropout": 0.5}, False),
        ("torch.nn.LSTM", "sensitive", {"dropout": 0.5, "num_layers": 2}, True),
        ("torch.nn.MultiheadAttention", "sensitive", {}, False),
        ("torch.nn.TransformerEncoderLayer", "sensitive", {}, True),
        ("torch.nn.FractionalMaxPool2d", "random", {}, True),
        ("torch.optim.SGD", "stateful", {}, False),
        ("torch.optim.SGD", "stateful", {"momentum": 0.9}, True),
        ("torch.optim.SGD", "stateful", {"momentum": MISSING}, None),
        ("torch.optim.AdamW", "stateful", {}, True),
        ("timm.create_model", "sensitive", {}, None),
        ("torchvision.models.vgg16", "buffers", {}, False),
        ("torchvision.models.vgg16_bn", "buffers", {}, True),
        ("torchvision.models.vit_b_16", "sensitive", {}, False),
        ("albumentations.HorizontalFlip", "random", {}, True),
        ("albumentations.HorizontalFlip", "random", {"p": 1}, False),
        ("albumentations.Resize", "random", {"height": 8, "width": 8}, False),
        ("albumentations.RandomCrop", "random", {}, True),
        ("albumentations.RandomCrop", "random", {"p": 0}, False),
        ("albumentations.Compose", "random", {}, False),
        ("albumentations.OneOf", "random", {"p": 1.0}, True),
        ("kornia.augmentation.Normalize", "random", {}, False),
        ("kornia.augmentation.ColorJitter", "random", {"p": 1.0}, True),
        ("imgaug.augmenters.Affine", "random", {"rotate": 20}, None),
        ("imgaug.augmenters.Sequential", "random", {"random_order": True}, True),
        ("monai.transforms.RandZoom", "random", {"prob": 0.0}, False),
    ],
)
def test_conditions(name: str, key: str, arguments: dict[str, object], answer: bool | None) -> None:
    assert api(name).holds(key, arguments) is answer


WEIGHTS = "pretrained_model_name_or_path"


@pytest.mark.parametrize(
    ("name", "arguments", "answer"),
    [
        ("transformers.BertModel.from_pretrained", {WEIGHTS: MISSING}, True),
        ("transformers.models.bert.modeling_bert.BertModel.from_pretrained", {WEIGHTS: "my/own"}, True),
        ("transformers.LlamaForCausalLM.from_pretrained", {WEIGHTS: MISSING}, False),
        ("transformers.AutoModel.from_pretrained", {WEIGHTS: "google-bert/bert-base-uncased"}, True),
        ("transformers.AutoModel.from_pretrained", {WEIGHTS: "openai/whisper-small"}, False),
        ("transformers.AutoModel.from_pretrained", {WEIGHTS: "my/own"}, None),
        ("transformers.AutoModel.from_pretrained", {WEIGHTS: MISSING}, None),
        ("transformers.BertModel.from_pretrained", {WEIGHTS: "x", "hidden_dropout_prob": 0.0}, False),
        ("transformers.BertModel.from_pretrained", {WEIGHTS: "x", "hidden_dropout_prob": MISSING}, None),
        ("transformers.AutoModel.from_pretrained", {WEIGHTS: "x", "attention_dropout": 0.1}, True),
        ("transformers.BertModel.from_pretrained", {WEIGHTS: "x", "config": MISSING}, None),
        ("transformers.BertModel.from_pretrained", {WEIGHTS: "x", "**": MISSING}, None),
        ("transformers.BertModel.from_pretrained", {WEIGHTS: "x", "num_labels": 2}, True),
        ("diffusers.UNet2DConditionModel.from_pretrained", {}, False),
        ("timm.create_model", {"model_name": "resnet50.a1_in1k"}, True),
        ("timm.create_model", {"model_name": "resnet50_gn"}, False),
        ("timm.create_model", {"model_name": "swin_tiny_patch4_window7_224"}, True),
        ("timm.create_model", {"model_name": "timm/vit_base_patch16_224"}, False),
        ("timm.create_model", {"model_name": "vit_base_patch16_224", "drop_path_rate": 0.1}, True),
        ("timm.create_model", {"model_name": "unheard_of"}, None),
        ("torchvision.models.get_model", {"name": "vit_b_16"}, False),
        ("torchvision.models.get_model", {"name": "resnet18"}, True),
    ],
)
def test_families(name: str, arguments: dict[str, object], answer: bool | None) -> None:
    assert api(name).holds("sensitive", arguments) is answer


def test_unknown_keywords_undo_defaults() -> None:
    assert api("torch.optim.SGD").holds("stateful", {"lr": 0.1}, complete=False) is None
    assert api("torch.optim.SGD").holds("stateful", {"momentum": 0}, complete=False) is False


def test_functional_defaults() -> None:
    assert api("torch.nn.functional.dropout").arguments({})["training"] is True
    assert api("torch.nn.functional.alpha_dropout").arguments({})["training"] is False
    assert "flag" not in api("torch.nn.functional.relu").options


def test_bind() -> None:
    load = api("torch.load")
    assert load.bind(["a.pt", "cpu"], {"weights_only": "no"}) == {
        "f": "a.pt",
        "map_location": "cpu",
        "weights_only": "no",
    }
    assert load.bind(["a.pt", 1, 2, "beyond"], {}) == {"f": "a.pt", "map_location": 1, "pickle_module": 2}
    chain = api("torch.nn.Sequential")
    bound = chain.bind(["a", "b"], {})
    assert bound == {"args[0]": "a", "args[1]": "b"}
    assert chain.given("children", bound) == ["a", "b"]
    assert api("torch.save").given("value", {"obj": "sd", "f": "x"}) == ["sd"]
    savez = api("numpy.savez")
    assert savez.given("value", savez.bind(["f", "x"], {"y": "z"})) == ["f", "x", "z"]


def test_methods_by_role() -> None:
    for role in (Role.MODEL, Role.LAYER, Role.CONTAINER, Role.WRAPPER, Role.AVERAGE, Role.MODULE_BASE):
        found = CATALOG.method(role, "eval")
        assert found is not None
        assert (found.role, found.on, found.options["mode"]) == (Role.MODE_SWITCH, Role.MODEL, "eval")
    state_dict = CATALOG.method(Role.OPTIMIZER, "state_dict")
    assert state_dict is not None
    assert state_dict.on is Role.OPTIMIZER
    assert CATALOG.method(Role.OPTIMIZER, "eval") is None
    restore = CATALOG.method(Role.OPTIMIZER, "load_state_dict")
    assert restore is not None
    assert restore.options["returns"] == "nothing"
    assert {found.on for found in CATALOG.methods("state_dict")} >= {Role.MODEL, Role.SCALER, Role.SCHEDULER}
    assert CATALOG.methods("unheard_of") == ()


@pytest.mark.parametrize(
    ("role", "name", "owner", "expected"),
    [
        (Role.TRAINER, "fit", "lightning.pytorch.Trainer", Role.FIT),
        (Role.TRAINER, "fit", "pytorch_lightning.Trainer", Role.FIT),
        (Role.TRAINER, "prepare", "accelerate.Accelerator", Role.WRAPPER),
        (Role.TRAINER, "train", "transformers.Seq2SeqTrainer", Role.FIT),
        (Role.MODEL, "fit", "keras.applications.ResNet50", Role.FIT),
        (Role.MODEL, "fit", "tensorflow.keras.Sequential", Role.FIT),
        (Role.MODEL, "eval", "torchvision.models.resnet18", Role.MODE_SWITCH),
        (Role.MODEL, "fit", "torchvision.models.resnet18", None),
        (Role.TRAINER, "prepare", "", None),
    ],
)
def test_methods_by_owner(role: Role, name: str, owner: str, expected: Role | None) -> None:
    found = CATALOG.method(role, name, owner)
    assert (found and found.role) is expected


def test_evidence() -> None:
    for method in ("eval", "parameters", "named_parameters"):
        assert CATALOG.evidence(method) is Role.MODEL
    for method in ("backward", "train", "state_dict", "step", "to", "unheard_of"):
        assert CATALOG.evidence(method) is None


def test_versions() -> None:
    assert api("torch.load").arguments({})["weights_only"] is True
    assert api("torch.load", CATALOG.with_versions({"torch": "2.5.1"})).arguments({})["weights_only"] is False
    assert api("torch.load", CATALOG.with_versions({"torch": "2.6.0+cpu"})).arguments({})["weights_only"] is True
    assert api("torch.load", CATALOG.with_versions({"torch": "2.6rc1"})).arguments({})["weights_only"] is True


@pytest.mark.parametrize(
    ("versions", "keeps"),
    [
        ({}, True),
        ({"lightning": "2.1.4"}, False),
        ({"lightning": "2.2"}, True),
        ({"pytorch-lightning": "1.9"}, False),
        ({"pytorch_lightning": "2.4"}, True),
    ],
)
def test_lightning_leaves_the_modes_of_parts_since_2_2(versions: dict[str, str], keeps: bool) -> None:
    options = api("pytorch_lightning.LightningModule", CATALOG.with_versions(versions)).options
    assert options.get("keeps_parts", False) is keeps


def test_the_generator_of_albumentations() -> None:
    newest, old = CATALOG, CATALOG.with_versions({"albumentations": "1.4.20"})
    assert api("albumentations.RandomCrop", newest).options["source"] == "albumentations"
    assert api("albumentations.RandomCrop", old).options["source"] == "python"
    pipeline = api("albumentations.Compose", newest)
    assert pipeline.given("seed", pipeline.bind([["flip"]], {"seed": 7})) == [7]
    assert "seed" not in api("albumentations.Compose", old).options
    seeds = CATALOG.method(Role.TRANSFORM, "set_random_seed")
    assert seeds is not None
    assert seeds.options["sources"] == ["albumentations"]


def test_known_libraries() -> None:
    assert CATALOG.is_known_library("torch")
    assert CATALOG.is_known_library("os")
    assert not CATALOG.is_known_library("mine")


def test_triggers() -> None:
    triggers = CATALOG.triggers()
    wanted = {
        b"torch.save",
        b"torch.load",
        b".state_dict",
        b".load_state_dict",
        b".eval(",
        b"no_grad:",
    }
    assert wanted | {b".backward(", b".fit(", b"save_file", b"dropout("} <= triggers

    assert not {b"", b".to(", b".parameters(", b"print", b"functional.*"} & triggers
    assert not any(b"*" in trigger for trigger in triggers)
    assert b"random_split" not in triggers
    assert b"random_split(" in CATALOG.triggers([Role.SPLIT])


def test_user_rows() -> None:
    rows: list[dict[str, object]] = [
        {
            "name": "mine.save_all",
            "role": "save",
            "params": ["model", "path"],
            "value": "model",
            "path": "path",
        },
        {"name": "torch.nn.Dropout", "role": "layer", "sensitive": False},
        {"names": ["mine.layers.*"], "role": "layer", "sensitive": True},
        {"name": "freeze_all", "on": "model", "role": "mode_switch", "mode": "eval", "evidence": True},
        {"name": "mine.log", "role": "save", "trigger": "log_all("},
    ]
    catalog = CATALOG.with_rows(rows, "pyproject.toml")
    assert api("mine.save_all", catalog).given("value", {"model": "net"}) == ["net"]
    assert api("torch.nn.Dropout", catalog).holds("sensitive", {}) is False
    assert api("torch.nn.modules.dropout.Dropout", catalog).holds("sensitive", {}) is False
    assert api("mine.layers.Noise", catalog).role is Role.LAYER
    assert catalog.evidence("freeze_all") is Role.MODEL
    assert {b"mine.save_all", b".freeze_all(", b"log_all("} <= catalog.triggers()
    assert CATALOG.api("mine.save_all") is None
    assert CATALOG.evidence("freeze_all") is None
    assert api("torch.nn.Dropout").holds("sensitive", {}) is True
    old = CATALOG.with_versions({"torch": "2.0"}).with_rows(rows, "pyproject.toml")
    assert api("torch.load", old).arguments({})["weights_only"] is False


def test_default_catalog_is_one() -> None:
    assert default_catalog() is CATALOG

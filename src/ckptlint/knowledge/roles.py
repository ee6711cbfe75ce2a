"""What an API can be to a training run, and which keys a row of each role may carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType


class Role(str, Enum):
    """What an API is to a training run; rows write the value, code compares members."""

    MODULE_BASE = "module_base"
    LAYER = "layer"
    CONTAINER = "container"
    MODEL = "model"
    WRAPPER = "wrapper"
    IDENTITY = "identity"
    OPTIMIZER = "optimizer"
    SCHEDULER = "scheduler"
    SCALER = "scaler"
    AVERAGE = "average"
    LOADER = "loader"
    DATASET = "dataset"
    SAVE = "save"
    LOAD = "load"
    OUTSIDE_LOAD = "outside_load"
    MODE_SWITCH = "mode_switch"
    MODE_READ = "mode_read"
    MODE_CONTEXT = "mode_context"
    SNAPSHOT = "snapshot"
    RESTORE = "restore"
    BACKWARD = "backward"
    STEP = "step"
    TRAINER = "trainer"
    FIT = "fit"
    NO_GRAD = "no_grad"
    HARMLESS = "harmless"
    COPY = "copy"
    PATH_JOIN = "path_join"
    TENSOR = "tensor"
    FUNCTIONAL = "functional"
    ENTRY = "entry"
    TRANSPARENT = "transparent"
    FREEZE = "freeze"
    SEED = "seed"
    RANDOM = "random"
    TRANSFORM = "transform"
    SPLIT = "split"
    MODULE_STATE = "module_state"
    LISTING = "listing"
    CALL = "call"
    VALUE = "value"
    PROCESSES = "processes"


ROLE_MEANINGS: Mapping[Role, str] = MappingProxyType(
    {
        Role.MODULE_BASE: "a class that models and layers derive from",
        Role.LAYER: "a class or function that makes a layer",
        Role.CONTAINER: "a class that registers the modules or parameters it is given",
        Role.MODEL: "a class or function that makes a whole model",
        Role.WRAPPER: "gives another object around a model, with the same parameters and mode",
        Role.IDENTITY: "gives back the object it was given",
        Role.OPTIMIZER: "a class or function that makes an optimizer",
        Role.SCHEDULER: "makes a learning-rate scheduler",
        Role.SCALER: "makes a gradient scaler",
        Role.AVERAGE: "makes an average of a model's weights (EMA, SWA)",
        Role.LOADER: "makes an iterable of batches",
        Role.DATASET: "makes a dataset, or is the base class of one",
        Role.SAVE: "writes a file",
        Role.LOAD: "reads what a save call wrote",
        Role.OUTSIDE_LOAD: "gets weights or other parts from outside the project",
        Role.MODE_SWITCH: "switches models to train or eval mode",
        Role.MODE_READ: "reads the mode",
        Role.MODE_CONTEXT: "a context manager that switches the mode and back",
        Role.SNAPSHOT: "gives the state, or part of it, as a value",
        Role.RESTORE: "puts a state back into an object",
        Role.BACKWARD: "computes gradients: what it is reached from is training",
        Role.STEP: "lets an optimizer, scheduler, scaler or average do one step",
        Role.TRAINER: "makes an object that runs or manages training",
        Role.FIT: "trains, evaluates or predicts as a whole",
        Role.NO_GRAD: "a context manager or decorator that turns gradients off or on; it switches no mode",
        Role.HARMLESS: "touches no mode, keeps nothing and changes no container that it is given",
        Role.COPY: "gives a copy, deep or shallow",
        Role.PATH_JOIN: "makes a path of pieces",
        Role.TENSOR: "makes a tensor",
        Role.FUNCTIONAL: "a layer as a function",
        Role.ENTRY: "makes a function an entry point of the program",
        Role.TRANSPARENT: "a decorator that keeps what the function does",
        Role.FREEZE: "stops or starts the training of parameters; it switches no mode",
        Role.SEED: "seeds random sources",
        Role.RANDOM: "draws random numbers, or makes a generator of them",
        Role.TRANSFORM: "makes a step, or a pipeline of steps, that data goes through",
        Role.SPLIT: "divides data into parts",
        Role.MODULE_STATE: "registers state with a module",
        Role.LISTING: "lists files or folders in an order that is not fixed",
        Role.CALL: "runs a model on data, with its weights given beside it",
        Role.VALUE: "makes a plain value: a dict, a record, an array, a number of its own type",
        Role.PROCESSES: "makes the program one of several processes that run the same code",
    }
)
"""What a row says by its role."""

ROLES: Mapping[str, Role] = MappingProxyType({role.value: role for role in Role})
"""Roles by the word a row writes."""

METHODS_OF: Mapping[Role, Role] = MappingProxyType(
    {
        Role.LAYER: Role.MODEL,
        Role.CONTAINER: Role.MODEL,
        Role.WRAPPER: Role.MODEL,
        Role.AVERAGE: Role.MODEL,
        Role.MODULE_BASE: Role.MODEL,
    }
)
"""Where an object's methods are looked up when its own role has no row for one: a layer is a model too."""

TRIGGER_ROLES: frozenset[Role] = frozenset(
    {
        Role.SAVE,
        Role.LOAD,
        Role.SNAPSHOT,
        Role.RESTORE,
        Role.MODE_SWITCH,
        Role.MODE_CONTEXT,
        Role.BACKWARD,
        Role.FIT,
        Role.NO_GRAD,
        Role.FUNCTIONAL,
    }
)
"""Roles whose calls make a file worth parsing."""


class Kind(Enum):
    """What the value of a row's key must be; the value of a member is how a message says it."""

    FLAG = "true or false"
    TEXT = "a string"
    TEXTS = "a string or a list of strings"
    TABLE = "a table"
    NAMES = "a list of parameter names"
    CONDITION = 'true, false or a condition over the parameters such as "p > 0 and not inplace"'
    PARAMETER = 'the name of a parameter, or "self"'
    PARAMETERS = 'a parameter\'s name, a list of them, "self" or "*"'
    VERSION = 'a version such as "2.6"'


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a row: what it may hold, and what it says."""

    kind: Kind
    meaning: str
    choices: tuple[str, ...] = ()


def _flag(meaning: str) -> Key:
    return Key(Kind.FLAG, meaning)


def _text(meaning: str, *choices: str) -> Key:
    return Key(Kind.TEXT, meaning, choices)


def _texts(meaning: str, *choices: str) -> Key:
    return Key(Kind.TEXTS, meaning, choices)


def _condition(meaning: str) -> Key:
    return Key(Kind.CONDITION, meaning)


def _parameter(meaning: str) -> Key:
    return Key(Kind.PARAMETER, meaning)


def _parameters(meaning: str) -> Key:
    return Key(Kind.PARAMETERS, meaning)


COMMON_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "name": _text("the qualified name, of a method the bare one; `*` is any text without a dot, `**` any text"),
        "names": _texts("several names that share the row"),
        "role": _text("what the API is to a training run"),
        "params": Key(
            Kind.NAMES,
            "parameters in order, receiver excluded; `*x` takes the rest, after `*` by keyword only",
        ),
        "defaults": Key(Kind.TABLE, "literal defaults of parameters"),
        "framework": _text("the library whose version `since` and `until` speak of; default: the file's"),
        "since": Key(Kind.VERSION, "first version in which the row holds"),
        "until": Key(Kind.VERSION, "first version in which the row no longer holds"),
        "trigger": _texts("literals, one of which a file that uses the API holds; default: from the name"),
    }
)
"""Keys of every row."""

METHOD_KEYS: Mapping[str, Key] = MappingProxyType(
    {
        "on": _texts("the receiver's role, or several"),
        "evidence": _flag("a call of this name alone shows that the receiver has the role `on`"),
    }
)
"""Further keys of a `[[method]]` row."""

_MODES = ("train", "eval", "unknown")
_SOURCES = ("python", "numpy", "torch", "cuda", "keras", "jax", "albumentations", "own")

_SERIALISES = _text("which arguments of a subclass its `get_config` tells", "literals", "own")

_SYMBOLIC = _flag("it makes, or called on one gives, a tensor without data, of which models are put together")

_CARRIES_CODE = _flag("its code goes into the file that it is saved to")
_SWITCHES = _flag(
    "the framework switches train and eval itself: methods of classes that derive from it, which it calls, too"
)

_PROCESSES = _text("the program that calls it runs as several processes, or may", "several", "perhaps")
_SHARDED = _flag("each process holds a part of the weights only: all of them must take part in saving")

_MODULE: dict[str, Key] = {
    "sensitive": _condition("the output differs between train and eval mode"),
    "buffers": _condition("it holds state that is no parameter and that training changes"),
    "parameters": _condition("it holds parameters; default: true"),
    "weights": _text("how a layer of a library's own starts", "random", "constant"),
    "children": _parameters("the parameters that hold its modules"),
    "mode": _text("the mode it is created in; default: train", *_MODES),
    "instance_of": _text("the qualified name of the class whose methods the result has"),
    "random": _condition("it draws random numbers in every mode"),
    "per_sample": _flag("in train mode an output depends on its own sample only, and nothing is dropped"),
    "symbolic": _SYMBOLIC,
    "sizes": _parameters("the parameters that decide its weights or what it computes"),
    "activation": _text("it only applies a function: the parameter that names it, or the function's name"),
    "reshapes": _flag("it only gives its input another shape"),
    "tuned": _parameters("the parameters that change what it computes, and the shape of no weight"),
    "collection": _text("what the state is called that it holds beside its parameters"),
    "idle": _condition("at evaluation it gives back what it was given, or does what data preparation may do instead"),
}

ROLE_KEYS: Mapping[Role, Mapping[str, Key]] = MappingProxyType(
    {
        Role.MODULE_BASE: {
            "carries_code": _CARRIES_CODE,
            "keeps_parts": _flag("it leaves the modes of a model's parts as they were before it trains"),
            "switches": _SWITCHES,
            "written_in": _text("the method that adds keys to the checkpoint which the framework writes"),
            "read_in": _text("the method that is given this checkpoint when it is read"),
            "own_keys": _texts("the keys that the framework writes itself, `*` for any text"),
            "keeps_arguments": _text("the method by which a constructor keeps its arguments for a load"),
            "tracks_containers": _flag("modules in plain lists and dicts are registered"),
            "forward": _text("the method that a call of the instance runs"),
            "mode": _MODULE["mode"],
            "train_flags": _texts("arguments of a call that, when true, make it behave as in training"),
            "eval_flags": _texts("arguments of a call that, when false, make it behave as in training"),
            "serialises": _SERIALISES,
            "gradients": _text("when its calls are recorded for a backward pass; default: always", "always", "asked"),
            "instance_of": _MODULE["instance_of"],
            "symbolic": _SYMBOLIC,
            "graph": _parameters("the symbolic tensors that a model is put together of"),
        },
        Role.LAYER: _MODULE,
        Role.CONTAINER: {
            **_MODULE,
            "holds": _text("what it registers", "modules", "parameters"),
            "form": _text("how its items are kept", "list", "dict", "chain"),
        },
        Role.MODEL: {
            **_MODULE,
            "switches": _SWITCHES,
            "pretrained": _condition("it comes with weights"),
            "path": _parameter("which weights it comes with"),
            "family": _parameter("whose literal value names the family of the model"),
            "families": Key(
                Kind.TABLE,
                "by condition (also `true` and `false`) a list of names of classes and of `family`, `*` for any text: "
                "for these it is `sensitive` then; others are unknown",
            ),
            "overrides": _texts("arguments, `*` for any text, with which `families` say nothing"),
            "rates": _texts("arguments, `*` for any text, that set its dropout rates: they go before `families`"),
        },
        Role.WRAPPER: {
            "of": _parameters("the model that is wrapped; a list or `*` with returns = arguments"),
            "returns": _text("what the call gives; default: wrapper", "wrapper", "argument", "arguments"),
            "prefix": _text("what the keys of the wrapper's state dict start with"),
            "inner": _text("the attribute that gives the wrapped model"),
            "config": _parameter("what says how it is adapted"),
            "heads": _texts("names of classes, `*` for any text, that add a head which no weights come for"),
            "captures_mode": _parameter("the model whose computation it records in the mode the model is in"),
            "carries_code": _CARRIES_CODE,
            "mode": _text("the mode the wrapped model is in afterwards; default: as it was", *_MODES),
            "sensitive": _condition("it makes the output differ between train and eval mode"),
            "buffers": _condition("it adds state that is no parameter and that training changes"),
            "instance_of": _MODULE["instance_of"],
            "processes": _PROCESSES,
            "sharded": _SHARDED,
        },
        Role.IDENTITY: {
            "of": _parameter("what comes back; for a method `self`"),
            "skips": _parameter("how many of its first items what comes back leaves out, each time it is iterated"),
            "unwraps": _flag("a wrapper given comes back as the model in it"),
            "returns": _text("what the call gives; default: argument", "argument", "iterable", "nothing"),
            "sharded": _SHARDED,
        },
        Role.OPTIMIZER: {
            "of": _parameter("the parameters it updates"),
            "stateful": _condition("its state changes later steps"),
            "wraps": _parameter("an optimizer, or the class of one, that it drives"),
            "rate": _parameter("the learning rate"),
        },
        Role.SCHEDULER: {
            "of": _parameter("the optimizer it drives"),
            "recovers": _condition("restoring the optimizer alone gives the right rate"),
            "starts": _text("what making it does to a rate that was restored; default: nothing", "sets", "scales"),
            "children": _parameters("schedulers it chains"),
            "follows": _text("what its step is given instead of an epoch", "metric"),
        },
        Role.SCALER: {"enabled": _condition("it scales at all")},
        Role.AVERAGE: {
            "of": _parameter("the model, or its parameters, that is averaged"),
            "prefix": _text("what the keys of its state dict start with"),
            "inner": _text("the attribute that gives the averaged model"),
            "averages_buffers": _condition("buffers are averaged or copied too"),
            "is_model": _flag("it is called like the model"),
            "mode": _text("the mode of the copy; default: that of the model", "train", "eval", "unknown"),
        },
        Role.LOADER: {
            "dataset": _parameter("where its items come from"),
            "shuffle": _parameter("whether the order is random"),
            "sampler": _parameter("who decides the order"),
            "workers": _parameter("how many processes fetch"),
            "transform": _parameter("the transform of its items"),
        },
        Role.DATASET: {
            "of": _parameters("the datasets it is made from"),
            "transform": _parameters("the transforms of its items"),
            "split": _parameter("which part of the data it is"),
            "train": _parameter("whether it is the training part"),
            "iterable": _flag("its items can only be iterated"),
        },
        Role.SAVE: {
            "value": _parameters("what is stored"),
            "path": _parameter("where"),
            "entries": _text(
                "each argument is an entry under its name, of one without a name under this, `{}` the number"
            ),
            "stores": _text(
                "what the file holds; default: value", "value", "model", "weights", "optimizer", "training"
            ),
            "format": _text("how", "pickle", "tensors", "arrays", "text", "keras", "folder"),
            "every_rank": _flag("every process must call it, or it guards itself"),
            "by_reference": _flag("of an object's class only the name goes into the file, not its code"),
            "returns": _text("what the call gives; default: nothing", "nothing", "writer"),
            "weights_flag": _parameter("true stores the weights only"),
            "endings": _texts("what the file's name must end in, else the call fails"),
            "weights_endings": _texts("the same where `weights_flag` is true"),
        },
        Role.LOAD: {
            "path": _parameter("where from"),
            "weights_only": _parameter("whether only plain data is accepted"),
            "into": _parameters("what is overwritten in place"),
            "returns": _text("what the call gives; default: value", "value", "model", "weights", "nothing"),
            "mode": _MODULE["mode"],
            "carries_code": _CARRIES_CODE,
            "device": _parameter("where what it holds goes, wherever it was saved from"),
            "format": _text("how", "pickle", "tensors", "arrays", "text", "keras", "folder"),
            "restores": _text("what is restored; default: value", "value", "model", "weights", "training"),
            "strict": _parameter("whether all keys must match"),
            "copies": _flag("what it is given stays as it was: the result holds what is loaded"),
            "rebuilds": _flag("it calls the constructor again, with the arguments that were kept and those given here"),
            "unverified": _flag("where there is no file it changes nothing and says nothing"),
            "verified_by": _texts("methods of its result that tell whether everything was loaded"),
            "partial": _parameters("given, they may say that only what fits is loaded"),
            "instance_of": _MODULE["instance_of"],
        },
        Role.OUTSIDE_LOAD: {
            "path": _parameter("which weights"),
            "returns": _text("what the call gives; default: value", "value", "model", "path"),
            "mode": _MODULE["mode"],
        },
        Role.MODE_SWITCH: {
            "mode": _text("the mode it switches to", "train", "eval"),
            "flag": _parameter("true switches to train, false to eval"),
            "off": _parameters("all of them true switch to eval, all of them false to train"),
            "of": _parameters("the models; default: self"),
            "returns": _text("what the call gives; default: self", "self", "nothing", "copy"),
        },
        Role.MODE_READ: {"of": _parameter("the model; default: self")},
        Role.MODE_CONTEXT: {
            "mode": _text("the mode inside", "train", "eval"),
            "flag": _parameter("true switches to train, false to eval"),
            "of": _parameters("the models; default: self"),
        },
        Role.SNAPSHOT: {
            "kind": _text(
                "what it gives",
                *("state_dict", "parameters", "named_parameters", "buffers", "named_buffers", "modules"),
                "adapter",
            ),
            "of": _parameter("the object; default: self"),
            "copies": _flag("the tensors are copies"),
            "shares": _flag("the tensors are the model's own: they change with it"),
            "attached": _parameter("true gives the tensors themselves, which know whether they are trained"),
            "unwraps": _flag("keys carry no wrapper's prefix"),
        },
        Role.RESTORE: {
            "value": _parameter("the state"),
            "strict": _parameter("whether all keys must match"),
            "of": _parameter("the object; default: self"),
            "returns": _text("what the call gives; default: nothing", "nothing", "keys", "self"),
        },
        Role.BACKWARD: {
            "of": _parameters("the loss; default: self"),
            "returns": _text("what the call gives; default: nothing", "nothing", "gradients", "function"),
        },
        Role.STEP: {
            "of": _parameters("the object stepped; default: self"),
            "steps": _text("what kind of object that is", "optimizer", "scheduler", "scaler", "average", "engine"),
            "model": _parameter("the model an average follows"),
        },
        Role.TRAINER: {
            "model": _parameters("the model, when the constructor takes it"),
            "data": _parameters("the data, when the constructor takes it"),
            "switches": _SWITCHES,
            "runs": _parameters("functions of the project that it calls when it runs"),
            "returns": _text("what the call gives; default: trainer", "trainer", "arguments"),
            "seeds": _texts("the random sources it seeds unasked", *_SOURCES),
            "instance_of": _MODULE["instance_of"],
            "processes": _PROCESSES,
        },
        Role.FIT: {
            "kind": _text("what happens; default: fit", "fit", "evaluate", "predict"),
            "model": _parameters("the model; default: the trainer's, or self"),
            "data": _parameters("the data"),
            "path": _parameter("the checkpoint it starts from"),
            "writers": _parameter("objects that save while it runs"),
            "leaves": _text("the mode the model is in afterwards; default: unknown", *_MODES, "same"),
        },
        Role.NO_GRAD: {
            "grad": _text("what happens to gradients; default: off", "off", "on"),
            "flag": _parameter("whether gradients are on"),
        },
        Role.HARMLESS: {
            "returns": _text("what the call gives; default: data", "nothing", "data", "argument", "items"),
            "of": _parameters("what comes back, or the data it is made from"),
            "runs_model": _flag("it calls the model"),
            "serialises": _SERIALISES,
            "captures_mode": _parameter("the model whose computation it records in the mode the model is in"),
            "switches": _SWITCHES,
            "fields": _texts("what the object it makes holds"),
            "replaced_by": _texts("methods of that object that give a changed one and leave it as it was"),
            "packs": _parameter("the state that it gives as bytes, to be written to a file"),
            "filters": _parameters("filters that pick a part of the state"),
            "picks": _text("given as such a filter, it picks only this", "parameters"),
            "finds": _flag("it gives the newest checkpoint of a folder, or nothing"),
            "finds_by": _texts("attributes and methods that give the newest checkpoint of a folder, or nothing"),
            "lists": _parameters("the parameters that must be given lists"),
            "keeps_part": _parameters("one of them is given so that a new part of the model is trained and saved"),
            "adapts": _parameters("the parts of the model that it adapts"),
            "treats": _flag("it treats data the same way each time before a model sees them; the data come first"),
        },
        Role.COPY: {
            "of": _parameter("what is copied; default: self"),
            "deep": _condition("the parts are copied too"),
            "moves": _flag("it copies after all what is on another device"),
        },
        Role.PATH_JOIN: {"of": _parameters("the pieces")},
        Role.TENSOR: {
            "values": _text("where its values come from", "random", "constant", "data"),
            "registers": _text("as an attribute of a module it becomes", "parameter", "buffer"),
            "replaced_by": _texts("its methods and properties that always give another tensor"),
            "converted_by": _texts("its methods that give another tensor unless it has the type already"),
            "moved_by": _texts("its methods that give another tensor unless it is there already"),
            "of": _parameters("what it is made from"),
            "shares": _flag("it shares memory with what it is made from"),
            "symbolic": _SYMBOLIC,
        },
        Role.FUNCTIONAL: {
            "flag": _parameter("true makes it behave as in training"),
            "sensitive": _condition("it does anything when the flag is true"),
            "rate": _parameter("how much of its input it drops"),
            "random": _condition("it draws random numbers whatever the mode"),
        },
        Role.ENTRY: {
            "kind": _text(
                "how it marks the entry point; handler: the receiver calls it while it runs",
                "decorator",
                "caller",
                "handler",
            ),
            "of": _parameter("the function that is called"),
        },
        Role.TRANSPARENT: {
            "kind": _text(
                "how the decorated function behaves; default: same",
                *("same", "contextmanager", "cached", "partial"),
            ),
            "of": _parameter("the function"),
        },
        Role.FREEZE: {
            "of": _parameters("what; default: self"),
            "flag": _parameter("true trains, false freezes"),
        },
        Role.SEED: {
            "sources": _texts("the random sources it seeds", *_SOURCES),
            "seed": _parameter("the seed"),
        },
        Role.RANDOM: {
            "source": _text("the random source", *_SOURCES),
            "seed": _parameter("the seed, when it makes a generator"),
            "generator": _parameter("a generator to draw from"),
            "kind": _text("what it does; default: draw", "draw", "generator", "state"),
            "of": _parameters("what is drawn from or shuffled"),
        },
        Role.TRANSFORM: {
            "random": _condition("it draws random numbers"),
            "source": _text("the random source", *_SOURCES),
            "seed": _parameter("the seed"),
            "children": _parameters("the steps it is made of"),
            "kind": _text(
                "what the step does",
                *("compose", "resize", "crop", "scale", "normalize", "convert", "color", "geometry", "other"),
            ),
            "is_module": _flag("it is a module or layer too"),
            "gives": _text("what the values of its result are", "image", "bytes", "unit"),
            "scales": _condition("a change to a floating type divides bytes by 255"),
            "dtype": _parameter("the type of the numbers it gives"),
            "mean": _parameter("what is subtracted"),
            "std": _parameter("what is divided by then"),
            "maximum": _parameter("what values are divided by before that"),
            "size": _parameters("the size it gives"),
            "channels": _parameter("how many channels it gives"),
            "symbolic": _SYMBOLIC,
            "idle": _MODULE["idle"],
        },
        Role.SPLIT: {
            "of": _parameters("what is split"),
            "random": _condition("the parts are drawn at random"),
            "seed": _parameter("the seed or generator"),
            "source": _text("the random source without a seed", *_SOURCES),
            "shuffle": _parameter("whether the order is random"),
            "kind": _text("what it is; default: call", "call", "splitter"),
            "reorders": _flag("it gives one part only: what follows may divide it"),
            "shown_by": _texts("keywords, one of which shows which API the method is, whatever the receiver"),
        },
        Role.MODULE_STATE: {
            "kind": _text("what is registered", "buffer", "parameter", "module"),
            "key": _parameter("the parameter that holds the name"),
            "value": _parameter("the value"),
            "persistent": _parameter("whether the state dict holds it"),
        },
        Role.CALL: {
            "shown_by": _texts("keywords, one of which shows that the method is meant, whatever the receiver"),
            "skips": _flag("its first argument holds the weights, not data"),
        },
        Role.VALUE: {
            "kind": _text(
                "what it is; fields: the attributes of an object as a dict; "
                "filling: a dict that puts in what is asked for; record: its keywords are its attributes",
                *("dict", "filling", "list", "record", "fields", "object", "number", "array"),
            ),
            "of": _parameter("the dict it begins with, or the object"),
            "refused": _flag("a load that accepts plain data only refuses it"),
            "given": _flag("whoever starts the program says what it holds"),
            "plain": _text("what is accepted in its place, `{}` being the value"),
        },
        Role.PROCESSES: {"processes": _PROCESSES},
        Role.LISTING: {
            "of": _parameter("the folder or pattern"),
            "kind": _text("what it gives; default: names", "names", "tree"),
        },
    }
)
"""The keys that a row of a role may carry beyond the common ones."""

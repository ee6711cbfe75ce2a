"""Datasets of a run: which transforms they apply, and whether they are trained on or evaluated."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ckptlint.diagnostic import Assumption
from ckptlint.facts.checkpoints import path_pattern
from ckptlint.facts.modes import EvaluationForward, TrainingForward
from ckptlint.facts.pipelines import Pipelines
from ckptlint.facts.places import statement_at
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.vocabulary import data_purpose_of, purpose_of
from ckptlint.flow.domain import Const, Location, Mark, Object, Origin, Value, root_of
from ckptlint.flow.events import Built, Fitted, Forward
from ckptlint.flow.written import words_in_order, written
from ckptlint.knowledge.roles import Role
from ckptlint.semantics import model

TRAINING, EVALUATION = "training", "evaluation"
TRANSFORM_WORDS = frozenset("transform transforms tf tfm tfms trans augment augmentation augmentations aug".split())
"""Words of a parameter or attribute of a project's dataset that takes the transform of its images."""
FLAGS = {"train": True, "training": True, "test": False, "val": False, "valid": False, "eval": False, "evaluate": False}
"""Words of a truth value that says which part of the data it is, and whether True means training."""
SPLIT_WORDS = frozenset("split mode phase subset set partition stage fold type kind part".split())
"""Words of a parameter whose string says which part of the data it is."""
_FLAG = re.compile(r"^(?:is_?|for_?)?(train|training|test|val|valid|eval|evaluate)(?:_mode|ing)?$")


@dataclass(slots=True)
class Use:
    """What becomes of a dataset in one run."""

    trained: bool = False
    evaluated: str = ""
    """What shows that a model is evaluated on it."""
    assumptions: frozenset[Assumption] = frozenset()
    """What that takes for granted."""
    is_sampled: bool = False
    """A model runs on it to show what comes out."""
    models: set[Location] = field(default_factory=set)
    """The models that see it."""
    is_divided: bool = False
    """Only parts of it are used: a split, a subset, a sampler."""
    names: set[str] = field(default_factory=set)
    """What it, or a loader of it, is called."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset made in a run, with the transform of its images."""

    event: Built
    run: Run
    held: Object
    transform: Value
    family: object
    """Equal for datasets whose images come alike: the class that reads them."""
    purpose: str | None
    """TRAINING (also when a model is evaluated on it besides), EVALUATION, or None when that is not known."""
    reason: str
    """What shows the purpose, in words."""
    assumptions: frozenset[Assumption]
    models: frozenset[Location]
    names: frozenset[str]
    """What it, its loaders, and the functions that make it are called."""
    is_divided: bool

    @property
    def is_own(self) -> bool:
        """Whether its class is one of the project, which may do more to an image than its transform."""
        return self.held.model is not None


@derives(Dataset)
def datasets(facts: Facts) -> Iterator[Dataset]:
    """Every dataset that is given one transform."""
    training: dict[int, list[TrainingForward]] = {}
    evaluating: dict[int, list[EvaluationForward]] = {}
    for trained in facts.of(TrainingForward):
        training.setdefault(id(trained.run), []).append(trained)
    for evaluated in facts.of(EvaluationForward):
        evaluating.setdefault(id(evaluated.run), []).append(evaluated)
    for run in facts.runs:
        if any(isinstance(e, Built) and e.role is Role.DATASET for e in run.events):
            data = _Data(facts, run)
            yield from data.found(training.get(id(run), []), evaluating.get(id(run), []))


class _Data:
    """The datasets of one run and what is made from them."""

    def __init__(self, facts: Facts, run: Run) -> None:
        self.facts = facts
        self.run = run
        self.pipelines = Pipelines(facts, run)
        self.made: dict[Location, Built] = {}
        self.uses: dict[Location, Use] = {}
        self.trains = False
        """A dataset of this run is seen to be trained on."""
        for event in run.events:
            if isinstance(event, Built) and event.role in (Role.DATASET, Role.LOADER, Role.SPLIT):
                for ref in event.made.refs():
                    self.made[ref.location] = event

    def found(self, training: list[TrainingForward], evaluating: list[EvaluationForward]) -> Iterator[Dataset]:
        for location, event in self.made.items():
            names = self._names(event)
            for base in self._bases([location]):
                use = self.uses.setdefault(base, Use())
                use.names.update(names)
                use.is_divided |= base != location and self._divides(location)
        for trained in training:
            for use in self._reached(trained.event.inputs.origins):
                use.trained = self.trains = True
                use.models.update(r.location for r in trained.event.operand.refs())
        for evaluated in evaluating:
            for use in self._reached(evaluated.event.inputs.origins):
                if not use.evaluated or len(evaluated.assumptions) < len(use.assumptions):
                    use.evaluated, use.assumptions = evaluated.reason, evaluated.assumptions
                use.models.update(r.location for r in evaluated.event.operand.refs())
        for fitted in self.run.events:
            if isinstance(fitted, Fitted) and fitted.kind in ("evaluate", "predict"):
                for use in self._reached(fitted.data.origins):
                    use.evaluated = use.evaluated or f"`{fitted.kind}`"
        for forward in self.run.events:
            if isinstance(forward, Forward) and self._shows(forward):
                for use in self._reached(forward.inputs.origins):
                    use.is_sampled = True
        for location, event in self.made.items():
            held = self.run.object_at(location)
            if event.role is not Role.DATASET or held is None or location not in self._bases([location]):
                continue
            transform = self._transform(event, held)
            if transform is not None:
                yield self._dataset(event, held, transform, self.uses.get(location) or Use())

    def _shows(self, forward: Forward) -> bool:
        names = [self.facts.program.function(key).name for key in forward.within[1:]]
        return any(purpose_of(name) == "sampling" for name in names)

    def _reached(self, origins: Iterable[Origin]) -> list[Use]:
        roots = [root_of(origin) for origin in origins if not isinstance(origin, Mark)]
        return [self.uses.setdefault(base, Use()) for base in self._bases(roots)]

    def _bases(self, locations: Iterable[Location]) -> set[Location]:
        """The datasets behind loaders, subsets and splits."""
        found: set[Location] = set()
        work, seen = list(locations), set[Location]()
        while work:
            location = root_of(work.pop())
            event = self.made.get(location)
            if event is None or location in seen:
                continue
            seen.add(location)
            held = self.run.object_at(location)
            if held is None or held.api is None:
                continue
            key = "dataset" if event.role is Role.LOADER else "of"
            inner = [r.location for v in held.api.given(key, dict(held.arguments)) for r in v.refs()]
            if event.role is Role.DATASET and (held.model is not None or "of" not in held.api.options):
                found.add(location)
            else:
                work.extend(inner)
        return found

    def _divides(self, location: Location) -> bool:
        event, held = self.made[location], self.run.object_at(location)
        if event.role is not Role.LOADER:
            return True
        sampler = held.api.given("sampler", dict(held.arguments)) if held is not None and held.api is not None else []
        return any(value.constant() is None for value in sampler)

    def _names(self, event: Built) -> set[str]:
        """The names it is assigned to where it is made."""
        statement = statement_at(self.facts.program, event.site.path, event.site.at)
        if not isinstance(statement, model.Bind) or statement.value is None or statement.value.at != event.site.at:
            return set()
        return {written(target) for target in statement.targets}

    def _transform(self, event: Built, held: Object) -> Value | None:
        if held.model is None:
            set_later = event.parts.items.values() if event.parts.items is not None else []
            given = held.api.given("transform", dict(held.arguments)) if held.api is not None else []
            values = [v for v in (*set_later, *given) if v.constant() is None]
            return values[0] if len(values) == 1 else None  # One that is replaced may be so on some paths only.
        given = [v for name, v in held.arguments if self._is_transform(name, v)]
        kept = [
            v for name, v in (event.parts.items.entries if event.parts.items else ()) if self._is_transform(name, v)
        ]
        if len(given) > 1 or len(kept) > 1:
            return None
        if given and (not kept or {*given[0].atoms} <= {*kept[0].atoms}):
            return given[0]  # What is given stands before any default.
        return kept[0] if kept else None

    def _is_transform(self, name: object, value: Value) -> bool:
        words = words_in_order(str(name))
        if not TRANSFORM_WORDS & set(words) or "target" in words:
            return False
        return self.pipelines.is_transform(value)

    # ------------------------------------------------------------------------------------------------- purpose

    def _dataset(self, event: Built, held: Object, transform: Value, use: Use) -> Dataset:
        functions = [self.facts.program.function(key).name for key in event.within[1:]]
        purpose, reason, assumptions = self._purpose(event, held, use, functions)
        family: object = held.model if held.model is not None else held.api.name if held.api is not None else None
        return Dataset(
            event,
            self.run,
            held,
            transform,
            family,
            purpose,
            reason,
            assumptions,
            frozenset(use.models),
            frozenset(use.names | set(functions)),
            use.is_divided,
        )

    def _purpose(
        self, event: Built, held: Object, use: Use, functions: list[str]
    ) -> tuple[str | None, str, frozenset[Assumption]]:
        said = self._said(held)
        if use.trained:
            return TRAINING, "a model is trained on it", frozenset()
        unseen = frozenset() if self.run.is_entry else frozenset({Assumption.CALLER_UNSEEN})
        if use.evaluated:
            if said is not None and said[0] == EVALUATION:
                return EVALUATION, use.evaluated, frozenset()
            named = next((purpose for purpose, _ in self._named(event, held, use, functions)), None)
            if named == TRAINING or (use.is_divided and not self.trains):
                return None, "", frozenset()  # The training may be what is not seen.
            # What its arguments say may be a default that somebody forgot.
            if said is None or use.is_divided or named == EVALUATION:
                return EVALUATION, use.evaluated, use.assumptions
            return None, "", frozenset()
        if use.is_divided or use.is_sampled:
            return None, "", frozenset()
        if said is not None:
            return said[0], said[1], unseen
        for purpose, reason in self._named(event, held, use, functions):
            return purpose, reason, unseen | {Assumption.ROLE_BY_NAME}
        return None, "", frozenset()

    def _said(self, held: Object) -> tuple[str, str] | None:
        """What its own literal arguments say it is."""
        arguments = dict(held.arguments)
        if held.model is None and held.api is not None:
            complete = "**" not in arguments
            literals = {n: c.value for n, v in arguments.items() if (c := v.constant()) is not None}
            unknown = {n for n, v in arguments.items() if v.constant() is None}
            bound = held.api.arguments(literals, complete=complete)
            for key in ("train", "split"):
                name = held.api.options.get(key)
                if isinstance(name, str) and name in bound and name not in unknown:
                    return _meaning(name, bound[name])
            return None
        found = [m for name, v in held.arguments if (c := v.constant()) is not None and (m := _own_meaning(name, c))]
        return found[0] if len({m[0] for m in found}) == 1 else None

    def _named(self, event: Built, held: Object, use: Use, functions: list[str]) -> Iterator[tuple[str, str]]:
        """What names say it is: of the folder, of itself and its loaders, of the function that makes it."""
        for value in [v for n, v in held.arguments if n in ("root", "path", "dir", "folder", "data", "directory")]:
            last = (path_pattern(value) or ("",))[-1]
            if not last.startswith("{") and (purpose := _one_purpose(posixpath.basename(last.rstrip("/")))):
                yield purpose, f"the folder `{posixpath.basename(last.rstrip('/'))}`"
        for name in [*sorted(use.names), *reversed(functions)]:
            if purpose := _one_purpose(name):
                yield purpose, f"the name `{name}`"


def _meaning(name: str, value: object) -> tuple[str, str] | None:
    if isinstance(value, bool):
        return (TRAINING if value else EVALUATION), f"`{name}={value}`"
    purpose = _one_purpose(value) if isinstance(value, str) else None
    return (purpose, f"`{name}={value!r}`") if purpose is not None else None


def _own_meaning(name: str, literal: Const) -> tuple[str, str] | None:
    flag = _FLAG.match(name)
    if flag is not None and isinstance(literal.value, bool):
        means_training = FLAGS.get(flag.group(1), True)
        return (TRAINING if literal.value is means_training else EVALUATION), f"`{name}={literal.value}`"
    if isinstance(literal.value, str) and set(words_in_order(name)) & (SPLIT_WORDS | {"train"}):
        return _meaning(name, literal.value)
    return None


def _one_purpose(name: str) -> str | None:
    """What a name says, when it does not speak of both."""
    found = {purpose for word in words_in_order(name) if (purpose := data_purpose_of(word)) is not None}
    return found.pop() if len(found) == 1 else None

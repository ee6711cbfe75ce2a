"""What two pipelines do differently to an image, their random steps aside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.facts.pipelines import MIXED_KIND, UNKNOWN_KIND, Pipeline, Step
from ckptlint.flow.domain import ApiAtom
from ckptlint.knowledge.catalog import MISSING

OPAQUE_KINDS = frozenset({UNKNOWN_KIND, "other"})
"""Kinds of steps that may do anything."""
FLOATING = frozenset("float float16 float32 float64 bfloat16 half double".split())
"""Names of floating types."""
MEAN_TOLERANCE = 0.006
"""Means (of values from 0 to 1) nearer than this are two ways of rounding one."""
STD_TOLERANCE = 0.03
"""The same for standard deviations, as a part of them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two pipelines do differently."""

    kind: str
    """"normalize", "range", "color", "size"."""
    training: Step | None
    """The step of the training pipeline; None when it has none."""
    evaluation: Step | None
    is_literal: bool = True
    """All that was compared is written down."""


Affine = tuple[tuple[float, float], ...]
"""(mean, std) of each channel that values from 0 to 1 are normalised with in the end."""


@dataclass(frozen=True, slots=True)
class Values:
    """What a pipeline makes of the values of an image."""

    range: str | None
    """"bytes" (0 to 255), "unit" (0 to 1); None when it makes no tensor or that is not known."""
    converter: Step | None
    """The last step that decides the range."""
    normalizers: tuple[Step, ...]
    affine: Affine | None
    """All of it as one; None when a number is not known."""


def differences(training: Pipeline, evaluation: Pipeline) -> Iterator[Difference]:
    """What is done to one of the images and not to the others; nothing where a step could hide it."""
    if _hides(training, evaluation) or _hides(evaluation, training):
        return
    yield from _values_differ(values_of(training), values_of(evaluation))
    yield from _colors_differ(training, evaluation)
    yield from _sizes_differ(training, evaluation)


def _hides(pipeline: Pipeline, other: Pipeline) -> bool:
    """Whether a step that the other pipeline has not may do, or undo, what is compared."""
    for step in pipeline.steps:
        if step.random is False and step.kind in OPAQUE_KINDS and not any(step.does_as(s) for s in other.steps):
            return True
        if not step.is_certain and step.random is False:
            return True
    return False


# ---------------------------------------------------------------------------------------------------- values


def values_of(pipeline: Pipeline) -> Values:
    """The range of the values at the end, and what normalises them."""
    state: str | None = None
    converter: Step | None = None
    normalizers: list[Step] = []
    affine: Affine | None = ((0.0, 1.0 / 255.0),)  # An image starts as bytes.
    for step in pipeline.steps:
        if step.random is not False:
            continue
        before = state
        if step.kind == "normalize":
            normalizers.append(step)
            affine = _normalized_by(step, affine)
            state = "unit" if state is None and step.option("maximum") else state
        elif step.kind in ("convert", "scale"):
            state = _converted(step, state)
            converter = step if state != before else converter
            if state == "unit" != before and affine is not None:
                affine = tuple((m, s * 255.0) for m, s in affine)
    return Values(state, converter, tuple(normalizers), affine)


def _converted(step: Step, state: str | None) -> str | None:
    gives = step.option("gives")
    if gives == "image":
        return None
    if gives:
        return gives if state is None or step.kind == "scale" else state
    return _scaled(step, state) if step.kind == "scale" else state


def _scaled(step: Step, state: str | None) -> str | None:
    """The range after a change of type."""
    types = [value.single for value in step.given("dtype")]
    atom = types[0] if len(types) == 1 else None
    if not isinstance(atom, ApiAtom):
        return None
    if atom.name.rsplit(".", 1)[-1] not in FLOATING or state != "bytes":
        return state
    scales = step.holds("scales")
    return None if scales is None else "unit" if scales else state


def _values_differ(training: Values, evaluation: Values) -> Iterator[Difference]:
    if training.range is None or evaluation.range is None:
        return
    here, there = evaluation.normalizers, training.normalizers
    if len(here) == len(there) and all(a.does_as(b) for a, b in zip(here, there, strict=True)):
        if training.range != evaluation.range:
            yield Difference("range", training.converter, evaluation.converter)
        return
    ours, theirs = evaluation.affine, training.affine
    if not here or not there:
        is_literal = ours is not None and theirs is not None
        if not (ours and theirs and _is_near(ours, theirs)):
            yield Difference("normalize", there[0] if there else None, here[0] if here else None, is_literal)
    elif ours is not None and theirs is not None and not _is_near(ours, theirs):
        kind = "normalize" if training.range == evaluation.range else "range"
        steps = (there[-1], here[-1]) if kind == "normalize" else (training.converter, evaluation.converter)
        yield Difference(kind, *steps)


def _normalized_by(step: Step, before: Affine | None) -> Affine | None:
    mean, std = statistics_of(step)
    if before is None or mean is None or std is None or 0.0 in std:
        return None
    if step.option("maximum"):
        maximum = _numbers(step.literal("maximum"))
        if maximum is None:
            return None
        before = tuple((m, s * maximum[0]) for m, s in before)
    count = max(len(before), len(mean), len(std))
    if any(len(part) not in (1, count) for part in (before, mean, std)):
        return None
    each = [(before[min(i, len(before) - 1)], _at(mean, i), _at(std, i)) for i in range(count)]
    # ((x - m) / s - mean) / std  =  (x - (m + s * mean)) / (s * std)
    return tuple((m + s * mu, s * sigma) for (m, s), mu, sigma in each)


def _at(values: tuple[float, ...], index: int) -> float:
    """The number for one channel; a single number is for all."""
    return values[index if len(values) > 1 else 0]


def statistics_of(step: Step) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    """Mean and standard deviation that a step normalises with, where they are literals."""
    return _numbers(step.literal("mean")), _numbers(step.literal("std"))


def _numbers(literal: object) -> tuple[float, ...] | None:
    parts = literal if isinstance(literal, tuple) else (literal,)
    numbers = tuple(float(p) for p in parts if isinstance(p, int | float) and not isinstance(p, bool))
    return numbers if numbers and len(numbers) == len(parts) else None


def _is_near(a: Affine, b: Affine) -> bool:
    count = max(len(a), len(b))
    if not all(len(part) in (1, count) for part in (a, b)):
        return False
    pairs = [(a[i if len(a) > 1 else 0], b[i if len(b) > 1 else 0]) for i in range(count)]
    return all(
        abs(m - n) <= MEAN_TOLERANCE and abs(s - t) <= STD_TOLERANCE * max(abs(s), abs(t)) for (m, s), (n, t) in pairs
    )


# ------------------------------------------------------------------------------------------- colours and size


def _colors_differ(training: Pipeline, evaluation: Pipeline) -> Iterator[Difference]:
    here, there = _last(evaluation, "color"), _last(training, "color")
    ours, theirs = (_channels(step) for step in (here, there))
    if ours is MISSING or theirs is MISSING or ours == theirs:
        return
    yield Difference("color", there, here)


def _channels(step: Step | None) -> object:
    if step is None:
        return None
    found = step.literal("channels")
    return found if isinstance(found, int) else MISSING


def _last(pipeline: Pipeline, kind: str) -> Step | None:
    steps = [step for step in pipeline.steps if step.kind == kind and step.random is False]
    return steps[-1] if steps else None


def _sizes_differ(training: Pipeline, evaluation: Pipeline) -> Iterator[Difference]:
    ours, here = size_of(evaluation)
    theirs, there = size_of(training)
    if ours is not None and theirs is not None and ours != theirs:
        yield Difference("size", there, here)


def size_of(pipeline: Pipeline) -> tuple[tuple[int, int] | None, Step | None]:
    """Height and width of the images at the end, where the last step that changes them says so in numbers."""
    size: tuple[int, int] | None = None
    by: Step | None = None
    for step in pipeline.steps:
        if step.kind in ("geometry", MIXED_KIND):
            size, by = None, None
        elif step.kind in ("resize", "crop"):
            size, by = _given_size(step, size), step
    return size, by


def _given_size(step: Step, before: tuple[int, int] | None) -> tuple[int, int] | None:
    numbers = _numbers(step.literal("size"))
    if numbers is None or len(numbers) > 2:
        return None
    if len(numbers) == 2:
        return int(numbers[0]), int(numbers[1])
    # One number is the shorter side for a resize: of a square both.
    is_square = before is not None and before[0] == before[1]
    return (int(numbers[0]),) * 2 if step.kind == "crop" or is_square else None


# ------------------------------------------------------------------------------------------------------ words


def described(difference: Difference, training: Pipeline, evaluation: Pipeline) -> tuple[str, str]:
    """What is done to the evaluation images, and what to the training images."""
    here, there = difference.evaluation, difference.training
    if difference.kind == "normalize":
        return f"evaluation images are {_normalized(here)}", f"training images are {_normalized(there)}"
    if difference.kind == "range":
        ours, theirs = _range(values_of(evaluation)), _range(values_of(training))
        return f"evaluation images have {ours}", f"training images have {theirs}"
    if difference.kind == "color":
        return f"evaluation images are {_colored(here)}", f"training images are {_colored(there)}"
    (height, width), (h, w) = size_of(evaluation)[0] or (0, 0), size_of(training)[0] or (0, 0)
    return f"evaluation images are {height}x{width}", f"training images are {h}x{w}"


def _normalized(step: Step | None) -> str:
    if step is None:
        return "not normalised"
    mean, std = statistics_of(step)
    if mean is None or std is None:
        return "normalised"
    return f"normalised with mean {_listed(mean)} and std {_listed(std)}"


def _listed(numbers: tuple[float, ...]) -> str:
    return f"({', '.join(f'{n:g}' for n in numbers)})" if len(numbers) > 1 else f"{numbers[0]:g}"


def _range(values: Values) -> str:
    return "values from 0 to 255" if values.range == "bytes" else "values from 0 to 1"


def _colored(step: Step | None) -> str:
    return "left in their colours" if step is None else f"made grey ({step.literal('channels')} channels)"

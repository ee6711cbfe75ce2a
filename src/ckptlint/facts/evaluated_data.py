"""Data that a model is evaluated on: random transforms that reach it, and how it differs from the training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.arms import are_exclusive
from ckptlint.facts.datasets import EVALUATION, TRAINING, Dataset
from ckptlint.facts.pipelines import Pipeline, Pipelines, Step
from ckptlint.facts.preprocessing import Difference, differences
from ckptlint.facts.project import Facts, derives
from ckptlint.flow.domain import FunctionKey
from ckptlint.flow.written import words_of

MEANT_RANDOM = frozenset(
    (
        "tta augmented robust robustness corrupt corrupted corruption corruptions perturb perturbed perturbation "
        "noise noisy stress ood shifted contrastive simclr byol moco dino mae ssl pretrain pretraining views view "
        "twocrop gan cyclegan diffusion"
    ).split()
)
"""Words of names that say evaluation data is random on purpose."""

PREPARING = frozenset("normalize Normalize to_tensor ToTensor standardize mean std".split())
"""Names that the code of a dataset mentions when it normalises images itself."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A dataset with the one pipeline that its images go through."""

    dataset: Dataset
    pipeline: Pipeline


@dataclass(frozen=True, slots=True)
class AugmentedEvaluation:
    """A random transform reaches data that a model is evaluated on."""

    dataset: Dataset
    pipeline: Pipeline
    step: Step
    others: tuple[Dataset, ...]
    """Training datasets that share the pipeline."""


@dataclass(frozen=True, slots=True)
class PreparedDifferently:
    """Training and evaluation data differ in a step that is not random."""

    training: Prepared
    evaluation: Prepared
    difference: Difference
    assumptions: frozenset[Assumption]


@derives(Prepared)
def prepared(facts: Facts) -> Iterator[Prepared]:
    """Every dataset whose pipeline is known."""
    readers: dict[int, Pipelines] = {}
    for dataset in facts.of(Dataset):
        reader = readers.setdefault(id(dataset.run), Pipelines(facts, dataset.run))
        pipeline = reader.of(dataset.transform)
        if pipeline is not None:
            yield Prepared(dataset, pipeline)


@derives(AugmentedEvaluation)
def augmented_evaluations(facts: Facts) -> Iterator[AugmentedEvaluation]:
    """Every evaluation dataset with a random step that is there on every path."""
    everything = facts.of(Prepared)
    for found in everything:
        dataset = found.dataset
        if dataset.purpose != EVALUATION or _is_meant(facts, dataset):
            continue
        step = next((s for s in found.pipeline.steps if s.random and s.is_certain and s.location is not None), None)
        if step is None:
            continue
        sharing = tuple(
            other.dataset
            for other in everything
            if other.dataset.run is dataset.run
            and other.dataset.purpose == TRAINING
            and other.pipeline.location == found.pipeline.location
        )
        yield AugmentedEvaluation(dataset, found.pipeline, step, sharing)


def _is_meant(facts: Facts, dataset: Dataset) -> bool:
    names = [*dataset.names, dataset.reason]
    if dataset.held.model is not None:
        names.append(facts.program.class_model(dataset.held.model).name)
    names.append(dataset.event.site.path.rsplit("/", 1)[-1])
    return any(words_of(name) & MEANT_RANDOM for name in names)


@derives(PreparedDifferently)
def prepared_differently(facts: Facts) -> Iterator[PreparedDifferently]:
    """What every linked training pipeline does and the evaluation pipeline does not, or the other way round."""
    everything = facts.of(Prepared)
    for evaluation in everything:
        if evaluation.dataset.purpose != EVALUATION:
            continue
        linked = [t for t in everything if _are_linked(facts, t.dataset, evaluation.dataset)]
        each = [list(differences(t.pipeline, evaluation.pipeline)) for t in linked]
        for difference in each[0] if each else []:
            if all(any(d.kind == difference.kind for d in others) for others in each):
                first = linked[0]
                assumed = _own_part(facts, first.dataset, evaluation.dataset, difference)
                if assumed is not None:
                    assumed |= first.dataset.assumptions | evaluation.dataset.assumptions
                    yield PreparedDifferently(first, evaluation, difference, assumed)


def _are_linked(facts: Facts, training: Dataset, evaluation: Dataset) -> bool:
    if training.purpose != TRAINING or training.run is not evaluation.run or training.family != evaluation.family:
        return False
    if training.models and evaluation.models and not training.models & evaluation.models:
        return False
    return not are_exclusive(facts.program, training.event.site, evaluation.event.site)


def _own_part(
    facts: Facts, training: Dataset, evaluation: Dataset, difference: Difference
) -> frozenset[Assumption] | None:
    """What a project's dataset class leaves open; None when it may do itself what its pipeline does not."""
    key = evaluation.held.model
    if key is None:
        return frozenset()
    classes, program = facts.analyzer.classes, facts.program
    mentioned: set[str] = set()
    for base in classes.hierarchy(key).order:
        methods = program.class_model(base).methods.items()
        mentioned.update(*(program.function(FunctionKey(base.path, i)).mentions for n, i in methods if n != "__init__"))
    if mentioned & PREPARING and difference.kind in ("normalize", "range"):
        return None
    ours, theirs = dict(evaluation.held.arguments), dict(training.held.arguments)
    differing = {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}
    return frozenset({Assumption.BRANCH_CORRELATION} if mentioned & differing - {"transform"} else ())

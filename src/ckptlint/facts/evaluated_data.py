"""Data that a model is evaluated on: random transforms that reach it, and how it differs from the training data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ckptlint.diagnostic import Assumption
from ckptlint.facts.arms import are_exclusive
from ckptlint.facts.checkpoint_links import Links
from ckptlint.facts.datasets import EVALUATION, TRAINING, Dataset
from ckptlint.facts.direct import DirectUse
from ckptlint.facts.pipelines import Pipeline, Pipelines, Step
from ckptlint.facts.preprocessing import Difference, differences
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.flow.domain import FunctionKey, Location, Site
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
    """Images that go through one pipeline, and what for."""

    pipeline: Pipeline
    run: Run
    purpose: str | None
    assumptions: frozenset[Assumption]
    models: frozenset[Location]
    site: Site
    """Where they come into being."""
    dataset: Dataset | None
    """None for single images."""


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
    """Every dataset whose pipeline is known, and single images that a model is evaluated on."""
    readers: dict[int, Pipelines] = {}
    for dataset in facts.of(Dataset):
        run = dataset.run
        pipeline = readers.setdefault(id(run), Pipelines(facts, run)).of(dataset.transform)
        if pipeline is not None:
            site = dataset.event.site
            yield Prepared(pipeline, run, dataset.purpose, dataset.assumptions, dataset.models, site, dataset)
    for use in facts.of(DirectUse):
        event, run = use.forward.event, use.forward.run
        models = frozenset(ref.location for ref in event.operand.refs())
        yield Prepared(use.pipeline, run, EVALUATION, use.forward.assumptions, models, event.site, None)


@derives(AugmentedEvaluation)
def augmented_evaluations(facts: Facts) -> Iterator[AugmentedEvaluation]:
    """Every evaluation dataset with a random step that is there on every path."""
    everything = facts.of(Prepared)
    for found in everything:
        dataset = found.dataset
        if dataset is None or dataset.purpose != EVALUATION or _is_meant(facts, dataset):
            continue
        step = next((s for s in found.pipeline.steps if s.random and s.is_certain and s.location is not None), None)
        if step is None:
            continue
        sharing = tuple(
            other.dataset
            for other in everything
            if other.dataset is not None
            and other.run is dataset.run
            and other.purpose == TRAINING
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
    links = Links(facts)
    for evaluation in everything:
        if evaluation.purpose != EVALUATION:
            continue
        linked = [(t, assumed) for t in everything if (assumed := _linked(facts, links, t, evaluation)) is not None]
        each = [list(differences(t.pipeline, evaluation.pipeline)) for t, _ in linked]
        for difference in each[0] if each else []:
            if all(any(d.kind == difference.kind for d in others) for others in each):
                first, assumed = linked[0]
                own = _own_part(facts, first.dataset, evaluation.dataset, difference)
                if own is not None:
                    assumptions = assumed | own | first.assumptions | evaluation.assumptions
                    yield PreparedDifferently(first, evaluation, difference, assumptions)


def _linked(facts: Facts, links: Links, training: Prepared, evaluation: Prepared) -> frozenset[Assumption] | None:
    """What takes two for the two ends of one model; None when nothing does."""
    ours, theirs = evaluation.dataset, training.dataset
    if training.purpose != TRAINING or (ours is not None and theirs is not None and ours.family != theirs.family):
        return None
    if training.run is not evaluation.run:
        return links.between(training.run, training.models, evaluation.run, evaluation.models)
    if training.models and evaluation.models and not training.models & evaluation.models:
        return None
    return None if are_exclusive(facts.program, training.site, evaluation.site) else frozenset()


def _own_part(
    facts: Facts, training: Dataset | None, evaluation: Dataset | None, difference: Difference
) -> frozenset[Assumption] | None:
    """What a project's dataset class leaves open; None when it may do itself what its pipeline does not."""
    one = evaluation or training
    key = one.held.model if one is not None else None
    if key is None:
        return frozenset()
    classes, program = facts.analyzer.classes, facts.program
    mentioned: set[str] = set()
    for base in classes.hierarchy(key).order:
        methods = program.class_model(base).methods.items()
        mentioned.update(*(program.function(FunctionKey(base.path, i)).mentions for n, i in methods if n != "__init__"))
    if mentioned & PREPARING and difference.kind in ("normalize", "range"):
        return None
    if training is None or evaluation is None:
        return frozenset({Assumption.EXTERNAL_CALLEE})  # Where its images come from is its own affair.
    ours, theirs = dict(evaluation.held.arguments), dict(training.held.arguments)
    differing = {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)}
    return frozenset({Assumption.BRANCH_CORRELATION} if mentioned & differing - {"transform"} else ())

"""Forward calls that evaluate or train a model, with the modes that reach them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ckptlint.diagnostic import Assumption
from ckptlint.facts.drawn_batches import drawn_from
from ckptlint.facts.frameworks import are_switched_by_framework
from ckptlint.facts.given_data import iterated_by_caller
from ckptlint.facts.kept_models import kept_model_of
from ckptlint.facts.modules import AS_BUILT, Trait
from ckptlint.facts.project import Facts, derives
from ckptlint.facts.runs import Run
from ckptlint.facts.switched_parts import made_off
from ckptlint.facts.vocabulary import DELIBERATE_WORDS, data_purpose_of, purpose_of
from ckptlint.flow.domain import (
    Const,
    Field,
    ModeDef,
    More,
    Object,
    Others,
    Parameter,
    Ran,
    Ref,
    Site,
    Value,
    root_of,
)
from ckptlint.flow.events import Fitted, Forward, Restored, Switched, Told, Update
from ckptlint.flow.written import words_of
from ckptlint.knowledge.roles import Role


@dataclass(frozen=True, slots=True)
class EvaluationForward:
    """A model runs on evaluation data; `modes` are the definitions that reach it."""

    event: Forward
    run: Run
    reason: str
    """What shows that it is an evaluation, in words."""
    sensitive: Trait
    assumptions: frozenset[Assumption]

    @property
    def modes(self) -> frozenset[ModeDef]:
        """Mode definitions that reach the call."""
        return self.event.modes


@dataclass(frozen=True, slots=True)
class TrainingForward:
    """A model runs and its output reaches a backward pass of the same run."""

    event: Forward
    run: Run
    sensitive: Trait
    assumptions: frozenset[Assumption]
    restorers: frozenset[tuple[str, str]]
    """(file, function) that somewhere switch a model to train mode."""
    interruptions: frozenset[Site]
    """Switches to eval mode in a helper that evaluates in the midst of the same loop."""

    @property
    def modes(self) -> frozenset[ModeDef]:
        """Mode definitions that reach the call."""
        return self.event.modes


@derives(EvaluationForward)
def evaluation_forwards(facts: Facts) -> Iterator[EvaluationForward]:
    """Every forward call that evaluates, once a run it happens in."""
    for run in facts.runs:
        trained = trained_in(run)
        if trained is None:
            continue
        for event in _first_of_each(e for e in _forwards(run) if e.site not in trained and not e.synthetic):
            found = evaluation_of(facts, run, event)
            if found is not None:
                yield found


def evaluation_of(facts: Facts, run: Run, event: Forward) -> EvaluationForward | None:
    """A forward call that nothing trains on, as an evaluation; None when nothing shows that it is one."""
    model = _models_of(facts, run, event)
    if _is_left_in_eval(facts, run, event):
        return None
    kept = kept_model_of(facts, run, event)
    if kept is not None:
        event = replace(event, modes=kept.modes)
        model = [kept.held], frozenset({Assumption.CALLER_UNSEEN})
    if model is None or _is_inside_model(facts, run, event):
        return None
    if are_switched_by_framework(facts, run, event.modes):
        return None
    found = evaluation_reason(facts, run, event)
    if found is None:
        return None
    reason, assumptions = found
    held, assumed = model
    name = AS_BUILT if all(d.kind == "built" for d in event.modes) else "sensitive"
    sensitive = sensitive_of(facts, kept.run if kept is not None else run, held, name)
    return EvaluationForward(event, run, reason, sensitive, assumptions | assumed)


@derives(TrainingForward)
def training_forwards(facts: Facts) -> Iterator[TrainingForward]:
    """Every forward call whose output is trained on."""
    for run in facts.runs:
        trained = trained_in(run)
        if not trained:
            continue
        restorers = frozenset(
            (e.site.path, facts.program.function(e.within[-1]).qualname)
            for e in run.events
            if isinstance(e, Switched) and e.mode == "train"
        )
        for event in _first_of_each(e for e in _forwards(run) if e.site in trained and e.gradients):
            model = _models_of(facts, run, event)
            if model is None or _is_inside_model(facts, run, event):
                continue
            held, assumed = model
            interruptions = frozenset(_interruptions(run, event, trained))
            sensitive = sensitive_of(facts, run, held)
            yield TrainingForward(event, run, sensitive, assumed, restorers, interruptions)


def _interruptions(run: Run, training: Forward, trained: frozenset[Site]) -> Iterator[Site]:
    """Where helpers called in the loop of a training forward switch to eval mode, for forwards of their own."""
    switched = {e.site: e.within[-1] for e in run.events if isinstance(e, Switched) and e.mode == "eval"}
    depth = len(training.loops)
    for event in _forwards(run):
        helper = event.within[-1]
        if event.site in trained or helper in training.within or not depth or event.loops[:depth] != training.loops:
            continue
        for definition in event.modes:
            if definition.site is not None and switched.get(definition.site) == helper:
                yield definition.site


def _forwards(run: Run) -> Iterator[Forward]:
    return (event for event in run.events if isinstance(event, Forward))


def _first_of_each(events: Iterable[Forward]) -> list[Forward]:
    """Forward calls by place; of several of one model in one function under the same modes the first."""
    found: dict[object, Forward] = {}
    for event in sorted(events, key=lambda e: (e.site.path, e.site.at, e.site.chain)):
        same = (event.within, event.site.chain, event.operand, event.modes, event.tests, event.loops)
        found.setdefault(same, event)
    return list(found.values())


def trained_in(run: Run) -> frozenset[Site] | None:
    """Forward calls whose output reaches a backward pass; None when that cannot be told."""
    found: set[Site] = set()
    for event in run.events:
        if isinstance(event, Update):
            for origin in event.operand.origins:
                if isinstance(origin, More):
                    return None
                if isinstance(origin, Ran):
                    found.add(origin.site)
    return frozenset(found)


def _models_of(facts: Facts, run: Run, event: Forward) -> tuple[list[Object | None], frozenset[Assumption]] | None:
    """The models a forward call may be of, and what is taken for granted; None when it may be something else."""
    refs = event.operand.refs()
    foreign = [atom for atom in event.operand.atoms if not isinstance(atom, Ref | Others | Const)]
    if not refs or foreign:
        return None
    is_partial = event.operand.open or any(isinstance(atom, Others) for atom in event.operand.atoms)
    found: list[Object | None] = []
    assumed: frozenset[Assumption] = frozenset({Assumption.CLASS_UNSEEN} if is_partial else ())
    for ref in refs:
        held = run.object_at(ref.location)
        if (
            held is not None
            and (held.role is not None or held.model is not None)
            and not _is_of_unseen_base(facts, held)
        ):
            if not facts.is_model(held) or _has_no_forward(held):
                return None
            taken = frozenset(Assumption(a) for a in held.assumed)
            if Assumption.TYPE_BY_USE in taken and _is_switched_both_ways(run, ref):
                taken -= {Assumption.TYPE_BY_USE}
            assumed |= taken
        elif "type" not in event.evidence:
            if _is_switched_both_ways(run, ref):
                pass
            elif "use" in event.evidence:
                assumed |= {Assumption.TYPE_BY_USE}
            elif "name" in event.evidence:
                assumed |= {Assumption.ROLE_BY_NAME}
            else:
                return None
        found.append(held)
    return found, assumed


def _is_switched_both_ways(run: Run, ref: Ref) -> bool:
    """Whether the code itself calls both `train()` and `eval()` on an object: what has both is a model."""
    switches = [e for e in run.events if isinstance(e, Switched)]
    own = [e for e in switches if any(other.location == ref.location for other in e.operand.refs())]
    trained, evaluated = ({e.site.base for e in own if e.mode == mode} for mode in ("train", "eval"))
    return bool(trained - evaluated) and bool(evaluated - trained)


def _has_no_forward(held: Object) -> bool:
    """Whether an object is a library's list or dict of modules: what is called is one of them."""
    api = held.api if held.model is None else None
    return api is not None and api.role is Role.CONTAINER and api.options.get("form") in ("list", "dict")


def _is_of_unseen_base(facts: Facts, held: Object) -> bool:
    """Whether only a base that is not seen can make an object a model: its class says what it does forward."""
    if held.role is not None or held.model is None:
        return False
    hierarchy = facts.analyzer.classes.hierarchy(held.model)
    is_unseen = not hierarchy.is_complete and not hierarchy.is_module
    return is_unseen and facts.analyzer.classes.method(held.model, "forward") is not None


def sensitive_of(facts: Facts, run: Run, models: list[Object | None], name: str = "sensitive") -> Trait:
    """Whether the mode makes a difference for all of several models."""
    traits = [facts.modules.trait(held, name, run.object_at) for held in models]
    if all(trait.holds for trait in traits):
        return min(traits, key=lambda trait: trait.strength)
    if all(trait.holds is False for trait in traits):
        return Trait(False)
    unclear = [held for held, trait in zip(models, traits, strict=True) if trait.holds is None]
    return Trait(None, is_partly_seen=bool(unclear) and all(held and held.model is not None for held in unclear))


def _is_left_in_eval(facts: Facts, run: Run, event: Forward) -> bool:
    """Whether a method that nobody calls runs what its constructor has put into eval mode."""
    owner = run.receiver_class
    refs = event.operand.refs()
    if owner is None or not refs or any(d.kind != "entry" for d in event.modes):
        return False
    names = {r.location.name for r in refs if isinstance(r.location, Field) and r.location.base == Parameter("self")}
    return len(names) == len(refs) and {f"self.{name}" for name in names} <= made_off(facts.analyzer, owner)


def _is_inside_model(facts: Facts, run: Run, event: Forward) -> bool:
    """A part of a model called in the model's own method: the mode is the outer call's business."""
    receiver = run.summary.module_self
    return receiver is not None and any(root_of(r.location) == receiver for r in event.operand.refs())


def evaluation_reason(facts: Facts, run: Run, event: Forward | Told) -> tuple[str, frozenset[Assumption]] | None:
    """What shows that a call evaluates, in words, with what is taken for granted; None when nothing does."""
    names = [facts.program.function(key) for key in event.within]
    words = frozenset().union(*(words_of(f.name) for f in names))
    if event.method:
        words |= words_of(event.method)
    if words & DELIBERATE_WORDS:
        return None
    for function in reversed(names):
        if not function.index:
            break
        purpose = purpose_of(function.name, facts.evaluation_names)
        if purpose == "evaluation" or (purpose == "sampling" and not _is_within_training(run, event)):
            return f"`{function.name}`", frozenset()
        if purpose == "training":
            break
    drawn = _evaluated_batch(facts, run, event) if isinstance(event, Forward) else None
    if drawn is not None:
        return f"an evaluation on a batch of `{drawn}`", frozenset({Assumption.ROLE_BY_NAME})
    for loop in reversed(event.loops):
        purpose = data_purpose_of(loop)
        if purpose == "training":
            break
        if purpose == "evaluation":
            return f"the loop over `{loop}`", frozenset({Assumption.ROLE_BY_NAME})
    else:
        given = iterated_by_caller(facts, event)
        if given is not None and data_purpose_of(given) == "evaluation":
            return f"the loop over `{given}`", frozenset({Assumption.ROLE_BY_NAME})
    by_method = bool(event.method) and purpose_of(event.method, facts.evaluation_names) == "evaluation"
    if by_method and not _is_within_training(run, event):
        return f"`{event.method}`", frozenset()
    if run.is_entry and _only_restores(run, event.operand):
        return "a script that restores weights and never trains", frozenset()
    return None


def _evaluated_batch(facts: Facts, run: Run, event: Forward) -> str | None:
    """What a single batch of evaluation data is drawn from; looking at samples of models trained together is none."""
    drawn = drawn_from(facts.program.function(event.within[-1]), event.statement, event.site.at)
    if drawn is None or data_purpose_of(drawn) != "evaluation":
        return None
    named = {purpose_of(facts.program.function(key).name) for key in event.within if key.number}
    if _is_within_training(run, event) and ("sampling" in named or _trains_several(run)):
        return None
    return drawn


def _trains_several(run: Run) -> bool:
    """Whether more than one model is trained in a run."""
    trained = trained_in(run)
    models = {ref.location for e in _forwards(run) if e.site in (trained or ()) for ref in e.operand.refs()}
    return trained is None or len(models) > 1


def _is_within_training(run: Run, event: Forward | Told) -> bool:
    """Whether the outermost loop around a call also holds training."""
    return any(
        isinstance(other, Update) and event.loops and other.loops and other.loops[0] == event.loops[0]
        for other in run.events
    )


def _only_restores(run: Run, operand: Value) -> bool:
    locations = {r.location for r in operand.refs()}
    restored = False
    for event in run.events:
        if isinstance(event, Update) or (isinstance(event, Fitted) and event.kind == "fit"):
            return False
        if isinstance(event, Restored) and locations & {r.location for r in event.target.refs()}:
            restored = True
    return restored


def mode_assumptions(modes: frozenset[ModeDef]) -> frozenset[Assumption]:
    """What the definitions that reach a call take for granted."""
    found = {Assumption(a) for definition in modes for a in definition.assumed}
    if any(d.kind == "entry" for d in modes):
        found.add(Assumption.CALLER_UNSEEN)
    return frozenset(found)


def name_of(event: Forward | Told) -> str:
    """The model as the source names it at the call."""
    name = event.written
    if event.method and name.endswith(f".{event.method}"):
        name = name[: -len(event.method) - 1]
    return name.removesuffix(".forward").removesuffix(".__call__")

"""Which options of a preprocessing call change the data the same way each time, and how sure that is."""

from __future__ import annotations

from ckptlint.diagnostic import Confidence
from ckptlint.flow.domain import Const, FunctionKey
from ckptlint.flow.program import Program, statements_of
from ckptlint.flow.signatures import OPTION_WORDS
from ckptlint.flow.written import is_named_in, operands_of, parts_of_statement, root_name, walk, words_of, written
from ckptlint.semantics import model
from ckptlint.semantics.model import Function, Operand, Statement

OTHER_WORDS = frozenset(
    (
        "augment augmentation augmentations augmented aug train training trainset inference eval evaluate val valid "
        "validation test phase split shuffle batch batches fit fitted refit mask masks label labels target targets y "
        "seed random rng verbose return returns device max maxlen len length path file dir column columns name names "
        "prefix suffix flip jitter noise noisy mixup cutmix cutout num n k workers drop dedup duplicates balance "
        "sample samples subset limit cache debug plot save inverse inplace copy logger logging show crops tta padding "
        "truncation rank world parallel jobs chunk stats"
    ).split()
)
"""Words of an option's name for what rightly differs between training and evaluation, or is no treatment of values."""
SIZE_WORDS = frozenset("size resize resized crop cropped interpolation".split())
"""Words of options that many models take in more than one way."""
WEAK_WORDS = frozenset("dtype float uint8 range gamma blur smooth smoothing clip clamp".split())
"""Words of options that may make little difference."""
STATISTICS_WORDS = frozenset("mean means std stds".split())
"""Words of options that are computed from the data when they are not given."""
RANDOM_WORDS = frozenset(
    "random rand randn randint uniform shuffle permutation choice augment augmentation flip jitter noise".split()
)
"""Words of calls that draw: what an option turns on is then an augmentation."""


def weight_of(
    program: Program, callee: FunctionKey | str, option: str, values: tuple[Const, Const], trained: bool
) -> Confidence | None:
    """The most that a difference in an option tells; None when it may be meant or makes no difference.

    `trained` says that one of the two calls is on the training path.
    """
    words = words_of(option)
    if words & OTHER_WORDS:
        return None
    kinds = {value.type for value in values}
    if words & STATISTICS_WORDS and "NoneType" in kinds:
        return None
    is_switch = kinds <= {"bool", "str", "NoneType"}
    if not trained and not is_switch:
        return None  # The same model is often evaluated at several scales.
    effect = _effect(program.function(callee), option) if isinstance(callee, FunctionKey) else "used"
    if effect is None:
        return None
    if not words & OPTION_WORDS:
        return Confidence.MEDIUM if effect == "arithmetic" and kinds == {"bool"} else None
    if words & SIZE_WORDS and ("crop" in option or kinds & {"bool", "NoneType"}):
        return Confidence.LOW  # Whole images are often evaluated where parts were trained on.
    if words & (SIZE_WORDS | WEAK_WORDS):
        return Confidence.MEDIUM
    return Confidence.HIGH if is_switch or words & STATISTICS_WORDS else Confidence.MEDIUM


def _effect(function: Function, option: str) -> str | None:
    """What a function does with an option: "arithmetic" when it switches that on, "used", or None for nothing."""
    found: str | None = None
    for statement in statements_of(function.body):
        if isinstance(statement, model.Branch) and is_named_in(statement.test, option):
            for arm in (statement.body, statement.orelse):
                inner = list(statements_of(arm))
                if any(_draws(s) for s in inner):
                    return None
                if any(isinstance(s, model.Bind | model.Augment | model.Return) for s in inner):
                    found = "arithmetic" if any(_computes(s) for s in inner) else found or "used"
        else:
            for operand in operands_of(statement):
                if isinstance(statement, model.Evaluate | model.Assert | model.Raise):
                    continue
                for part in walk(operand):
                    if isinstance(part, model.Choice) and is_named_in(part.test, option):
                        found = "arithmetic" if _is_arithmetic(part.body) or _is_arithmetic(part.orelse) else "used"
                if is_named_in(operand, option):
                    found = found or "used"
    return found


def _draws(statement: Statement) -> bool:
    return any(
        isinstance(part, model.CallSite) and words_of(written(part.func)) & RANDOM_WORDS
        for part in parts_of_statement(statement)
    )


def _computes(statement: Statement) -> bool:
    if isinstance(statement, model.Augment):
        return statement.operator in ("-", "/", "*")
    if isinstance(statement, model.Bind | model.Return) and statement.value is not None:
        return _is_arithmetic(statement.value)
    return False


def _is_arithmetic(operand: Operand) -> bool:
    return isinstance(operand, model.Binary) and operand.operator in ("-", "/", "*") and root_name(operand) is None

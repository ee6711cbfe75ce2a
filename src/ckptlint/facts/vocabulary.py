"""Words of names that say what a function or its data is for."""

from __future__ import annotations

import re

from ckptlint.flow.written import words_in_order

EVALUATION_WORDS = frozenset(
    (
        "eval evaluate evaluation evaluating validate validation validating valid val test testing accuracy "
        "acc infer inference predict prediction predictions score translate transcribe recognize caption "
        "classify detect segment synthesize decode extract embed impute demo export serve metrics"
    ).split()
)
"""Words of a function's name that say it evaluates (RULES: evaluation)."""
SAMPLING_WORDS = frozenset("generate sample sampling rollout act play collect visualize plot".split())
"""Words that mean evaluation too, but inside training mean looking at samples on the way."""
TRAINING_WORDS = frozenset("train training fit learn optimize finetune pretrain update step loss".split())
"""Words of a function's name that say it trains: what it calls is not evaluation by a caller's name."""
MAKING_WORDS = frozenset("load build make create get init setup prepare config configure".split())
"""Words that say a function makes something: with NOT_RUN_WORDS, it makes what later runs."""
NOT_RUN_WORDS = frozenset(
    ("model models network config dataset data loader dataloader transform transforms set").split()
)
"""Words for what is made, not measured (`get_test_loader`, `generate_model`)."""
ALWAYS_RANDOM_WORDS = frozenset("mc montecarlo monte uncertainty bayesian stochastic".split())
"""Words that say results are meant to differ from call to call (Monte Carlo dropout)."""
TRAINING_ONLY_WORDS = frozenset(
    "loss criterion objective augment augmentation augmenter augmentor noise trainer corruption".split()
)
"""Last words of the names of models that run in training only."""
REFERENCE_WORDS = frozenset(
    "teacher teachers frozen reference ref target targets ema momentum fixed hidden oracle pretrained".split()
)
"""Words for networks that are kept out of a model's own state on purpose."""
CRITIC_WORDS = frozenset("discriminator disc critic adversary netd dnet judge".split())
"""Words for networks that score what another network makes."""
KEPT_ON_WORDS = frozenset("prenet".split())
"""Words for parts of models that are run with dropout when they generate (Tacotron's)."""
DELIBERATE_WORDS = ALWAYS_RANDOM_WORDS | frozenset(
    (
        "calibrate calibration recalibrate bn adapt adaptation adversarial attack perturb profile flops "
        "benchmark warmup"
    ).split()
)
"""Words that say the mode is meant: Monte Carlo dropout, re-estimated statistics, measuring speed."""
GRADIENT_USE_WORDS = DELIBERATE_WORDS | frozenset(
    (
        "saliency gradcam cam attribution attributions dream explain explanation explanations interpret fgsm pgd "
        "penalty hessian jacobian influence fisher optimize optimise invert inversion gradient gradients grad landscape"
    ).split()
)
"""Words of functions that look at a model's gradients, or look for an input by them."""
EVALUATION_DATA_WORDS = frozenset("val valid validation test eval evaluation dev holdout".split())
"""Words of a loop's iterable that say it is evaluation data (assumption role-by-name)."""
TRAINING_DATA_WORDS = frozenset("train training".split())

_COMPOUND = re.compile(r"^(val|valid|test|eval|dev|train)(loader|dataloader|set|dataset|data|iter|dl|ds)s?$")
_PASSING = re.compile(
    r"^(?:enumerate|tqdm(?:\.tqdm|\.notebook\.tqdm)?|zip|iter|list|progress|track|trange)\((.*)\)$", re.DOTALL
)


def purpose_of(name: str, evaluation_names: frozenset[str] = frozenset()) -> str | None:
    """What a function's name says it is for: "evaluation", "sampling", "training" or None.

    The first telling word decides: `eval_step` evaluates, `train_and_evaluate` trains.
    """
    words = words_in_order(name)
    if words and words[-1] in NOT_RUN_WORDS and (words[0] in MAKING_WORDS or words[0] in SAMPLING_WORDS):
        return None
    for word in words:
        if word in EVALUATION_WORDS or word in evaluation_names:
            return "evaluation"
        if word in TRAINING_WORDS:
            return "training"
        if word in SAMPLING_WORDS:
            return "sampling"
    return None


def data_purpose_of(iterated: str) -> str | None:
    """What the iterable of a loop says it is for: "evaluation", "training" or None."""
    while (match := _PASSING.match(iterated)) is not None:
        iterated = match.group(1)
    for word in words_in_order(iterated):
        compound = _COMPOUND.match(word)
        word = compound.group(1) if compound is not None else word
        if word in TRAINING_DATA_WORDS:
            return "training"
        if word in EVALUATION_DATA_WORDS:
            return "evaluation"
    return None

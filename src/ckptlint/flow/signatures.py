"""Which functions treat data before a model sees it, by their signatures."""

from __future__ import annotations

from ckptlint.flow.written import words_in_order, words_of
from ckptlint.semantics.model import Function

TREATING_WORDS = frozenset(
    (
        "preprocess preprocessing preproc prep prepare process transform convert clean featurize normalize normalise "
        "normalization standardize standardise standardization scale rescale resize crop whiten denoise filter"
    ).split()
)
"""Words of a function's name that say it treats data."""
OPTION_WORDS = frozenset(
    (
        "normalize normalise normalized normalised normalization normalisation norm scale rescale scaled scaling "
        "standardize standardise standardized standardised standardization standard zscore minmax mean std means stds "
        "center centre centered centred whiten whitening zca log log1p gray grey grayscale greyscale color colour bgr "
        "rgb resize resized size crop cropped interpolation dtype lower lowercase uppercase stem stemming lemmatize "
        "punctuation stopwords clip clamp denoise blur smooth smoothing filter filtered divide divisor equalize clahe "
        "gamma float uint8 range"
    ).split()
)
"""Words of an option's name that say it changes what data look like, the same way each time."""
NOT_DATA_WORDS = frozenset(
    (
        "model net network module path file filename filepath dir directory folder root url config cfg args opt opts "
        "hparams params name split mode phase device tokenizer optimizer loss criterion logger num n size epoch epochs "
        "key seed dataset_name cls fn func layer layers channels dim features"
    ).split()
)
"""Last words of a first parameter's name that say it holds no data."""


def data_parameter(function: Function) -> int | None:
    """The position of the data among the parameters of a function that may preprocess; None when it is no such."""
    if function.is_generator or function.is_lambda or not function.index:
        return None
    first = 1 if _has_receiver(function) else 0
    own = function.parameters[first:]
    if len(own) < 2 or own[0].kind not in ("positional", "any"):
        return None
    words = words_in_order(own[0].name)
    if not words or words[-1] in NOT_DATA_WORDS or words_of(own[0].name) & OPTION_WORDS:
        return None
    if words_of(function.name) & TREATING_WORDS or any(words_of(p.name) & OPTION_WORDS for p in own[1:]):
        return first
    return None


def _has_receiver(function: Function) -> bool:
    if function.model is None or not function.parameters:
        return False
    names = {getattr(d, "id", "") for d in function.decorators}
    return "staticmethod" not in names

from __future__ import annotations

from ckptlint.syntax.prefilter import has_any


def test_has_any() -> None:
    assert has_any(b"x.eval()", [b"torch.save", b".eval("])
    assert not has_any(b"x.eval", [b"torch.save", b".eval("])
    assert not has_any(b"x.eval()", [])

"""An eval() that reaches a part only: one of two models, a head put in later, a model traced before."""

from __future__ import annotations

import torch
from torch import nn
from toy import FEATURES, accuracy, conclude, train


def parts() -> tuple[nn.Sequential, nn.Sequential]:
    """An encoder, and a head with dropout."""
    encoder = nn.Sequential(nn.Linear(FEATURES, 64), nn.BatchNorm1d(64), nn.ReLU())
    return encoder, nn.Sequential(nn.Dropout(0.8), nn.Linear(64, 2))


torch.manual_seed(0)
encoder, head = parts()
both = train(nn.Sequential(encoder, head))
right = accuracy(both.eval())
head.train()
one_of_two = accuracy(both)

late = nn.Sequential(encoder, nn.Identity()).eval()
late[1] = parts()[1]
late[1].load_state_dict(head.state_dict())
put_in_later = accuracy(late)

sample = torch.zeros(2, FEATURES)
traced = torch.jit.trace(both.train(), sample, check_trace=False).eval()
exported = torch.export.export(both.train(), (torch.randn(4, FEATURES),)).module()
recorded = accuracy(traced)
batch = torch.randn(4, FEATURES)
varies = not torch.equal(traced(batch), traced(batch)) and not torch.equal(exported(batch), exported(batch))
steady = torch.jit.trace(both.eval(), sample)
conclude(
    f"accuracy {right:.1f} % with all in eval mode, {one_of_two:.1f} % with the head left in train mode, "
    f"{put_in_later:.1f} % with the head put in after eval(), {recorded:.1f} % traced in train mode, then eval()",
    right > 90
    and max(one_of_two, put_in_later, recorded) < right - 1
    and varies
    and torch.equal(steady(batch), steady(batch)),
)

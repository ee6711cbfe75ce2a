"""Evaluating in train mode: batch statistics are used, and the running ones are overwritten."""

from __future__ import annotations

import copy

import torch
from torch import nn
from toy import FEATURES, accuracy, conclude, train

torch.manual_seed(0)
net = train(nn.Sequential(nn.Linear(FEATURES, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2)))
right = accuracy(net.eval(), batch=8, by_class=True)
wrong_net = copy.deepcopy(net).train()
wrong = accuracy(wrong_net, batch=8, by_class=True)
afterwards = accuracy(wrong_net.eval())
conclude(
    f"BatchNorm, batches of 8 sorted by class: {right:.1f} % in eval mode, {wrong:.1f} % in train mode, "
    f"and {afterwards:.1f} % in eval mode after that",
    right > 90 and wrong < right - 20 and afterwards < right - 2,
)

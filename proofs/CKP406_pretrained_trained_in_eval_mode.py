"""Training a pretrained model as it is loaded: in eval mode, so that its dropout never acts, also under Lightning."""

from __future__ import annotations

import logging
import tempfile
import warnings

import lightning
import torch
import transformers
from torch import Tensor, nn
from torch.utils.data import DataLoader
from toy import conclude
from transformers import BertConfig, BertForSequenceClassification

warnings.filterwarnings("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
torch.manual_seed(0)
IDS = torch.randint(0, 8, (32, 12))
LABELS = (IDS == 1).any(1).long()


def dropped_in(folder: str, switches: bool, steps: int = 20) -> int:
    """In how many training steps a second forward of the same batch gives another loss: something was dropped."""
    model = BertForSequenceClassification.from_pretrained(folder)
    if switches:
        model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    found = 0
    for _ in range(steps):
        loss = model(input_ids=IDS, labels=LABELS).loss
        found += not torch.equal(loss, model(input_ids=IDS, labels=LABELS).loss)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return found


class Fitted(lightning.LightningModule):
    """Remembers the modes of itself and of the pretrained part in each step."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.part = BertForSequenceClassification.from_pretrained(folder)
        self.modes: set[tuple[bool, bool]] = set()

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        """Loss of one batch."""
        self.modes.add((self.training, self.part.training))
        logits: Tensor = self.part(input_ids=batch).logits
        return nn.functional.cross_entropy(logits, batch[:, 0] % 2)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """One for all parameters."""
        return torch.optim.AdamW(self.parameters())


with tempfile.TemporaryDirectory() as folder:
    # All its dropout rates are the family's: 0.1.
    config = BertConfig(vocab_size=8, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
    BertForSequenceClassification(config).save_pretrained(folder)
    as_loaded, switched = dropped_in(folder, False), dropped_in(folder, True)
    module = Fitted(folder)
    trainer = lightning.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, DataLoader(IDS, batch_size=8))  # type: ignore[arg-type]
conclude(
    f"training steps of 20 in which dropout acted: {as_loaded} as `from_pretrained` gives the model, {switched} after "
    f"`train()`; under Lightning (module, part) were in train mode: {', '.join(map(str, sorted(module.modes)))}",
    as_loaded == 0 and switched == 20 and module.modes == {(True, False)},
)

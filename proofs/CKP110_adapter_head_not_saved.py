"""A new head that the adapter's config does not name is not trained and in no file."""

from __future__ import annotations

import tempfile
import warnings

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from toy import conclude
from transformers import BertConfig, BertForSequenceClassification

warnings.filterwarnings("ignore")
SHAPE = BertConfig(
    hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, vocab_size=50, num_labels=3
)


def base(seed: int) -> BertForSequenceClassification:
    """The same pretrained body under a head drawn with the seed."""
    torch.manual_seed(0)
    body = {k: v for k, v in BertForSequenceClassification(SHAPE).state_dict().items() if "classifier" not in k}
    torch.manual_seed(seed)
    model = BertForSequenceClassification(SHAPE)
    model.load_state_dict(body, strict=False)
    return model


def reloaded(**options: object) -> tuple[bool, float]:
    """Whether the head was trained, and how far the outputs are off after loading the adapter into a new model."""
    model = get_peft_model(base(1), LoraConfig(r=4, target_modules=["query", "value"], **options))
    trains = any("classifier" in name for name, p in model.named_parameters() if p.requires_grad)
    x, y = torch.arange(28).reshape(4, 7), torch.tensor([0, 1, 2, 0])
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 1e-2)
    for _ in range(20):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(input_ids=x).logits, y).backward()
        optimizer.step()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        loaded = PeftModel.from_pretrained(base(2), folder).eval()
    with torch.no_grad():
        return trains, float((model.eval()(input_ids=x).logits - loaded(input_ids=x).logits).abs().max())


nothing, appended = reloaded(), reloaded(modules_to_save=["pooler"].append("classifier"))
task, listed = reloaded(task_type="SEQ_CLS"), reloaded(modules_to_save=["classifier"])
conclude(
    f"without task_type and modules_to_save the head trains: {nothing[0]}, outputs off by {nothing[1]:.3f} after "
    f"loading; with modules_to_save=x.append(...): {appended[0]}, {appended[1]:.3f}; with task_type: {task[0]}, "
    f"{task[1]:.1f}; with a list: {listed[0]}, {listed[1]:.1f}",
    not nothing[0] and not appended[0] and min(nothing[1], appended[1]) > 0.01 and task == listed == (True, 0.0),
)

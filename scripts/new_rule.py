"""Scaffolds a rule: python scripts/new_rule.py CKP411 mode my-rule "One sentence naming the fault."

Makes `src/ckptlint/rules/<topic>/<rule>/` with the rule, its page and its cases. Nothing else needs an edit.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

RULES = Path(__file__).resolve().parent.parent / "src" / "ckptlint" / "rules"
TOPICS = {1: "checkpoint", 2: "resume", 3: "loading", 4: "mode", 5: "module", 6: "data", 7: "reproduce"}

RULE = '''"""{summary}"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ckptlint.diagnostic import Diagnostic, Severity
from ckptlint.facts.modes import EvaluationForward
from ckptlint.rule import Rule

if TYPE_CHECKING:
    from ckptlint.facts.project import Facts

RULE = Rule(__name__, code="{code}", severity=Severity.WARNING, summary="{summary}")


@RULE.check(EvaluationForward)
def check(fact: EvaluationForward, facts: Facts) -> Iterator[Diagnostic]:
    """Replace `EvaluationForward` by the fact this rule reads, and say here when it reports."""
    yield from ()
'''

PAGE = """# {code} {name}

{summary}

## Bad

```python
```

## Good

```python
```

## When it stays silent

## Limits

## Measured
"""

CASES = """# {code} {name}

Cases beyond the page: near misses, mirror images, reach.

## A near miss

```python
```
"""


class Refused(Exception):
    """The rule cannot be made; the message says why and what to do."""


def new_rule(rules: Path, code: str, topic: str, name: str, summary: str) -> Path:
    """Write the rule's folder and return it; Refused when anything is taken or malformed."""
    name = name.replace("_", "-")
    if not re.fullmatch(r"CKP[1-7]\d\d", code):
        raise Refused(f"{code}: a code is CKP and three digits, the first from 1 to 7")
    if TOPICS[int(code[3])] != topic:
        raise Refused(f"{topic}: a code CKP{code[3]}xx belongs to the topic {TOPICS[int(code[3])]}")
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name):
        raise Refused(f"{name}: a name is small words joined by dashes, naming the fault")
    if not summary.strip() or '"' in summary or "\\" in summary or "\n" in summary:
        raise Refused("the summary is one sentence without quotes and backslashes")
    for page in sorted(rules.glob("*/*/rule.md")):
        title = page.read_text(encoding="utf-8").split("\n", 1)[0].split()
        if title[1:2] == [code]:
            raise Refused(f"{code} is taken by {page.parent.relative_to(rules)}; a code is never used twice")
        if page.parent.name == name.replace("-", "_"):
            raise Refused(f"{name} is taken by {page.parent.relative_to(rules)}")
    folder = rules / topic / name.replace("-", "_")
    if folder.exists():
        raise Refused(f"{folder} exists already")
    folder.mkdir(parents=True)
    topic_file = folder.parent / "__init__.py"
    if not topic_file.exists():
        topic_file.write_text(f'"""Rules of the topic {topic}."""\n', encoding="utf-8")
    filled = {"code": code, "name": name, "summary": summary.strip()}
    for file, text in (("__init__.py", RULE), ("rule.md", PAGE), ("cases.md", CASES)):
        (folder / file).write_text(text.format_map(filled), encoding="utf-8")
    return folder


def main(arguments: list[str] | None = None) -> int:
    """Run the scaffold; 0 when the folder was made, 2 when it was refused."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("code", help="such as CKP411")
    parser.add_argument("topic", choices=list(TOPICS.values()))
    parser.add_argument("name", help="small words joined by dashes, naming the fault")
    parser.add_argument("summary", help="one sentence naming the fault")
    given = parser.parse_args(arguments)
    try:
        folder = new_rule(RULES, given.code, given.topic, given.name, given.summary)
    except Refused as error:
        print(f"new_rule: {error}", file=sys.stderr)
        return 2
    print(f"{folder}\nNow write its page, its cases and its check, then run python scripts/rule_list.py")
    return 0


if __name__ == "__main__":
    sys.exit(main())

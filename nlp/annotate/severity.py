"""Severity of an item from what its text states: 0 none, 1 watch, 2 serious, 3 critical."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from nlp.labels import AT_RISK
from nlp.records import Problem

_SEVERE: Final = re.compile(r"严重|停工|停滞|停摆|搁置|重大|极|无法|资金链|撤资|毁约|没有进展|迟迟|至今")
_WAY_FORWARD: Final = re.compile(r"正在|正协调|协调|推进|已报|已上报|加快|整改|对接|争取|力争|下一步|拟|将")
_SLIGHT: Final = re.compile(r"略|稍|一定|有所|小幅|个别|少数|部分")


def judge_severity(text: str, *, status: str, basis: str | None, problems: Sequence[Problem]) -> int:
    """Severity in {0, 1, 2, 3}; higher is worse. A task that only waits on others is 1."""
    if status != AT_RISK:
        return int(any(problem.kind == "external" for problem in problems))
    if basis == "decline":
        return 3
    stated = " ".join(problem.span.of(text) for problem in problems)
    is_blocked = any(problem.kind == "blocked" for problem in problems)
    if _SEVERE.search(stated) or (is_blocked and not _WAY_FORWARD.search(text)):
        return 3
    return 1 if _SLIGHT.search(stated) and not is_blocked else 2

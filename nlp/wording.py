"""What the outputs call things in Chinese and English: one lookup for workbook, csv, terminal and other outputs. The words are in `resources/wording.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from nlp.config import load_toml
from nlp.errors import UsageError
from nlp.labels import BASIS_NAMES, CHANGE_NAMES, PROBLEM_NAMES, SEVERITY_NAMES, STATUS_NAMES, TERM_NAMES, VERDICT_NAMES

LANGUAGES: Final = ("zh", "en")
_PERIODS: Final = {"Q1": "一季度", "H1": "上半年", "Q3": "前三季度", "FY": "全年"}


@dataclass(frozen=True)
class Wording:
    """Names in one language: code of `nlp/labels.py`, key of a sheet, column or term -> what people read. `phrases` are format strings."""

    lang: str
    list_mark: str
    statuses: Mapping[str, str]
    bases: Mapping[str, str]
    severities: Mapping[int, str]
    problems: Mapping[str, str]
    verdicts: Mapping[str, str]
    terms: Mapping[str, str]
    changes: Mapping[str, str]
    lights: Mapping[str, str]
    sheets: Mapping[str, str]
    columns: Mapping[str, str]
    phrases: Mapping[str, str]

    def say(self, phrase: str, **values: object) -> str:
        """The phrase with its gaps filled."""
        return self.phrases[phrase].format(**values)


@cache
def names(lang: str = "zh") -> Wording:
    """The wording of a language; raises `UsageError` for one that there is none of."""
    if lang not in LANGUAGES:
        raise UsageError(f"--lang 为 {lang}，应为 {'、'.join(LANGUAGES)} 之一")
    table = load_toml("wording.toml")[lang]
    return Wording(
        lang=lang,
        list_mark=table["list_mark"],
        statuses=table.get("statuses", STATUS_NAMES),
        bases=table.get("bases", BASIS_NAMES),
        severities={int(level): name for level, name in table.get("severities", SEVERITY_NAMES).items()},
        problems=table.get("problems", PROBLEM_NAMES),
        verdicts=table.get("verdicts", VERDICT_NAMES),
        terms=table.get("terms", TERM_NAMES),
        changes=table.get("changes", CHANGE_NAMES),
        **{part: table[part] for part in ("lights", "sheets", "columns", "phrases")},
    )


def period_name(code: str) -> str:
    """A period, by its code, as a heading has it: 2024年一季度, 2024年全年, 2023年1—11月; prose has 2024年度 for the year (`records.Period.name`)."""
    year, part = code[:4], code[4:]
    months = f"1—{int(part[1:])}月" if part[:1] == "M" and part[1:].isdigit() else part
    return f"{year}年{_PERIODS.get(part, months)}"

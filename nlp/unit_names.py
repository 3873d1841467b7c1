"""Names of units: which wordings mean one unit, and which look as if they might. What is known is data; what only looks alike is proposed, never applied."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any, Final

from nlp.config import load_toml
from nlp.errors import ResourceError, UsageError
from nlp.text import fold, squeeze

# What stands before the department: a level of government alone, or a place that ends in one.
_PLACE_END: Final = re.compile("新区|[省市县区旗州盟镇乡]")
_LONGEST_PLACE: Final = 8
_PARTS: Final = str.maketrans("", "", "和与及、")


@dataclass(frozen=True)
class Aliases:
    """Wordings that a file puts under a name: folded wording -> name as the file writes it. The national short names are always known beside them.

    `given` is what stands in the file, name -> other wordings; `id` is the file's name.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    id: str = ""
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def key(self, wording: str) -> str:
        """By what a unit is known: equal for all wordings of one unit."""
        folded = _folded(wording)
        own = self.names.get(folded) or self.names.get(national_key(wording))
        return national_key(own) if own else national_key(wording)

    def own_name(self, wording: str) -> str | None:
        """The name that the file gives the unit; None where the file does not speak of it."""
        return self.names.get(_folded(wording)) or self.names.get(national_key(wording))


@dataclass(frozen=True)
class Proposal:
    """Two names of a report that may be one unit, the commoner first; `similarity` from 0 to 100 (100 = equal)."""

    name: str
    other: str
    similarity: float


def _folded(wording: str) -> str:
    return squeeze(fold(wording))[0]


@lru_cache(maxsize=4096)
def national_key(wording: str) -> str:
    """The name with its department and its kind of office in full, after `resources/unit_aliases.toml`; other names come back folded, without white space."""
    folded = _folded(wording)
    place, department, office = _split(folded)
    return f"{place}{department}{office}"


@cache
def _tables() -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Short department -> full one, and endings with the kind of office that they mean, longest ending first."""
    raw = load_toml("unit_aliases.toml")
    departments = {short: full for full, shorts in raw["departments"].items() for short in (full, *shorts)}
    offices = {ending: office for office, endings in raw["offices"].items() for ending in (office, *endings)}
    return departments, tuple(sorted(offices.items(), key=lambda pair: -len(pair[0])))


def _split(folded: str) -> tuple[str, str, str]:
    """Place, full department and kind of office; all of the name stands as the department where it cannot be cut up."""
    departments, offices = _tables()
    starts = [0, *(mark.end() for mark in _PLACE_END.finditer(folded[:_LONGEST_PLACE]))]
    for ending, office in offices:
        if not folded.endswith(ending):
            continue
        for start in starts:
            department = departments.get(folded[start : len(folded) - len(ending)])
            if department:
                return folded[:start], department, office
    return "", folded, ""


def _loosely_split(folded: str) -> tuple[str, str, str]:
    """As `_split`, for any department: the shortest place that leaves two characters before the ending."""
    place, department, office = _split(folded)
    if office:
        return place, department, office
    ending, office = next(((e, o) for e, o in _tables()[1] if folded.endswith(e) and len(folded) > len(e) + 1), ("", ""))
    rest = folded[: len(folded) - len(ending)]
    start = next((mark.end() for mark in _PLACE_END.finditer(rest[:_LONGEST_PLACE]) if len(rest) - mark.end() >= 2), 0)
    return rest[:start], rest[start:], office


def load_aliases(path: Path | None) -> Aliases:
    """Aliases of a TOML file of lines `"市住房和城乡建设局" = ["市住建局", "市建设局"]`; None gives those of the nation alone.

    Raises
    ------
    ResourceError : the file is no TOML, a value is no list of names, or a name stands under two units.
    """
    if path is None:
        return Aliases()
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ResourceError(f"不能作为单位别名文件读入（{error}）", where=str(path)) from error
    return aliases_of(given, id=path.name, where=str(path))


def aliases_of(given: Mapping[str, Any], *, id: str, where: str) -> Aliases:
    """Aliases of a table name -> list of other wordings; raises `ResourceError` as `load_aliases` does."""
    names: dict[str, str] = {}
    for name, wordings in given.items():
        if not isinstance(wordings, list) or not all(isinstance(wording, str) and wording.strip() for wording in wordings):
            raise ResourceError(f"“{name}”的值不是名称列表", where=where, remedy=f'请写作 "{name}" = ["别名一", "别名二"]')
        for wording in (name, *wordings):
            folded = _folded(wording)
            if names.setdefault(folded, name) != name:
                raise ResourceError(f"“{wording}”同时列在“{names[folded]}”和“{name}”之下", where=where, remedy="一个名称只能属于一个单位")
    # A name in the file stands for its national short forms as well.
    for folded, name in list(names.items()):
        names.setdefault(national_key(folded), name)
    return Aliases(names, id, {name: tuple(wordings) for name, wordings in given.items()})


def propose(wordings: Iterable[str], *, aliases: Aliases) -> tuple[Proposal, ...]:
    """Pairs of names that may be one unit, most alike first; `wordings` with repetition, as the report has them.

    Names of different places, and names that `aliases` put together already, are no pair. Nothing is proposed among more names than `most_names`
    of the settings: every name is held against every other.
    """
    from rapidfuzz import fuzz  # noqa: PLC0415

    settings = load_toml("unit_aliases.toml")["proposals"]
    counts = Counter(wordings)
    commonest: dict[str, str] = {}
    for wording, _ in counts.most_common():
        commonest.setdefault(aliases.key(wording), wording)
    if len(commonest) > settings["most_names"]:
        return ()
    parts = {key: _loosely_split(key) for key in commonest}
    found = []
    for one, other in combinations(commonest, 2):
        (place, department, office), (place_b, department_b, office_b) = parts[one], parts[other]
        if place != place_b or (office != office_b and department != department_b):
            continue
        similarity = fuzz.ratio(one, other)
        short, long = sorted((department.translate(_PARTS), department_b.translate(_PARTS)), key=len)
        least = settings["shortened"] if len(short) >= 2 and _is_shortened(short, long) else settings["written_alike"]
        if similarity >= least:
            found.append(Proposal(commonest[one], commonest[other], round(similarity, 1)))
    return tuple(sorted(found, key=lambda p: -p.similarity)[: settings["most"]])


def _is_shortened(short: str, long: str) -> bool:
    rest = iter(long)
    return all(character in rest for character in short)


def nearest(name: str, wordings: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """The names most like `name`, best first, each once."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415

    known = list(dict.fromkeys(wordings))
    scored = process.extract(name, known, scorer=lambda a, b, **_: fuzz.ratio(a, b) + 0.5 * fuzz.partial_ratio(a, b), limit=limit)
    return tuple(choice for choice, _, _ in scored)


def check_names(names: Iterable[str], *, wordings: Iterable[str], aliases: Aliases, where: str) -> None:
    """Raise `UsageError` for a name that is no wording of a unit in `wordings`, with the nearest that are."""
    known = list(dict.fromkeys(wordings))
    keys = {aliases.key(wording) for wording in known}
    for name in names:
        if not _folded(name) or aliases.key(name) not in keys:
            near = nearest(name, known)
            raise UsageError(f"没有单位“{name}”", where=where, remedy=f"相近的有 {'、'.join(near)}" if near else "报告没有填写单位")

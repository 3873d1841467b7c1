"""What a target and a figure of the text have in common, as named features: how alike their names are, and what else speaks for or against a pair."""

from __future__ import annotations

import functools
import re
import zlib
from typing import Any, Final

from nlp.annotate.results import Result, in_target_units
from nlp.annotate.targets import CEILING, LEVEL, QUANTITY, Target
from nlp.config import load_toml

_NOT_NAME: Final = re.compile(r"[0-9.%·、，,。；：:（）()“”\s万亿]")
_THRESHOLD: Final = re.compile(r"((?:[0-9]{1,6}|[十百千]{0,2}(?=[万亿]))[万亿]?(?:千瓦|美元|元|亩|吨)以上)")
# Where Unicode leaves room for characters of one's own.
_PRIVATE: Final = 0xE000
# July to August, the third quarter by itself: not the figure to date.
_PART_OF_YEAR: Final = re.compile(
    r"(?:(?<![0-9])[2-9]|1[0-2])月?[-—–~至到、](?:[2-9]|1[0-2])月|单季|单月|当月|当季|(?<![前一])[二三四]季度|假期|期间|期内|暑期"
)
_NOT_YET: Final = ("planned", "contracted", "going_on", "applied")
_ALL_DONE: Final = re.compile("合格|悉数|如期|到位|办结|收官|投用|投入使用|通车|验收|交付|完工|竣工|建成|销号|办完")
_LONGEST_NAME: Final = 24


@functools.cache
def _words() -> dict[str, Any]:
    return load_toml("mentions.toml")


@functools.cache
def _normal() -> tuple[re.Pattern[str], dict[str, str]]:
    table = {word: group[0] for group in _words()["name"]["synonyms"] for word in group[1:]}
    return re.compile("|".join(re.escape(word) for word in sorted(table, key=lambda word: -len(word)))), table


@functools.cache
def _filler_pattern() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_words()["name"]["fillers"], key=lambda word: -len(word))))


@functools.lru_cache(maxsize=4096)
def core(words: str) -> str:
    """The words as names are compared: synonyms read as one, digits, marks and fillers left out.

    A threshold (亿元以上, 50亿元以上) becomes a character of its own, doubled: it tells things apart and is like no other threshold.
    """
    return "".join(_token(part) if n % 2 else _plain(part) for n, part in enumerate(_THRESHOLD.split(words)))


def _token(threshold: str) -> str:
    return 2 * chr(_PRIVATE + zlib.crc32(threshold.encode()) % 6000)


def _plain(words: str) -> str:
    pattern, table = _normal()
    return _NOT_NAME.sub("", _filler_pattern().sub("", pattern.sub(lambda match: table[match.group()], words)))


@functools.lru_cache(maxsize=16384)
def coverage(name: str, words: str) -> float:
    """Share, in [0, 1], of the characters and neighbouring pairs of characters of `name` that stand in `words`."""
    if not name:
        return 0.0
    singles = sum(c in words for c in name) / len(name)
    if len(name) == 1:
        return singles
    return (singles + 2 * sum(name[i : i + 2] in words for i in range(len(name) - 1)) / (len(name) - 1)) / 3


@functools.lru_cache(maxsize=16384)
def longest_common(name: str, words: str) -> int:
    """Length of the longest run of characters that stands in both; at most 24."""
    best = 0
    name = name[:_LONGEST_NAME]
    for i in range(len(name)):
        while i + best < len(name) and name[i : i + best + 1] in words:
            best += 1
    return best


def hands_out(target: Target, result: Result, *, elapsed: float) -> bool:
    """Whether the figure only says the target again, under words of planning or beginning: 24万亩任务已分解到乡镇."""
    if target.kind != QUANTITY or elapsed >= 1 or in_target_units(target, result) != target.value or _ALL_DONE.search(result.mention.clause):
        return False
    own = target.mention.clause + target.mention.head
    groups = _words()["stage"]["groups"]
    return any(word in result.mention.clause and word not in own for name in _NOT_YET for word in groups[name])


def likeness(target: Target, result: Result) -> dict[str, float]:
    """How alike the names are, in [0, 1] each; `like` sums up what the competition is held by."""
    wanted, given = target.mention, result.mention
    name = core(wanted.lead + "·" + wanted.tail) or core(wanted.head) or core(wanted.clause)
    touching = core(given.lead + "·" + given.tail)
    is_led = bool(core(given.lead))
    about = touching if is_led else core(given.subject + "·" + given.lead + "·" + given.tail)
    around = core(given.clause)
    before = core(given.before)
    run = longest_common(name, touching)
    figures = {
        "near": coverage(name, touching),
        "near_back": coverage(touching, core(wanted.clause)) if touching else 0.0,
        "near_run": min(run, 6) / 6,
        "near_all": float(bool(name) and run == len(name)),
        "clause": coverage(name, around),
        "clause_run": min(longest_common(name, around), 6) / 6,
        "before": coverage(name, before),
        "before_run": min(longest_common(name, before), 6) / 6,
        "nameless": float(not touching),
        "about": coverage(name, about),
        "about_run": min(longest_common(name, about), 6) / 6,
        "unnamed": float(max(coverage(name, about), coverage(name, before)) < 0.15),
        "head_noun": float(len(name) >= 2 and name[-2:] in about),
        "head_noun_clause": float(len(name) >= 2 and name[-2:] in around),
    }
    figures["like"] = 0.5 * figures["about"] + 0.3 * figures["about_run"] + 0.2 * figures["clause"] + 0.15 * figures["before"] + 0.1 * figures["near_back"]
    return figures


def _thresholds(words: str) -> frozenset[str]:
    return frozenset(_THRESHOLD.findall(words))


def _scope(target: Target) -> dict[str, float]:
    """Whether a figure of the task tells how big the work is rather than how much of it is due."""
    words, mention = _words()["rate"], target.mention
    is_counted = mention.quantity.base in {"个", "人", "户", "人次"}
    return {
        "scope_word": float(any(word in mention.lead for word in words["scope"])),
        "scope_of_thing": float(target.kind == QUANTITY and not is_counted and len(mention.tail) >= 2),
        "listed": float(mention.lead.endswith("等")),
        "pushed": float(any(word in mention.head for word in words["pushed"]) and not any(word in mention.clause for word in words["delivered"])),
        "tail_project": float("项目" in mention.tail),
    }


def circumstances(target: Target, result: Result, *, elapsed: float) -> dict[str, float]:
    """What else speaks for or against a pair: unit, kind, plausible share, words of stage and scope."""
    wanted, given = target.mention, result.mention
    is_percent = wanted.quantity.kind == "percent"
    features = {
        "unit_same": float(wanted.quantity.unit == given.quantity.unit),
        "unit_other": float(not is_percent and wanted.quantity.base != given.quantity.base and given.quantity.kind != "percent"),
        "is_rate": float(result.is_rate),
        "rate_of": float(bool(result.rate_of)),
        "elided": float(given.elided != 0),
        "share": float(result.is_share),
        "share_named": float(result.is_share and len(given.lead) >= 2 and given.lead.rstrip("过近超约达")[-2:] in wanted.clause),
        "from": float(given.lead.endswith(("由", "从"))),
        "now_at": float(given.lead.endswith(("至", "到", "为"))),
        "threshold_same": float(bool(_thresholds(wanted.lead) & _thresholds(given.lead))),
        "threshold_other": float(bool(_thresholds(wanted.lead)) and not _thresholds(wanted.lead) & _thresholds(given.lead + given.before[-20:])),
        **_scope(target),
        f"kind_{target.kind}": 1.0,
        "part_of_year": float(bool(_PART_OF_YEAR.search(given.clause))),
        "brackets": float(given.is_in_brackets),
        "about": float(given.quantity.bound == "most"),
    }
    if target.kind == QUANTITY and target.value and given.quantity.kind != "percent":
        ratio = in_target_units(target, result) / target.value
        features |= {
            # How much was done decides the verdict and so must not decide the pairing; only what can hardly be one is marked.
            "ratio_tiny": float(ratio < 0.01),
            "ratio_large": float(ratio > 2),
            "ratio_huge": float(ratio > 5),
            "repeats": float(ratio == 1),
            "repeats_early": float(ratio == 1 and elapsed < 1),
            "repeats_done": float(ratio == 1 and bool(_ALL_DONE.search(given.clause))),
        }
    if target.kind in {LEVEL, CEILING} and target.value:
        ratio = in_target_units(target, result) / target.value
        features["level_far"] = float(not 0.5 < ratio < 2)
        features["level_very_far"] = float(not 0.2 < ratio < 5)
    own = wanted.clause + wanted.tail
    for place, words in (("lead", given.lead), ("tail", given.tail)):
        features |= {f"{place}_{word}": 1.0 for word in _stage_words("words", words) if word not in own}
    for place, words in (("lead", given.lead), ("tail", given.tail), ("clause", given.clause)):
        groups = {name for name, word in _group_words(words) if word not in own}
        features |= {f"{place}_group_{name}": 1.0 for name in groups}
        if place == "clause" and features.get("repeats"):
            features |= {f"repeats_group_{name}": 1.0 for name in groups}
    features |= {f"done_{word}": 1.0 for word in _stage_words("verbs", given.lead)}
    verbs = _stage_words("verbs", wanted.lead + wanted.tail)
    for word in verbs:
        features["stage_lacks" if word not in given.lead + given.tail else "stage_same"] = 1.0
        features.pop(f"done_{word}", None)
    return features


@functools.lru_cache(maxsize=4096)
def _stage_words(key: str, text: str) -> tuple[str, ...]:
    return tuple(word for word in _words()["stage"][key] if word in text)


@functools.lru_cache(maxsize=4096)
def _group_words(text: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, word) for name, group in _words()["stage"]["groups"].items() for word in group if word in text)

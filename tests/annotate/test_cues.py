"""Every rule hits what it says it hits and misses what it says it misses."""

from __future__ import annotations

import re

import pytest

from nlp.annotate.cues import CueRule, load_rules, read_rule
from nlp.annotate.pipeline import find_text_cues
from nlp.errors import ResourceError

RULES = load_rules()


def found(rule: CueRule, text: str) -> list[str]:
    (cues,) = find_text_cues(iter([text]))
    return [cue.span.of(text) for cue in cues if cue.rule == rule.id]


@pytest.mark.parametrize(("rule", "marked"), [(rule, marked) for rule in RULES for marked in rule.hit], ids=lambda value: getattr(value, "id", value))
def test_rule_hits(rule: CueRule, marked: str) -> None:
    text = re.sub("[〔〕]", "", marked)
    assert found(rule, text) == re.findall("〔(.*?)〕", marked)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.miss], ids=lambda value: getattr(value, "id", value))
def test_rule_misses(rule: CueRule, text: str) -> None:
    assert found(rule, text) == []


def test_rule_ids_are_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"colour": "red"}, "未知的键 ['colour']"),
        ({"label": "late"}, "label late 应为"),
        ({"pattern": "甲.*乙"}, "不设上限的重复"),
        ({"hit": []}, "hit 和 miss 至少各要一句"),
    ],
)
def test_a_malformed_rule_is_refused(change: dict[str, object], message: str) -> None:
    entry = {"id": "x", "label": "delay", "pattern": "滞后", "extent": "clause", "hit": ["〔滞后〕"], "miss": ["快"], **change}
    with pytest.raises(ResourceError, match=re.escape(message)) as error:
        read_rule(entry)
    assert str(error.value).startswith("cues.toml 规则 x：")


def test_a_cue_is_found_across_spaces_and_full_width_letters() -> None:
    text = "二标段进度明 显 滞后。规上产值同比下降 ３．６％"
    (cues,) = find_text_cues(iter([text]))
    assert {"二标段进度明 显 滞后", "同比下降 ３．６％"} <= {cue.span.of(text) for cue in cues}

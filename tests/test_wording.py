"""Both languages name the same things, and the names fit where they go."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from nlp.errors import UsageError
from nlp.labels import BASES, PROBLEM_KINDS, SEVERITIES, STATUSES, TERM_NAMES, VERDICTS
from nlp.wording import LANGUAGES, names

GAP = re.compile(r"\{(\w+)")


def test_both_languages_have_the_same_keys_and_gaps() -> None:
    zh, en = names("zh"), names("en")
    for part in fields(zh):
        one, other = getattr(zh, part.name), getattr(en, part.name)
        if isinstance(one, dict):
            assert one.keys() == other.keys(), part.name
    assert [key for key in zh.phrases if set(GAP.findall(zh.phrases[key])) != set(GAP.findall(en.phrases[key]))] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_label_and_term_has_a_name(lang: str) -> None:
    wording = names(lang)
    assert set(wording.statuses) == set(STATUSES)
    assert set(wording.bases) == set(BASES)
    assert set(wording.severities) == set(SEVERITIES)
    assert set(wording.problems) == set(PROBLEM_KINDS)
    assert set(wording.verdicts) == set(VERDICTS)
    assert set(TERM_NAMES) <= set(wording.terms)
    assert all(0 < len(sheet) <= 31 and not re.search(r"[\[\]:*?/\\']", sheet) for sheet in wording.sheets.values())


def test_no_english_name_is_chinese() -> None:
    wording = names("en")
    texts = [text for part in fields(wording) if isinstance(table := getattr(wording, part.name), dict) for text in table.values()]
    assert [text for text in texts if re.search("[一-鿿]", text)] == []


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(UsageError, match="--lang 为 fr，应为 zh、en 之一"):
        names("fr")

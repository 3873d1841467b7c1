"""What a corpus must know of an own government."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import CorpusError
from nlp.training.corpus import read_government
from nlp.training.own import ensure_government, folder_name, is_quarter, quarter_file


def test_a_government_is_written_once(tmp_path: Path) -> None:
    folder = tmp_path / "苍浦市2024"
    assert ensure_government(folder, place='苍"浦市', period="2024Q1")
    found = read_government(folder)
    assert (found.name, found.place, found.year, found.split) == ("苍浦市2024", '苍"浦市', 2024, "train")
    assert not ensure_government(folder, place="别处", period="2024H1")
    assert read_government(folder).place == '苍"浦市'
    with pytest.raises(CorpusError, match="2024 年，报告期为 2025Q1"):
        ensure_government(folder, place="苍浦市", period="2025Q1")


def test_a_report_without_a_place_gets_a_name_that_no_text_holds(tmp_path: Path) -> None:
    # Names of places are swapped while a model learns: an empty one would stand everywhere.
    ensure_government(tmp_path / "x", place="", period="2024Q1")
    assert read_government(tmp_path / "x").place == "未列政府"


def test_names_are_good_on_every_system() -> None:
    assert folder_name("苍浦市", "2024Q1") == "苍浦市2024"
    assert folder_name('a/b\\:"*?<>|\x00', "2024Q1") == "ab2024"
    assert folder_name(" .", "2024Q1") == "未列政府2024"
    assert quarter_file("2024H1") == "h1.jsonl"
    assert [is_quarter(period) for period in ("2024Q1", "2024FY", "2024M11")] == [True, True, False]

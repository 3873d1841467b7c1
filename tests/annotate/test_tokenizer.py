"""The language is built without torch, and from words that were kept or made anew."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def test_the_language_is_built_without_torch() -> None:
    assert (
        run("import sys; from nlp.annotate.tokenizer import build_language; build_language(); print([n for n in sys.modules if n.split('.')[0] == 'torch'])")
        == "[]"
    )


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="torch is not installed")
def test_torch_can_be_imported_before_and_behind_it() -> None:
    assert run("import nlp.annotate.tokenizer, torch; print(torch.ones(2).sum().item())") == "2.0"
    assert run("import torch, nlp.annotate.tokenizer, sys; print(sys.modules['torch'] is torch)") == "True"


def test_a_damaged_cache_of_words_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nlp.annotate import tokenizer  # noqa: PLC0415
    from nlp.annotate.spacy_alone import Vocab  # noqa: PLC0415

    monkeypatch.setattr(tokenizer, "_cache_folder", lambda: tmp_path)
    cache = tmp_path / "jieba.cache"
    text = "管网改造推进速度严重滞后"
    words = [token.text for token in tokenizer.JiebaTokenizer(Vocab())(text)]
    whole = cache.read_bytes()
    for contents in (whole, whole[:1000], b"", b"not marshal"):
        cache.write_bytes(contents)
        assert [token.text for token in tokenizer.JiebaTokenizer(Vocab())(text)] == words


def test_only_what_a_rule_asks_words_of_is_cut_and_the_text_is_covered() -> None:
    from nlp.annotate.tokenizer import build_language  # noqa: PLC0415

    assert [token.text for token in build_language()("管网改造完成，拟于下月开工。")] == ["管网改造完成", "，", "拟于", "下", "月", "开工", "。"]


@pytest.mark.parametrize("text", ["管网改造完成3.5公里，拟于下月开工；（待批）“尽快”开工", "拟，于", "", "。。"])
def test_words_within_a_stretch_are_those_of_the_whole_text(text: str) -> None:
    import jieba  # noqa: PLC0415

    from nlp.annotate.spacy_alone import Vocab  # noqa: PLC0415
    from nlp.annotate.tokenizer import JiebaTokenizer  # noqa: PLC0415

    tokenizer = JiebaTokenizer(Vocab())
    whole = jieba.Tokenizer()
    assert [token.text for token in tokenizer(text)] == whole.lcut(text)


def test_the_vocabulary_keeps_no_text() -> None:
    from nlp.annotate.pipeline import find_text_cues  # noqa: PLC0415
    from nlp.annotate.tokenizer import build_language  # noqa: PLC0415

    assert len(list(find_text_cues(iter(["从未见过的一段文字甲乙丙，拟于下月开工。"] * 3)))) == 3
    assert "从未见过的一段文字甲乙丙" not in build_language().vocab.strings

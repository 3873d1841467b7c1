"""The shipped models: whole, quick, and as good as their cards say; the fast one says what the other says."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nlp.annotate.encoder import MANIFEST, Model, load_model
from nlp.annotate.predict import Question
from nlp.batch import SHIPPED_MODEL
from nlp.training.corpus import LabelledItem, read_corpora
from nlp.training.evaluate import evaluate, read_items
from nlp.training.questions import questions_of

if not SHIPPED_MODEL.is_dir():
    pytest.skip("no model is shipped", allow_module_level=True)


FAST = SHIPPED_MODEL.with_name("status-fast")
SHIPPED = pytest.mark.parametrize("folder", [SHIPPED_MODEL, FAST], ids=lambda folder: folder.name)


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model(SHIPPED_MODEL)


@pytest.fixture(scope="module")
def test_items(root: Path) -> list[LabelledItem]:
    return [item for government, items in read_corpora(root / "corpora") if government.split == "test" for item in items]


@SHIPPED
def test_it_was_not_trained_on_the_test_government(root: Path, folder: Path) -> None:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    held_out = {government.name for government, _ in read_corpora(root / "corpora") if government.split == "test"}
    assert not held_out & {*manifest["train"], *manifest["dev"]}


@SHIPPED
def test_it_beats_the_rules_on_the_test_government(folder: Path, test_items: list[LabelledItem]) -> None:
    model = load_model(folder)
    predictions = model.predict(questions_of(test_items))
    figures = evaluate(test_items, read_items(test_items, predictions=predictions, review_below=model.review_below))
    rules = evaluate(test_items, read_items(test_items))
    for what in ("statement", "item_by_words"):
        assert figures[what]["macro_f1"] > rules[what]["macro_f1"] + 0.1
    assert figures["statement"]["macro_f1"] >= 0.85
    assert figures["statement"]["at_risk_recall"] >= 0.85
    assert figures["problems"]["overlap"]["f1"] > rules["problems"]["overlap"]["f1"] + 0.1


def test_the_fast_one_says_what_the_other_says(model: Model, test_items: list[LabelledItem]) -> None:
    questions = questions_of(test_items)
    both = zip(model.predict(questions), load_model(FAST).predict(questions), strict=True)
    pairs = [(int(np.argmax(a)), int(np.argmax(b))) for one, other in both for (_, a), (_, b) in zip(one.statements, other.statements, strict=True)]
    assert sum(a == b for a, b in pairs) >= 0.96 * len(pairs)


def test_wrapping_and_letter_width_do_not_reach_it(model: Model) -> None:
    plain = Question("新建5G基站1200个。", "建成213个；二期机房征地没有谈拢。", 0.25)
    wrapped = Question("新建 ５Ｇ 基站 1200 个。", "建成 213 个；二期机 房征地没 有谈拢。", 0.25)
    first, second = model.predict([plain, wrapped])
    assert [shares for _, shares in first.statements] == [shares for _, shares in second.statements]


def test_the_main_job_uses_it_without_torch(root: Path, tmp_path: Path) -> None:
    sample = next((root / "corpora" / "sample").glob("*.docx"))
    code = (
        "import sys; from pathlib import Path; sys.modules['torch'] = None; from nlp import batch;"
        f"r = batch.run([Path({str(sample)!r})], out=Path({str(tmp_path / 'out')!r}), model=batch.SHIPPED_MODEL); print(r.model_id, len(r.single.items))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    name, n = done.stdout.split()
    assert name.startswith("status-")
    assert n == "68"


def test_it_is_quick(model: Model, test_items: list[LabelledItem]) -> None:
    questions = questions_of(test_items)
    started = time.perf_counter()
    model.predict(questions)
    # Some 90 items a second on two idle cores.
    assert len(questions) / (time.perf_counter() - started) > 20

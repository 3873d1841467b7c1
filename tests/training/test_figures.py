"""Metrics, calibration, settings and augmentation: small cases whose answer is known."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from nlp.errors import ResourceError
from nlp.text import Span, cut_statements
from nlp.training.augment import plain_example, vary
from nlp.training.calibrate import lowest_of_the_best, review_threshold
from nlp.training.corpus import read_corpora
from nlp.training.gists import lead, rouge_l, textrank
from nlp.training.metrics import calibration_error, class_figures, confusion, macro_f1, ndcg, overlap, span_figures
from nlp.training.settings import TrainingSettings, load_settings, taught_by


def test_class_figures() -> None:
    counts = confusion(["completed", "completed", "at_risk", "at_risk"], ["completed", "at_risk", "at_risk", "at_risk"])
    figures = class_figures(counts)
    assert figures["completed"] == {"precision": 1.0, "recall": 0.5, "f1": pytest.approx(2 / 3), "n": 2}
    assert figures["at_risk"] == {"precision": pytest.approx(2 / 3), "recall": 1.0, "f1": pytest.approx(0.8), "n": 2}
    assert macro_f1(counts) == pytest.approx((2 / 3 + 0.8) / 2)


def test_span_figures_count_an_overlap_of_three_tenths() -> None:
    assert overlap(Span(0, 10), Span(5, 15)) == pytest.approx(1 / 3)
    figures = span_figures([[Span(0, 10)], [Span(0, 10)]], [[Span(5, 15), Span(30, 40)], [Span(8, 20)]])
    assert figures == {"precision": pytest.approx(1 / 3), "recall": 0.5, "f1": pytest.approx(0.4), "n": 2}


def test_ndcg_is_one_for_the_best_order_and_less_for_a_worse_one() -> None:
    assert ndcg([7, 3, 1, 0]) == pytest.approx(1.0)
    assert ndcg([3, 7]) == pytest.approx((3 + 7 / np.log2(3)) / (7 + 3 / np.log2(3)))
    assert ndcg([0, 7], k=1) == 0.0
    assert ndcg([0, 0]) == 1.0


def test_rouge_l_counts_characters_in_order_without_marks() -> None:
    assert rouge_l("建成 3 座。", "建成3座") == pytest.approx(1.0)
    assert rouge_l("甲乙丙丁", "甲丙戊己") == pytest.approx(0.5)
    assert rouge_l("甲", "乙") == 0.0


def test_plain_summaries_take_what_fits() -> None:
    text = "道路完工三条，道路开工两条，天气晴好"
    spans = [Span(0, 6), Span(7, 13), Span(14, 18)]
    assert lead(text, longest=6) == "道路完工三条"
    assert textrank(text, spans, longest=13) == "道路完工三条，道路开工两条"


def test_calibration_error() -> None:
    assert calibration_error(np.array([0.95, 0.95]), np.array([1, 1])) == pytest.approx(0.05)
    assert calibration_error(np.array([0.9, 0.9]), np.array([1, 0])) == pytest.approx(0.4)


def test_review_threshold_keeps_its_promise() -> None:
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    assert review_threshold(sure, np.array([1, 1, 0, 1]), promised=0.97) == pytest.approx(0.8)
    assert review_threshold(sure, np.array([1, 1, 1, 1]), promised=0.97) == pytest.approx(0.6)
    assert review_threshold(sure, np.array([0, 0, 0, 0]), promised=0.97) == 1.0


@pytest.mark.parametrize(
    ("scores", "chosen"),
    [
        ({0.2: 0.5, 0.3: 0.8, 0.4: 0.7}, 0.3),
        # Three are as good as each other, which one is ahead is chance: the lowest finds most.
        ({0.2: 0.70, 0.3: 0.806, 0.4: 0.808, 0.5: 0.81, 0.6: 0.75}, 0.3),
    ],
)
def test_the_span_threshold_is_the_lowest_of_the_best(scores: dict[float, float], chosen: float) -> None:
    assert lowest_of_the_best(scores) == chosen


def test_settings_come_from_toml_and_unknown_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.toml"
    path.write_text("epochs = 3\nlearning_rate = 1e-4\n", encoding="utf-8")
    assert load_settings(path, seed=9) == TrainingSettings(epochs=3, learning_rate=1e-4, seed=9)
    assert load_settings(path, defaults={"epochs": 5, "layers": 4}) == TrainingSettings(epochs=3, learning_rate=1e-4, layers=4)
    for text, message in (
        ("colour = 1\n", "未知的键 ['colour']"),
        ("epochs = 0.5\n", "epochs = 0.5，应为整数"),
        ("frozen = 13\n", "frozen = 13 大于 layers = 6"),
    ):
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ResourceError) as error:
            load_settings(path)
        assert message in str(error.value)


def test_a_pupil_has_as_many_layers_as_its_teacher_where_nobody_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"settings": {"layers": 4}}', encoding="utf-8")
    settings = load_settings(defaults=taught_by(tmp_path))
    assert (settings.layers, settings.width < 1, settings.taught) == (4, True, 1.0)
    assert load_settings(defaults=taught_by(tmp_path / "missing")).layers == TrainingSettings().layers


def test_varied_items_keep_their_labels_on_the_same_words(root: Path) -> None:
    settings = TrainingSettings(change_numbers=1.0, change_places=1.0, drop_stop=1.0, change_marks=1.0, drop_task=0.0, crop=0.0)
    chance = random.Random(3)
    government, items = next(read_corpora(root / "corpora"))
    for item in items[:80]:
        example = plain_example(item, elapsed=0.25)
        varied = vary(example, place=government.place, settings=settings, chance=chance)
        assert [span for span, _ in varied.statements] == cut_statements(varied.text)
        for (span, kind), (before, kind_before) in zip(varied.problems, example.problems, strict=True):
            assert kind == kind_before
            same = [a == b or a.isdigit() for a, b in zip(span.of(varied.text), before.of(example.text), strict=False)]
            assert len(span.of(varied.text)) == len(before.of(example.text)) or government.place[:-1] in before.of(example.text)
            assert sum(same) >= 0.5 * len(same)


def test_a_run_of_statements_keeps_its_labels(root: Path) -> None:
    settings = TrainingSettings(change_numbers=0, change_places=0, drop_stop=0, change_marks=0, drop_task=0, drop_period=0, crop=1.0)
    chance = random.Random(3)
    government, items = next(read_corpora(root / "corpora"))
    for item in (item for item in items if len(item.statements) > 1):
        example = plain_example(item, elapsed=0.25)
        cropped = vary(example, place=government.place, settings=settings, chance=chance)
        labelled = [(span.of(cropped.text), status) for span, status in cropped.statements]
        whole = [(span.of(example.text), status) for span, status in example.statements]
        assert 0 < len(labelled) < len(whole)
        assert any(whole[i : i + len(labelled)] == labelled for i in range(len(whole)))
        assert {(span.of(cropped.text), kind) for span, kind in cropped.problems} <= {(span.of(example.text), kind) for span, kind in example.problems}
        assert cropped.status is None


def test_varying_is_repeatable(root: Path) -> None:
    government, items = next(read_corpora(root / "corpora"))
    example = plain_example(items[0], elapsed=0.25)
    first, second = (vary(example, place=government.place, settings=TrainingSettings(), chance=random.Random(5)) for _ in range(2))
    assert first == second

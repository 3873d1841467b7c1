"""Corpus files: read, refused with file and line, written back; the shipped corpora hold what they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nlp.errors import CorpusError
from nlp.training.audit import audit
from nlp.training.corpus import item_record, read_corpora, read_government, read_report, write_report

GOOD = {
    "id": "01",
    "number": "1",
    "task": "新建管网<1|42公里>。",
    "units": ["市水务集团"],
    "text": "{P}建成管网<1|6.3公里>；{R}[blocked|老厂路段管位冲突无法开挖]。",
    "status": "at_risk",
    "basis": "stated",
    "severity": 2,
    "pairs": [{"name": "管网", "kind": "quantity", "target": 42, "result": 6.3, "verdict": "behind"}],
}


def write(folder: Path, *records: dict[str, object]) -> Path:
    path = folder / "q1.jsonl"
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
    return path


def test_an_item_is_read_and_written_back(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    (item,) = read_report(path, government="甲市", period="2024Q1")
    assert item.key == "甲市/2024Q1/01"
    assert item.text == "建成管网6.3公里；老厂路段管位冲突无法开挖。"
    assert item.pairs[0].task_span.of(item.task) == "42公里"
    assert item_record(item) == GOOD
    before = path.read_bytes()
    write_report(path, [item])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["q1.jsonl"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "done"}, "status 为 'done'，应为 completed、in_progress、not_started、at_risk 之一"),
        ({"basis": None}, "只有 at_risk 带 basis"),
        ({"severity": 4}, "severity 为 4"),
        ({"units": []}, "units 应为非空的单位名称列表"),
        ({"pairs": []}, "pairs 有 0 对，task 标记 [1]，text 标记 [1]"),
        ({"gist": "长" * 41}, "gist 有 41 字，至多 40 字"),
        ({"text": "{P}" + "长" * 61 + "<1|6.3公里>"}, "而没有 gist"),
        ({"colour": 1}, "多出键 ['colour']"),
        ({"text": "建成<1|6.3公里>"}, "语句前应有一个状态标记，实有 0 个"),
    ],
)
def test_a_bad_item_is_refused_with_its_line(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = write(tmp_path, GOOD, {**GOOD, **change})
    with pytest.raises(CorpusError) as error:
        read_report(path, government="甲市", period="2024Q1")
    assert str(error.value).startswith("q1.jsonl 第 2 行：")
    assert message in str(error.value)


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    (tmp_path / "government.toml").write_text('place = "甲市"\nyear = 2024\nsplit = "validation"\n', encoding="utf-8")
    with pytest.raises(CorpusError, match="split 为 'validation'，应为 train、dev、test 之一"):
        read_government(tmp_path)


def test_the_corpora_pass_their_audit(root: Path) -> None:
    corpora = list(read_corpora(root / "corpora"))
    assert [finding for finding in audit(corpora) if finding.level == "error"] == []
    splits = [government.split for government, _ in corpora]
    assert splits.count("test") == 1
    assert splits.count("dev") >= 1


def test_twelve_governments_have_four_periods_of_the_same_tasks_and_the_others_one(root: Path) -> None:
    whole = []
    for government, items in read_corpora(root / "corpora"):
        periods = list(dict.fromkeys(item.period[4:] for item in items))
        assert periods == ["Q1", "H1", "Q3", "FY"] or len(periods) == 1, government.name
        tasks = {tuple(item.id for item in items if item.period.endswith(period)) for period in periods}
        assert len(tasks) == 1, government.name
        whole += [government] * (len(periods) == 4)
        # A single quarter adds variety to learn from; what is measured on is followed through the year.
        assert government.split == "train" or len(periods) == 4, government.name
    assert len(whole) == 12


def test_the_office_kept_back_has_three_quarters_of_the_same_tasks_and_is_no_part_of_the_corpora(root: Path) -> None:
    ((office, items),) = read_corpora(root / "corpora" / "own")
    tasks = {tuple((item.id, item.task, item.units) for item in items if item.period == period) for period in ("2024Q1", "2024H1", "2024Q3")}
    assert len(tasks) == 1
    assert len(items) == 3 * len(next(iter(tasks))) == 450
    assert office.name not in {government.name for government, _ in read_corpora(root / "corpora")}


def test_the_corpora_are_written_in_the_one_form(root: Path) -> None:
    for government, items in [*read_corpora(root / "corpora"), *read_corpora(root / "corpora" / "own")]:
        for period in dict.fromkeys(item.period for item in items):
            path = government.folder / f"{period[4:].lower()}.jsonl"
            lines = [json.dumps(item_record(item), ensure_ascii=False) for item in items if item.period == period]
            assert path.read_text(encoding="utf-8").splitlines() == lines, path


def test_nothing_of_the_real_report_stands_in_the_project(root: Path, real_reports: Path) -> None:
    run = 16
    real: set[str] = set()
    for path in real_reports.glob("*.txt"):
        text = re.sub(r"\s", "", path.read_text(encoding="utf-8"))
        real |= {text[i : i + run] for i in range(len(text) - run + 1)}
    # Names of national plans and numbers alone are nobody's sentences.
    real = {piece for piece in real if not re.search(r"[\dA-Za-z]{6}", piece) and "《" not in piece}
    found = []
    for path in sorted(p for folder in ("corpora", "nlp", "tests", "docs", "scripts") for p in (root / folder).rglob("*")):
        if path.suffix in {".py", ".toml", ".jsonl", ".md", ".tsv", ".txt"} and path.stat().st_size < 4_000_000:
            flat = re.sub(r"\s", "", path.read_text(encoding="utf-8"))
            found += [(path.name, flat[i : i + run]) for i in range(len(flat) - run + 1) if flat[i : i + run] in real][:1]
    assert found == []

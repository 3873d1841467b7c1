"""A chunk: several reports judged together, each written whole, a bad one alone lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nlp import chunks as module
from nlp.chunks import PARTS, REPORTS, process_chunk
from nlp.errors import OutputError
from nlp.plan import Chunk, plan
from nlp.records import Period
from nlp.run_record import FileDone
from nlp.settings import Settings

HEADER = "序号,主要任务,牵头单位,落实情况"
BLOCKED = "1,建成东门大桥。,市交通局,引桥征地受阻，业主对补偿有分歧。"
DONE = "2,举办龙舟赛。,市体育局,龙舟赛已于四月举办完毕。"
RULES = Settings(formats=("jsonl",))

Make = Callable[..., Chunk]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A chunk of csv files: name -> rows."""

    def make(**files: list[str]) -> Chunk:
        for name, rows in files.items():
            (tmp_path / f"{name}.csv").write_text("\n".join([HEADER, *rows]), encoding="utf-8")
        (chunk,) = plan([tmp_path / f"{name}.csv" for name in files])
        return chunk

    return make


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_each_report_is_written_with_its_own_period_and_its_record_comes_back(make: Make, tmp_path: Path) -> None:
    chunk = make(甲县2024一季度=[BLOCKED, DONE], 乙县2023全年=[DONE])
    second, first = process_chunk(chunk, RULES, tmp_path / "work")
    assert (first.file, first.folder, first.failure) == ("甲县2024一季度.csv", "甲县2024一季度", None)
    assert first.sha256 == chunk.files[1].sha256
    assert first.record
    assert second.record
    assert (first.record["period"], first.record["items"], first.record["folder"]) == ("2024Q1", 2, "甲县2024一季度")
    assert (second.record["period"], second.record["statuses"]["completed"]) == ("2023FY", 1)
    assert {unit.key: (unit.led, unit.counts) for unit in first.units} == {"市交通运输局": (1, [0, 0, 0, 1]), "市体育局": (1, [1, 0, 0, 0])}
    items = rows_of(tmp_path / "work" / REPORTS / "甲县2024一季度" / "items.jsonl")
    assert [item["period"] for item in items] == ["2024Q1", "2024Q1"]
    (risk,) = [risk for risk in rows_of(tmp_path / "work" / PARTS / "000000.jsonl") if risk["status"] == "at_risk"]
    assert (risk["folder"], risk["number"]) == ("甲县2024一季度", "1")


def test_a_bad_file_is_reported_and_the_others_are_written(make: Make, tmp_path: Path) -> None:
    chunk = make(甲2024一季度=[BLOCKED], 乙=[DONE], 丙2024一季度=[DONE])
    done = {file.file: file for file in process_chunk(chunk, RULES, tmp_path / "work")}
    bad = done["乙.csv"]
    assert bad.failure
    assert bad.failure.is_usage
    assert bad.failure.reason.startswith("乙.csv：标题和文件名里都没有写明报告期")
    assert (bad.record, bad.units) == (None, ())
    assert sorted(path.name for path in (tmp_path / "work" / REPORTS).iterdir()) == ["丙2024一季度", "甲2024一季度"]
    settings = Settings(formats=("jsonl",), period=Period("2024Q1", 0.25))
    assert all(file.failure is None for file in process_chunk(chunk, settings, tmp_path / "work"))


def test_a_report_at_which_the_program_stops_is_lost_alone(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nlp.annotate import pipeline  # noqa: PLC0415

    plain = pipeline.finish

    def stop(item: Any, *rest: Any, **more: Any) -> Any:
        if "龙舟" in item.task:
            raise ZeroDivisionError("x")
        return plain(item, *rest, **more)

    monkeypatch.setattr(pipeline, "finish", stop)
    first, second = process_chunk(make(a2024一季度=[BLOCKED], b2024一季度=[DONE]), RULES, tmp_path / "work")
    assert first.failure is None
    assert second.failure
    assert second.failure.reason.startswith("b2024一季度.csv：程序出错（ZeroDivisionError：x；test_chunks.py 第 ")
    assert not (tmp_path / "work" / REPORTS / "b2024一季度").exists()


def test_a_file_changed_since_the_plan_is_a_failure(make: Make, tmp_path: Path) -> None:
    chunk = make(甲2024一季度=[BLOCKED])
    Path(chunk.files[0].path).write_text("x", encoding="utf-8")
    (done,) = process_chunk(chunk, RULES, tmp_path / "work")
    assert done.failure
    assert "在本次判读开始之后被改动" in done.failure.reason


def test_the_same_chunk_gives_the_same_bytes_and_replaces_what_was_left(make: Make, tmp_path: Path) -> None:
    chunk = make(甲2024一季度=[BLOCKED, DONE], 乙2024一季度=[DONE])
    settings = Settings()
    process_chunk(chunk, settings, tmp_path / "one")
    for name in (".甲2024一季度.tmp", "甲2024一季度"):
        (tmp_path / "two" / REPORTS / name).mkdir(parents=True)
        (tmp_path / "two" / REPORTS / name / "left").touch()
    process_chunk(chunk, settings, tmp_path / "two")
    one, two = ({path.relative_to(tmp_path / part): path.read_bytes() for path in (tmp_path / part).rglob("*") if path.is_file()} for part in ("one", "two"))
    assert len(one) == 2 * 6 + 1
    assert two == one


def test_a_part_of_a_report_never_stands_in_its_place(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nlp.outputs import table  # noqa: PLC0415

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(table, "write_jsonl", full)
    with pytest.raises(OutputError, match="写入失败（No space left on device）"):
        process_chunk(make(甲2024一季度=[BLOCKED]), RULES, tmp_path / "work")
    assert not (tmp_path / "work" / REPORTS / "甲2024一季度").exists()


def test_only_so_many_risks_of_a_chunk_are_kept_the_worst_of_all(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_RISKS", 2)
    late = "3,建成西门大桥。,市交通局,尚未启动。"
    process_chunk(make(甲2024一季度=[late, BLOCKED], 乙2024一季度=[BLOCKED, late]), RULES, tmp_path / "work")
    kept = rows_of(tmp_path / "work" / PARTS / "000000.jsonl")
    assert [(risk["folder"], risk["number"]) for risk in kept] == [("乙2024一季度", "1"), ("甲2024一季度", "1")]


def test_what_is_done_can_be_written_down(make: Make, tmp_path: Path) -> None:
    chunk = make(甲2024一季度=[BLOCKED], 乙=[DONE])
    for done in process_chunk(chunk, RULES, tmp_path / "work"):
        assert FileDone.from_json(json.loads(json.dumps(done.to_json()))) == done

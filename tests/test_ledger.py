"""The ledger: what is done stays done, whatever cuts a run off; what is not of this run is not taken up."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest

from nlp import plan as planning
from nlp.chunks import REPORTS, process_chunk
from nlp.errors import OutputError, UsageError
from nlp.ledger import LEDGER, Ledger, open_ledger, put_in_place, working_folder
from nlp.plan import Chunk, plan
from nlp.settings import Settings, tools_of

RULES = Settings(formats=("jsonl",))


@pytest.fixture
def chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Chunk, ...]:
    """Three chunks of a report each."""
    monkeypatch.setattr(planning, "MOST_FILES", 1)
    for name in "abc":
        rows = "序号,主要任务,牵头单位,落实情况\n1,建成东门大桥。,市交通局,引桥征地受阻，业主对补偿有分歧。\n"
        (tmp_path / f"{name}2024一季度.csv").write_text(rows, encoding="utf-8")
    return plan(list(tmp_path.glob("*.csv")))


def opened(tmp_path: Path, chunks: tuple[Chunk, ...], settings: Settings = RULES, *, restart: bool = False) -> AbstractContextManager[Ledger]:
    return open_ledger(tmp_path / "out", chunks=chunks, settings=settings, tools=tools_of(settings), restart=restart)


def do(ledger: Ledger, *numbers: int) -> None:
    for number in numbers:
        ledger.add(number, process_chunk(ledger.chunks[number], RULES, ledger.folder))


def left(tmp_path: Path, chunks: tuple[Chunk, ...]) -> list[int]:
    with opened(tmp_path, chunks) as ledger:
        return [chunk.number for chunk in ledger.left]


def test_what_is_done_is_not_done_again(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        assert (ledger.folder, ledger.files, len(ledger.left)) == (tmp_path / "out.partial", 0, 3)
        do(ledger, 2, 0)
    with opened(tmp_path, chunks) as ledger:
        assert (ledger.files, ledger.items) == (2, 2)
        assert [chunk.number for chunk in ledger.left] == [1]
        assert ledger.seconds > 0
        do(ledger, 1)
        # In the order of the files, not in that in which they were done.
        assert [entry.file for entry in ledger.entries()] == ["a2024一季度.csv", "b2024一季度.csv", "c2024一季度.csv"]
        assert [risk["folder"] for risk in ledger.risks()] == ["a2024一季度", "b2024一季度", "c2024一季度"]


def test_a_line_that_was_cut_off_is_done_again(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0, 1)
    path = tmp_path / "out.partial" / LEDGER
    whole = path.read_bytes()
    lines = whole.splitlines(keepends=True)
    # Cut anywhere in the last line, its line feed too, or followed by what a disk may leave there.
    for end in (len(whole) - 1, len(whole) - len(lines[-1]) // 2, len(whole) - len(lines[-1]) + 1):
        path.write_bytes(whole[:end])
        assert left(tmp_path, chunks) == [1, 2]
        assert path.read_bytes() == b"".join(lines[:-1])
    path.write_bytes(b"".join(lines[:-1]) + b"\0" * 40 + b"\n")
    assert left(tmp_path, chunks) == [1, 2]


def test_a_first_line_that_was_cut_off_begins_anew(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0)
    path = tmp_path / "out.partial" / LEDGER
    path.write_bytes(path.read_bytes()[:30])
    assert left(tmp_path, chunks) == [0, 1, 2]
    assert not (tmp_path / "out.partial" / REPORTS).exists()


def test_a_chunk_whose_outputs_are_gone_is_done_again(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0, 1, 2)
    (tmp_path / "out.partial" / "parts" / "000002.jsonl").unlink()
    (tmp_path / "out.partial" / REPORTS / "a2024一季度").rename(tmp_path / "moved")
    assert left(tmp_path, chunks) == [0, 2]


def test_other_settings_and_files_are_refused_and_named(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0)
    other = replace(RULES, formats=("csv", "jsonl"), top=3, units=("市交通局",), yardstick="lenient")
    with pytest.raises(UsageError) as caught, opened(tmp_path, chunks, other):
        pass
    said = str(caught.value)
    assert said.startswith(f"{working_folder(tmp_path / 'out')}：上次没有做完的判读与这次不同：标尺上次为 guide-")
    assert "；--formats 上次为 jsonl，这次为 csv,jsonl；--top 上次为 15，这次为 3；--unit 上次为 （无），这次为 市交通局。" in said
    assert "不要上次的结果请加 --restart 从头开始" in said
    (tmp_path / "a2024一季度.csv").write_text("序号,主要任务,牵头单位,落实情况\n1,修路。,市交通局,已完成。\n", encoding="utf-8")
    (tmp_path / "d.csv").touch()
    (tmp_path / "c2024一季度.csv").unlink()
    with pytest.raises(UsageError, match=r"报告多了 1 份（d.csv）；报告少了 1 份（c2024一季度.csv）；报告内容变了 1 份（a2024一季度.csv）"):
        left(tmp_path, plan(list(tmp_path.glob("*.csv"))))
    assert left(tmp_path, chunks) == [1, 2]
    with opened(tmp_path, chunks, other, restart=True) as ledger:
        assert (len(ledger.left), ledger.files) == (3, 0)


def test_a_run_in_which_nothing_was_done_bars_no_other(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks):
        pass
    with opened(tmp_path, chunks, replace(RULES, top=3)) as ledger:
        assert len(ledger.left) == 3


def test_a_second_run_is_refused_while_the_first_works(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks), pytest.raises(OutputError, match=r"另一次判读正在写入（ducha run，20.*请等它结束后再试"):
        left(tmp_path, chunks)
    assert left(tmp_path, chunks) == [0, 1, 2]


def test_a_folder_of_someone_else_is_left_alone(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    (tmp_path / "out.partial").mkdir()
    (tmp_path / "out.partial" / "小说.txt").touch()
    with pytest.raises(OutputError, match=r"文件夹里有别的文件（小说\.txt），不是没有做完的判读"):
        left(tmp_path, chunks)
    assert [path.name for path in (tmp_path / "out.partial").iterdir()] == ["小说.txt"]


def test_the_outputs_take_their_place_and_nothing_is_left(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "former").touch()
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0, 1, 2)
        put_in_place(ledger, tmp_path / "out")
    assert not (tmp_path / "out.partial").exists()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a2024一季度", "b2024一季度", "c2024一季度"]


def test_what_stood_there_comes_back_where_a_run_was_cut_off_between_two_renames(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "former").touch()
    with opened(tmp_path, chunks) as ledger:
        do(ledger, 0)
        (tmp_path / "out").rename(ledger.folder / "old")
    assert left(tmp_path, chunks) == [1, 2]
    assert (tmp_path / "out" / "former").is_file()


def test_the_first_line_is_plain_json_that_names_every_file(tmp_path: Path, chunks: tuple[Chunk, ...]) -> None:
    with opened(tmp_path, chunks) as ledger:
        head = json.loads((ledger.folder / LEDGER).read_text(encoding="utf-8"))
    assert [Path(file["path"]).name for file in head["files"]] == ["a2024一季度.csv", "b2024一季度.csv", "c2024一季度.csv"]
    assert head["model"] == {"id": "rules", "manifest": ""}
    assert head["versions"]["spacy"]

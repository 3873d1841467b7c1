"""The store takes judged outputs as they are and reports as judged now, the same only once; what a run says beside its rows comes out again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer

from nlp import batch
from nlp.cli_corpora import label_add
from nlp.errors import InputError, StoreError
from nlp.report_facts import ReportFacts, facts_of, kept_of
from nlp.rewriting import rewrite
from nlp.store import Store, export_rows, list_runs, open_store, read_facts, take_run
from nlp.store.folders import take_folder
from nlp.store.intake import bring
from tests.store.conftest import make_rows
from tests.test_cli import HEADER, ROW, ducha

ROWS = (
    "2024年云川市重点任务一季度进展,,,",
    HEADER,
    "一、城建,,,",
    ROW,
    "2,改造管网。,市水利局、市住建局,拟定于五月开工。",
    "3,建绿道。,市自然资源局,有序推进。",
    "4,测绘。,市自然资源和规划局,有序推进。",
    "5,清淤。,市建设局,已完成。",
)


@pytest.fixture
def aliases(tmp_path: Path) -> Path:
    path = tmp_path / "别名.toml"
    path.write_text('"市住房和城乡建设局" = ["市建设局"]\n', encoding="utf-8")
    return path


def said_by(folder: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    return {key: value for key, value in said.items() if key != "seconds"}


@pytest.mark.parametrize("units", [(), ("市建设局",)])
def test_what_a_run_says_beside_its_rows_comes_out_of_the_store_again(units: tuple[str, ...], store: Store, aliases: Path, write_csv, tmp_path: Path) -> None:
    done = batch.run([write_csv(*ROWS)], out=tmp_path / "run", unit_aliases=aliases, units=units, formats=("jsonl",))
    assert done.failures == ()
    (taken,) = take_folder(store, tmp_path / "run")
    facts = read_facts(store, taken.run.id)
    assert [row.reason for row in facts.skipped] == ["标题", "表头", "分节"]
    result = rewrite(
        export_rows(store, taken.run.id), out=tmp_path / "again", model_id=taken.run.model, yardstick_id=taken.run.yardstick, facts=facts, formats=("jsonl",)
    )
    assert said_by(tmp_path / "again") == said_by(tmp_path / "run")
    assert said_by(tmp_path / "again")["unit_alias_names"] == {"市住房和城乡建设局": ["市建设局"]}
    assert [unit.unit for unit in result.units if "市建设局" in unit.wordings] == ["市住房和城乡建设局"]
    assert result.only == units
    if not units:
        assert (tmp_path / "again" / "items.jsonl").read_bytes() == (tmp_path / "run" / "items.jsonl").read_bytes()


def test_a_run_without_its_record_has_no_facts_until_it_is_brought_with_one(store: Store) -> None:
    run = take_run(store, make_rows(3))
    assert (run.is_new, run.rows, read_facts(store, run.run.id)) == (True, 3, ReportFacts())
    kept = {"skipped": [{"row": 1, "sheet": "表1", "reason": "标题", "text": "进展"}]}
    again = take_run(store, make_rows(3), kept=kept)
    assert (again.run, again.is_new, again.is_renewed) == (run.run, False, True)
    assert str(read_facts(store, run.run.id).skipped[0].source) == "苇塘市.xlsx 表1第 1 行"
    for kept_now in (kept, None):
        assert take_run(store, make_rows(3), kept=kept_now).is_renewed is False
    assert len(read_facts(store, run.run.id).skipped) == 1
    with pytest.raises(StoreError, match="没有第 9 次判读"):
        read_facts(store, 9)


def test_reports_of_one_name_are_told_apart_and_a_wrong_record_is_named() -> None:
    rows = make_rows(2)
    entry = {"file": "苇塘市.xlsx", "items": 2, "period": "2024Q1", "units": ["市水务局"]}
    assert kept_of({"files": [entry]}, rows=rows) == {"units": ["市水务局"]}
    other = {**entry, "items": 3, "units": ["市教育局"]}
    assert kept_of({"files": [other, entry]}, rows=rows) == {"units": ["市水务局"]}
    assert kept_of({"files": [{**entry, "folder": "甲"}, {**entry, "folder": "乙", "units": ["市教育局"]}]}, rows=rows, folder="乙") == {"units": ["市教育局"]}
    assert kept_of({"files": [entry, entry]}, rows=rows) == {}
    assert kept_of({}, rows=rows) == {}
    with pytest.raises(InputError, match=r"run\.json 里对这份报告的记载读不懂"):
        facts_of({"skipped": [{"text": "表"}]}, file="苇塘市.xlsx")


def test_the_command_takes_outputs_and_reports_and_the_same_only_once(write_csv, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report, path = write_csv(*ROWS), tmp_path / "标注.db"
    batch.run([report], out=tmp_path / "结果", formats=("jsonl",))
    label_add([tmp_path / "结果"], store=str(path), model="rules")
    title = "2024年云川市重点任务一季度进展 2024Q1"
    assert capsys.readouterr().out.splitlines() == [f"收入第 1 次判读：{title}，5 行（rules）", f"核对：ducha review --store {path}"]
    other = write_csv(*ROWS[:-1], name="2024年一季度.csv")
    with pytest.raises(typer.Exit):
        label_add([tmp_path / "结果" / "items.jsonl", report, other, tmp_path / "没有"], store=str(path), model="rules")
    said = capsys.readouterr()
    assert said.out.splitlines()[0] == f"收入第 2 次判读：{title}，4 行（rules）"
    again = f"已在标注库里，没有再收。第 1 次判读：{title}，5 行（rules）"
    assert said.err.splitlines() == [
        f"错误：{tmp_path / '结果' / 'items.jsonl'}：{again}",
        f"错误：{report}：{again}",
        f"错误：{tmp_path / '没有'}：没有这个文件或文件夹。请指定报告，或 ducha run 的输出文件夹",
    ]
    with open_store(path) as store:
        assert [(run.file, len(run.file_hash)) for run in list_runs(store)] == [("2024年一季度进展.csv", 0), ("2024年一季度.csv", 64)]


def test_a_report_that_cannot_be_read_is_told_of_and_the_others_of_its_folder_are_taken(store: Store, write_csv, tmp_path: Path) -> None:
    folder = tmp_path / "报告"
    folder.mkdir()
    write_csv(*ROWS).rename(folder / "2024年一季度.csv")
    (folder / "坏.docx").write_bytes(b"none")
    done = bring(store, folder)
    assert [(taken.is_new, taken.rows) for taken in done.taken] == [(True, 5)]
    assert [failure.file for failure in done.failures] == ["坏.docx"]


def test_the_command_is_on_the_program(tmp_path: Path) -> None:
    done = ducha("label", "add", tmp_path / "没有.docx", "--store", tmp_path / "标注.db")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == f"错误：{tmp_path / '没有.docx'}：没有这个文件或文件夹。请指定报告，或 ducha run 的输出文件夹"

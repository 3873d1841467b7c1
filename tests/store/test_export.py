"""Rows out of the store: untouched ones as they came, corrected ones with their correction, labelled ones as a corpus that reads back and passes the audit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.cli_corpora import label_export
from nlp.errors import CorpusError, StoreError, UsageError
from nlp.outputs.table import write_csv, write_jsonl
from nlp.outputs.workbook import Contents, write_workbook
from nlp.store import Store, add_run, confirm, correct, export_rows, labelled_items, open_store, set_note, set_span, set_status, undo
from nlp.text import Span, cut_statements
from nlp.training.audit import check_item, check_pairs
from nlp.training.corpus import read_report, write_report
from tests.store.conftest import make_row, make_rows
from tests.test_cli import ducha


def test_untouched_rows_come_out_as_they_went_in(store, run) -> None:
    out = export_rows(store, run.id)
    assert [{**row, "risk": None} for row in out] == [{**row, "risk": None} for row in make_rows(8)]
    assert [row["risk"]["rank"] for row in out] == [1, None, None, None, 2, None, None, None]
    correct(store, 1, [set_status("completed")], who="张三", on_revision=0)
    undo(store, who="张三")
    assert export_rows(store, run.id) == out


def test_corrections_change_labels_risk_and_ranks(store, run) -> None:
    correct(store, 1, [set_status("in_progress"), set_span(Span(7, 13), None), set_span(Span(14, 18), "other")], who="张三", on_revision=0, why="资金已到位")
    correct(store, 2, [set_status("at_risk", basis="pace")], who="李四", on_revision=0)
    confirm(store, 5, who="李四", on_revision=0)
    correct(store, 6, [set_note("问市局")], who="李四", on_revision=0)
    rows = export_rows(store, run.id)
    first, second, fifth, sixth = rows[0], rows[1], rows[4], rows[5]
    assert (first["status"], first["basis"], first["severity"], first["reason"]) == ("in_progress", None, 0, "张三改为推进中：资金已到位")
    assert [(p["text"], p["kind"], p["rule"]) for p in first["problems"]] == [("进度滞后", "other", "person")]
    assert (first["confidence"], first["needs_review"], first["decided_by"]) == (1.0, False, "person")
    assert first["risk"] == {"score": 0.0, "rank": None, "terms": []}
    assert {term["name"] for term in second["risk"]["terms"]} == {"severity", "at_risk"}
    assert [row["risk"]["rank"] for row in rows[:5]] == [None, 2 if second["risk"]["score"] < 20 else 1, None, None, 1 if second["risk"]["score"] < 20 else 2]
    assert (fifth["risk"]["score"], fifth["reason"]) == (20.0, "按句判（李四已确认）")
    assert (sixth["decided_by"], sixth["review"]["state"], sixth["review"]["note"]) == ("model", "pending", "问市局")
    assert {key for row in make_rows(1) for key in row} <= set(first)


def test_all_outputs_are_written_from_corrected_rows(store, run, tmp_path: Path) -> None:
    correct(store, 1, [set_status("completed")], who="张三", on_revision=0)
    rows = export_rows(store, run.id)
    write_jsonl(tmp_path / "items.jsonl", rows)
    write_csv(tmp_path / "items.csv", rows)
    write_workbook(tmp_path / "ducha.xlsx", Contents("题目", rows, []))
    assert "已完成" in (tmp_path / "items.csv").read_text(encoding="utf-8-sig").splitlines()[1]


def long_row(**changes: object) -> dict[str, object]:
    text = "累计建成充电桩213个[见附件]，其余点位正在选址；" + "各街道已召开协调会，逐一落实用地和电力接入条件，安排专人每周调度一次，确保年内完成任务目标"
    spans = cut_statements(text)
    indicator = {"name": "充电桩", "kind": "quantity", "target": 1200.0, "result": 213.0, "verdict": "behind", "task_span": [5, 10], "text_span": [7, 11]}
    return make_row(
        0,
        task="年内建成1200个充电桩。",
        text=text,
        statements=[{"start": s.start, "end": s.end, "text": s.of(text), "status": "in_progress", "probabilities": {}, "cues": []} for s in spans],
        problems=[],
        indicators=[indicator],
        basis="pace",
        severity=2,
        summary="累计建成充电桩213个[见附件]；其余点位正在选址；各街道已召开协调会，逐一落实用地和电力接入条件",
        **changes,
    )


def test_reviewed_rows_become_a_labelled_quarter(store: Store, tmp_path: Path) -> None:
    run = add_run(
        store, [long_row(), *make_rows(8)[1:], make_row(8, units=[], text="", statements=[], problems=[], status="not_started", basis=None, severity=0)]
    )
    for item in (1, 2, 3, 9):
        confirm(store, item, who="张三", on_revision=0)
    correct(store, 4, [set_status("in_progress")], who="张三", on_revision=0)
    found = labelled_items(store, run.id, government="苇塘")
    assert [item.id for item in found] == ["001", "002", "003", "004", "009"]
    path = tmp_path / "q1.jsonl"
    write_report(path, found)
    assert read_report(path, government="苇塘", period="2024Q1") == found
    first = found[0]
    assert ([pair.verdict for pair in first.pairs], first.pairs[0].text_span.of(first.text)) == (["behind"], "213个")
    assert "［见附件］" in first.text
    assert first.gist == "累计建成充电桩213个［见附件］；其余点位正在选址；各街道已召开协调会"
    assert [finding for item in found for finding in (*check_item(item), *check_pairs(item)) if finding.level == "error"] == []
    assert len(labelled_items(store, run.id, everything=True)) == 9
    # Whoever calls the row completed denies its pair.
    correct(store, 1, [set_status("in_progress")], who="张三", on_revision=1)
    assert labelled_items(store, run.id)[0].pairs == ()


def test_what_cannot_be_a_labelled_quarter_is_named(store: Store) -> None:
    run = add_run(store, [make_row(0, period="2024M11")])
    with pytest.raises(CorpusError, match="报告期 2024M11 不能作语料"):
        labelled_items(store, run.id)
    with pytest.raises(StoreError, match="没有第 99 次判读"):
        labelled_items(store, 99)
    crossing = [{"start": a, "end": b, "kind": "delay", "text": "", "score": 1, "rule": ""} for a, b in ((0, 5), (3, 8))]
    run = add_run(store, [make_row(1, problems=crossing)])
    with pytest.raises(CorpusError, match="第 1 项"):
        labelled_items(store, run.id, everything=True)


def test_the_command_writes_a_corpus_from_a_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = tmp_path / "标注.db", tmp_path / "苇塘" / "q1.jsonl"
    with pytest.raises(StoreError, match="标注库不存在。请检查路径"):
        label_export(store=str(path), out=out)
    with open_store(path) as store:
        add_run(store, make_rows(8), model="status-1")
        with pytest.raises(CorpusError, match="没有更正或确认过的行。请先核对，或加 --all 全部写出"):
            label_export(store=str(path), out=out)
        confirm(store, 2, who="张三", on_revision=0)
        correct(store, 3, [set_status("completed")], who="张三", on_revision=0)
    done = ducha("label", "export", "--store", path, "--run", 1, "--out", out)
    assert (done.returncode, done.stdout.strip()) == (0, f"2 项已写入 {out}，并写了 {out.parent / 'government.toml'}"), done.stderr
    assert [json.loads(line)["id"] for line in out.read_text(encoding="utf-8").splitlines()] == ["002", "003"]
    label_export(store=str(path), out=out, everything=True, force=True)
    assert capsys.readouterr().out.strip() == f"8 项已写入 {out}"


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    path, out = tmp_path / "标注.db", tmp_path / "苇塘" / "q1.jsonl"
    with open_store(path) as store:
        add_run(store, make_rows(2), model="status-1")
        add_run(store, make_rows(2), model="status-2")
    title = "2024年苇塘市重点任务一季度进展 2024Q1"
    for arguments, line in (
        ({"store": str(path), "run": 7}, f"标注库里没有第 7 次判读。请用 --run 指明：1 {title}（status-1）；2 {title}（status-2）"),
        ({"store": str(path)}, f"标注库里不止一次判读。请用 --run 指明：1 {title}（status-1）；2 {title}（status-2）"),
        ({"store": str(path), "run": 1, "out": out.with_name("h1.jsonl")}, "--out 的文件名为 h1.jsonl，报告期 2024Q1 应为 q1.jsonl"),
        ({}, "请写明 --out，以及报告文件或 --store 二者之一"),
        ({"store": str(path), "source": path}, "请写明 --out，以及报告文件或 --store 二者之一"),
        ({"source": path, "everything": True}, "--run 和 --all 只与 --store 同用"),
    ):
        with pytest.raises(UsageError) as caught:
            label_export(**{"out": out, **arguments})
        assert str(caught.value) == line

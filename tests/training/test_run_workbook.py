"""Corrections typed into the workbook of a run: what comes back, what follows from it, what is refused with its row."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from nlp import batch
from nlp.errors import CorpusError
from nlp.outputs.workbook import Contents, write_workbook
from nlp.training.audit import check_item
from nlp.training.corpus import LabelledItem, read_report, write_report
from nlp.training.run_workbook import Imported, import_corrections, wording_of
from nlp.wording import names

ROWS = (
    '"1",建成东门大桥。,"市交通局、各县（市、区）政府","主塔完成封顶。引桥征地受阻，业主对补偿有分歧。"',
    "2,举办龙舟赛。,市体育局,拟定于五月举办。",
    "3,新建公园30个。,市园林局,新建公园3个，有序推进。",
    "4,编制规划[2035年]。,市自然资源局,初稿<征求意见稿>完成；库房建成并投用。",
    "5,修缮老街。,市文旅局,待省厅批复后开工。",
)
COLUMNS = {"status": "I", "problems": "J", "remark": "K"}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    path = folder / "苍浦市2024年一季度.csv"
    path.write_text("\n".join(("序号,主要任务,牵头单位,落实情况", *ROWS)), encoding="utf-8")
    batch.run([path], out=folder / "out")
    return folder / "out" / "ducha.xlsx"


def edited(original: Path, tmp_path: Path, **cells: object) -> Path:
    """A copy with the cells of the sheet of items changed; `I3="已完成"`."""
    book = openpyxl.load_workbook(original)
    for place, value in cells.items():
        book["全部任务"][place] = value
    book.save(tmp_path / "ducha.xlsx")
    return tmp_path / "ducha.xlsx"


def read(path: Path, *, period: str = "q1", every: bool = False) -> Imported:
    wording = wording_of(path)
    assert wording is not None
    return import_corrections(path, wording=wording, government="苍浦", period=period, every=every)


def only(imported: Imported) -> LabelledItem:
    (item,) = imported.items
    assert [finding.message for finding in check_item(item) if finding.level == "error"] == []
    return item


def test_uncorrected_rows_are_left_out_or_come_as_the_program_labelled_them(original: Path, tmp_path: Path) -> None:
    path = edited(original, tmp_path, K3="已电话核实")
    imported = read(path)
    assert (imported.items, imported.corrected, imported.left_out, imported.remarks) == ((), 0, 5, 1)
    every = read(path, every=True)
    assert [item.status for item in every.items] == ["at_risk", "not_started", "at_risk", "in_progress", "not_started"]
    assert every.items[0].units == ("市交通局", "各县（市、区）政府")
    assert [span.of(every.items[0].text) for span, _ in every.items[0].statements] == ["主塔完成封顶", "引桥征地受阻，业主对补偿有分歧"]
    assert every.items[3].task == "编制规划〔2035年〕。"
    assert every.items[3].text == "初稿＜征求意见稿＞完成；库房建成并投用。"
    write_report(tmp_path / "q1.jsonl", every.items)
    assert read_report(tmp_path / "q1.jsonl", government="苍浦", period="q1") == list(every.items)


def test_a_corrected_status_changes_the_only_statement(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, I4="推进中")))
    assert (item.id, item.number, item.status, item.basis, item.severity) == ("0002", "2", "in_progress", None, 0)
    assert [status for _, status in item.statements] == ["in_progress"]


def test_who_says_that_a_row_is_not_at_risk_takes_its_problems_away(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, I3="推进中")))
    assert (item.status, item.basis, item.severity, item.problems) == ("in_progress", None, 0, ())
    assert [status for _, status in item.statements] == ["completed", "in_progress"]


def test_corrected_problems_stand_in_place_of_the_programs(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, J3="[资源短缺] 业主对补偿有分歧")))
    assert [(span.of(item.text), kind) for span, kind in item.problems] == [("业主对补偿有分歧", "resources")]
    assert (item.status, item.basis) == ("at_risk", "stated")
    item = only(read(edited(original, tmp_path, J3="引桥征地受阻\n主塔完成封顶")))
    assert [(span.of(item.text), kind) for span, kind in item.problems] == [("主塔完成封顶", "other"), ("引桥征地受阻", "blocked")]
    assert [status for _, status in item.statements] == ["at_risk", "at_risk"]


def test_status_and_problem_together(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, I4="有风险", J4="[进度滞后] 拟定于五月举办")))
    assert (item.status, item.basis, item.severity) == ("at_risk", "stated", 2)
    assert [status for _, status in item.statements] == ["at_risk"]


def test_at_risk_by_figures_needs_no_problem_statement(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, I5="有风险", J5="无")))
    assert (item.status, item.basis, item.problems) == ("at_risk", "pace", ())


def test_waiting_on_others_is_no_risk(original: Path, tmp_path: Path) -> None:
    item = only(read(edited(original, tmp_path, I7="推进中", J7="[等待外部] 待省厅批复")))
    assert (item.status, item.severity) == ("in_progress", 1)
    assert [kind for _, kind in item.problems] == ["external"]


def test_sorted_rows_and_moved_columns_come_back(original: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(edited(original, tmp_path, I4="已完成"))
    sheet = book["全部任务"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    for r, row in enumerate(reversed(rows), start=3):
        for c, value in enumerate(row, start=1):
            sheet.cell(r, c).value = value
    book.save(tmp_path / "ducha.xlsx")
    assert only(read(tmp_path / "ducha.xlsx")).number == "2"


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"I3": "完成"}, "“全部任务”第 3 行：“更正状态”为“完成”，应为 已完成、推进中、未启动、有风险 之一"),
        ({"J4": "原文里没有的话"}, "“全部任务”第 4 行：“更正问题语句”不在原文里：原文里没有的话。请从“落实情况”逐字复制，一处一行"),
        ({"J3": "主塔完成封顶。引桥征地受阻"}, "“全部任务”第 3 行：“更正问题语句”跨了两句：主塔完成封顶。引桥征地受阻。请分成两行"),
        ({"J3": "引桥征地受阻\n引桥征地受阻"}, "“更正问题语句”重复：引桥征地受阻"),
        ({"D5": "新建公园30个。", "I5": "已完成"}, "“全部任务”第 5 行：序号、任务、单位或落实情况被改动过，只有黄色的三列可以填写"),
        ({"D5": "新建公园30个。"}, "“全部任务”第 5 行：序号、任务、单位或落实情况被改动过"),
        ({"J4": "拟定于五月举办"}, "有问题语句而状态为“未启动”：拟定于五月举办。请把更正状态选为“有风险”"),
        ({"I4": "有风险"}, "“有风险”而没有问题语句，也没有落后的指标。请在“更正问题语句”填上原文里的语句"),
        ({"J2": "别的表头"}, "第 2 行的表头缺少 更正问题语句。请用 ducha run 写出的工作簿"),
    ],
)
def test_what_does_not_fit_is_refused_with_sheet_and_row(original: Path, tmp_path: Path, cells: dict[str, str], message: str) -> None:
    with pytest.raises(CorpusError) as error:
        read(edited(original, tmp_path, **cells))
    assert message in str(error.value)


def test_a_period_that_is_not_the_files_is_refused(original: Path, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"报告期是 2024Q1，写出的文件名是 h1\.jsonl。请用 --out …/q1\.jsonl"):
        read(edited(original, tmp_path, I3="已完成"), period="h1")


def test_a_copied_row_is_refused(original: Path, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(original)
    sheet = book["全部任务"]
    sheet.append([cell.value for cell in sheet[3]])
    book.save(tmp_path / "ducha.xlsx")
    with pytest.raises(CorpusError, match="第 8 行：与另一行重复"):
        read(tmp_path / "ducha.xlsx")


def test_an_english_workbook_comes_back_by_its_english_words(original: Path, tmp_path: Path) -> None:
    report = original.parent.parent / "苍浦市2024年一季度.csv"
    rows = batch.read_rows(report)
    write_workbook(tmp_path / "en.xlsx", Contents("t", rows, (), wording=names("en")))
    book = openpyxl.load_workbook(tmp_path / "en.xlsx")
    book["All items"]["I3"], book["All items"]["J3"] = "At risk", "[Resources] 业主对补偿有分歧"
    book.save(tmp_path / "en.xlsx")
    item = only(read(tmp_path / "en.xlsx"))
    assert [kind for _, kind in item.problems] == ["resources"]


def test_another_workbook_is_none_of_a_run(tmp_path: Path) -> None:
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    assert wording_of(tmp_path / "a.xlsx") is None
    (tmp_path / "b.xlsx").write_bytes(b"PK")
    with pytest.raises(CorpusError, match="不能作为工作簿打开"):
        wording_of(tmp_path / "b.xlsx")


def test_a_text_that_no_cell_can_hold_cannot_be_corrected(tmp_path: Path) -> None:
    path = tmp_path / "2024年一季度.csv"
    path.write_text("序号,主要任务,牵头单位,落实情况\n1,清淤,市水利局," + "清淤正在进行，" * 9_000, encoding="utf-8")
    write_workbook(tmp_path / "a.xlsx", Contents("t", batch.read_rows(path), ()))
    with pytest.raises(CorpusError, match="第 3 行：落实情况超出单元格上限，或含有 _x0041_ 一类的编码，不能从工作簿读回。请清空此行的更正"):
        read(edited(tmp_path / "a.xlsx", tmp_path, I3="已完成"))
    assert read(tmp_path / "a.xlsx", every=True).left_out == 1


def test_a_text_that_looks_like_a_character_code_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "2024年一季度.csv"
    path.write_text("序号,主要任务,牵头单位,落实情况\n1,清淤,市水利局,_x0041_段在办\n2,建桥,市交通局,桥墩在建。\n", encoding="utf-8")
    write_workbook(tmp_path / "a.xlsx", Contents("t", batch.read_rows(path), ()))
    assert only(read(edited(tmp_path / "a.xlsx", tmp_path, I4="已完成"))).number == "2"

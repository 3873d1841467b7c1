"""The workbook: sheets, charts, columns for corrections, print set-up, both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from nlp import batch
from nlp.by_unit import by_unit
from nlp.outputs.workbook import Contents, write_workbook
from nlp.run_record import ReportResult
from nlp.unit_names import Proposal
from nlp.wording import names

ROWS = (
    "1,建成东门大桥。,市交通局,引桥征地受阻，业主对补偿有分歧。主塔完成封顶。",
    "2,新建公园30个、绿道80公里。,市园林局、市财政局,新建公园8个，绿道贯通52公里，有序推进。",
    "3,举办龙舟赛。,市交通运输局,拟定于五月举办。",
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> ReportResult:
    path = tmp_path_factory.mktemp("workbook") / "苍浦市2024年上半年.csv"
    path.write_text("\n".join(("序号,主要任务,牵头单位,落实情况", *ROWS)), encoding="utf-8")
    return batch.run([path], out=path.parent / "out").single


def contents(result: ReportResult, **changes: Any) -> Contents:
    given = {"items": result.items, "risks": result.risks, "units": result.units, "place": "苍浦市", "period": "2024H1", **changes}
    return Contents("苍浦市进展", **given)


def written(path: Path, given: Contents) -> openpyxl.Workbook:
    write_workbook(path, given)
    return openpyxl.load_workbook(path)


def table(sheet: Any) -> list[dict[str, Any]]:
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    return [dict(zip(header, row, strict=True)) for row in rows if any(row)]


def test_sheets_are_frozen_filtered_and_print_on_a4(result: ReportResult, tmp_path: Path) -> None:
    book = written(tmp_path / "a.xlsx", contents(result))
    assert book.sheetnames == ["总览", "风险清单", "全部任务", "语句", "指标对照", "单位统计"]
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == "A3"
        assert sheet.auto_filter.ref.startswith("A2:")
        assert sheet.print_title_rows == "$2:$2"
    for sheet in book:
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize, sheet.sheet_properties.pageSetUpPr.fitToPage) == ("landscape", 9, True)


def test_the_overview_counts_and_has_native_charts(result: ReportResult, tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", contents(result))["总览"]
    counts = {row[0].value: row[1].value for row in sheet.iter_rows(min_row=5, max_row=30)}
    assert [counts[name] for name in ("已完成", "推进中", "未启动", "有风险", "合计")] == [0, 0, 1, 2, 3]
    assert counts["文字与数字不一致"] == 1
    assert [row[4].value for row in sheet.iter_rows(min_row=22, max_row=24)] == ["单位", "市园林局", "市交通局"]
    assert sheet["A6"].fill.start_color.rgb != sheet["A9"].fill.start_color.rgb
    with ZipFile(tmp_path / "a.xlsx") as archive:
        charts = [archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/charts/chart")]
    assert [kind in chart for chart, kind in zip(charts, ("doughnutChart", "barChart"), strict=True)] == [True, True]


def test_the_risk_list_says_what_is_wrong_where_figures_alone_decide(result: ReportResult, tmp_path: Path) -> None:
    found = {row["序号"]: row["问题或依据"] for row in table(written(tmp_path / "a.xlsx", contents(result))["风险清单"])}
    assert found["1"].startswith("[要件受阻]")
    assert "8 / 30个" in found["2"]
    assert found["3"] is None


def test_one_row_a_statement(result: ReportResult, tmp_path: Path) -> None:
    rows = table(written(tmp_path / "a.xlsx", contents(result))["语句"])
    assert [(row["序号"], row["句序"]) for row in rows] == [("1", 1), ("1", 2), ("2", 1), ("3", 1)]
    assert rows[0]["语句"] == "引桥征地受阻，业主对补偿有分歧"
    assert rows[0]["问题语句"]
    assert sum(rows[0][f"{name}\n概率"] for name in ("已完成", "推进中", "未启动", "有风险")) == pytest.approx(1, abs=0.001)


def test_units_stand_with_lights_and_the_rule_below(result: ReportResult, tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", contents(result))["单位统计"]
    rows = table(sheet)
    assert [(row["单位"], row["牵头"], row["配合"], row["有风险"]) for row in rows[:3]] == [
        ("市园林局", 1, 0, 1),
        ("市交通局", 2, 0, 1),
        ("市财政局", 0, 1, None),
    ]
    assert rows[1]["报告中的写法"] == "市交通局、市交通运输局"
    assert rows[2]["灯"] is None
    assert "名次变化" not in rows[0]
    notes = [row["名次"] for row in rows[3:]]
    assert len(notes) == 2
    assert "M 由各单位差异估计（2—10）" in notes[0]
    assert "“3 严重”" not in notes[1]
    assert "“严重”" in notes[1]
    older = by_unit([*result.items, result.items[2]])
    moved = table(written(tmp_path / "b.xlsx", contents(result, units=by_unit(result.items, older=older)))["单位统计"])
    assert {row["单位"]: row["名次变化"] for row in moved[:2]} == {"市园林局": "—", "市交通局": "—"}


def test_names_to_check_and_changes_have_sheets_only_where_there_are_any(result: ReportResult, tmp_path: Path) -> None:
    first = {**result.items[0], "change": {"names": ["worse", "repeated"], "older_status": "in_progress", "older_number": "7"}}
    given = contents(result, items=(first, *result.items[1:]), proposals=(Proposal("市园林局", "市园林绿化局", 83.3),))
    book = written(tmp_path / "a.xlsx", given)
    assert book.sheetnames[-2:] == ["单位别名建议", "变化"]
    assert table(book["单位别名建议"])[0] == {"名称": "市园林局", "疑为同一单位": "市园林绿化局", "相似度": pytest.approx(0.833)}
    (change,) = table(book["变化"])
    assert (change["上期序号"], change["上期状态"], change["状态"], change["变化"]) == ("7", "推进中", "有风险", "转差、照抄上期")


def test_columns_for_corrections_are_marked_empty_and_offer_the_four_words(result: ReportResult, tmp_path: Path) -> None:
    sheet = written(tmp_path / "a.xlsx", contents(result))["全部任务"]
    headers = [cell.value for cell in sheet[2]]
    columns = [headers.index(name) + 1 for name in ("更正状态", "更正问题语句", "备注")]
    assert {sheet.cell(3, c).value for c in columns} == {None}
    assert len({sheet.cell(3, c).fill.start_color.rgb for c in columns}) == 1
    assert sheet.cell(3, columns[0]).fill.start_color.rgb != sheet.cell(3, 1).fill.start_color.rgb
    (choice,) = [v for v in sheet.data_validations.dataValidation if v.type == "list"]
    assert choice.formula1 == '"已完成,推进中,未启动,有风险"'
    hidden = {c for dimension in sheet.column_dimensions.values() if dimension.hidden for c in range(dimension.min, dimension.max + 1)}
    assert {headers[c - 1] for c in hidden} == {"编号", "校验", "判读"}
    assert "ducha label import" in sheet.cell(1, columns[0]).value


def test_in_english_headers_labels_and_sheets_are_english(result: ReportResult, tmp_path: Path) -> None:
    book = written(tmp_path / "a.xlsx", contents(result, wording=names("en")))
    assert book.sheetnames == ["Overview", "Risk list", "All items", "Statements", "Targets and results", "Units"]
    rows = table(book["All items"])
    assert (rows[0]["Status"], rows[0]["Units"], rows[1]["Words / figures"]) == ("At risk", "市交通局", "disagree")
    headers = {cell.value for sheet in book.worksheets[1:] for cell in sheet[2] if cell.value}
    assert [header for header in headers if any("一" <= c <= "鿿" for c in header)] == []


def test_a_report_without_risk_or_units_is_written_all_the_same(tmp_path: Path) -> None:
    book = written(tmp_path / "a.xlsx", Contents("空", (), ()))
    assert len(book.sheetnames) == 6
    assert book["总览"]["B10"].value == 0

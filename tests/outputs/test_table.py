"""Tables for people: hostile text stays text in every cell and in csv, nothing is cut without saying so."""

from __future__ import annotations

import csv
import json
import re
import shutil
import subprocess
from pathlib import Path

import openpyxl
import pytest

from nlp import batch
from nlp.outputs.cells import LONGEST_CELL, clean, inert

LINK = '=HYPERLINK("http://a","b")'
HOSTILE = [
    "=cmd|'/c calc'!A0",
    "+1推进",
    "-市局在办",
    "@x",
    LINK,
    "<script>alert(1)</script>在办",
    "\u202e反写在办",
    "http://example.invalid/在办",
    "_x0041_在办",
    "\u200f\u2067混\x01排\x1b在办",
]
CLEANED = [*HOSTILE[:6], "反写在办", *HOSTILE[7:9], "混排在办"]


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    path = folder / "2024年一季度.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["序号", "主要任务", "牵头单位", "落实情况"])
        for n, text in enumerate(HOSTILE, start=1):
            writer.writerow([n, text, text, text])
        writer.writerow([99, "整治河道", "市水利局", "清淤正在进行，" * 9_000])
    batch.run([path], out=folder / "out")
    return folder / "out"


def test_no_cell_of_the_workbook_is_a_formula(outputs: Path) -> None:
    book = openpyxl.load_workbook(outputs / "ducha.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert {cell.hyperlink.location.rpartition("!")[2] for cell in cells if cell.hyperlink} == {"A1"}
    assert [cell.hyperlink.target for cell in cells if cell.hyperlink and cell.hyperlink.target] == []
    assert set(CLEANED) <= {str(cell.value).replace("_x005F_", "_") for cell in book["全部任务"]["D"]}
    marks = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
    assert [cell.coordinate for cell in cells if marks.search(str(cell.value))] == []


@pytest.mark.skipif(not shutil.which("soffice"), reason="LibreOffice is not installed")
def test_libreoffice_finds_no_formula_to_work_out(outputs: Path, tmp_path: Path) -> None:
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(outputs / "ducha.xlsx")]
    subprocess.run(command, check=True, capture_output=True, timeout=300)
    converted = (tmp_path / "ducha.fods").read_text(encoding="utf-8")
    assert "table:formula" not in converted
    assert "http://a" in converted
    assert re.findall(r'<text:a [^>]*xlink:href="(?!#)[^"]*"', converted) == []
    assert converted.count("&lt;script&gt;alert(1)&lt;/script&gt;在办") >= 4


def test_a_cell_too_long_for_excel_says_so_and_stands_whole_in_jsonl(outputs: Path) -> None:
    book = openpyxl.load_workbook(outputs / "ducha.xlsx")
    long = max((cell.value or "" for cell in book["全部任务"]["D"]), key=len)
    assert len(long) == LONGEST_CELL
    assert long.endswith("全文见 items.jsonl）")
    last = json.loads((outputs / "items.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert last["text"] == "清淤正在进行，" * 9_000


def test_no_cell_of_the_csv_begins_like_a_formula(outputs: Path) -> None:
    data = (outputs / "items.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(data.decode("utf-8-sig").splitlines()))
    assert len(rows) == len(HOSTILE) + 2
    assert rows[1][1] == "'=cmd|'/c calc'!A0"
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u200e\u200f\u202a-\u202e\u2066-\u2069]", data.decode("utf-8-sig"))


def test_targets_stand_against_results_on_a_sheet_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "2024年上半年.csv"
    path.write_text("序号,主要任务,牵头单位,落实情况\n1,新建公园30个、绿道80公里。,市园林局,新建公园8个，绿道贯通52公里，有序推进。\n", encoding="utf-8")
    result = batch.run([path], out=tmp_path / "out")
    sheet = openpyxl.load_workbook(tmp_path / "out" / "ducha.xlsx")["指标对照"]
    header, *rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert header[3:12] == ["指标", "目标", "结果", "完成比例", "应达", "结论", "算式", "任务状态", "文字与数字"]
    assert rows[0][4:12] == ["30个", "8个", pytest.approx(0.2667), 0.5, "落后序时", "8 / 30个 = 26.7%，应达 50%", "有风险", "不一致"]
    assert rows[1][8] == "超前"
    colours = [sheet.cell(row=n, column=9).fill.start_color.rgb for n in (3, 4)]
    assert len(set(colours)) == 2
    (item,) = result.single.items
    assert [item["task"][slice(*i["task_span"])] for i in item["indicators"]] == ["30个", "80公里"]
    assert [item["text"][slice(*i["text_span"])] for i in item["indicators"]] == ["8个", "52公里"]
    assert {"name", "kind", "target", "target_unit", "result", "result_unit", "ratio", "expected", "verdict", "task_span", "text_span", "arithmetic"} <= {
        key for i in item["indicators"] for key in i
    }
    run = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    assert run["yardstick"].startswith("guide-")


@pytest.mark.parametrize("text", [*HOSTILE[:5], " =1+1", "\u3000@x", "\xa0-1", "\t=1", "\r=1", "\u202e=1", "＝1+1", "\x00=1"])
def test_a_csv_cell_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert str(inert(text)).startswith("'")


def test_a_csv_cell_that_is_plain_stays_as_it_is() -> None:
    assert [inert(value) for value in ("在办=1", 3, 0.5, True, "")] == ["在办=1", 3, 0.5, True, ""]


def test_clean_takes_out_what_xml_cannot_hold() -> None:
    assert clean("甲\x00\x0b乙\u202e丙\ud800\u200f\x85\n") == "甲乙丙\n"

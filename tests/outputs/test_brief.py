"""The brief in Word: the layout of official letters, every number from the rows, nothing that hostile text can do, no empty page."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import docx
import pdfplumber
import pytest
from docx.oxml.ns import qn
from docx.shared import Mm

from nlp import batch
from nlp.digest import Passage
from nlp.outputs.brief import write_brief
from nlp.readers.title import parse_period

ROWS = """青溪市2024年《政府工作报告》重点任务一季度进展情况,,,
序号,主要任务,牵头单位,落实情况
1,建成东门大桥。,市交通局、市住建局,引桥征地受阻，业主对补偿有分歧，工地停工。
2,举办龙舟赛。,市体育局,拟定于五月举办。
3,固定资产投资增长7%。,市发改委,固定资产投资同比下降4.2%。
4,新建公园30个、绿道80公里。,市园林局,新建公园2个，绿道贯通52公里，有序推进。
5,印发意见。,市农业局,《意见》已于2月印发。
6,整治河道12条。,市水利局,
7,社会消费品零售总额增长8%。,市商务局,社会消费品零售总额增长0.4%。
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> batch.RunResult:
    folder = tmp_path_factory.mktemp("brief")
    path = folder / "青溪市2024年一季度.csv"
    path.write_text(ROWS, encoding="utf-8")
    return batch.run([path], out=folder / "out", formats=("xlsx", "docx"))


@pytest.fixture(scope="module")
def letter(run: batch.RunResult) -> Any:
    return docx.Document(str(run.out / "brief.docx"))


def item(n: int, **more: Any) -> dict[str, Any]:
    base = {
        "number": str(n),
        "task": "建设安置房500套。",
        "units": ["市住建局", "市财政局"],
        "text": "已建成120套，资金缺口大。",
        "status": "at_risk",
        "basis": "stated",
        "statements": [{"start": 0, "end": 13, "text": "", "status": "at_risk", "probabilities": {"at_risk": 0.9}}],
        "problems": [{"start": 8, "end": 13, "text": "资金缺口大", "kind": "resources", "score": 0.9}],
        "indicators": [],
        "words_against_figures": False,
        "needs_review": False,
        "severity": 3,
        "risk": {"score": 60.0, "rank": n},
        "source": {"file": "甲.csv", "row": n + 1},
    }
    return base | more


def risk(row: dict[str, Any], why: str = "资金缺口大，列为严重。") -> dict[str, Any]:
    return {**row, "rank": row["risk"]["rank"], "why": why, "reason": ""}


def write(path: Path, rows: list[dict[str, Any]], **more: Any) -> Any:
    settings = {
        "report_title": "青溪市重点任务进展情况",
        "place": "青溪市",
        "period": parse_period("2024Q1"),
        "risks": [risk(row) for row in rows if row["risk"]["rank"]],
        "passages": (Passage("总体情况", "共若干项。"), Passage("主要风险", "如下。1.市住建局“建设安置房”：资金缺口大。", ("1",))),
    }
    write_brief(path, items=rows, **(settings | more))
    return docx.Document(str(path))


def texts(letter: Any) -> list[str]:
    """Every paragraph in body order, those of cells included."""
    return ["".join(t.text or "\n" for t in p.iter(qn("w:t"), qn("w:br"))) for p in letter.element.body.iter(qn("w:p"))]


def font(style: Any) -> tuple[str, float]:
    return style.element.rPr.rFonts.get(qn("w:eastAsia")), style.font.size.pt


def test_page_and_text_block(letter: Any) -> None:
    (section,) = letter.sections
    assert (section.page_width, section.page_height) == pytest.approx((Mm(210), Mm(297)), abs=Mm(0.1))
    assert (section.top_margin, section.left_margin) == pytest.approx((Mm(37), Mm(28)), abs=Mm(0.1))
    assert section.page_width - section.left_margin - section.right_margin == pytest.approx(Mm(156), abs=Mm(0.1))
    assert section.page_height - section.top_margin - section.bottom_margin == pytest.approx(Mm(225), abs=Mm(0.1))
    body = letter.styles["Normal"]
    assert 22 * body.paragraph_format.line_spacing <= Mm(225) < 23 * body.paragraph_format.line_spacing
    spacing = int(body.element.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    assert int(156 / 25.4 * 72 / (16 + spacing)) == 28


def test_fonts_stand_in_the_styles_and_have_stand_ins(letter: Any, run: batch.RunResult) -> None:
    styles = letter.styles
    assert font(styles["Title"]) == ("方正小标宋简体", 22)
    assert [font(styles[f"Heading {n}"])[0] for n in (1, 2, 3, 4)] == ["黑体", "楷体_GB2312", "仿宋_GB2312", "仿宋_GB2312"]
    assert font(styles["Normal"]) == ("仿宋_GB2312", 16)
    assert font(styles["Footer"]) == ("宋体", 14)
    assert styles["Normal"].element.pPr.find(qn("w:ind")).get(qn("w:firstLineChars")) == "200"
    with zipfile.ZipFile(run.out / "brief.docx") as file:
        table = file.read("word/fontTable.xml").decode("utf-8")
        document = file.read("word/document.xml").decode("utf-8")
        assert not [name for name in file.namelist() if name.startswith("word/fonts/")]
    assert dict(re.findall(r'w:name="([^"]+)"><w:altName w:val="([^"]+)"', table))["仿宋_GB2312"] == "仿宋"
    # No run carries a font of its own.
    assert "rFonts" not in document


def test_levels_are_headings_in_order(letter: Any) -> None:
    first = [p.text for p in letter.paragraphs if p.style.name == "Heading 1"]
    assert first == ["一、总体情况", "二、工作进展", "三、主要风险", "四、下一步要求"]
    second = [p.text for p in letter.paragraphs if p.style.name == "Heading 2"]
    assert second[:5] == ["（一）进展成效", "（二）正在推进", "（一）主要风险", "（二）原因分析", "（三）责任单位"]
    entries = [p.text for p in letter.paragraphs if p.style.name == "Heading 3"]
    assert [text.split(".")[0] for text in entries] == [str(n) for n in range(1, len(entries) + 1)]
    assert all("出处：序号" in text for text in entries)


def test_title_addressee_date_and_properties(letter: Any) -> None:
    assert letter.paragraphs[0].text == "关于青溪市2024年一季度重点任务\n落实情况的督查通报（代拟稿）"
    assert letter.paragraphs[1].text == "××："
    assert "×年×月×日" in [p.text for p in letter.paragraphs]
    assert letter.core_properties.title == "关于青溪市2024年一季度重点任务落实情况的督查通报（代拟稿）"
    assert letter.core_properties.language == "zh-CN"
    assert letter.core_properties.author == ""
    language = letter.styles.element.find(f".//{qn('w:rPrDefault')}//{qn('w:lang')}")
    assert language.get(qn("w:eastAsia")) == "zh-CN"


def test_page_numbers_are_fields_on_the_outer_side(letter: Any) -> None:
    assert letter.settings.odd_and_even_pages_header_footer
    section = letter.sections[0]
    for footer, side in ((section.footer, "right"), (section.even_page_footer, "left")):
        (paragraph,) = footer.paragraphs
        assert paragraph.text == "— 1 —"
        assert [e.text for e in paragraph._p.iter(qn("w:instrText"))] == [" PAGE "]
        assert paragraph._p.pPr.find(qn("w:ind")).get(qn(f"w:{side}Chars")) == "100"


def test_the_table_repeats_its_header_and_breaks_no_row(letter: Any) -> None:
    rows = letter.tables[0].rows
    assert [cell.text for cell in rows[0].cells][:3] == ["排名", "序号", "主要任务"]
    assert rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in rows)
    assert [row.cells[0].text for row in rows][1:] == [str(n) for n in range(1, len(rows))]
    assert sum(column.width for column in letter.tables[0].columns) == pytest.approx(Mm(156), abs=Mm(0.5))


def test_every_number_stands_in_the_rows_or_counts_them(letter: Any, run: batch.RunResult) -> None:
    result = run.single
    assert result
    known: set[str] = set()
    for row in result.items:
        figures = " ".join(figure["name"] + figure["arithmetic"] for figure in row["indicators"])
        place = " ".join(map(str, row["source"].values()))
        known |= set(re.findall(r"[\d.]+", " ".join([row["report"], row["number"], row["task"], row["text"], *row["units"], figures, place, "2024"])))
    counts = {len(result.items), len(result.risks)} | set(range(1, len(result.risks) + 1))
    for key in ("status", "severity", "needs_review", "words_against_figures"):
        counts |= set(Counter(row[key] for row in result.items).values())
    counts |= {sum(row["severity"] >= least for row in result.items) for least in (1, 2, 3)} | {len(row["statements"]) for row in result.items}
    stated = [re.sub(r"^(附件：)?\d+\. ?|^附件\d+$", "", text) for text in texts(letter)]
    numbers = {n.strip(".") for text in stated for n in re.findall(r"\d[\d.]*", text)}
    assert numbers - known - {str(n) for n in counts} == set()
    assert not re.search(r"(?<!\d)0项|。。|，，|；；|。；|，。", "\n".join(stated))


def test_one_sheet_for_each_critical_item_with_gaps_to_fill(letter: Any, run: batch.RunResult) -> None:
    critical = [row for row in run.single.risks if row["severity"] == 3]
    sheets = letter.tables[1:]
    assert len(sheets) == len(critical) > 0
    for sheet, row in zip(sheets, critical, strict=True):
        fields = {cells[n].text: cells[n + 1].text for r in sheet.rows for cells in [r.cells] for n in range(0, len(cells) - 1, 2)}
        assert fields["事项序号"] == row["number"]
        assert fields["列入理由"] == row["why"]
        assert fields["整改要求"] == fields["责任人"] == fields["完成时限"] == fields["反馈情况"] == ""
        assert fields["出处"].endswith(f"第{row['source']['row']}行")


def test_problems_are_bold_and_sheets_left_out_are_counted(tmp_path: Path) -> None:
    letter = write(tmp_path / "a.docx", [item(n) for n in range(1, 6)], top=2)
    assert len(letter.tables) == 3
    bold = [run.text for row in letter.tables[1].rows for cell in row.cells[1:2] for p in cell.paragraphs for run in p.runs if run.bold]
    assert bold == ["资金缺口大"]
    said = "\n".join(texts(letter))
    assert "前2项，共5项" in said
    assert "附件所列2项程度严重的事项，另有3项程度严重的事项未附单" in said


def test_without_risks_there_is_neither_table_nor_annex(tmp_path: Path) -> None:
    calm = item(1, status="in_progress", basis=None, problems=[], severity=0, risk={"score": 0.0, "rank": None})
    letter = write(tmp_path / "a.docx", [calm], passages=(Passage("总体情况", "共1项。"),), workbook=None)
    said = "\n".join(texts(letter))
    assert letter.tables == []
    assert not re.search("附件|0项|ducha|全表", said)
    assert "一、总体情况" in said
    assert "二、下一步要求" in said


def test_rows_that_share_a_number_are_told_apart_by_their_task(tmp_path: Path) -> None:
    rows = [item(1), item(1, task="整修河堤两处。", risk={"score": 50.0, "rank": 2}, source={"file": "甲.pdf", "page": 4, "row": 9})]
    passages = (Passage("主要风险", "如下。1.市水利局“整修河堤两处”：资金缺口大。", ("1",)),)
    assert "出处：序号1 第4页 第9行" in "\n".join(texts(write(tmp_path / "a.docx", rows, passages=passages)))


def test_hostile_text_does_nothing(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>\x00\x07\u202e反\u200f&amp;\ufffe"
    long = "长" * 50_000
    whole = [{"start": 0, "end": 50_000, "text": "", "status": "at_risk", "probabilities": {"at_risk": 0.9}}]
    problem = {"start": 10, "end": 49_000, "text": long[10:49_000], "kind": "delay", "score": 0.9}
    rows = [
        item(1, number=evil, task=evil, units=[evil, evil], text=evil + "资金缺口大", problems=[], source={"file": evil, "sheet": evil, "row": 2}),
        item(2, task=long, units=[long], text=long, statements=whole, problems=[problem], source={"file": long, "row": 3}),
    ]
    letter = write(tmp_path / "a.docx", rows, report_title=evil + long, place=evil, passages=(Passage("总体情况", evil, ()),))
    said = "\n".join(texts(letter))
    assert "<script>alert(1)</script>反&amp;" in said
    assert not re.search("[\x00-\x08\u202e\u200f\ufffe]", said)
    assert len(said) < 6_000
    assert "长……" in said


def test_three_thousand_rows_stay_quick(tmp_path: Path) -> None:
    rows = [item(n) for n in range(1, 3_001)]
    started = time.process_time()
    letter = write(tmp_path / "a.docx", rows)
    assert time.process_time() - started < 5
    assert len(letter.tables[0].rows) == 16
    assert len(letter.tables) == 16


def test_libre_office_makes_a4_pages_none_of_them_empty(run: batch.RunResult, tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if not office:
        pytest.skip("LibreOffice is not installed")
    command = [office, f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "--headless", "--convert-to", "pdf", "--outdir", tmp_path]
    subprocess.run([*map(str, command), str(run.out / "brief.docx")], check=True, capture_output=True, timeout=300)
    with pdfplumber.open(tmp_path / "brief.pdf") as pdf:
        pages = [(page.width, page.height, page.extract_text()) for page in pdf.pages]
    for n, (width, height, text) in enumerate(pages, start=1):
        assert (width, height) == pytest.approx((595.3, 841.9), abs=0.5)
        assert re.search(rf"—\s*{n}\s*—", text)
        assert len(re.sub(r"\s", "", text)) > 20
    # Each sheet fits one page.
    sheets = sum(row["severity"] == 3 for row in run.single.risks)
    assert sum("附件" in text.split("\n")[0] for *_, text in pages[-sheets:]) == sheets

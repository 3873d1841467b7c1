"""PDF tables."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from nlp.errors import CoverageError, InputError
from nlp.readers import read_report
from nlp.records import Item

FONT = "STSong-Light"
TITLE = "云岫县2024年一季度进展情况"
HEADER = ("序号", "主要任务", "牵头单位", "落实情况")
WIDTHS = (36, 150, 80, 250)
GRID = ("GRID", (0, 0), (-1, -1), 0.6, "black")
LONG = "".join(f"第{n}标段路基完成七成，桥涵在建，征地已清。" for n in range(1, 101))

pdfmetrics.registerFont(UnicodeCIDFont(FONT))
BODY = ParagraphStyle("body", fontName=FONT, fontSize=10, leading=14, wordWrap="CJK")


def unnumbered(canvas: Any, document: Any) -> None:
    """A page without a number."""


def build(path: Path, rows: Sequence[Sequence[str]], *, styles: Sequence[Any] = (), table: dict[str, Any] | None = None, **options: Any) -> Path:
    """A PDF with the title and one ruled table; `table` goes to reportlab's Table, `options` to the document."""
    on_page = options.pop("on_page", unnumbered)
    after = options.pop("after", [])
    made = Table([[Paragraph(text, BODY) if text else "" for text in row] for row in rows], colWidths=WIDTHS, **{"splitInRow": 1, **(table or {})})
    made.setStyle(TableStyle([GRID, ("VALIGN", (0, 0), (-1, -1), "TOP"), *styles]))
    parts = [Paragraph(TITLE, BODY), Spacer(1, 12), made, *after]
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1, **options).build(parts, onFirstPage=on_page, onLaterPages=on_page)
    return path


def write(canvas: Canvas, x: float, y: float, text: str, *, size: float = 10) -> None:
    """One line of text at a place of the page."""
    canvas.setFont(FONT, size)
    canvas.drawString(x, y, text)


def number_page(canvas: Any, document: Any) -> None:
    """A page number at the foot."""
    write(canvas, A4[0] / 2, 24, f"— {document.page} —")


def tasks(count: int, text: str = "已完工。") -> list[tuple[str, str, str, str]]:
    """Rows of tasks."""
    return [(str(n), f"任务第{n}项", "县交通局", text) for n in range(1, count + 1)]


def fields(items: Sequence[Item]) -> list[tuple[str, str, tuple[str, ...], str]]:
    """What is compared of items."""
    return [(i.number, i.task, i.units, i.text) for i in items]


def expected(rows: Sequence[Sequence[str]]) -> list[tuple[str, str, tuple[str, ...], str]]:
    """The items that the rows should give."""
    return [(number, task, (units,), text) for number, task, units, text in rows]


@pytest.mark.parametrize("repeat", [0, 1])
@pytest.mark.parametrize("numbered", [False, True])
def test_rows_over_pages_are_read_with_or_without_repeated_header_and_page_numbers(tmp_path: Path, repeat: int, numbered: bool) -> None:
    rows = tasks(60)
    path = build(tmp_path / "甲.pdf", [HEADER, *rows], table={"repeatRows": repeat}, on_page=number_page if numbered else unnumbered)
    report = read_report(path)
    assert fields(report.items) == expected(rows)
    assert (report.title, report.place, report.period.code) == (TITLE, "云岫县", "2024Q1")
    assert len({i.source.page for i in report.items}) > 1
    assert str(report.items[0].source) == "甲.pdf 第 1 页第 2 行"


@pytest.mark.parametrize("repeat", [0, 1])
def test_row_cut_by_a_page_break_is_put_together(tmp_path: Path, repeat: int) -> None:
    rows = [("1", "修路", "县交通局", LONG), ("2", "架桥", "县交通局", "已开工。")]
    assert fields(read_report(build(tmp_path / "甲.pdf", [HEADER, *rows], table={"repeatRows": repeat}, on_page=number_page)).items) == expected(rows)


def by_hand(path: Path, *, closed: bool) -> Path:
    """Two pages with one row cut between them; `closed` says whether the frame has a line where the page ends and begins."""
    canvas = Canvas(str(path), pagesize=A4, invariant=1)
    xs = (40, 80, 240, 320, 550)
    write(canvas, 200, 800, TITLE, size=14)
    for y in (780, 750, 700, *((650,) if closed else ())):
        canvas.line(xs[0], y, xs[-1], y)
    for x in xs:
        canvas.line(x, 650, x, 780)
    for y, cells in ((760, HEADER), (720, ("1", "修路", "县交通局", "已完工。")), (680, ("2", "架设镕江大", "县交通局", "桥墩完成，桥面"))):
        for x, text in zip(xs, cells, strict=False):
            write(canvas, x + 4, y, text)
    canvas.showPage()
    for y in ((800,) if closed else ()) + (760, 720):
        canvas.line(xs[0], y, xs[-1], y)
    for x in xs:
        canvas.line(x, 720, x, 800)
    for y, cells in ((780, ("", "桥", "", "在建。")), (740, ("3", "种树", "县林业局", "已完成。"))):
        for x, text in zip(xs, cells, strict=False):
            write(canvas, x + 4, y, text)
    canvas.save()
    return path


@pytest.mark.parametrize("closed", [True, False])
def test_row_cut_with_or_without_a_closing_line_is_put_together(tmp_path: Path, closed: bool) -> None:
    items = read_report(by_hand(tmp_path / "甲.pdf", closed=closed)).items
    assert [(i.number, i.task, i.text) for i in items] == [("1", "修路", "已完工。"), ("2", "架设镕江大桥", "桥墩完成，桥面在建。"), ("3", "种树", "已完成。")]


def test_section_over_the_width_and_units_over_rows_are_spanned(tmp_path: Path) -> None:
    rows = [HEADER, ("一、经济发展", "", "", ""), ("1", "修路", "县交通局", "已完工。"), ("2", "架桥", "", "已开工。"), ("3", "种树", "县林业局", "已完成。")]
    items = read_report(build(tmp_path / "甲.pdf", rows, styles=[("SPAN", (0, 1), (-1, 1)), ("SPAN", (2, 2), (2, 3))])).items
    assert [(i.number, i.units, i.section) for i in items] == [
        ("1", ("县交通局",), "一、经济发展"),
        ("2", ("县交通局",), "一、经济发展"),
        ("3", ("县林业局",), "一、经济发展"),
    ]


def test_header_of_two_tiers(tmp_path: Path) -> None:
    rows = [("序号", "主要任务", "任务落实", ""), ("", "", "牵头单位", "落实情况"), *tasks(45)]
    spans = [("SPAN", (0, 0), (0, 1)), ("SPAN", (1, 0), (1, 1)), ("SPAN", (2, 0), (3, 0))]
    assert fields(read_report(build(tmp_path / "甲.pdf", rows, styles=spans, table={"repeatRows": 2})).items) == expected(tasks(45))


def test_section_that_begins_a_page_is_no_part_of_the_row_before(tmp_path: Path) -> None:
    count = next(n for n in range(20, 60) if len({i.source.page for i in read_report(build(tmp_path / "甲.pdf", [HEADER, *tasks(n)])).items}) == 2) - 1
    rows = [*tasks(count), ("二、社会民生", "", "", ""), (str(count + 1), "办学", "县教育局", "已开学。")]
    items = read_report(build(tmp_path / "甲.pdf", [HEADER, *rows], styles=[("SPAN", (0, count + 1), (-1, count + 1))])).items
    assert [(i.text, i.section) for i in items[-2:]] == [("已完工。", ""), ("已开学。", "二、社会民生")]


def test_notes_under_the_last_row_are_no_items(tmp_path: Path) -> None:
    items = read_report(build(tmp_path / "甲.pdf", [HEADER, *tasks(3)], after=[Spacer(1, 20), Paragraph("注：截至3月底。", BODY)], on_page=number_page)).items
    assert fields(items) == expected(tasks(3))


def test_footer_that_every_page_has_is_no_lost_row(tmp_path: Path) -> None:
    def footer(canvas: Any, document: Any) -> None:
        write(canvas, 100, 24, f"云岫县政府督查室编印 第{document.page}页")

    assert fields(read_report(build(tmp_path / "甲.pdf", [HEADER, *tasks(60)], on_page=footer)).items) == expected(tasks(60))


def test_text_under_the_frame_of_one_page_stops_the_file(tmp_path: Path) -> None:
    def stray(canvas: Any, document: Any) -> None:
        if document.page == 1:
            write(canvas, 100, 40, "31 未入框的任务")

    with pytest.raises(CoverageError) as caught:
        read_report(build(tmp_path / "甲.pdf", [HEADER, *tasks(60)], on_page=stray))
    assert str(caught.value) == "甲.pdf 第 1 页：表格框线以下还有文字没有归入任何一行：31 未入框的任务。请提供 docx 或 xlsx，或重新导出带完整框线的 PDF"


def test_thin_rectangles_serve_as_lines(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "甲.pdf"), pagesize=A4, invariant=1)
    write(canvas, 200, 800, TITLE)
    for y in (780, 740, 700):
        canvas.rect(40, y, 510, 0.5, stroke=0, fill=1)
    for x in (40, 80, 240, 320, 550):
        canvas.rect(x, 700, 0.5, 80, stroke=0, fill=1)
    for y, cells in ((760, HEADER), (720, ("1", "修路", "县交通局", "已完工。"))):
        for x, text in zip((44, 84, 244, 324), cells, strict=True):
            write(canvas, x, y, text)
    canvas.save()
    assert fields(read_report(tmp_path / "甲.pdf").items) == expected([("1", "修路", "县交通局", "已完工。")])


def test_watermark_across_the_page_is_no_text_of_a_cell(tmp_path: Path) -> None:
    def mark(canvas: Any, document: Any) -> None:  # noqa: ARG001
        canvas.saveState()
        canvas.translate(200, 500)
        canvas.rotate(45)
        write(canvas, 0, 0, "内部资料注意保存", size=40)
        canvas.restoreState()

    assert fields(read_report(build(tmp_path / "甲.pdf", [HEADER, *tasks(30)], on_page=mark)).items) == expected(tasks(30))


def test_scan_is_refused(tmp_path: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (60, 80), "white").save(picture, "PNG")
    canvas = Canvas(str(tmp_path / "甲.pdf"), pagesize=A4, invariant=1)
    for _ in range(2):
        picture.seek(0)
        canvas.drawImage(ImageReader(picture), 0, 0, *A4)
        canvas.showPage()
    canvas.save()
    with pytest.raises(InputError) as caught:
        read_report(tmp_path / "甲.pdf")
    assert str(caught.value) == "甲.pdf：PDF 里没有文字（2 页共 2 幅图像），是扫描件或图片。请向报送单位索取 Word 或 Excel 原件，或先做文字识别"


def test_protected_file_is_refused(tmp_path: Path) -> None:
    path = build(tmp_path / "甲.pdf", [HEADER, *tasks(3)], encrypt=StandardEncryption("密码".encode().hex()))
    with pytest.raises(InputError) as caught:
        read_report(path)
    assert str(caught.value) == "甲.pdf：PDF 设有打开密码。请取消密码后另存再试"


def test_file_that_only_forbids_printing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "2024q1.pdf"
    table = Table([("No", "Task", "Status"), ("1", "Road", "done")], style=[GRID])
    SimpleDocTemplate(str(path), encrypt=StandardEncryption("", ownerPassword="geheim", canPrint=0, canCopy=0)).build([table])
    assert [(i.task, i.text) for i in read_report(path, columns={"任务": "Task", "落实情况": "Status"}).items] == [("Road", "done")]


def test_font_without_character_codes_is_refused(tmp_path: Path) -> None:
    # An encrypted file of this font has lost the name of its character set.
    path = build(tmp_path / "甲.pdf", [HEADER, *tasks(3)], encrypt=StandardEncryption("", ownerPassword="geheim"))
    with pytest.raises(
        InputError, match=r"^甲\.pdf：PDF 的字体没有文字编码，\d+ 个字符中 \d+ 个读不出是什么字。请提供 docx 或 xlsx，或重新导出 PDF 并嵌入字体$"
    ):
        read_report(path)


def test_table_without_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "甲.pdf"
    parts = [Paragraph(TITLE, BODY), Table([HEADER], style=[("FONT", (0, 0), (-1, -1), FONT)])]
    SimpleDocTemplate(str(path), pagesize=A4, invariant=1).build(parts)
    with pytest.raises(InputError) as caught:
        read_report(path)
    assert str(caught.value) == "甲.pdf：PDF 有文字（29 个字符）但没有带框线的表格。请提供 docx 或 xlsx，或重新导出带框线的 PDF"


@pytest.mark.parametrize("kept", [9, 400, 2000])
def test_truncated_file_is_refused(tmp_path: Path, kept: int) -> None:
    path = build(tmp_path / "甲.pdf", [HEADER, *tasks(3)])
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(InputError, match=r"^甲\.pdf：.+。请.+$"):
        read_report(path)

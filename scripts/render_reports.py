"""Render labelled or plain rows as report files in the layouts in which such reports travel: docx, xlsx, pdf, html, txt.

python scripts/render_reports.py --out DIR [GOVERNMENT...]     every report of the corpora, each in the layout of its turn
python scripts/render_reports.py --sample                      the three files of corpora/sample from rows.tsv
"""

from __future__ import annotations

import argparse
import html
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import docx
import xlsxwriter
from docx.enum.section import WD_ORIENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

from nlp.training.corpus import read_corpora

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "corpora" / "sample"
# Not within brackets: 各县（市、区）政府 is one unit.
_BETWEEN_UNITS = re.compile(r"、(?![^（）]*）)")
HEADER = ("序号", "重点任务", "责任单位", "进展情况")
PERIOD_NAMES = {"Q1": "一季度", "H1": "上半年", "Q3": "前三季度", "FY": "全年"}


@dataclass(frozen=True)
class PlainRow:
    """A row as it is printed; a section row has a task only."""

    number: str
    task: str
    units: tuple[str, ...] = ()
    text: str = ""

    @property
    def is_section(self) -> bool:
        """Whether the row is a heading over the whole width of the table."""
        return not self.number


def write_docx(path: Path, title: str, rows: Sequence[PlainRow]) -> None:
    """Landscape table, header repeated, section rows merged over the width, neighbouring equal units merged down."""
    document = docx.Document()
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Cm(29.7), Cm(21)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "宋体", Pt(10.5)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), "宋体")
    document.add_heading(title, level=1)
    table = document.add_table(rows=1, cols=len(HEADER))
    table.style = "Table Grid"
    for cell, text in zip(table.rows[0].cells, HEADER, strict=True):
        cell.text = text
    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(mark)
    before: PlainRow | None = None
    unit_cell = None
    for row in rows:
        cells = table.add_row().cells
        if row.is_section:
            cells[0].merge(cells[3]).text = row.task
            before = None
            continue
        cells[0].text, cells[1].text, cells[3].text = row.number, row.task, row.text
        if before is not None and before.units == row.units and unit_cell is not None:
            unit_cell = unit_cell.merge(cells[2])
            unit_cell.text = "\n".join(row.units)
        else:
            unit_cell = cells[2]
            unit_cell.text = "\n".join(row.units)
        before = row
    for row_cells in table.rows:
        for cell, width in zip(row_cells.cells, (1.5, 8.0, 3.5, 12.0), strict=True):
            cell.width = Cm(width)
    document.save(str(path))


def write_xlsx(path: Path, title: str, rows: Sequence[PlainRow]) -> None:
    """A title over merged cells, a header of two tiers, sections, a footnote, and a second sheet that is no table of tasks."""
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("进展情况")
        wrap = book.add_format({"text_wrap": True, "valign": "top", "border": 1})
        sheet.merge_range(0, 0, 0, 4, title, book.add_format({"bold": True, "align": "center", "font_size": 16}))
        sheet.write_string(1, 0, "填报单位：市政府督查室")
        for column, text in ((0, HEADER[0]), (1, HEADER[1]), (4, "备注")):
            sheet.merge_range(2, column, 3, column, text, wrap)
        sheet.merge_range(2, 2, 2, 3, "任务落实", wrap)
        sheet.write_string(3, 2, HEADER[2], wrap)
        sheet.write_string(3, 3, HEADER[3], wrap)
        for column, width in enumerate((6, 40, 16, 70, 10)):
            sheet.set_column(column, column, width)
        for r, row in enumerate(rows, start=4):
            if row.is_section:
                sheet.merge_range(r, 0, r, 4, row.task, wrap)
                continue
            sheet.write_number(r, 0, int(row.number), wrap)
            sheet.write_string(r, 1, row.task, wrap)
            sheet.write_string(r, 2, "\n".join(row.units), wrap)
            sheet.write_string(r, 3, row.text, wrap)
            sheet.write_blank(r, 4, None, wrap)
        sheet.write_string(len(rows) + 4, 0, "注：以上数据由各单位填报。")
        book.add_worksheet("联系人").write_row(0, 0, ["单位", "联系人", "电话"])


def write_pdf(path: Path, title: str, rows: Sequence[PlainRow]) -> None:
    """Portrait pages with page numbers; rows are cut where the page ends, the header is not repeated."""
    from reportlab.lib import colors  # noqa: PLC0415
    from reportlab.lib.pagesizes import A4  # noqa: PLC0415
    from reportlab.lib.styles import ParagraphStyle  # noqa: PLC0415
    from reportlab.pdfbase import pdfmetrics  # noqa: PLC0415
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont  # noqa: PLC0415
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table, TableStyle  # noqa: PLC0415

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    body = ParagraphStyle("body", fontName="STSong-Light", fontSize=10, leading=14, wordWrap="CJK")

    def cell(text: str) -> Paragraph:
        return Paragraph(html.escape(text).replace("\n", "<br/>"), body)

    data = [[cell(text) for text in HEADER]]
    spans = []
    for row in rows:
        if row.is_section:
            spans.append(("SPAN", (0, len(data)), (-1, len(data))))
            data.append([cell(row.task), "", "", ""])
        else:
            data.append([cell(row.number), cell(row.task), cell("\n".join(row.units)), cell(row.text)])
    table = Table(data, colWidths=[36, 150, 80, 250], splitInRow=1)
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.6, colors.black), ("VALIGN", (0, 0), (-1, -1), "TOP"), *spans]))

    def number(canvas: object, document: object) -> None:
        canvas.setFont("STSong-Light", 9)  # type: ignore[attr-defined]
        canvas.drawCentredString(A4[0] / 2, 24, f"— {document.page} —")  # type: ignore[attr-defined]

    SimpleDocTemplate(str(path), pagesize=A4, title=title, invariant=1).build(
        [Paragraph(html.escape(title), ParagraphStyle("title", fontName="STSong-Light", fontSize=16, leading=26)), table],
        onFirstPage=number,
        onLaterPages=number,
    )


def write_html(path: Path, title: str, rows: Sequence[PlainRow]) -> None:
    """A page of a government site: layout table round the data table, navigation beside it, units parted by line breaks."""
    lines = []
    for row in rows:
        if row.is_section:
            lines.append(f"<tr><td colspan=4><b>{html.escape(row.task)}</b></td></tr>")
        else:
            units = "<br>".join(map(html.escape, row.units))
            lines.append(f"<tr><td>{row.number}</td><td><p>{html.escape(row.task)}</p></td><td>{units}</td><td><p>{html.escape(row.text)}</p></td></tr>")
    head = "".join(f"<th>{text}</th>" for text in HEADER)
    path.write_text(
        f"<!DOCTYPE html><html><head><meta charset=utf-8><title>{html.escape(title)}</title></head><body>"
        "<table><tr><td><table><tr><td>首页</td><td>政务公开</td></tr>"
        f"<tr><td>领导信箱</td><td>办事大厅</td></tr></table></td><td><h1>{html.escape(title)}</h1><table border=1>"
        f"<tr>{head}</tr>\n" + "\n".join(lines) + "</table></td></tr></table></body></html>\n",
        encoding="utf-8",
        newline="\n",
    )


def write_txt(path: Path, title: str, rows: Sequence[PlainRow]) -> None:
    """Rows parted by tabs, a blank line every five rows as between pages, now and then a stray tag."""
    lines = ["", title, "", "\t".join(HEADER)]
    for n, row in enumerate(rows, start=1):
        cells = [row.task] if row.is_section else [row.number, row.task, " ".join(row.units), row.text.replace("\n", " ")]
        lines.append("\t".join(f"<p>{cell}</p>" if n % 9 == 0 and not row.is_section else cell for cell in cells))
        if n % 5 == 0:
            lines.append("")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


LAYOUTS: dict[str, Callable[[Path, str, Sequence[PlainRow]], None]] = {
    "docx": write_docx,
    "xlsx": write_xlsx,
    "pdf": write_pdf,
    "html": write_html,
    "txt": write_txt,
}


def render_corpora(out: Path, *, root: Path, governments: Sequence[str] = ()) -> list[Path]:
    """One file a report, the layouts in turn; the paths written."""
    written = []
    turn = 0
    for government, items in read_corpora(root):
        if governments and government.name not in governments:
            continue
        for period in dict.fromkeys(item.period for item in items):
            suffix = list(LAYOUTS)[turn % len(LAYOUTS)]
            turn += 1
            rows = [PlainRow(item.number, item.task, item.units, item.text) for item in items if item.period == period]
            path = out / f"{government.name}-{period.lower()}.{suffix}"
            LAYOUTS[suffix](path, f"{government.place}{period[:4]}年重点工作任务{PERIOD_NAMES[period[4:]]}进展情况", rows)
            written.append(path)
    return written


def read_sample(path: Path) -> tuple[str, list[PlainRow]]:
    """Title (first line) and rows of `rows.tsv`; a section line begins with #."""
    title, *lines = path.read_text(encoding="utf-8").splitlines()
    rows = []
    for line in lines:
        cells = line.split("\t")
        rows.append(PlainRow("", cells[1]) if cells[0] == "#" else PlainRow(cells[0], cells[1], tuple(_BETWEEN_UNITS.split(cells[2])), cells[3]))
    return title, rows


def main() -> None:
    """Render what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("governments", nargs="*")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sample", action="store_true")
    arguments = parser.parse_args()
    if arguments.sample:
        title, rows = read_sample(SAMPLE / "rows.tsv")
        for suffix in ("docx", "xlsx", "txt"):
            LAYOUTS[suffix](SAMPLE / f"苍浦市2024年一季度.{suffix}", title, rows)
    elif arguments.out:
        arguments.out.mkdir(parents=True, exist_ok=True)
        print(f"{len(render_corpora(arguments.out, root=ROOT / 'corpora', governments=arguments.governments))} files")
    else:
        parser.print_usage()
        sys.exit(2)


if __name__ == "__main__":
    main()

"""The layout of official letters (GB/T 9704-2012) in Word: page, fonts by name, styles, page numbers, tables. No word of a letter stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import docx
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from lxml import etree

from nlp.outputs.cells import CREATED, printable
from nlp.outputs.word_xml import add_page_number, child

SONG, HEI, KAI, FANG, TITLE_SONG = "宋体", "黑体", "楷体_GB2312", "仿宋_GB2312", "方正小标宋简体"
# What another machine takes in the place of a font that it lacks, and the kind of letter.
_FONTS: Final = {SONG: ("SimSun", "roman"), HEI: ("SimHei", "swiss"), KAI: ("楷体", "modern"), FANG: ("仿宋", "modern"), TITLE_SONG: ("宋体", "script")}
_W: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
# Sizes by their Chinese names: 二号, 三号, 四号, 小四, 五号.
SIZE_2, SIZE_3, SIZE_4, SIZE_4S, SIZE_5 = 22.0, 16.0, 14.0, 12.0, 10.5
# 225 mm hold 22 lines of 28.95 pt; 28 characters of 16 pt come into 156 mm where each is drawn in by 0.25 pt.
LINE: Final = 28.95
TEXT_WIDTH: Final = 156
# Of cells, above and below and at the sides.
_CELL_MARGINS: Final = (0.4, 1.4)
_DRAWN_IN: Final = -0.25
_LEFT, _CENTRE, _RIGHT, _BOTH = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.JUSTIFY


@dataclass(frozen=True)
class Look:
    """A paragraph style: font, size and line in points, indents in characters, outline level from 1 (0: none)."""

    font: str
    size: float
    line: float = LINE
    align: Any = _BOTH
    first: int = 0
    right: int = 0
    level: int = 0
    keeps_next: bool = False
    before: float = 0
    after: float = 0
    spacing: float = 0


BODY: Final = "Normal"
TITLE: Final = "Title"
HEADINGS: Final = ("Heading 1", "Heading 2", "Heading 3", "Heading 4")
ADDRESSEE: Final = "主送机关"
NOTE: Final = "说明"
SIGNED: Final = "落款"
ANNEX: Final = "附件编号"
ANNEX_TITLE: Final = "附件标题"
ANNEX_LIST: Final = "附件说明"
CAPTION: Final = "表题"
CELL, CELL_HEAD, CELL_CENTRE = "表文", "表头", "表文居中"
FORM, FORM_LABEL = "单文", "单栏目"
# A style for characters: all sources can be marked at once in Word and taken out of the final letter.
SOURCE: Final = "出处"
_LOOKS: Final = {
    BODY: Look(FANG, SIZE_3, first=2, spacing=_DRAWN_IN),
    TITLE: Look(TITLE_SONG, SIZE_2, line=35, align=_CENTRE, after=LINE),
    HEADINGS[0]: Look(HEI, SIZE_3, first=2, level=1, keeps_next=True, spacing=_DRAWN_IN),
    HEADINGS[1]: Look(KAI, SIZE_3, first=2, level=2, keeps_next=True, spacing=_DRAWN_IN),
    HEADINGS[2]: Look(FANG, SIZE_3, first=2, level=3, spacing=_DRAWN_IN),
    HEADINGS[3]: Look(FANG, SIZE_3, first=2, level=4, spacing=_DRAWN_IN),
    ADDRESSEE: Look(FANG, SIZE_3, spacing=_DRAWN_IN),
    NOTE: Look(KAI, SIZE_4S, line=20, first=2),
    SIGNED: Look(FANG, SIZE_3, align=_RIGHT, right=4),
    ANNEX: Look(HEI, SIZE_3, level=1, keeps_next=True),
    ANNEX_TITLE: Look(TITLE_SONG, SIZE_2, line=35, align=_CENTRE, after=10, keeps_next=True),
    ANNEX_LIST: Look(FANG, SIZE_3, align=_LEFT, spacing=_DRAWN_IN),
    CAPTION: Look(HEI, SIZE_4S, line=20, align=_CENTRE, before=8, after=4, keeps_next=True),
    CELL: Look(FANG, SIZE_5, line=15, align=_LEFT),
    CELL_CENTRE: Look(FANG, SIZE_5, line=15, align=_CENTRE),
    CELL_HEAD: Look(HEI, SIZE_5, line=15, align=_CENTRE),
    FORM: Look(FANG, SIZE_4S, line=19, align=_LEFT),
    FORM_LABEL: Look(HEI, SIZE_4S, line=19, align=_CENTRE),
    "Footer": Look(SONG, SIZE_4, line=18, align=_LEFT),
}


# Styles of python-docx's template that stay; those of other tables and lists would only fill the file.
_KEPT: Final = {
    *(name.lower() if name.startswith("Heading") else name for name in _LOOKS),
    "Default Paragraph Font",
    "Normal Table",
    "No List",
    "Table Grid",
    "footer",
}


class Piece(NamedTuple):
    """A stretch of a paragraph: text, whether it is bold, name of its character style."""

    text: str
    bold: bool = False
    style: str | None = None


def new_letter(title: str) -> Any:
    """An empty A4 letter with all its styles, page numbers and properties."""
    letter = docx.Document()
    _set_properties(letter, title)
    _set_defaults(letter)
    for name, look in _LOOKS.items():
        _define(letter, name, look)
    source = letter.styles.add_style(SOURCE, WD_STYLE_TYPE.CHARACTER)
    _fonts(source.element.get_or_add_rPr(), KAI, SIZE_4S)
    _set_page(letter.sections[0])
    letter.settings.odd_and_even_pages_header_footer = True
    _number(letter.sections[0].footer, align=_RIGHT)
    _number(letter.sections[0].even_page_footer, align=_LEFT)
    return letter


def add(parent: Any, style: str, *pieces: str | Piece) -> Any:
    """A paragraph of the style at the end of a letter or cell; what XML cannot hold is left out of the text."""
    paragraph = parent.add_paragraph()
    _dress(paragraph._p, style)
    write(paragraph, *pieces)
    return paragraph


def write(paragraph: Any, *pieces: str | Piece) -> None:
    """Put pieces at the end of a paragraph; a line break in a text becomes one in Word."""
    for piece in pieces:
        text, bold, style = piece if isinstance(piece, Piece) else Piece(piece)
        if kept := printable(text):
            run = paragraph.add_run(kept)
            if style:
                _dress(run._r, style)
            if bold:
                run.bold = True


def fill(cell: Any, style: str, *pieces: str | Piece) -> None:
    """Write a cell's first paragraph."""
    paragraph = cell.paragraphs[0]
    _dress(paragraph._p, style)
    write(paragraph, *pieces)


def _dress(element: Any, style: str) -> None:
    # By its id: python-docx goes through all styles for every name.
    element.style = style.replace(" ", "")


def new_table(letter: Any, widths: Sequence[float]) -> Any:
    """A table with a grid, without rows, of columns so many millimetres wide."""
    table = letter.add_table(rows=0, cols=len(widths), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    properties = table._tbl.tblPr
    margins = child(properties, "w:tblCellMar")
    for side in ("top", "left", "bottom", "right"):
        child(margins, f"w:{side}", w=str(Mm(_CELL_MARGINS[side in ("left", "right")]).twips), type="dxa")
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    return table


def add_row(table: Any, *, is_header: bool = False, is_whole: bool = True, height: float = 0) -> Sequence[Any]:
    """The cells of a new row: a header comes again on every page, a whole row is not broken over two, `height` is the least in millimetres."""
    row = table.add_row()
    properties = row._tr.get_or_add_trPr()
    if is_whole:
        child(properties, "w:cantSplit")
    if height:
        row.height, row.height_rule = Mm(height), WD_ROW_HEIGHT_RULE.AT_LEAST
    if is_header:
        child(properties, "w:tblHeader")
    for cell in row.cells:
        child(cell._tc.get_or_add_tcPr(), "w:vAlign", val="center")
    return tuple(row.cells)


def break_page_before(paragraph: Any) -> None:
    """Let the paragraph begin a new page, without an empty paragraph that could become an empty page."""
    paragraph.paragraph_format.page_break_before = True


def indent(paragraph: Any, *, left: int, hanging: int) -> None:
    """Indent by characters: all lines by `left`, the first by `hanging` less."""
    size = Pt(SIZE_3).twips
    child(
        paragraph._p.get_or_add_pPr(), "w:ind", leftChars=str(left * 100), left=str(left * size), hangingChars=str(hanging * 100), hanging=str(hanging * size)
    )


def _set_page(section: Any) -> None:
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(297 - 37 - 225)
    section.left_margin, section.right_margin = Mm(28), Mm(210 - 28 - TEXT_WIDTH)
    section.header_distance, section.footer_distance = Mm(15), Mm(22)
    grid = section._sectPr.find(qn("w:docGrid"))
    grid.set(qn("w:type"), "lines")
    grid.set(qn("w:linePitch"), str(round(LINE * 20)))


def _set_properties(letter: Any, title: str) -> None:
    properties = letter.core_properties
    properties.title, properties.language = printable(title)[:250], "zh-CN"
    properties.author = properties.last_modified_by = properties.comments = properties.keywords = properties.subject = ""
    properties.created = properties.modified = CREATED


def _set_defaults(letter: Any) -> None:
    """Language and fonts of the whole document; the table of fonts with what stands in for each."""
    defaults = letter.styles.element.find(qn("w:docDefaults"))
    for style in letter.styles.element.findall(qn("w:style")):
        if style.find(qn("w:name")).get(qn("w:val")) not in _KEPT:
            letter.styles.element.remove(style)
    run = defaults.find(f"{qn('w:rPrDefault')}/{qn('w:rPr')}")
    for old in list(run):
        run.remove(old)
    _fonts(run, FANG, SIZE_3)
    # Chinese is the East Asian language; were it that of Latin letters too, figures such as 7.9% would be broken over two lines.
    child(run, "w:lang", val="en-US", eastAsia="zh-CN", bidi="ar-SA")
    paragraph = defaults.find(f"{qn('w:pPrDefault')}/{qn('w:pPr')}")
    for old in list(paragraph):
        paragraph.remove(old)
    theme = letter.settings.element.find(qn("w:themeFontLang"))
    theme.set(qn("w:eastAsia"), "zh-CN")
    fonts = etree.Element(f"{{{_W}}}fonts", nsmap={"w": _W})
    for name, (stand_in, family) in _FONTS.items():
        font = etree.SubElement(fonts, qn("w:font"))
        font.set(qn("w:name"), name)
        for tag, value in (("altName", stand_in), ("charset", "86"), ("family", family), ("pitch", "variable" if family == "script" else "fixed")):
            etree.SubElement(font, qn(f"w:{tag}")).set(qn("w:val"), value)
    letter.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)._blob = etree.tostring(fonts, xml_declaration=True, encoding="UTF-8", standalone=True)


def _define(letter: Any, name: str, look: Look) -> None:
    known = {style.name for style in letter.styles}
    style = letter.styles[name] if name in known else letter.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    element = style.element
    # The template's own looks (blue headings, a rule under the title) go, with the character styles that carry them.
    for tag in ("w:pPr", "w:rPr", "w:link"):
        for old in element.findall(qn(tag)):
            element.remove(old)
    if name != BODY:
        style.base_style = letter.styles[BODY]
    style.quick_style = True
    _fonts(element.get_or_add_rPr(), look.font, look.size)
    if look.spacing or name != BODY:
        child(element.rPr, "w:spacing", val=str(round(look.spacing * 20)))
    form = style.paragraph_format
    form.alignment = look.align
    form.line_spacing_rule, form.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(look.line)
    form.space_before, form.space_after = Pt(look.before), Pt(look.after)
    form.widow_control = True
    form.keep_with_next = look.keeps_next
    properties = element.get_or_add_pPr()
    # Exact lines need no grid, which would stretch the shorter ones of tables.
    child(properties, "w:snapToGrid", val="0")
    # Characters count for Word, twips for programs that do not know them.
    width = Pt(look.size).twips
    child(
        properties,
        "w:ind",
        firstLineChars=str(look.first * 100),
        firstLine=str(look.first * width),
        rightChars=str(look.right * 100),
        right=str(look.right * width),
    )
    if look.level:
        child(properties, "w:outlineLvl", val=str(look.level - 1))


def _fonts(run: Any, font: str, size: float) -> None:
    # The same font for all scripts: Word else draws Chinese quotation marks from the Latin one. The hint settles them for the rest.
    child(run, "w:rFonts", hint="eastAsia", ascii=font, hAnsi=font, eastAsia=font, cs=font)
    half_points = str(round(size * 2))
    child(run, "w:sz", val=half_points)
    child(run, "w:szCs", val=half_points)


def _number(footer: Any, *, align: Any) -> None:
    """— 1 — one character in from the outer edge."""
    footer.is_linked_to_previous = False
    paragraph = footer.paragraphs[0]
    _dress(paragraph._p, "Footer")
    paragraph.alignment = align
    side = "right" if align == _RIGHT else "left"
    child(paragraph._p.get_or_add_pPr(), "w:ind", **{f"{side}Chars": "100", side: str(Pt(SIZE_4).twips)})
    paragraph.add_run("— ")
    add_page_number(paragraph)
    paragraph.add_run(" —")

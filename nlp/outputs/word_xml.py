"""Elements of WordprocessingML that python-docx has no words for, put where the schema wants them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from nlp.outputs.cells import CREATED

# The order that the schema asks for, of those elements that this file adds by itself.
_ORDERS: Final = {
    "pPr": ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "widowControl", "snapToGrid", "spacing", "ind", "jc", "outlineLvl"),
    "rPr": ("rStyle", "rFonts", "b", "bCs", "color", "spacing", "sz", "szCs", "lang"),
    "trPr": ("cantSplit", "trHeight", "tblHeader"),
    "tblPr": ("tblStyle", "tblW", "jc", "tblLayout", "tblCellMar", "tblLook"),
    "tcPr": ("tcW", "gridSpan", "vMerge", "vAlign"),
}


def child(parent: Any, tag: str, **attributes: str) -> Any:
    """The child of that name, made in its place where it is missing, with the attributes set."""
    element = parent.find(qn(tag))
    if element is None:
        element = OxmlElement(tag)
        order = _ORDERS.get(parent.tag.rpartition("}")[2], ())
        name = tag.removeprefix("w:")
        later = set(order[order.index(name) + 1 :]) if name in order else set()
        following = next((child for child in parent if child.tag.rpartition("}")[2] in later), None)
        if following is None:
            parent.append(element)
        else:
            following.addprevious(element)
    for key, value in attributes.items():
        element.set(qn(f"w:{key}"), value)
    return element


def join(cells: Sequence[Any]) -> Any:
    """The first of neighbouring cells of a row, made as wide as all of them."""
    first, *others = (cell._tc for cell in cells)
    first.width = sum(tc.width for tc in (first, *others))
    first.grid_span = 1 + len(others)
    for tc in others:
        tc.getparent().remove(tc)
    return cells[0]


def add_page_number(paragraph: Any) -> None:
    """A PAGE field at the end of the paragraph, which shows 1 until Word counts."""
    for kind, tag, text in (("begin", "", ""), ("", "w:instrText", " PAGE "), ("separate", "", ""), ("", "w:t", "1"), ("end", "", "")):
        run = paragraph.add_run()
        if kind:
            child(run._r, "w:fldChar", fldCharType=kind)
            continue
        element = OxmlElement(tag)
        element.set(qn("xml:space"), "preserve")
        element.text = text
        run._r.append(element)


def save(letter: Any, path: Path) -> None:
    """Write the document; equal documents give equal bytes (python-docx notes the time of day in the archive)."""
    written = io.BytesIO()
    letter.save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            entry = zipfile.ZipInfo(name, CREATED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o600 << 16
            target.writestr(entry, source.read(name))

"""Web pages: every table a grid, spans filled; navigation tables fall out later, for they have no header of a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree, html

from nlp.errors import InputError
from nlp.readers.grid import Document, Grid, Merge, build_rows, check_coverage, count_cells
from nlp.readers.txt import decode
from nlp.records import Source
from nlp.text import count_characters

_CHARSET: Final = re.compile(rb"""charset\s*=\s*["']?\s*([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_BREAKS: Final = {"br", "p", "div", "li", "tr"}
_HIDDEN: Final = {"script", "style", "noscript", "template", "table"}
_MOST_COLUMNS: Final = 200
_MOST_ROWS: Final = 200_000


def read_html(path: Path) -> Document:
    """The tables of a page in order. A table inside a cell is a grid of its own and no part of the outer one.

    Raises
    ------
    InputError : nothing in the file can be read as a page.
    """
    data = path.read_bytes()
    declared = _CHARSET.search(data[:4096])
    text = _decode_declared(data, declared.group(1).decode("ascii")) if declared else None
    text = decode(data, where=path.name) if text is None else text
    parser = html.HTMLParser(no_network=True, huge_tree=True)
    try:
        root = html.document_fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text), parser=parser)
    except (etree.ParserError, ValueError) as error:
        raise InputError(f"不能作为网页打开（{error}）", where=path.name, remedy="请在浏览器中另存网页后再试") from error
    if any("depth" in entry.message for entry in parser.error_log.filter_from_fatals()):
        raise InputError("网页嵌套过深，后面的内容读不出来", where=path.name, remedy="请在浏览器中打开，把表格复制到 Excel 另存后再试")
    headings = [_plain(e) for e in root.iter("title", "h1", "h2", "h3", "caption")]
    grids = [_table(table, file=path.name, name=f"表{n}") for n, table in enumerate(root.iter("table"), start=1)]
    outside = [_plain(e) for e in root.iter("p") if next(e.iterancestors("table"), None) is None]
    return Document(path.name, tuple(g for g in grids if g.rows), lead="\n".join(filter(None, [*headings, *outside[:50]])))


def _plain(element: etree._Element) -> str:
    return " ".join("".join(str(piece) for piece in element.itertext()).split())


def _decode_declared(data: bytes, name: str) -> str | None:
    """Text in the encoding that the page declares, None where the bytes are not in it; gb2312 and gbk are read as gb18030."""
    try:
        return data.decode("gb18030" if name.lower() in {"gb2312", "gbk", "gb18030"} else name).replace("\r\n", "\n")
    except (LookupError, UnicodeDecodeError):
        return None


def _table(table: html.HtmlElement, *, file: str, name: str) -> Grid:
    cells: list[list[str]] = []
    merges: list[Merge] = []
    covered: set[tuple[int, int]] = set()
    rows = [row for row in table.iter("tr") if next(row.iterancestors("table"), None) is table][:_MOST_ROWS]
    for r, tr in enumerate(rows):
        texts: list[str] = []
        for cell in (c for c in tr.iterchildren("td", "th")):
            while (r, len(texts)) in covered:
                texts.append("")
            column = len(texts)
            down, across = _span(cell, "rowspan", len(rows) - r), _span(cell, "colspan", _MOST_COLUMNS)
            texts += [_text(cell), *[""] * (across - 1)]
            if down > 1 or across > 1:
                merges.append((r, column, r + down - 1, column + across - 1))
                covered |= {(r + i, column + j) for i in range(1, down) for j in range(across)}
        cells.append(texts)
    built = build_rows(cells, sources=[Source(file, n, sheet=name) for n in range(1, len(cells) + 1)], merges=merges)
    check_coverage(count_cells(built), expected=count_characters("".join(t for row in rows for t in _pieces(row))), where=f"{file} {name}")
    return Grid(built)


def _span(cell: html.HtmlElement, name: str, most: int) -> int:
    value = (cell.get(name) or "1").strip()
    return max(1, min(int(value[:9]), most)) if value.isdecimal() else 1


def _text(cell: html.HtmlElement) -> str:
    lines = ("".join(_pieces(cell))).split("\n")
    return "\n".join(filter(None, (" ".join(line.split()) for line in lines)))


def _pieces(element: html.HtmlElement) -> Iterator[str]:
    """Visible text below the element, a line break at each block; nested tables left out. A walk, not a recursion: pages nest as deep as they like."""
    walk = etree.iterwalk(element, events=("start", "end", "comment", "pi"))
    for event, node in walk:
        is_element = isinstance(node.tag, str)
        if event == "start":
            if node is not element and node.tag in _HIDDEN:
                walk.skip_subtree()
                continue
            if node.tag in _BREAKS:
                yield "\n"
            yield (node.text or "").replace("\n", " ")
        else:
            if is_element and node.tag in _BREAKS and node.tag != "br":
                yield "\n"
            if node is not element:
                yield (node.tail or "").replace("\n", " ")

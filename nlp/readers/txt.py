"""Plain text and csv: the encoding is found in a fixed order, so that one file reads alike on every PC."""

from __future__ import annotations

import codecs
import csv
import html
import io
import re
from pathlib import Path
from typing import Final

from nlp.errors import InputError
from nlp.readers.grid import Document, Grid, build_rows, check_coverage, count_cells
from nlp.readers.items import FOOTNOTE
from nlp.records import Source
from nlp.text import count_characters

_TAG: Final = re.compile(r"</?(?:p|br|span|div|strong|b|i|u|font|td|tr|table|tbody|a|em|o:p)(?:\s[^<>]{0,300})?/?>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"&(?:nbsp|amp|lt|gt|quot|ldquo|rdquo|mdash|middot|#\d{1,6});")
_SECTION: Final = re.compile(r"\s*(?:[一二三四五六七八九十]{1,3}、|（[一二三四五六七八九十]{1,3}）|第[一二三四五六七八九十]{1,3}[部章节])")
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Stands in a last row of its own unless a quote before it is still open.
_LAST: Final = "\N{END OF TRANSMISSION}"
_LONGEST_FIELD: Final = 50_000_000


def decode(data: bytes, *, where: str) -> str:
    """Text of a file: by its byte order mark, else strict UTF-8, else GB18030.

    Raises
    ------
    InputError : none of the three fits, or the text holds NUL bytes.
    """
    encodings = [name for bom, name in _BOMS if data.startswith(bom)] or ["utf-8", "gb18030"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            line = text.count("\n", 0, text.index("\0")) + 1
            raise InputError(f"第 {line} 行含有 NUL 字节，不是纯文本", where=where, remedy="请用 Excel 或记事本打开后另存为 UTF-8 文本再试")
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise InputError(f"不是 {' 或 '.join(encodings)} 编码的文本", where=where, remedy="请另存为 UTF-8 文本后再试")


def read_txt(path: Path) -> Document:
    """Rows of a text file, cells parted by tabs (or by | or runs of spaces where there are no tabs).

    A line with no separator after the first row goes on with the row before it, unless it is a section heading or a footnote.
    """
    text = decode(path.read_bytes(), where=path.name)
    lines = [html.unescape(_TAG.sub("", line)) if _TAG.search(line) or _ENTITY.search(line) else line for line in text.split("\n")]
    separator = _separator(lines)
    barred = [line.strip() for line in lines if line.count("|") >= 2]
    is_framed = all(line.startswith("|") and line.endswith("|") for line in barred)
    rows: list[list[str]] = []
    sources: list[Source] = []
    lead: list[str] = []
    for n, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in re.split(separator, line)]
        if separator == r"\|" and is_framed and len(cells) > 2:
            cells = cells[1:-1]
        if len(cells) == 1 and not rows:
            lead.append(line.strip())
        elif len(cells) == 1 and not _SECTION.match(line) and not FOOTNOTE.match(line):
            rows[-1][-1] += "\n" + line.strip()
        elif separator == r"\|" and not re.search(r"[^-:\s]", "".join(cells)):
            continue
        else:
            rows.append(cells)
            sources.append(Source(path.name, n))
    built = build_rows(rows, sources=sources)
    counted = sum(count_characters(re.sub(separator, "", line)) for line in lines) if separator != r"\|" else 0
    check_coverage(count_cells(built) + sum(map(count_characters, lead)), expected=counted, where=path.name)
    return Document(path.name, (Grid(built, "\n".join(lead)),) if built else (), lead="\n".join(lead))


def _separator(lines: list[str]) -> str:
    """The pattern that parts cells: tabs where any line has two of them, else the one that gives the most lines three cells."""
    if any(line.count("\t") >= 2 for line in lines):
        return r"\t"
    counts = {pattern: sum(1 for line in lines if len(re.split(pattern, line.strip())) >= 3) for pattern in (r"\|", r"[ \u3000]{2,}")}
    best = max(counts, key=lambda pattern: counts[pattern])
    return best if counts[best] >= 2 else r"\t"


def read_csv(path: Path) -> Document:
    """Rows of a csv file; the delimiter is the one of , ; and tab that parts the most lines."""
    text = decode(path.read_bytes(), where=path.name).rstrip("\n")
    delimiter = max(",;\t", key=lambda mark: sum(line.count(mark) >= 2 for line in text.split("\n", 200)[:200]))
    csv.field_size_limit(_LONGEST_FIELD)
    reader = csv.reader(io.StringIO(f"{text}\n{_LAST}"), delimiter=delimiter)
    rows: list[list[str]] = []
    sources: list[Source] = []
    try:
        start = 1
        for cells in reader:
            rows.append([cell.strip() for cell in cells])
            sources.append(Source(path.name, start))
            start = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"第 {reader.line_num} 行不是 csv（{error}）", where=path.name, remedy="请用 Excel 打开后另存为 xlsx 再试") from error
    if rows.pop() != [_LAST]:
        raise InputError(f"第 {sources[-1].row} 行起引号没有成对，以下各行会并成一格", where=path.name, remedy="请用 Excel 打开后另存为 xlsx 再试")
    built = build_rows(rows, sources=sources[:-1])
    quoting = str.maketrans("", "", delimiter + '"')
    found = sum(count_characters(cell.translate(quoting)) for row in built for cell in row.cells)
    check_coverage(found, expected=count_characters(text.translate(quoting)), where=path.name)
    return Document(path.name, (Grid(built),) if built else ())

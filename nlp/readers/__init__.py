"""Report file -> Report. The table below says which reader takes which kind of file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from nlp.errors import HeaderError, InputError, UsageError
from nlp.readers.container import converted, kind_of
from nlp.readers.grid import Document
from nlp.readers.items import read_items
from nlp.readers.title import find_period, find_place, find_title
from nlp.records import Period, Report

# Kind of file -> module and function; a module is imported when a file of its kind is read, so that a start costs only what it needs.
READERS: Final = {
    "txt": ("nlp.readers.txt", "read_txt"),
    "csv": ("nlp.readers.txt", "read_csv"),
    "xlsx": ("nlp.readers.xlsx", "read_xlsx"),
    "docx": ("nlp.readers.docx", "read_docx"),
    "pdf": ("nlp.readers.pdf", "read_pdf"),
    "html": ("nlp.readers.html", "read_html"),
}


def read_report(path: Path, *, period: Period | None = None, columns: Mapping[str, str] | None = None) -> Report:
    """Read a report file of any kind.

    Parameters
    ----------
    period : overrides what title and file name say.
    columns : field -> header wording, for columns that cannot be placed by themselves.

    Raises
    ------
    InputError : the file cannot be read as a report; nothing of it is returned.
    UsageError : the period is named neither in the title nor in the file name, and was not given.
    """
    if path.is_dir():
        raise InputError("是文件夹，不是报告文件", where=str(path))
    document = read_document(path)
    items, skipped = read_items(document, columns=columns)
    if not items:
        raise HeaderError("表头以下没有任何一行任务", where=path.name, remedy="请确认文件内容完整")
    titles = [row.text for row in skipped if row.reason == "标题"]
    lead = "\n".join([*titles, *document.lead.split("\n"), *(grid.lead for grid in document.grids)])
    title = find_title(lead)
    found = period or find_period(title, lead, path.stem)
    if found is None:
        raise UsageError("标题和文件名里都没有写明报告期", where=path.name, remedy="请加 --period，例如 --period 2023Q1（一季度）、2023H1（上半年）")
    return Report(path.name, title or path.stem, find_place(title, lead), found, items, skipped)


def read_document(path: Path) -> Document:
    """The tables of a file of any kind; old formats are converted first. Raises `InputError` as the readers do."""
    kind = kind_of(path)
    if kind in {"doc", "et"}:
        with converted(path, kind=kind) as result:
            return _renamed(read_document(result), path.name)
    module, function = READERS[kind]
    reader = cast(Callable[[Path], Document], getattr(import_module(module), function))
    return reader(path)


def _renamed(document: Document, file: str) -> Document:
    grids = tuple(replace(grid, rows=tuple(replace(row, source=replace(row.source, file=file)) for row in grid.rows)) for grid in document.grids)
    return replace(document, file=file, grids=grids)

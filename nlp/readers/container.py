"""What a file is, told from its bytes and not from its name; hostile and protected containers are refused before anything parses them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from nlp.errors import InputError

SUFFIXES: Final = frozenset(
    {".txt", ".csv", ".tsv", ".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et", ".docx", ".doc", ".wps", ".rtf", ".pdf", ".html", ".htm"}
)
_PICTURES: Final = {b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG", b"GIF8": "GIF", b"BM": "BMP", b"II*\0": "TIFF", b"MM\0*": "TIFF", b"RIFF": "WebP"}
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MOST_BYTES: Final = 1 << 30
_MOST_RATIO: Final = 400
_MOST_ENTRIES: Final = 20_000
_CONVERSION_SECONDS: Final = 180


def kind_of(path: Path) -> str:
    """`txt`, `csv`, `xlsx`, `docx`, `pdf`, `html`, or `doc`, `et` for what must be converted first.

    Raises
    ------
    InputError : the file is missing, empty, a picture, protected, damaged, or of no kind that holds a report.
    """
    if not path.exists():
        raise InputError("没有这个文件", where=str(path), remedy="请检查路径和文件名")
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except PermissionError as error:
        raise InputError("没有读取权限", where=str(path), remedy="请检查文件权限，或是否正被别的程序打开") from error
    if not head:
        raise InputError("文件是空的（0 字节）", where=path.name, remedy="请重新获取此文件")
    if head.startswith(b"%PDF"):
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        return _zip_kind(path)
    if head.startswith(_OLE):
        return _ole_kind(path)
    if head.startswith(b"{\\rtf"):
        return "doc"
    picture = next((name for magic, name in _PICTURES.items() if head.startswith(magic)), None)
    if picture and not (picture == "BMP" and head.isascii()):
        raise InputError(f"内容是 {picture} 图片，不是文档", where=path.name, remedy="请索取 Word 或 Excel 原件，或先做文字识别")
    if head.startswith((b"PK\x05\x06", b"PK\x07\x08")):
        raise InputError("压缩包是空的或分卷的", where=path.name, remedy="请重新获取此文件")
    lowered = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<table", b"<?xml")) or b"<table" in lowered or b"<html" in lowered:
        return "html"
    return "csv" if path.suffix.lower() in {".csv", ".tsv"} else "txt"


def _zip_kind(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            mimetype = archive.read("mimetype")[:100] if "mimetype" in names and archive.getinfo("mimetype").file_size < 1000 else b""
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        raise InputError("文件不完整，压缩结构已损坏", where=path.name, remedy="请重新拷贝或重新下载此文件") from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if len(entries) > _MOST_ENTRIES or unpacked > _MOST_BYTES or (unpacked > 50_000_000 and unpacked / packed > _MOST_RATIO):
        raise InputError(
            f"解压后有 {unpacked / 1e6:.0f} MB（压缩比 {unpacked / packed:.0f}），不像正常的文档", where=path.name, remedy="为安全起见没有打开；请核实来源"
        )
    if "word/document.xml" in names or any(name.startswith("word/document") for name in names):
        return "docx"
    if any(name.startswith("xl/workbook") for name in names) or mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "xlsx"
    if mimetype.startswith(b"application/vnd.oasis.opendocument.text"):
        return "doc"
    if "OFD.xml" in names:
        raise InputError("是 OFD 版式文件，本程序不能读", where=path.name, remedy="请索取 Word 或 Excel 原件，或用 OFD 阅读器导出带框线的 PDF")
    raise InputError("是压缩包，但里面不是 Word 或 Excel 文档", where=path.name, remedy="请解压后把里面的报告交给本程序")


def _ole_kind(path: Path) -> str:
    data = path.read_bytes()

    def holds(name: str) -> bool:
        return name.encode("utf-16-le") in data

    if holds("EncryptedPackage"):
        raise InputError("文件设有打开密码", where=path.name, remedy="请在 Word、Excel 或 WPS 中取消密码后另存再试")
    is_workbook = holds("Workbook") or holds("Book")
    # A workbook may hold a Word document and the other way round; then the name decides.
    if holds("WordDocument") and not (is_workbook and path.suffix.lower() in {".xls", ".et"}):
        return "doc"
    if is_workbook:
        return "et" if path.suffix.lower() == ".et" else "xlsx"
    raise InputError("是旧式 Office 文件，但里面没有 Word 或 Excel 内容", where=path.name, remedy="请在 Word 或 WPS 中打开并另存为 docx")


@contextmanager
def converted(path: Path, *, kind: str) -> Iterator[Path]:
    """The file as docx (`kind` doc) or xlsx (`kind` et), made by LibreOffice in a folder that is removed afterwards.

    Raises
    ------
    InputError : LibreOffice is not installed, or could not convert the file.
    """
    target = {"doc": "docx", "et": "xlsx"}[kind]
    office = shutil.which("soffice") or shutil.which("libreoffice") or _windows_office()
    if office is None:
        raise InputError(
            f"旧格式（{path.suffix or '无扩展名'}）需要转换，而本机没有 LibreOffice", where=path.name, remedy=f"请在 Word 或 WPS 中另存为 {target} 再试"
        )
    with tempfile.TemporaryDirectory(prefix="ducha-") as folder:
        source = Path(folder) / f"source{path.suffix}"
        shutil.copyfile(path, source)
        profile = (Path(folder) / "profile").as_uri()
        command = [
            office,
            "--headless",
            "--norestore",
            f"-env:UserInstallation={profile}",
            "--convert-to",
            target,
            "--outdir",
            str(Path(folder) / "out"),
            str(source),
        ]
        try:
            subprocess.run(command, capture_output=True, timeout=_CONVERSION_SECONDS, check=False)
        except (subprocess.TimeoutExpired, OSError) as error:
            raise InputError(
                f"LibreOffice 没有完成转换（{type(error).__name__}）", where=path.name, remedy=f"请在 Word 或 WPS 中另存为 {target} 再试"
            ) from error
        result = Path(folder) / "out" / f"source.{target}"
        if not result.is_file():
            raise InputError("LibreOffice 不能转换此文件", where=path.name, remedy=f"请在 Word 或 WPS 中另存为 {target} 再试")
        yield result


def _windows_office() -> str | None:
    candidates = [Path(root) / "LibreOffice/program/soffice.exe" for root in ("C:/Program Files", "C:/Program Files (x86)")]
    return next((str(path) for path in candidates if path.is_file()), None)

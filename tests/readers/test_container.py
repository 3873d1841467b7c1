"""What a file is, and which files are refused before anything parses them."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import docx
import msoffcrypto
import openpyxl
import pytest
import xlwt
from msoffcrypto.format.ooxml import OOXMLFile
from odf.opendocument import OpenDocumentText
from odf.table import Table, TableCell, TableColumn, TableRow
from odf.text import P

from nlp.errors import InputError, UsageError
from nlp.readers import container, read_report
from nlp.readers.container import kind_of

ROWS = (("序号", "主要任务", "牵头单位", "落实情况"), ("1", "修路", "县交通局", "已完工。"))
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def docx_bytes() -> bytes:
    """A Word report."""
    document = docx.Document()
    document.add_paragraph("云岫县2024年一季度进展情况")
    table = document.add_table(rows=2, cols=4)
    for cell, text in zip(table._cells, (*ROWS[0], *ROWS[1]), strict=True):
        cell.text = text
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def xlsx_bytes() -> bytes:
    """A workbook report."""
    book = openpyxl.Workbook()
    for row in ROWS:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def zipped(parts: dict[str, bytes]) -> bytes:
    """A zip of the parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def refusal(folder: Path, data: bytes, name: str = "甲.docx") -> str:
    """The message with which a file of these bytes is refused."""
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_report(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "甲.docx：文件是空的（0 字节）。请重新获取此文件"),
        (b"\x89PNG\r\n\x1a\n", "甲.docx：内容是 PNG 图片，不是文档。请索取 Word 或 Excel 原件，或先做文字识别"),
        (b"\xff\xd8\xff\xe0", "甲.docx：内容是 JPEG 图片，不是文档。请索取 Word 或 Excel 原件，或先做文字识别"),
        (b"BM\x00\x01\xff", "甲.docx：内容是 BMP 图片，不是文档。请索取 Word 或 Excel 原件，或先做文字识别"),
        (docx_bytes()[:2000], "甲.docx：文件不完整，压缩结构已损坏。请重新拷贝或重新下载此文件"),
        (b"PK\x05\x06" + bytes(18), "甲.docx：压缩包是空的或分卷的。请重新获取此文件"),
        (zipped({"甲.txt": b"1"}), "甲.docx：是压缩包，但里面不是 Word 或 Excel 文档。请解压后把里面的报告交给本程序"),
        (zipped({"ppt/presentation.xml": b"1"}), "甲.docx：是压缩包，但里面不是 Word 或 Excel 文档。请解压后把里面的报告交给本程序"),
        (zipped({"OFD.xml": b"1"}), "甲.docx：是 OFD 版式文件，本程序不能读。请索取 Word 或 Excel 原件，或用 OFD 阅读器导出带框线的 PDF"),
        (OLE + bytes(600), "甲.docx：是旧式 Office 文件，但里面没有 Word 或 Excel 内容。请在 Word 或 WPS 中打开并另存为 docx"),
    ],
    ids=["empty", "png", "jpeg", "bmp", "truncated", "empty zip", "zip", "pptx", "ofd", "ole"],
)
def test_file_that_holds_no_report_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    assert refusal(tmp_path, data) == message


def test_missing_file_and_folder_are_named_in_full(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read_report(tmp_path / "无.docx")
    assert str(caught.value) == f"{tmp_path / '无.docx'}：没有这个文件。请检查路径和文件名"
    with pytest.raises(InputError) as caught:
        read_report(tmp_path)
    assert str(caught.value) == f"{tmp_path}：是文件夹，不是报告文件"


@pytest.mark.parametrize(
    ("data", "name", "kind"),
    [
        (docx_bytes(), "甲.xlsx", "docx"),
        (docx_bytes(), "甲.doc", "docx"),
        (xlsx_bytes(), "甲.docx", "xlsx"),
        (xlsx_bytes(), "甲.xls", "xlsx"),
        (xlsx_bytes(), "甲", "xlsx"),
        (b"%PDF-1.7", "甲.docx", "pdf"),
        (b"{\\rtf1", "甲.doc", "doc"),
        ("\ufeff\r\n<!DOCTYPE HTML>".encode(), "甲.xls", "html"),
        (b"<html>", "甲.doc", "html"),
        ("序号,任务".encode(), "甲.csv", "csv"),
        ("序号\t任务".encode("gbk"), "甲.tsv", "csv"),
        ("序号\t任务".encode("utf-16"), "甲.xls", "txt"),
        (b"BM25,1", "甲.csv", "csv"),
        (OLE + "WordDocument".encode("utf-16-le"), "甲.doc", "doc"),
        (OLE + "Workbook".encode("utf-16-le"), "甲.xls", "xlsx"),
        (OLE + "Workbook".encode("utf-16-le"), "甲.et", "et"),
        (OLE + "WorkbookWordDocument".encode("utf-16-le"), "甲.xls", "xlsx"),
        (OLE + "WordDocumentWorkbook".encode("utf-16-le"), "甲.doc", "doc"),
    ],
)
def test_bytes_and_not_the_name_tell_what_a_file_is(tmp_path: Path, data: bytes, name: str, kind: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert kind_of(tmp_path / name) == kind


@pytest.mark.parametrize(("data", "name"), [(docx_bytes(), "云岫县2024年一季度.pdf"), (xlsx_bytes(), "云岫县2024年一季度.docx")])
def test_report_with_a_wrong_extension_is_read(tmp_path: Path, data: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(data)
    assert [i.task for i in read_report(tmp_path / name).items] == ["修路"]


def test_old_workbook_renamed_docx_is_read(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("2024年一季度")
    for r, row in enumerate(ROWS):
        for c, text in enumerate(row):
            sheet.write(r, c, text)
    book.save(str(tmp_path / "甲.docx"))
    assert [i.text for i in read_report(tmp_path / "甲.docx").items] == ["已完工。"]


def test_protected_office_file_is_refused(tmp_path: Path) -> None:
    protected = io.BytesIO()
    OOXMLFile(io.BytesIO(docx_bytes())).encrypt("geheim", protected)
    assert msoffcrypto.OfficeFile(protected).is_encrypted()
    assert refusal(tmp_path, protected.getvalue()) == "甲.docx：文件设有打开密码。请在 Word、Excel 或 WPS 中取消密码后另存再试"


def test_zip_bomb_is_refused_unopened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = bytearray(zipped({"word/document.xml": b"1", "word/media/甲.bin": b"0"}))
    # The directory at the end claims 60 MB for each part; its size field stands 24 bytes after the signature.
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        struct.pack_into("<I", data, at + 24, 60_000_000)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("the archive was opened"))
    assert refusal(tmp_path, bytes(data)).startswith("甲.docx：解压后有 120 MB（压缩比 ")
    assert refusal(tmp_path, bytes(data)).endswith("），不像正常的文档。为安全起见没有打开；请核实来源")


def test_archive_of_too_many_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "_MOST_ENTRIES", 3)
    assert "不像正常的文档" in refusal(tmp_path, docx_bytes())


def replaced(data: bytes, name: str, change: tuple[bytes, bytes]) -> bytes:
    """An archive with a stretch of one part replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    assert change[0] in parts[name]
    return zipped({**parts, name: parts[name].replace(*change, 1)})


ENTITIES = b'<!DOCTYPE a [<!ENTITY x "%s"><!ENTITY y "%s"><!ENTITY z "%s">]>' % (b"0" * 1000, b"&x;" * 1000, b"&y;" * 1000)


def test_xml_entities_of_a_word_document_are_not_expanded(tmp_path: Path) -> None:
    data = replaced(docx_bytes(), "word/document.xml", (b"<w:document", ENTITIES + b"<w:document"))
    (tmp_path / "甲.docx").write_bytes(replaced(data, "word/document.xml", ("已完工。".encode(), "已完工。&z;".encode())))
    try:
        assert read_report(tmp_path / "甲.docx").items[0].text == "已完工。"
    except InputError as error:
        assert str(error).startswith("甲.docx：不能作为 Word 文档打开")


def test_external_entity_of_a_word_document_is_not_fetched(tmp_path: Path) -> None:
    (tmp_path / "geheim.txt").write_text("geheim", encoding="utf-8")
    doctype = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "geheim.txt").as_uri()}">]>'.encode()
    data = replaced(docx_bytes(), "word/document.xml", (b"<w:document", doctype + b"<w:document"))
    (tmp_path / "甲.docx").write_bytes(replaced(data, "word/document.xml", ("已完工。".encode(), "已完工。&x;".encode())))
    assert "geheim" not in str(read_report(tmp_path / "甲.docx"))


def test_xml_entities_of_a_workbook_are_not_expanded(tmp_path: Path) -> None:
    data = replaced(xlsx_bytes(), "xl/worksheets/sheet1.xml", (b"<worksheet", ENTITIES + b"<worksheet"))
    (tmp_path / "2024年一季度.xlsx").write_bytes(
        replaced(data, "xl/worksheets/sheet1.xml", (b"</t></is></c></row></sheetData>", b"&z;</t></is></c></row></sheetData>"))
    )
    try:
        assert len(read_report(tmp_path / "2024年一季度.xlsx").items[0].text) < 20
    except InputError as error:
        assert "不能作为工作簿打开" in str(error) or "工作表读不出来" in str(error)


@pytest.mark.parametrize("part", ["word/document.xml", "[Content_Types].xml", "_rels/.rels"])
def test_word_document_with_a_broken_part_is_refused(tmp_path: Path, part: str) -> None:
    message = refusal(tmp_path, replaced(docx_bytes(), part, (b"<", b"<<")))
    assert message.startswith("甲.docx：不能作为 Word 文档打开（")
    assert message.endswith("）。请在 Word 或 WPS 中打开并另存为 docx 再试")


def test_encrypted_part_of_an_archive_is_refused(tmp_path: Path) -> None:
    data = bytearray(docx_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := data.find(signature, at + 1)) >= 0:
            data[at + offset] |= 1
    assert refusal(tmp_path, bytes(data)) == "甲.docx：不能作为 Word 文档打开（RuntimeError）。请在 Word 或 WPS 中打开并另存为 docx 再试"


@pytest.mark.parametrize(("name", "stream", "target"), [("甲.doc", "WordDocument", "docx"), ("甲.wps", "WordDocument", "docx"), ("甲.et", "Workbook", "xlsx")])
def test_old_format_without_libreoffice_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, stream: str, target: str) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(container, "_windows_office", lambda: None)
    message = refusal(tmp_path, OLE + stream.encode("utf-16-le"), name)
    assert message == f"{name}：旧格式（{Path(name).suffix}）需要转换，而本机没有 LibreOffice。请在 Word 或 WPS 中另存为 {target} 再试"


def test_conversion_that_writes_nothing_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "soffice")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)
    message = refusal(tmp_path, OLE + "WordDocument".encode("utf-16-le"), "甲.doc")
    assert message == "甲.doc：LibreOffice 不能转换此文件。请在 Word 或 WPS 中另存为 docx 再试"


def test_conversion_that_hangs_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: object, timeout: int, **__: object) -> None:
        raise subprocess.TimeoutExpired("soffice", timeout)

    monkeypatch.setattr(shutil, "which", lambda _: "soffice")
    monkeypatch.setattr(subprocess, "run", hang)
    message = refusal(tmp_path, OLE + "WordDocument".encode("utf-16-le"), "甲.doc")
    assert message == "甲.doc：LibreOffice 没有完成转换（TimeoutExpired）。请在 Word 或 WPS 中另存为 docx 再试"


def test_old_word_document_is_read_through_libreoffice(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("soffice is not installed")
    document = OpenDocumentText()
    document.text.addElement(P(text="云岫县2024年一季度进展情况"))
    table = Table(name="表")
    table.addElement(TableColumn(numbercolumnsrepeated="4"))
    for row in ROWS:
        line = TableRow()
        for text in row:
            cell = TableCell(valuetype="string")
            cell.addElement(P(text=text))
            line.addElement(cell)
        table.addElement(line)
    document.text.addElement(table)
    document.save(str(tmp_path / "甲.odt"))
    profile = (tmp_path / "profile").as_uri()
    command = [office, "--headless", f"-env:UserInstallation={profile}", "--convert-to", "doc", "--outdir", str(tmp_path), str(tmp_path / "甲.odt")]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    report = read_report(tmp_path / "甲.doc")
    assert [(i.task, i.text, str(i.source)) for i in report.items] == [("修路", "已完工。", "甲.doc 表1第 2 行")]
    assert (report.file, report.title) == ("甲.doc", "云岫县2024年一季度进展情况")


def test_report_without_a_period_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "甲.xlsx").write_bytes(xlsx_bytes())
    with pytest.raises(UsageError) as caught:
        read_report(tmp_path / "甲.xlsx")
    assert str(caught.value) == "甲.xlsx：标题和文件名里都没有写明报告期。请加 --period，例如 --period 2023Q1（一季度）、2023H1（上半年）"

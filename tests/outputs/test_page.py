"""The page: whole in one file, small, and nothing that a report holds can act on it."""

from __future__ import annotations

import base64
import fnmatch
import json
import re
import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from nlp import batch
from nlp.outputs.document import document, json_block
from nlp.outputs.page import page_data, shown, utf16_offsets, write_page
from nlp.records import Period
from nlp.wording import period_name
from tests.outputs.generated import item, problem, ranked, report

HOSTILE = (
    "<script>alert(1)</script>在办",
    "</script><!-- <b>在办",
    '=HYPERLINK("http://a.example","b")',
    "{{data}}{{title}}在办",
    "甲\x00乙\x1b丙\u202e丁\u2066戊\u200f己",
    "甲\u2028乙\u2029丙",
    "半个字\ud83d在办",
    "整治河道𠮷桥段",
)
PERIOD = Period("2024Q1", 0.25)


@dataclass(frozen=True)
class Passage:
    heading: str
    text: str
    numbers: tuple[str, ...]


def written(path: Path, items: list[dict[str, Any]], **given: Any) -> str:
    write_page(path, **{"title": "甲市一季度", "place": "甲市", "period": PERIOD, "items": items, "risks": ranked(items), **given})
    return path.read_text(encoding="utf-8")


def data_of(page: str) -> dict[str, Any]:
    (block,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return json.loads(block)


def test_hostile_text_stands_in_the_data_and_nowhere_else(tmp_path: Path) -> None:
    items = [item(n, text=text, task=text, units=[text], section=text, other=[{"header": text, "text": text}]) for n, text in enumerate(HOSTILE, start=1)]
    page = written(tmp_path / "a.html", items, title=HOSTILE[0], place=HOSTILE[1], passages=[Passage(HOSTILE[1], HOSTILE[0], ("1",))])
    rows = data_of(page)["rows"]
    assert [row["text"] for row in rows] == [shown(text) for text in HOSTILE]
    assert [row["text"] for row in rows][:4] == list(HOSTILE[:4])
    # The shell: policy, style, data, script; whatever else looks like an element is text.
    tree = html.fromstring(page)
    assert [(e.tag, e.get("type")) for e in tree.iter("script")] == [("script", "application/json"), ("script", None)]
    assert not list(tree.iter("img", "iframe", "object", "embed", "link", "base", "form", "b"))
    assert not [e for e in tree.iter() if any(name.startswith("on") or name == "style" for name in e.attrib)]
    assert tree.findtext(".//h1") == HOSTILE[0]
    block = page.split('id="data">')[1].split("</script>")[0]
    assert not re.search("[<>&\u2028\u2029\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", block)


@pytest.mark.parametrize("value", [{"a": ["</script>", "<!--", "&amp;", "\u2028\u2029", "\x00\x7f", "\ud83d", "😀", "\\u003c"]}, [None, True, -0.5, 10**12]])
def test_a_json_block_parses_to_what_was_given(value: object) -> None:
    block = json_block(value)
    assert json.loads(block) == value
    assert not set(block) & set("<>&\u2028\u2029")
    block.encode("utf-8")


def test_what_cannot_be_seen_is_shown_without_moving_any_offset() -> None:
    for text in HOSTILE:
        assert len(shown(text)) == len(text)
    assert shown("甲\x00乙\u202e丙\ud800\n丁\t") == "甲�乙�丙�\n丁\t"


def test_offsets_count_as_javascript_counts() -> None:
    text = "𠮷桥段𠮷尚未开工"
    spans = utf16_offsets(text, (0, 1, 4, 8))
    assert spans == [0, 2, 6, 10]
    assert text.encode("utf-16-le")[spans[1] * 2 : spans[2] * 2].decode("utf-16-le") == text[1:4]
    assert utf16_offsets("甲乙", (0, 2)) == [0, 2]


def test_spans_of_problems_and_figures_are_moved_with_the_text(tmp_path: Path) -> None:
    text = "𠮷桥段完成3公里，用地未批。"
    figure = {"name": "道路", "kind": "quantity", "target": 12.0, "target_unit": "公里", "result": 3.0, "result_unit": "公里", "ratio": 0.25, "expected": 0.25}
    figure |= {"verdict": "on_pace", "light": "green", "task_span": None, "text_span": [5, 8], "arithmetic": "3 / 12公里 = 25%", "score": 0.9}
    row = item(1, text=text, status="at_risk", problems=[problem(text, "用地未批", "blocked")], indicators=[figure])
    (data,) = data_of(written(tmp_path / "a.html", [row]))["rows"]
    wide = text.encode("utf-16-le")
    assert wide[data["problems"][0][0] * 2 : data["problems"][0][1] * 2].decode("utf-16-le") == "用地未批"
    assert wide[data["indicators"][0]["text"][0] * 2 : data["indicators"][0]["text"][1] * 2].decode("utf-16-le") == "3公里"
    assert (data["indicators"][0]["target"], data["indicators"][0]["result"], data["indicators"][0]["task"]) == ("12公里", "3公里", None)


def test_the_policy_lets_through_what_stands_in_the_page_and_forbids_the_rest(tmp_path: Path) -> None:
    page = written(tmp_path / "a.html", [item(1, text="在办")])
    policy = html.fromstring(page).xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    style, script = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)[0], re.findall(r"<script>(.*?)</script>", page, re.DOTALL)[0]
    for source in (style, script):
        assert f"'sha256-{base64.b64encode(sha256(source.encode()).digest()).decode()}'" in policy
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|fetch\(|XMLHttpRequest|\bimport\b", script)
    assert not re.search(r"https?:(?!//www\.w3\.org/2000/svg)|url\(|@import", style + script)


def test_a_page_without_a_script_allows_none() -> None:
    assert "script-src 'none'" in document(title="甲", style="p { color: red }", body="<p>乙</p>")


def test_three_hundred_rows_take_less_than_two_megabytes(tmp_path: Path) -> None:
    items, risks = report(300)
    written(tmp_path / "a.html", items, risks=risks)
    assert (tmp_path / "a.html").stat().st_size < 2_000_000


def test_cited_numbers_lead_to_their_rows_and_ranks_to_their_reasons() -> None:
    items = [item(n, text="在办", status="at_risk" if n == 3 else "completed", number=number) for n, number in enumerate(("1", "2", "1", ""), start=1)]
    risks = ranked(items)
    data = page_data(title="甲", place="", period=PERIOD, items=items, risks=risks, passages=[Passage("总体", "一段", ("2", "1", "9"))])
    assert data["passages"] == [{"heading": "总体", "text": "一段", "cited": [["2", 1], ["1", 2], ["9", None]]}]
    assert data["risks"] == [[2, "按句判定"]]


@pytest.mark.parametrize(
    ("code", "name"),
    [("2023Q1", "2023年一季度"), ("2023H1", "2023年上半年"), ("2023Q3", "2023年前三季度"), ("2024FY", "2024年全年"), ("2023M11", "2023年1—11月")],
)
def test_periods_are_named_as_people_name_them(code: str, name: str) -> None:
    assert period_name(code) == name


def test_a_run_writes_the_page_where_it_is_asked_for(tmp_path: Path, write_csv: Any) -> None:
    path = write_csv("序号,主要任务,牵头单位,落实情况", "1,整治河道,市水利局,因资金不足，工程停工。")
    batch.run([path], out=tmp_path / "out", formats=["html"])
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["ducha.html", "run.json"]
    (row,) = data_of((tmp_path / "out" / "ducha.html").read_text(encoding="utf-8"))["rows"]
    assert (row["number"], row["task"], row["units"], row["text"]) == ("1", "整治河道", ["市水利局"], "因资金不足，工程停工。")


def test_the_wheel_takes_every_resource_along(root: Path) -> None:
    patterns = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]["nlp"]
    paths = [path.relative_to(root / "nlp") for path in (root / "nlp" / "resources").rglob("*") if path.is_file()]
    assert not [path for path in paths if not any(len(Path(p).parts) == len(path.parts) and fnmatch.fnmatch(path.as_posix(), p) for p in patterns)]


def test_all_wording_is_used_and_none_is_missing(root: Path) -> None:
    folder = root / "nlp" / "resources" / "page"
    words = tomllib.loads((folder / "words.toml").read_text(encoding="utf-8"))["zh"]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (*folder.glob("*.js"), folder / "page.html"))
    used = set(re.findall(r"WORDS\.(\w+)|say\('(\w+)'|\{\{(\w+)\}\}", sources))
    named = {name for names in used for name in names if name} - {"title", "data"}
    assert named <= set(words)
    assert not [key for key in words if key not in named | {"lang"} and f"'{key}'" not in sources]
    # Chinese stands in the wording alone.
    assert not re.search("[\u4e00-\u9fff]", sources)

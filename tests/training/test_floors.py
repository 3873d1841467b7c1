"""Floors: those that ship are sound, a file of one's own is checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlp.errors import ResourceError
from nlp.labels import AT_RISK
from nlp.training.floors import Floor, load_floors

HEAD = "field,label,metric,least"
NEEDED = "statement,at_risk,recall,0.9"


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_those_that_ship_begin_with_the_recall_of_what_is_at_risk() -> None:
    floors = load_floors()
    assert (floors[0].field, floors[0].label, floors[0].metric) == ("statement", AT_RISK, "recall")
    assert {floor.field for floor in floors} == {"statement", "item", "span"}
    assert all(0.7 <= floor.least < 1 for floor in floors)


def test_a_file_of_ones_own_is_read_at_risk_first(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", HEAD, "span,all,f1,0.5", NEEDED)
    assert load_floors(path) == [Floor("statement", "at_risk", "recall", 0.9), Floor("span", "all", "f1", 0.5)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["field,label,least", NEEDED], "表头为 field,label,least，应为 field,label,metric,least"),
        ([HEAD, NEEDED, "statement,risky,f1,0.9"], "第 3 行：不认识 statement,risky,f1"),
        ([HEAD, NEEDED, "statement,macro,recall,0.9"], "macro 只有 f1"),
        ([HEAD, NEEDED, "span,all,f1"], "第 3 行：下限  不是数"),
        ([HEAD, NEEDED, "span,all,f1,0.9,1"], "第 3 行：不认识"),
        ([HEAD, NEEDED, "span,all,f1,90"], "下限为 90，应大于 0、至多为 1"),
        ([HEAD, NEEDED, "span,all,f1,nan"], "下限为 nan"),
        ([HEAD, NEEDED, NEEDED], "statement,at_risk,recall 出现两次"),
        ([HEAD, "span,all,f1,0.9"], "缺少 statement,at_risk,recall 的下限"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, lines: list[str], message: str) -> None:
    with pytest.raises(ResourceError) as caught:
        load_floors(write(tmp_path / "f.csv", *lines))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="读不出来（FileNotFoundError）"):
        load_floors(tmp_path / "none.csv")

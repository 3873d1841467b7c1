"""Names of units: the cases of the data file, own aliases, proposals that stay proposals."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest

from nlp.config import load_toml
from nlp.errors import ResourceError
from nlp.unit_names import Aliases, load_aliases, national_key, nearest, propose

CASES = load_toml("unit_aliases.toml")["cases"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: next(iter(case.values()))[0])
def test_cases_of_the_data(case: dict[str, list[str]]) -> None:
    for names in [case["same"]] if "same" in case else []:
        assert len({national_key(name) for name in names}) == 1
    for one, other in combinations(case.get("differ", []), 2):
        assert national_key(one) != national_key(other)


def test_a_name_that_is_already_full_or_unknown_stays() -> None:
    assert national_key("市住房和城乡建设局") == "市住房和城乡建设局"
    assert national_key("苍浦 海关") == "苍浦海关"
    assert national_key("") == ""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "别名.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_of_aliases_stands_above_the_national_names(tmp_path: Path) -> None:
    aliases = load_aliases(write(tmp_path, '"市住房和城乡建设局" = ["市建设局", "市房管局"]\n"高新区" = ["高新区管委会"]\n'))
    assert {aliases.key(name) for name in ("市住建局", "市建设局", "市 房管局", "市住房和城乡建设局")} == {"市住房和城乡建设局"}
    assert aliases.key("高新区管委会") == aliases.key("高新区")
    assert aliases.own_name("市住建局") == "市住房和城乡建设局"
    assert aliases.own_name("市水利局") is None
    assert load_aliases(None).key("市建设局") != load_aliases(None).key("市住建局")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('"甲局" = "乙局"', "“甲局”的值不是名称列表。请写作"),
        ('"甲局" = ["丙局"]\n"乙局" = ["丙局"]', "“丙局”同时列在“甲局”和“乙局”之下"),
        ("甲局 = [", "不能作为单位别名文件读入"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ResourceError, match=r"别名\.toml") as error:
        load_aliases(write(tmp_path, text))
    assert message in str(error.value)


def test_what_looks_alike_is_proposed_and_not_applied() -> None:
    names = ["市自然资源局"] * 3 + ["市自然资源和规划局", "市水利局", "市水务局", "县水利局", "市教育局", "市体育局", "望礁县政府", "望江县政府"]
    proposals = propose(names, aliases=Aliases())
    assert [(p.name, p.other) for p in proposals] == [("市自然资源局", "市自然资源和规划局")]
    assert 60 <= proposals[0].similarity < 100
    assert Aliases().key("市自然资源局") != Aliases().key("市自然资源和规划局")


def test_what_the_aliases_put_together_is_no_proposal() -> None:
    assert propose(["市住建局", "市住房和城乡建设局"], aliases=Aliases()) == ()
    assert [p.other for p in propose(["市发改委", "市发改委", "市发改局"], aliases=Aliases())] == ["市发改局"]


def test_the_nearest_names() -> None:
    assert nearest("市住房局", ["市水利局", "市住房和城乡建设局", "市住房公积金中心", "苍浦海关"], limit=2)[0] == "市住房和城乡建设局"

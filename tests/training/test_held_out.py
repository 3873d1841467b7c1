"""What is held out, and whether a model has seen it."""

from __future__ import annotations

import shutil
from hashlib import sha256
from pathlib import Path

import pytest

from nlp.errors import CorpusError, UsageError
from nlp.terminal.training import _inherited
from nlp.training.held_out import HeldOut, chosen_on, learned_from, read_held_out

HELD = HeldOut((), {"mochuan/fy.jsonl": "aaa", "hengqu/q1.jsonl": "bbb"})


@pytest.fixture
def corpora(root: Path, tmp_path: Path) -> Path:
    """A government of each split with its first quarter and its year."""
    for name in ("langang", "mochuan", "jiangbu"):
        folder = tmp_path / "corpora" / name
        folder.mkdir(parents=True)
        for file in ("government.toml", "q1.jsonl", "fy.jsonl"):
            shutil.copyfile(root / "corpora" / name / file, folder / file)
    return tmp_path / "corpora"


def test_a_folder_of_governments_gives_those_of_dev(corpora: Path) -> None:
    held = read_held_out([corpora])
    assert held.quarters == {f"mochuan/{name}": sha256((corpora / "mochuan" / name).read_bytes()).hexdigest() for name in ("q1.jsonl", "fy.jsonl")}
    assert held.governments == ("mochuan",)
    assert len(held.items) == 100


def test_one_named_by_itself_is_taken_whatever_its_split_but_never_test(corpora: Path) -> None:
    assert read_held_out([corpora / "langang"]).governments == ("langang",)
    quarter = read_held_out([corpora / "langang" / "fy.jsonl"])
    assert list(quarter.quarters) == ["langang/fy.jsonl"]
    assert {item.period[4:] for item in quarter.items} == {"FY"}
    with pytest.raises(UsageError, match="jiangbu 属于 test，只用于最后衡量"):
        read_held_out([corpora / "jiangbu" / "q1.jsonl"])


def test_nothing_held_out_or_twice_the_same_is_refused(corpora: Path) -> None:
    shutil.rmtree(corpora / "mochuan")
    with pytest.raises(CorpusError, match="没有留出的语料"):
        read_held_out([corpora])
    with pytest.raises(CorpusError, match="没有这个季度"):
        read_held_out([corpora / "langang" / "h1.jsonl"])
    with pytest.raises(UsageError, match=r"langang/fy\.jsonl 指定了两次"):
        read_held_out([corpora / "langang", corpora / "langang" / "fy.jsonl"])


@pytest.mark.parametrize(
    ("manifest", "learned"),
    [
        ({"train": ["langang"], "corpora": {"langang/q1.jsonl": "ccc", "mochuan/fy.jsonl": "aaa"}}, []),
        ({"train": ["mochuan"], "corpora": {"mochuan/fy.jsonl": "aaa"}}, ["mochuan/fy.jsonl"]),
        # Corrected since: the same quarter all the same.
        ({"train": ["mochuan"], "corpora": {"mochuan/fy.jsonl": "older"}}, ["mochuan/fy.jsonl"]),
        # Another quarter of a government that was learned from may be held out.
        ({"train": ["mochuan"], "corpora": {"mochuan/q1.jsonl": "ddd"}}, []),
        # The same rows under another name.
        ({"train": ["other"], "corpora": {"other/q1.jsonl": "bbb"}}, ["hengqu/q1.jsonl"]),
        ({"train": ["hengqu"]}, ["hengqu/q1.jsonl"]),
        ({"train": [], "inherited": {"train": ["mochuan"], "corpora": {"mochuan/fy.jsonl": "aaa"}}}, ["mochuan/fy.jsonl"]),
        ({"files": {}}, None),
    ],
)
def test_what_a_model_has_learned_from(manifest: dict[str, object], learned: list[str] | None) -> None:
    assert learned_from(manifest, HELD) == learned


def test_the_shipped_split_is_held_out_from_itself(root: Path) -> None:
    held = read_held_out([root / "corpora"])
    assert held.governments == ("hengqu", "mochuan")
    assert chosen_on({"dev": ["mochuan", "other"]}, held) == ["mochuan"]


def test_a_quick_training_hands_on_what_its_base_had_learned_from(make_model, tmp_path: Path) -> None:
    older = {"train": ["mochuan"], "corpora": {"mochuan/fy.jsonl": "aaa"}}
    base = make_model("base", train=["langang"], corpora={"langang/q1.jsonl": "ccc", "hengqu/q1.jsonl": "bbb"}, inherited=older)
    found = _inherited(base)
    assert found["inherited"] == {"train": ["langang", "mochuan"], "corpora": {"mochuan/fy.jsonl": "aaa", "langang/q1.jsonl": "ccc"}}
    assert learned_from({"train": [], **found}, HELD) == ["mochuan/fy.jsonl"]
    assert _inherited(tmp_path) == {}

"""Which model is in use: the shipped one until another is promoted, and never one that was changed since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlp.errors import ModelError
from nlp.in_use import CURRENT, Use, manifest_hash, model_in_use, read_use


def say(models: Path, **changed: object) -> None:
    record = {"model": "mine", "manifest": manifest_hash(models / "mine"), "since": "2024-04-01", "by": "甲", "before": [], "change": {}}
    (models / CURRENT).write_text(json.dumps({**record, **changed}), encoding="utf-8")


def test_without_a_file_it_is_the_shipped_one_and_none_where_there_is_none(make_model, tmp_path: Path) -> None:
    assert model_in_use(tmp_path) is None
    shipped = make_model("status")
    assert model_in_use(tmp_path / "models") == shipped
    use = read_use(tmp_path / "models")
    assert use == Use(use.place)
    assert use.place.model == "status"


def test_the_model_named_is_used(make_model) -> None:
    make_model("status")
    mine = make_model("mine")
    say(mine.parent)
    assert model_in_use(mine.parent) == mine
    assert read_use(mine.parent).by == "甲"


def test_a_model_changed_or_gone_is_not_used(make_model) -> None:
    mine = make_model("mine")
    say(mine.parent)
    make_model("mine", seconds=3)
    with pytest.raises(ModelError, match=r"在用的模型在换上之后被改动过.*ducha models rollback"):
        model_in_use(mine.parent)
    mine.rename(mine.with_name("theirs"))
    with pytest.raises(ModelError, match="在用的模型不在了"):
        model_in_use(mine.parent)


@pytest.mark.parametrize("changed", [{"model": "../status"}, {"model": ".hidden"}, {"model": 7}, {"before": 3}, {"since": None, "change": 5}])
def test_a_malformed_file_is_refused_with_its_remedy(make_model, changed: dict[str, object]) -> None:
    models = make_model("mine").parent
    say(models, **changed)
    with pytest.raises(ModelError, match=r"current\.json：不是 ducha models 写的样子"):
        read_use(models)

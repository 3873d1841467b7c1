"""The change of the model in use: checked, judged, whole at every moment, taken back."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nlp.errors import GateError, ModelError, UsageError
from nlp.in_use import CURRENT, model_in_use, read_use
from nlp.training.registry import LOG, Verdict, candidate_name, fault_of, history, list_models, promote, rollback

FIGURES = {"statement": {"macro": {"f1": 0.9}}}


def passes(_candidate: Path, _current: Path | None) -> Verdict:
    return Verdict((), FIGURES)


def refuses(_candidate: Path, _current: Path | None) -> Verdict:
    return Verdict(("语句有风险查全 0.500，低于下限 0.900",))


@pytest.fixture
def models(make_model) -> Path:
    for name in ("status", "one", "two"):
        make_model(name)
    return make_model("three").parent


def state(models: Path) -> list[tuple[str, bytes]]:
    return sorted((path.name, path.read_bytes()) for path in models.iterdir() if path.is_file() and path.name != ".lock")


def test_what_passes_is_used_and_logged(models: Path) -> None:
    asked = []
    promote(models, name="one", judge=lambda *folders: asked.append(folders) or passes(*folders), by="甲", why="季度更新")
    assert asked == [(models / "one", models / "status")]
    assert model_in_use(models) == models / "one"
    use = read_use(models)
    assert (use.by, [place.model for place in use.before]) == ("甲", ["status"])
    (entry,) = history(models)
    assert {key: entry[key] for key in ("by", "what", "from", "to", "why", "forced", "refusals", "figures")} == {
        "by": "甲",
        "what": "promote",
        "from": "status",
        "to": "one",
        "why": "季度更新",
        "forced": False,
        "refusals": [],
        "figures": FIGURES,
    }
    with pytest.raises(UsageError, match="one 已经在用"):
        promote(models, name="one", judge=passes, by="甲")


def test_the_first_model_of_a_folder_has_nothing_to_be_compared_with(make_model) -> None:
    models = make_model("one").parent
    asked = []
    promote(models, name="one", judge=lambda *folders: asked.append(folders) or passes(*folders), by="甲")
    assert asked == [(models / "one", None)]
    with pytest.raises(ModelError, match="在这之前没有用过别的模型"):
        rollback(models, by="甲")


def test_a_refusal_changes_nothing_and_force_is_logged(models: Path) -> None:
    promote(models, name="one", judge=passes, by="甲")
    before = state(models)
    with pytest.raises(GateError, match=r"^two：语句有风险查全 0\.500，低于下限 0\.900。模型没有换。仍要换上请加 --force --why 理由$"):
        promote(models, name="two", judge=refuses, by="甲")
    assert state(models) == before
    promote(models, name="two", judge=refuses, by="乙", why="演示", force=True)
    last = history(models)[-1]
    assert (last["forced"], last["why"], last["refusals"]) == (True, "演示", ["语句有风险查全 0.500，低于下限 0.900"])


@pytest.mark.parametrize("damage", ["model.onnx", "heads.safetensors"])
def test_a_damaged_candidate_is_never_used(models: Path, damage: str) -> None:
    (models / "one" / damage).write_text("x", encoding="utf-8")
    with pytest.raises(ModelError, match=f"文件 {damage} 与清单不符，不能换上"):
        promote(models, name="one", judge=passes, by="甲", force=True, why="x")
    (models / "one" / damage).unlink()
    with pytest.raises(ModelError, match=f"缺少文件 {damage}"):
        promote(models, name="one", judge=passes, by="甲", force=True, why="x")
    assert state(models) == []


def test_a_candidate_changed_while_it_is_judged_is_not_used(models: Path, make_model) -> None:
    def judge(_candidate: Path, _current: Path | None) -> Verdict:
        make_model("one", seconds=9)
        return Verdict()

    with pytest.raises(ModelError, match="清单被改动过，不能换上"):
        promote(models, name="one", judge=judge, by="甲")
    assert model_in_use(models) == models / "status"


def test_where_the_model_in_use_is_damaged_only_force_changes_it(models: Path) -> None:
    (models / "status" / "model.onnx").write_text("x", encoding="utf-8")
    with pytest.raises(GateError, match=r"在用的 status 已损坏（文件 model\.onnx 与清单不符），无法与它比较"):
        promote(models, name="one", judge=passes, by="甲")
    promote(models, name="one", judge=passes, by="甲", force=True, why="坏了")
    assert model_in_use(models) == models / "one"


def test_rollback_goes_back_step_by_step_and_not_to_what_was_changed(models: Path, make_model) -> None:
    for name in ("one", "two", "three"):
        promote(models, name=name, judge=passes, by="甲")
    assert rollback(models, by="乙", why="误报多")["to"] == "two"
    assert rollback(models, by="乙")["to"] == "one"
    assert model_in_use(models) == models / "one"
    assert [(entry["what"], entry["from"], entry["to"]) for entry in history(models)[-2:]] == [("rollback", "three", "two"), ("rollback", "two", "one")]
    before = state(models)
    make_model("status", seconds=9)
    with pytest.raises(ModelError, match="清单被改动过，不能换上"):
        rollback(models, by="乙")
    assert state(models) == before


def test_what_a_killed_run_left_out_of_the_log_is_made_up(models: Path) -> None:
    promote(models, name="one", judge=passes, by="甲")
    promote(models, name="two", judge=passes, by="甲")
    log = models / LOG
    log.write_text(log.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    assert [entry["to"] for entry in history(models)] == ["one", "two"]
    rollback(models, by="甲")
    assert [json.loads(line)["to"] for line in log.read_text(encoding="utf-8").splitlines()] == ["one", "two", "one"]


# In a process of its own: changes the model to and fro in a child, kills it at a random moment or at a given step, looks at what is left.
REHEARSAL = """
import os, pathlib, random, signal, sys, time
from nlp.errors import UsageError
from nlp.in_use import model_in_use, read_use
from nlp.training.registry import Verdict, fault_of, history, promote, rollback
models, chance = pathlib.Path(sys.argv[1]), random.Random(7)

def to_and_fro():
    while True:
        for name in ("one", "two"):
            try:
                promote(models, name=name, judge=lambda *_: Verdict(), by="a")
            except UsageError:
                pass
        rollback(models, by="a")

def look():
    folder, use, entries = model_in_use(models), read_use(models), history(models)
    assert folder.name in ("status", "one", "two") and not fault_of(folder)
    assert not use.change or entries[-1] == dict(use.change)
    assert all(b["from"] == a["to"] for a, b in zip(entries, entries[1:]))
    return len(entries)

def child(work):
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(1)
    return pid

def until(step):
    left = [step]
    def counted(real):
        def call(*args):
            left[0] -= 1
            if not left[0]:
                os._exit(9)
            return real(*args)
        return call
    os.fsync, pathlib.Path.replace = counted(os.fsync), counted(pathlib.Path.replace)
    to_and_fro()

changes, kills = set(), 0
for step in range(1, 20):
    os.waitpid(child(lambda: until(step)), 0)
    changes.add(look())
ends = time.monotonic() + 60
while kills < 40 and time.monotonic() < ends:
    pid = child(to_and_fro)
    time.sleep(chance.uniform(0, 0.03))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    kills += 1
    changes.add(look())
print(kills, len(changes))
"""


@pytest.mark.skipif(os.name == "nt", reason="no fork on Windows")
def test_a_kill_at_any_moment_leaves_the_old_or_the_new_in_use(models: Path) -> None:
    done = subprocess.run([sys.executable, "-c", REHEARSAL, str(models)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    kills, changes = map(int, done.stdout.split())
    assert kills >= 5
    # The kills fell among changes, not all before the first.
    assert changes >= 5


def test_the_list_says_what_is_in_use_and_what_is_damaged(models: Path, make_model) -> None:
    make_model("two", n_train=40, seconds=12.3, date="2024-04-01", figures={"statement": {"macro_f1": 0.9}})
    (models / "encoder").mkdir()
    (models / "encoder" / "manifest.json").write_text('{"source": {}}', encoding="utf-8")
    (models / "one" / "labels.json").unlink()
    promote(models, name="two", judge=passes, by="甲", force=True, why="x")
    found = {listing.name: listing for listing in list_models(models)}
    assert list(found) == ["one", "status", "three", "two"]
    assert [name for name, listing in found.items() if listing.in_use] == ["two"]
    assert {name: listing.fault for name, listing in found.items() if listing.fault} == {"one": "缺少文件 labels.json"}
    assert (found["two"].date, found["two"].dev["statement"]["macro_f1"]) == ("2024-04-01", 0.9)
    (models / "two").rename(models / "gone")
    assert next(listing for listing in list_models(models) if listing.in_use).fault == "文件夹不在了"


def test_a_candidate_is_named_or_given_by_its_path(models: Path, tmp_path: Path) -> None:
    assert candidate_name("one", models=models) == "one"
    assert candidate_name(str(models / "one") + "/", models=models) == "one"
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(UsageError, match="不在模型文件夹"):
        candidate_name(str(tmp_path / "elsewhere"), models=models)
    with pytest.raises(UsageError, match="没有这个模型"):
        candidate_name("four", models=models)


def test_a_folder_without_models_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="没有这个模型文件夹"):
        list_models(tmp_path / "none")
    assert fault_of(tmp_path / "none") == "文件夹不在了"
    assert not (tmp_path / CURRENT).exists()

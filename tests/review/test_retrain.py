"""The page 重新训练 with a training that only pretends: started once, watched, stopped, cut off and taken up; nothing is put to use untried."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nlp.in_use import model_in_use
from nlp.review import retrain
from nlp.review.desk import Desk, open_folder
from nlp.review.retrain import Retraining
from nlp.store import Store, confirm
from nlp.training import job
from nlp.training.held_out import HeldOut
from nlp.training.trial import Trial
from tests.review.conftest import Browser
from tests.training.test_gate import GOLD, items_of
from tests.training.test_gate import judge as judgement_of

# Trains nothing: an epoch every tenth of a second, then a folder.
PRETEND = """
import shutil, sys, time
from dataclasses import dataclass
from pathlib import Path
from nlp.training.job import journal

@dataclass(frozen=True)
class Step:
    epoch: int; step: int; steps: int; loss: float; seconds_left: float

@dataclass(frozen=True)
class Epoch:
    number: int; loss: float; statement_f1: float; span_f1: float; risk_recall: float; seconds: float
    score = 0.8

words = sys.argv[1:]
out, folder = (Path(words[words.index(name) + 1]) for name in ("--out", "--job"))
print("pretending", *words, flush=True)
with journal(folder) as kept:
    kept.begin(epochs=EPOCHS)
    try:
        for n in range(1, EPOCHS + 1):
            time.sleep(0.1)
            kept.step(Step(n, 4, 4, 0.5, 60.0))
            kept.epoch(Epoch(n, 0.5, 0.8, 0.8, 0.8, 1.0))
    except KeyboardInterrupt:
        if not kept.whole:
            raise
    kept.write()
    shutil.copytree(out.parent / "status", out)
"""
# Longer than any test waits.
ENDLESS = 100_000


def pretend(epochs: int) -> tuple[str, ...]:
    return (sys.executable, "-c", PRETEND.replace("EPOCHS", str(epochs)))


@pytest.fixture
def models(make_model: Callable[..., Path]) -> Path:
    return make_model("status", train=["a"]).parent


@pytest.fixture
def corpora(root: Path, tmp_path: Path) -> Path:
    for name in ("langang", "mochuan"):
        shutil.copytree(root / "corpora" / name, tmp_path / "corpora" / name)
    return tmp_path / "corpora"


@pytest.fixture
def open_page(
    make_desk: Callable[..., Desk], store: Store, outputs: Path, models: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Browser]]:
    """A browser on the page with two rows of run 1 confirmed, over a training that pretends for so many epochs."""
    monkeypatch.setattr(retrain, "missing_packages", tuple)
    open_folder(store, outputs)
    for item in (1, 2):
        confirm(store, item, who="王芳", on_revision=0)
    made: list[Retraining] = []

    def opened(epochs: int = 2, *, with_corpora: bool = True) -> Browser:
        made.append(Retraining(models=models, corpora=corpora if with_corpora else None, program=pretend(epochs)))
        browser = Browser(make_desk(retraining=made[-1]))
        browser.visit("/retrain")
        return browser

    yield opened
    for retraining in made:
        retraining.close()
        if retraining._started:
            retraining._started[1].kill()
            retraining._started[1].wait()


def wish(**changes: Any) -> dict[str, Any]:
    return {"name": "new", "quick": True, "base": True, "quarters": {"1": "learn"}, **changes}


def until(browser: Browser, word: str, *, part: str = "run") -> dict[str, Any]:
    """The state once its part holds the word."""
    limit = time.monotonic() + 60
    while time.monotonic() < limit:
        state: dict[str, Any] = browser.get("/retrain/state").json()
        if word in state[part]:
            return state
        time.sleep(0.1)
    raise AssertionError(state[part])


def test_the_page_says_what_is_learned_and_what_is_held_out(open_page: Callable[..., Browser]) -> None:
    page = open_page().visit("/retrain")
    assert "基础语料：200 行" in page
    assert "陌川市（基础语料的 dev 政府，200 行）" in page
    row = page[page.index('<tr data-run="1">') :]
    assert [cell in row for cell in ('<td class="figure">0</td>', '<td class="figure">2</td>', '<td class="figure">18</td>')] == [True] * 3
    assert '<option value="learn" selected>学</option>' in row
    assert 'href="/retrain"' in open_page().visit("/")


def test_a_training_is_started_watched_and_ends_with_a_model(open_page: Callable[..., Browser], models: Path, corpora: Path) -> None:
    browser = open_page(5)
    answer = browser.post("/retrain/start", wish())
    assert answer.status_code == 200, answer.text
    assert (answer.json()["running"], answer.json()["busy"]) == (True, True)
    assert "基础语料（200 行），乌有市 2024Q1（2 行）" in answer.json()["run"]
    until(browser, "还需约 60 秒")
    state = until(browser, "练完，模型已写出")
    assert (state["busy"], (models / "new").is_dir()) == (False, True)
    assert "1（最好）" in state["run"]
    folder = models / job.FOLDER / "new"
    said = (folder / job.LOG).read_text(encoding="utf-8")
    own = folder / "train"
    assert f"pretending train {corpora} {own} --out {models / 'new'} --base {models / 'status'} --job {folder} --quick" in said
    rows = (own / "乌有市2024" / "q1.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(row)["id"] for row in rows] == ["001", "002"]
    assert '<option value="new"' in state["trial"]


def test_one_at_a_time_also_for_a_second_screen(open_page: Callable[..., Browser]) -> None:
    browser, second = open_page(ENDLESS), open_page(ENDLESS)
    browser.post("/retrain/start", wish())
    until(browser, "正在训练")
    until(browser, 'id="epochs"')
    for other in (browser, second):
        answer = other.post("/retrain/start", wish(name="another"))
        assert (answer.status_code, answer.json()["error"]) == (400, "正在训练 new。请等它练完，或先取消")
    # What is under way is seen by every screen, and by the next start of the program.
    until(second, "可以关掉这一页")


def test_a_training_that_is_cancelled_keeps_its_best_epoch(open_page: Callable[..., Browser], models: Path) -> None:
    browser = open_page(ENDLESS)
    browser.post("/retrain/start", wish())
    until(browser, 'id="epochs"')
    assert browser.post("/retrain/cancel").status_code == 200
    assert "轮里最好的一轮写出模型" in until(browser, "已取消，用")["run"]
    assert (models / "new").is_dir()
    assert browser.post("/retrain/cancel").json()["error"] == "没有正在进行的训练"
    assert browser.post("/retrain/resume").json()["error"] == "没有中断的训练可以继续"


def test_a_training_that_was_killed_is_taken_up(open_page: Callable[..., Browser], models: Path) -> None:
    browser = open_page(ENDLESS)
    browser.post("/retrain/start", wish(quick=False))
    until(browser, 'id="epochs"')
    retraining = browser.client.app.state.desk.retraining
    retraining._started[1].kill()
    retraining._started[1].wait()
    # The next start of the program knows nothing but the files.
    again = open_page(2)
    state = again.get("/retrain/state").json()
    assert "训练的进程已经不在了" in state["run"]
    assert "从最后一个练完的轮次接着练" in state["run"]
    assert again.post("/retrain/resume").status_code == 200
    until(again, "练完，模型已写出")
    assert (models / "new").is_dir()


def test_a_process_that_does_not_come_up_is_told_with_its_last_words(open_page: Callable[..., Browser], models: Path) -> None:
    browser = open_page()
    browser.client.app.state.desk.retraining._program = (sys.executable, "-c", "import sys; sys.exit('错误：内存不足')")
    browser.post("/retrain/start", wish())
    assert "错误：内存不足" in until(browser, "没有练成")["run"]
    assert not (models / "new").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "../x"}, "不合适"),
        ({"name": ".x"}, "不合适"),
        ({"name": ""}, "不合适"),
        ({"name": "status"}, "已有名为 status 的模型"),
        ({"base": False, "quarters": {}}, "没有选学习的内容"),
        ({"quarters": {"7": "learn"}}, "没有第 7 份报告"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_leaves_nothing(open_page: Callable[..., Browser], models: Path, changes: dict[str, Any], message: str) -> None:
    answer = open_page().post("/retrain/start", wish(**changes))
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert sorted(path.name for path in models.rglob("*") if path.is_dir() and path.name != job.FOLDER) == ["status"]


def test_without_torch_the_page_says_so_and_the_rest_works(open_page: Callable[..., Browser], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retrain, "missing_packages", lambda: ("torch",))
    monkeypatch.setattr("nlp.review.retrain_pages.missing_packages", lambda: ("torch",))
    browser = open_page()
    page = browser.visit("/retrain")
    assert (
        "训练需要 torch，这台电脑上没有安装。请先运行 <code>pip install &#39;ducha[train]&#39;</code>" in page or "训练需要 torch，这台电脑上没有安装" in page
    )
    assert 'id="train"' not in page
    assert 'id="in-use">status<' in page
    assert "训练需要 torch，现在没有安装" in browser.post("/retrain/start", wish()).json()["error"]


def test_without_base_corpora_the_page_says_so(open_page: Callable[..., Browser]) -> None:
    browser = open_page(with_corpora=False)
    assert "ducha review --corpora" in browser.visit("/retrain")
    assert "没有基础语料" in browser.post("/retrain/start", wish()).json()["error"]


def trial_of(models: Path, *, refusals: tuple[str, ...] = ()) -> Callable[..., Trial]:
    def tried(_models: Path, *, name: str, rows: HeldOut, **_: Any) -> Trial:
        judgement = judgement_of([("in_progress", "at_risk"), *GOLD[1:]], GOLD)
        hashes = tuple(retrain.nlp.in_use.manifest_hash(models / folder) for folder in (name, "status"))
        return Trial(name, "status", rows, judgement, refusals, ("提醒一句",), hashes)

    return tried


def test_a_model_that_passes_is_put_to_use_and_taken_back(
    open_page: Callable[..., Browser], models: Path, make_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model("new", train=["a"])
    browser = open_page()
    monkeypatch.setattr(retrain, "try_candidate", trial_of(models))
    answer = browser.post("/retrain/promote", {"name": "new"})
    assert answer.json()["error"] == "new 还没有检验。请先检验"
    assert browser.post("/retrain/try", {"name": "new", "where": "own"}).json()["error"].startswith("new：没有留出的行可供检验")
    assert browser.post("/retrain/try", {"name": "none"}).status_code == 400
    browser.post("/retrain/try", {"name": "new", "where": "base"})
    state = until(browser, 'data-passed="true"', part="trial")
    assert "留出：mochuan/q1、mochuan/h1、mochuan/q3、mochuan/fy，共 200 行；与在用的 status 比较" in state["trial"]
    assert items_of(GOLD)[0].text in state["trial"]
    assert "语句有风险查全" in state["trial"]
    assert "提醒一句" in state["trial"]
    assert browser.post("/retrain/promote", {"name": "new", "why": "季度更新"}).status_code == 200
    assert model_in_use(models) == models / "new"
    state = browser.get("/retrain/state").json()
    assert all(word in state["models"] for word in ('id="in-use">new<', "王芳", "季度更新", "退回 status"))
    assert browser.post("/retrain/rollback", {"why": "再看看"}).status_code == 200
    assert model_in_use(models) == models / "status"
    assert "再看看" in browser.get("/retrain/state").json()["models"]


def test_a_model_that_fails_cannot_be_put_to_use(open_page: Callable[..., Browser], models: Path, make_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_model("new", train=["a"])
    browser = open_page()
    monkeypatch.setattr(retrain, "try_candidate", trial_of(models, refusals=("语句有风险查全 0.800，低于下限 0.900",)))
    browser.post("/retrain/try", {"name": "new", "where": "base"})
    state = until(browser, 'data-passed="false"', part="trial")
    assert 'data-act="promote"' not in state["trial"]
    answer = browser.post("/retrain/promote", {"name": "new"})
    assert answer.status_code == 400
    assert "低于下限 0.900" in answer.json()["error"]
    assert model_in_use(models) == models / "status"


def test_a_held_out_quarter_is_kept_apart_and_offered(open_page: Callable[..., Browser], models: Path) -> None:
    browser = open_page()
    assert browser.post("/retrain/start", wish(quarters={"1": "hold"})).status_code == 200
    state = until(browser, "练完，模型已写出")
    folder = models / job.FOLDER / "new"
    assert not (folder / "train").exists()
    assert (folder / "held-out" / "乌有市2024" / "q1.jsonl").is_file()
    state = browser.get("/retrain/state").json()
    assert 'data-own="乌有市2024/q1"' in state["trial"]
    assert '<option value="own" selected>' in state["trial"]


@pytest.mark.parametrize("path", ["start", "cancel", "resume", "try", "promote", "rollback"])
def test_no_other_site_can_start_anything(open_page: Callable[..., Browser], path: str) -> None:
    browser = open_page()
    assert browser.client.post(f"/retrain/{path}", json={}, headers={"origin": "http://evil.example"}).status_code == 403
    assert browser.client.post(f"/retrain/{path}", json=wish(), headers={"origin": browser.headers["origin"]}).status_code == 403

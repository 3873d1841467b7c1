"""The page 重新训练: what is learned from, how far the training is, what the gate says, which model is in use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Response
from fastapi.responses import HTMLResponse, JSONResponse
from pydantic import BaseModel, Field

from nlp.errors import DuchaError, UsageError
from nlp.in_use import read_use
from nlp.labels import STATUS_NAMES
from nlp.review.access import Session
from nlp.review.base_corpora import read_base
from nlp.review.desk import Desk, changer, desk_of, session_of, visitor, with_cookie
from nlp.review.retrain import BASE, BOTH, LONGEST_NAME, OWN, TRAIN, Wish, missing_packages
from nlp.store.own_quarters import OwnQuarter, own_quarters
from nlp.training import job
from nlp.training.gate import CANDIDATE, CURRENT
from nlp.training.held_out import DEV
from nlp.training.registry import PROMOTE, history
from nlp.training.trial import Trial

router = APIRouter()
Visitor = Annotated[Session, Depends(visitor)]
Changer = Annotated[Session, Depends(changer)]
CHANGER = [Depends(changer)]
KNOWN = [Depends(session_of)]
TheDesk = Annotated[Desk, Depends(desk_of)]
SHOWN_FLIPS: Final = 200
SHOWN_CHANGES: Final = 30
_LEARN: Final = "learn"
_HOLD: Final = "hold"
_PHASES: Final = {
    job.LOADING: "正在载入语料和程序",
    job.READING: "编码器正在读语料",
    job.TRAINING: "正在训练",
    job.WRITING: "正在写出模型，并在 dev 政府的行上定校准",
}
_STATES: Final = {job.RUNNING: "正在训练", job.WRITTEN: "已写出模型", job.STOPPED: "已取消", job.FAILED: "没有练成", job.CUT_OFF: "中断了"}


class NewModel(BaseModel):
    """What is to be trained: own quarters by run, `learn` or `hold`."""

    name: str = Field(max_length=LONGEST_NAME)
    quick: bool
    base: bool
    quarters: dict[int, Literal["learn", "hold"]] = Field(max_length=1000)


class Candidate(BaseModel):
    """A candidate, and on which rows it is tried."""

    name: str = Field(max_length=1000)
    where: Literal["own", "base", "both"] = "base"


class Reason(BaseModel):
    """Why a model is changed, for the log; the candidate where one is put to use."""

    name: str = Field("", max_length=1000)
    why: str = Field("", max_length=1000)


@router.get("/retrain")
def retrain(desk: TheDesk, session: Visitor, response: Response) -> HTMLResponse:
    """The page; what moves in it is fetched by its script."""
    base, refusal = None, ""
    try:
        base = read_base(desk.retraining.corpora)
    except DuchaError as error:
        refusal = str(error)
    page = desk.page(
        "retrain.html",
        session=session,
        missing=missing_packages(),
        base=base,
        base_refusal=refusal,
        n_train=base.rows[TRAIN] if base else 0,
        dev_places=base.places[DEV] if base else (),
        n_dev=base.rows[DEV] if base else 0,
        quarters=_chosen(own_quarters(desk.store)),
        name=_free_name(desk),
        longest=LONGEST_NAME,
        has_models=desk.retraining.models.is_dir(),
        models_folder=str(desk.retraining.models),
        **_state(desk),
    )
    return with_cookie(page, response)


@router.get("/retrain/state", dependencies=KNOWN)
def state(desk: TheDesk) -> JSONResponse:
    """The parts of the page that move."""
    return JSONResponse(_state(desk))


@router.post("/retrain/start")
def start(given: NewModel, desk: TheDesk, session: Changer) -> JSONResponse:
    """Begin to train."""
    known = {quarter.run: quarter for quarter in own_quarters(desk.store)}
    if unknown := given.quarters.keys() - known.keys():
        raise UsageError(f"没有第 {min(unknown)} 份报告")
    learned, held_out = (tuple(known[run] for run, use in given.quarters.items() if use == wanted) for wanted in (_LEARN, _HOLD))
    wish = Wish(given.name.strip(), quick=given.quick, with_base=given.base, learned=learned, held_out=held_out, by=session.who)
    desk.retraining.start(wish, store=desk.store)
    return JSONResponse(_state(desk))


@router.post("/retrain/cancel", dependencies=CHANGER)
def cancel(desk: TheDesk) -> JSONResponse:
    """Stop the training and keep its best epoch."""
    desk.retraining.cancel()
    return JSONResponse(_state(desk))


@router.post("/retrain/resume", dependencies=CHANGER)
def resume(desk: TheDesk) -> JSONResponse:
    """Take up a training that was cut off."""
    desk.retraining.go_on()
    return JSONResponse(_state(desk))


@router.post("/retrain/try", dependencies=CHANGER)
def try_out(given: Candidate, desk: TheDesk) -> JSONResponse:
    """Hold a candidate against the gate."""
    desk.retraining.try_out(given.name, where=given.where)
    return JSONResponse(_state(desk))


@router.post("/retrain/promote")
def promote(given: Reason, desk: TheDesk, session: Changer) -> JSONResponse:
    """Put the candidate to use that passed."""
    desk.retraining.promote(given.name, by=session.who, why=given.why.strip())
    return JSONResponse(_state(desk))


@router.post("/retrain/rollback")
def rollback(given: Reason, desk: TheDesk, session: Changer) -> JSONResponse:
    """Go back to the model before."""
    desk.retraining.rollback(by=session.who, why=given.why.strip())
    return JSONResponse(_state(desk))


def _chosen(quarters: tuple[OwnQuarter, ...]) -> list[dict[str, Any]]:
    """The own quarters with what is chosen at first: of each place and period the report with most rows reviewed is learned from."""
    best: dict[str, OwnQuarter] = {}
    for quarter in quarters:
        if not quarter.refusal and quarter.reviewed > (best[quarter.key].reviewed if quarter.key in best else 0):
            best[quarter.key] = quarter
    return [{"quarter": quarter, "is_chosen": best.get(quarter.key) == quarter} for quarter in quarters]


def _free_name(desk: Desk) -> str:
    """A name for a new model: the day, with a number where there is one already."""
    day = datetime.now().strftime("%Y%m%d")
    names = [day, *(f"{day}-{n}" for n in range(2, 100))]
    return next((name for name in names if not (desk.retraining.models / name).exists() and not (desk.retraining.jobs / name).exists()), day)


def _state(desk: Desk) -> dict[str, Any]:
    """HTML of the three parts that move, whether anything is under way, and whether a training is."""
    progress, tried = desk.retraining.progress(), desk.retraining.tried
    is_running = progress is not None and progress.state == job.RUNNING
    try:
        trial = desk.show("retrain_trial.html", **_trial_view(desk))
        models = desk.show("retrain_models.html", **_models_view(desk))
    except DuchaError as error:
        trial, models = desk.show("retrain_fault.html", text=str(error)), ""
    return {
        "run": desk.show("retrain_run.html", progress=progress, view=_progress_view(progress) if progress else None),
        "trial": trial,
        "models": models,
        "busy": is_running or (tried is not None and not tried.is_over),
        "running": is_running,
    }


def _progress_view(progress: job.Progress) -> dict[str, Any]:
    running, phase = progress.state == job.RUNNING, progress.phase
    best = max(progress.finished, key=lambda epoch: epoch["score"], default=None)
    return {
        "state": _STATES[progress.state],
        "is_running": running,
        "phase": "正在停下，稍候" if progress.is_stopping and phase != job.WRITING else _PHASES[phase],
        "left": _left(progress.seconds_left) if running else "",
        "may_cancel": running and phase != job.WRITING and not progress.is_stopping,
        "may_resume": progress.state in {job.CUT_OFF, job.STOPPED, job.FAILED},
        "has_best": best is not None,
        "best": best["number"] if best else 0,
        "since": _moment(progress.order.since),
    }


def _left(seconds: float | None) -> str:
    """Time left in words; it is that of the phase and no promise."""
    if seconds is None:
        return ""
    return f"还需约 {max(1, round(seconds / 60))} 分钟" if seconds >= 90 else f"还需约 {max(1, round(seconds))} 秒"


def _moment(iso: str) -> str:
    return datetime.fromisoformat(iso).astimezone().strftime("%Y-%m-%d %H:%M")


def _trial_view(desk: Desk) -> dict[str, Any]:
    retraining = desk.retraining
    tried = retraining.tried
    candidates = retraining.candidates()
    chosen = tried.name if tried else candidates[0] if candidates else ""
    own = {name: [_quarter_of(path) for path in retraining.held_out(name)] for name in candidates}
    return {
        "candidates": [{"name": name, "held_out": "、".join(own[name]), "is_chosen": name == chosen} for name in candidates],
        "where": tried.where if tried else OWN if own.get(chosen) else BASE,
        "own": OWN,
        "base": BASE,
        "both": BOTH,
        "has_base": retraining.corpora is not None,
        "tried": tried,
        "trial": _shown_trial(tried.trial) if tried and tried.trial else None,
    }


def _quarter_of(path: str) -> str:
    """`government/period` of a quarter's file, whichever system wrote its path."""
    return "/".join(path.replace("\\", "/").rsplit("/", 2)[-2:]).removesuffix(".jsonl")


def _shown_trial(trial: Trial) -> dict[str, Any]:
    judgement = trial.judgement
    flips = judgement.flips if judgement else ()
    return {
        "candidate": trial.candidate,
        "current": trial.current,
        "quarters": [key.removesuffix(".jsonl") for key in trial.held_out.quarters],
        "n_rows": len(trial.held_out.items),
        "passed": not trial.refusals,
        "refusals": trial.refusals,
        "notes": trial.notes,
        "floors": judgement.floors if judgement else (),
        "comparisons": judgement.comparisons if judgement else (),
        "n_flips": len(flips),
        "n_better": sum(flip.right == CANDIDATE for flip in flips),
        "n_worse": sum(flip.right == CURRENT for flip in flips),
        "flips": [{"flip": flip, **{key: STATUS_NAMES[getattr(flip, key)] for key in ("gold", "current", "candidate")}} for flip in flips[:SHOWN_FLIPS]],
        "shown": SHOWN_FLIPS,
    }


def _models_view(desk: Desk) -> dict[str, Any]:
    models = desk.retraining.models
    use = read_use(models) if models.is_dir() else None
    changes = history(models) if models.is_dir() else []
    return {
        "use": use,
        "since": _moment(use.since) if use and use.since else "",
        "before": use.before[0].model if use and use.before else "",
        "changes": [_change(entry) for entry in reversed(changes)][:SHOWN_CHANGES],
    }


def _change(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "when": _moment(entry["when"]),
        "by": entry["by"],
        "what": ("启用" if entry["what"] == PROMOTE else "退回") + ("（强制）" if entry.get("forced") else ""),
        "from": entry["from"] or "（无）",
        "to": entry["to"],
        "why": entry.get("why", ""),
    }

"""What is looked at: the list of reports, the screen, its fragments, charts, the download."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from nlp.by_unit import by_unit
from nlp.labels import AT_RISK, BASES, BASIS_NAMES, PROBLEM_KINDS, PROBLEM_NAMES, STATUS_NAMES
from nlp.readers.container import SUFFIXES
from nlp.review import charts
from nlp.review.access import Session
from nlp.review.desk import ROWS_A_PAGE, Desk, NotFoundError, desk_of, filter_of, find_run, session_of, visitor, with_cookie
from nlp.review.views import entry_view, item_view
from nlp.rewriting import rewrite
from nlp.store.detail import detail, reviews, units
from nlp.store.export import export_rows
from nlp.store.fold import CONFIRMED, CORRECTED, PENDING, REVIEW_NAMES, REVIEWS
from nlp.store.listing import items, read_run, revisions
from nlp.store.runs import Run, list_runs, read_facts

router = APIRouter()
_COLOURS = {PENDING: "#9aa4ae", CORRECTED: "#b45309", CONFIRMED: "#2e7d32"}

Visitor = Annotated[Session, Depends(visitor)]
KNOWN = [Depends(session_of)]
TheDesk = Annotated[Desk, Depends(desk_of)]


@router.get("/")
def start(desk: TheDesk, session: Visitor, response: Response) -> HTMLResponse:
    """The reports in the store, and how to bring in another."""
    counts = reviews(desk.store)
    runs = []
    for run in reversed(list_runs(desk.store)):
        count = counts.get(run.id, dict.fromkeys(REVIEWS, 0))
        total = sum(count.values())
        at = datetime.fromisoformat(run.at).astimezone().strftime("%Y-%m-%d %H:%M")
        runs.append(
            {
                "id": run.id,
                "title": run.title or run.file,
                "file": run.file,
                "period": run.period,
                "model": run.model,
                "at": at,
                "total": total,
                "done": total - count[PENDING],
            }
        )
    page = desk.page(
        "start.html",
        session=session,
        runs=runs,
        has_password=desk.password is not None,
        may_open=desk.password is None,
        suffixes=",".join(sorted(SUFFIXES)),
        largest=desk.largest_upload // 1_000_000,
    )
    return with_cookie(page, response)


@router.get("/login")
def login(desk: TheDesk) -> Response:
    """Name and password; where none is asked for, the start page."""
    return RedirectResponse("/", 303) if desk.password is None else desk.page("login.html", session=None)


@router.get("/runs/{run}")
def review(run: int, desk: TheDesk, session: Visitor, response: Response) -> HTMLResponse:
    """The screen; list and row are fetched by its script."""
    found = find_run(desk.store, run)
    page = desk.page("review.html", session=session, run=found, units=list(units(desk.store, run).items()), progress=progress(desk, run))
    return with_cookie(page, response)


@router.get("/runs/{run}/rows", dependencies=KNOWN)
def rows(run: int, request: Request, desk: TheDesk, offset: int = 0, sort: str = "risk") -> HTMLResponse:
    """A page of the list."""
    find_run(desk.store, run)
    start = max(0, offset)
    page = items(desk.store, run, filter=filter_of(request.query_params), sort=sort, offset=start, limit=ROWS_A_PAGE)
    return desk.page("rows.html", entries=[entry_view(listed) for listed in page.rows], total=page.total, offset=start, limit=ROWS_A_PAGE)


@router.get("/runs/{run}/pending", dependencies=KNOWN)
def pending(run: int, request: Request, desk: TheDesk) -> JSONResponse:
    """How many pending rows a filter lets through."""
    find_run(desk.store, run)
    return JSONResponse({"count": len(revisions(desk.store, run, filter=filter_of({**request.query_params, "state": PENDING})))})


@router.get("/items/{item}", dependencies=KNOWN)
def one(item: int, desk: TheDesk) -> JSONResponse:
    """One row: `item` for the right side, `row` for the list, `progress`, all of them HTML."""
    return JSONResponse(fragments(desk, item))


@router.get("/jobs/{job}", dependencies=KNOWN)
def job(job: str, desk: TheDesk) -> JSONResponse:
    """How far an upload is."""
    found = desk.jobs.find(job)
    if found is None:
        raise NotFoundError("没有这次上传")
    return JSONResponse({"file": found.file, "done": found.done, "total": found.total, "runs": found.runs, "error": found.error})


@router.get("/runs/{run}/charts")
def show_charts(run: int, desk: TheDesk, session: Visitor, response: Response) -> HTMLResponse:
    """How the report and its units stand after the corrections."""
    found = find_run(desk.store, run)
    rows = [(row, state) for row, state, _ in read_run(desk.store, run)]
    statuses = charts.status_parts(Counter(state.status for _, state in rows))
    bases = Counter(state.basis for _, state in rows if state.status == AT_RISK)
    kinds = Counter(kind for _, state in rows for _, kind in state.problems)
    count = progress(desk, run)
    red = charts.COLOURS[AT_RISK]
    reviewed = tuple((REVIEW_NAMES[name], count[name], _COLOURS[name]) for name in REVIEWS)
    moved = Counter((row["status"], state.status) for row, state in rows if row["status"] != state.status)
    page = desk.page(
        "charts.html",
        session=session,
        run=found,
        statuses=statuses,
        ring=charts.doughnut("各项任务状态", statuses),
        reviewed=charts.doughnut("核对进度", reviewed),
        review_counts=reviewed,
        bases=charts.bars("有风险的依据", [charts.Bar(BASIS_NAMES[b], ((BASIS_NAMES[b], bases[b], red),)) for b in BASES if bases[b]]),
        kinds=charts.bars("问题类别", [charts.Bar(PROBLEM_NAMES[k], ((PROBLEM_NAMES[k], kinds[k], red),)) for k in PROBLEM_KINDS if kinds[k]]),
        units=charts.bars(
            "各牵头单位", charts.unit_bars(by_unit([{**row, "status": state.status} for row, state in rows], aliases=read_facts(desk.store, run).aliases))
        ),
        moved=[(STATUS_NAMES[before], STATUS_NAMES[after], n) for (before, after), n in moved.most_common()],
    )
    return with_cookie(page, response)


@router.get("/runs/{run}/export.zip", dependencies=KNOWN)
def export(run: int, desk: TheDesk) -> Response:
    """All outputs, written anew from the corrected state."""
    found = find_run(desk.store, run)
    return Response(
        zipped(desk, found),
        media_type="application/zip",
        headers={"content-disposition": f"attachment; filename=ducha-{run}.zip; filename*=UTF-8''{quote(download_name(found))}"},
    )


def zipped(desk: Desk, run: Run) -> bytes:
    """The outputs of a run as a zip file."""
    with tempfile.TemporaryDirectory(prefix="ducha-export-") as name:
        out = Path(name) / "out"
        rewrite(
            export_rows(desk.store, run.id),
            out=out,
            model_id=run.model,
            yardstick_id=run.yardstick,
            facts=read_facts(desk.store, run.id),
            more={"review": progress(desk, run.id)},
        )
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(path for path in out.rglob("*") if path.is_file()):
                archive.write(path, path.relative_to(out).as_posix())
        return kept.getvalue()


def download_name(run: Run) -> str:
    """File name of a download: that of the report, with what it is."""
    stem = Path(run.file.replace("\\", "/")).stem or run.period
    return f"{stem}-核对后.zip"


def progress(desk: Desk, run: int) -> dict[str, int]:
    """Rows pending, corrected, confirmed, and in all."""
    counts = reviews(desk.store, run=run).get(run, dict.fromkeys(REVIEWS, 0))
    return {**counts, "total": sum(counts.values())}


def fragments(desk: Desk, item: int) -> dict[str, Any]:
    """A row as the screen shows it: HTML of the right side, of the line in the list, of the progress."""
    found = detail(desk.store, item)
    return {
        "id": item,
        "run": found.run,
        "revision": found.state.revision,
        "item": desk.show("item.html", item=item_view(found)),
        "row": desk.show("row.html", entry=entry_view(found.listed)),
        "progress": desk.show("progress.html", progress=progress(desk, found.run)),
    }

"""How quick the review screen is with many rows: `python scripts/measure_review.py [--rows 5000]`. Opens a store in a temporary folder."""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import time
from pathlib import Path

from fastapi.testclient import TestClient

from nlp.batch import read_rows
from nlp.review.app import create_app
from nlp.review.desk import Desk, open_folder
from nlp.review.jobs import Jobs
from nlp.store import open_store

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "corpora" / "sample" / "苍浦市2024年一季度.docx"
ADDRESS = "http://127.0.0.1:8721"
STATUSES = ("completed", "in_progress", "not_started", "at_risk")


def write_rows(folder: Path, count: int) -> None:
    """The rows of the sample report over and over, each with a number and a doubt of its own."""
    rows = read_rows(SAMPLE)
    with (folder / "items.jsonl").open("w", encoding="utf-8") as file:
        for n in range(count):
            row = rows[n % len(rows)]
            row = {**row, "number": str(n + 1), "confidence": n * 37 % 1000 / 1000, "risk": {**row["risk"], "rank": n + 1 if n % 3 == 0 else None}}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def main() -> None:
    """Print seconds for taking in, opening, paging, exporting, and milliseconds a saved change."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=200)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_rows(folder, given.rows)
        with open_store(str(folder / "s.db")) as store:
            begun = time.perf_counter()
            open_folder(store, folder)
            print(f"taken into the store: {time.perf_counter() - begun:.2f} s")
            desk = Desk(store=store, jobs=Jobs(open_folder=lambda path: open_folder(store, path), model=lambda: None), who="测")
            client = TestClient(create_app(desk), base_url=ADDRESS)
            client.get("/")
            begun = time.perf_counter()
            page = client.get("/runs/1")
            for path in ("/runs/1/rows?sort=risk", "/items/1"):
                client.get(path)
            print(f"screen, list and first row: {time.perf_counter() - begun:.3f} s")
            token = re.search(r'name="csrf" content="([^"]+)"', page.text)[1]  # type: ignore[index]
            for query in ("sort=doubt&offset=2500", "status=at_risk&sort=risk", "words=增长&sort=doubt", "unit=市发改委"):
                begun = time.perf_counter()
                client.get(f"/runs/1/rows?{query}")
                print(f"list {query}: {(time.perf_counter() - begun) * 1000:.0f} ms")
            times, cpu = [], time.process_time()
            for n in range(given.changes):
                change = {"revision": 0, "changes": [{"field": "status", "to": {"status": STATUSES[n % 4], "basis": None}}]}
                begun = time.perf_counter()
                answer = client.post(f"/items/{n + 1}/correct", json=change, headers={"origin": ADDRESS, "x-csrf-token": token})
                times.append((time.perf_counter() - begun) * 1000)
                assert answer.status_code == 200, answer.text
            cpu = (time.process_time() - cpu) / given.changes * 1000
            times.sort()
            high = times[int(len(times) * 0.95)]
            print(f"a change saved and shown: median {statistics.median(times):.0f} ms, 95% {high:.0f} ms; of processor time {cpu:.0f} ms")
            for path in ("/runs/1/charts", "/runs/1/export.zip"):
                begun = time.perf_counter()
                client.get(path)
                print(f"{path.rsplit('/', 1)[1]}: {time.perf_counter() - begun:.1f} s")


if __name__ == "__main__":
    main()

"""Labels with history: every change a row of its own, the present state the fold of them. Needs the extra `review`.

with open_store("标注.db") as store:
    run = add_run(store, rows, model="status-1")
    page = items(store, run.id, filter=Filter(review="pending"), sort="doubt", limit=20)
    now = state(store, page.rows[0].item)
    correct(store, now.item, [set_status("at_risk", basis="pace")], who="张三", on_revision=now.revision, why="只完成一成")
    undo(store, who="张三")
"""

from nlp.store.acts import Confirmed, Undone, confirm, confirm_all, correct, undo
from nlp.store.agreement import Agreement, agreements
from nlp.store.engine import Store, open_store
from nlp.store.export import export_rows, labelled_items
from nlp.store.fold import Change, Entry, State, describe, set_note, set_severity, set_span, set_statement, set_status
from nlp.store.listing import Filter, Listed, Page, history, items, revisions, state
from nlp.store.runs import Run, Taken, add_run, list_runs, read_facts, take_run
from nlp.store.suggest import Suggestion, likely_mislabels, next_rows

__all__ = [
    "Agreement",
    "Change",
    "Confirmed",
    "Entry",
    "Filter",
    "Listed",
    "Page",
    "Run",
    "State",
    "Store",
    "Suggestion",
    "Taken",
    "Undone",
    "add_run",
    "agreements",
    "confirm",
    "confirm_all",
    "correct",
    "describe",
    "export_rows",
    "history",
    "items",
    "labelled_items",
    "likely_mislabels",
    "list_runs",
    "next_rows",
    "open_store",
    "read_facts",
    "revisions",
    "set_note",
    "set_severity",
    "set_span",
    "set_statement",
    "set_status",
    "state",
    "take_run",
    "undo",
]

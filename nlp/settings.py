"""How reports are judged and written, as one value that travels: paths and plain words, never a loaded model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nlp.annotate.yardstick import Yardstick, load_yardstick
from nlp.config import load_weights
from nlp.in_use import manifest_hash
from nlp.outputs.columnar import FORMAT
from nlp.records import Period
from nlp.unit_names import Aliases, load_aliases
from nlp.wording import Wording, names

if TYPE_CHECKING:
    from nlp.annotate.encoder import Model

# Written where no others are named; those that can be named.
FORMATS: Final = ("xlsx", "docx", "html", "csv", "jsonl")
ALL_FORMATS: Final = (*FORMATS, FORMAT)
# Risks listed on the terminal and in the brief.
TOP: Final = 15
RULES: Final = "rules"


@dataclass(frozen=True)
class Settings:
    """What a run was told, the reports apart; equal settings and equal reports give equal outputs.

    Parameters
    ----------
    model : folder of the model that reads the words; None leaves them to the cue rules.
    yardstick : file or preset by which results are held against targets; None takes the guide's.
    period : overrides what title and file name say.
    columns : (field, header wording) for columns that cannot be placed by themselves.
    top : so many risks, and at most so many sheets by item, go into the brief.
    units : limits risks and outputs to items that one of these units leads or joins; empty for all.
    unit_aliases : TOML file of names that mean one unit, beside the short names known everywhere.
    lang : language of headers and labels in workbook and csv, `zh` or `en`.
    """

    model: str | None = None
    yardstick: str | None = None
    period: Period | None = None
    columns: tuple[tuple[str, str], ...] = ()
    formats: tuple[str, ...] = FORMATS
    top: int = TOP
    units: tuple[str, ...] = ()
    unit_aliases: str | None = None
    lang: str = "zh"

    def to_json(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return {**asdict(self), "columns": [list(pair) for pair in self.columns], "formats": list(self.formats), "units": list(self.units)}


@dataclass(frozen=True)
class Tools:
    """What the settings name, loaded."""

    model: Model | None
    yardstick: Yardstick
    weights: Mapping[str, float]
    aliases: Aliases
    wording: Wording

    @property
    def model_id(self) -> str:
        """The model's id, `rules` where there is none."""
        return self.model.id if self.model else RULES


def tools_of(settings: Settings) -> Tools:
    """What the settings name, loaded once a process as long as the files stay as they are.

    Raises
    ------
    DuchaError : a model, yardstick or file of names is missing or malformed, or there is no such language.
    """
    return _tools(settings, file_hash(settings.yardstick), file_hash(settings.unit_aliases), manifest_hash(Path(settings.model)) if settings.model else "")


def file_hash(path: str | Path | None) -> str:
    """SHA-256 of a file; empty where it cannot be read or none is named."""
    if path is None:
        return ""
    try:
        return sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


# The hashes are there to tell a file that was changed since.
@lru_cache(maxsize=4)
def _tools(settings: Settings, yardstick: str, aliases: str, manifest: str) -> Tools:  # noqa: ARG001
    wording = names(settings.lang)
    stick, weights, known = load_yardstick(settings.yardstick), load_weights(), load_aliases(Path(settings.unit_aliases) if settings.unit_aliases else None)
    return Tools(_model(settings.model, manifest) if settings.model else None, stick, weights, known, wording)


@lru_cache(maxsize=1)
def _model(folder: str, manifest: str) -> Model:  # noqa: ARG001
    from nlp.annotate.encoder import load_model  # noqa: PLC0415

    return load_model(Path(folder))

"""Settings files: TOML in, unknown keys refused, values checked before any work begins."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from nlp.errors import ResourceError

# The store of labels in the present folder, where none is named.
DEFAULT_STORE: Final = "ducha-review.db"


def load_toml(name: str) -> dict[str, Any]:
    """A settings file that ships with the package, by its file name in `resources/`."""
    return tomllib.loads(files("nlp").joinpath(f"resources/{name}").read_text(encoding="utf-8"))


def load_weights(path: Path | None = None) -> dict[str, float]:
    """Weights of the terms of the risk score, from `resources/ranking.toml` or from a file with the same keys.

    Raises
    ------
    ResourceError : the file is no TOML, has an unknown key, or a value is no number from 0 to 1000.
    """
    default: Mapping[str, Any] = load_toml("ranking.toml")["weights"]
    if path is None:
        return {name: float(value) for name, value in default.items()}
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8")).get("weights", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ResourceError(f"不能作为设置文件读入（{error}）", where=str(path)) from error
    if unknown := given.keys() - default.keys():
        raise ResourceError(f"未知的键 {sorted(unknown)}，可用 {sorted(default)}", where=str(path))
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1000:
            raise ResourceError(f"{name} = {value!r}，应为 0 到 1000 的数", where=str(path))
    return {name: float(given.get(name, value)) for name, value in default.items()}

"""ducha (督查): reads quarterly progress reports of Chinese governments and ranks what is at risk. Importing it loads neither spaCy nor torch."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("ducha")
except PackageNotFoundError:
    __version__ = "0+unknown"

"""On what was measured: without it no figure says anything."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from pathlib import Path
from typing import Any, Final

_FLAGS: Final = ("avx2", "avx512_vnni", "avx_vnni", "avx512_bf16", "amx_int8", "amx_bf16")
_PACKAGES: Final = ("onnxruntime", "tokenizers", "torch", "transformers", "numpy", "spacy", "dask", "pyarrow")


def machine() -> dict[str, Any]:
    """Processor with the extensions that matter to a model, cores that may be used, load as the measurement begins, versions."""
    said = _processor()
    flags = said.get("flags", "").split()
    return {
        "processor": said.get("model name", platform.processor()),
        "extensions": [flag for flag in _FLAGS if flag in flags],
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": [round(value, 2) for value in os.getloadavg()] if hasattr(os, "getloadavg") else None,
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> dict[str, str]:
    """The first processor of `/proc/cpuinfo`; empty where there is no such file."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    lines = path.read_text(encoding="utf-8").split("\n\n", 1)[0].splitlines()
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}

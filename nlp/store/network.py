"""Whether a file lies on another machine: there SQLite's locks cannot be relied on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_NETWORK_TYPES: Final = re.compile(r"nfs\d?|cifs|smb\w*|fuse\.sshfs")
_MOUNTS: Final = Path("/proc/mounts")


def network_warning(path: Path, *, mounts: Path = _MOUNTS) -> str:
    """A line in Chinese where `path` is a UNC path or lies on a mount of type nfs, cifs or smb; else empty.

    A mapped drive of Windows resolves to its UNC path. `mounts` has the form of /proc/mounts and may be absent.
    """
    # A UNC path given on another system stays as it was written.
    if any(str(found).startswith(("\\\\", "//")) for found in (path, path.resolve())) or _mount_type(path.resolve(), mounts):
        return f"{path} 在网络位置上：几台电脑同时写入可能损坏标注库。请把它放在本机磁盘上；多人共用请改用 PostgreSQL"
    return ""


def _mount_type(path: Path, mounts: Path) -> str:
    """The network file system that holds `path`, empty where it is none."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    kind, longest = "", -1
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        # The kernel writes blanks and backslashes in a path as octal numbers.
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), fields[1]))
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = fields[2], len(point.parts)
    return kind if _NETWORK_TYPES.fullmatch(kind) else ""

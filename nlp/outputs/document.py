"""One HTML file that needs nothing beside it: the shell of every page that the program writes, with a policy that forbids all requests."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from typing import Any, Final

# What could end or open an element, and what a reader of JavaScript may take for the end of a line.
_JSON_ESCAPED: Final = re.compile("[<>&\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def document(*, title: str, style: str, body: str, script: str = "", language: str = "zh-CN") -> str:
    """The whole page: `style` and `script` stand inline and are let through by their hashes, everything else is forbidden.

    Parameters
    ----------
    title : plain text.
    body : HTML; no attribute `style` in it is obeyed.
    """
    policy = [
        "default-src 'none'",
        f"style-src {_hashes([style])}",
        f"script-src {_hashes([script] if script else [])}",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    lines = [
        "<!doctype html>",
        f'<html lang="{escape(language)}">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{"; ".join(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        body,
        f"<script>{script}</script>" if script else "",
        "</body>",
        "</html>",
        "",
    ]
    return "\n".join(line for n, line in enumerate(lines) if line or n == len(lines) - 1)


def json_block(value: Any) -> str:
    """JSON that may stand inside a `script` element: no character of it can end the element, and it parses to `value` again."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return _JSON_ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _hashes(sources: Sequence[str]) -> str:
    """The sources of a policy that lets exactly these texts through."""
    digests = (base64.b64encode(sha256(source.encode("utf-8")).digest()).decode("ascii") for source in sources)
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"

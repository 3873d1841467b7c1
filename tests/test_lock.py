"""One holder at a time; a holder that was killed bars nobody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nlp.errors import OutputError
from nlp.lock import LOCK, locked

HOLD = """
import sys, time
from pathlib import Path
from nlp.lock import locked
with locked(Path(sys.argv[1]), by="乙", what="别人占着"):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_second_holder_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout and first.stdout.readline() == "held\n"
        with pytest.raises(OutputError, match="别人占着（乙，20"), locked(tmp_path, by="甲", what="别人占着"):
            pass
        first.kill()
        first.wait()
    assert '"乙"' in (tmp_path / LOCK).read_text(encoding="utf-8")
    with locked(tmp_path, by="甲", what="别人占着"):
        assert '"甲"' in (tmp_path / LOCK).read_text(encoding="utf-8")


def test_it_is_free_after_the_block_and_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="x"), locked(tmp_path, by="甲", what="别人占着"):
        raise ValueError("x")
    with locked(tmp_path, by="甲", what="别人占着"):
        pass


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="不能在此写入"), locked(tmp_path / "none", by="甲", what="别人占着"):
        pass

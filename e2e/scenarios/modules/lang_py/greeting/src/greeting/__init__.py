"""A library of this repository, found through `imports`, and its data, found through the runfiles."""

from pathlib import Path

from markupsafe import escape
from python.runfiles import runfiles


def greet(name):
    """Greets someone in HTML."""
    words = Path(runfiles.Create().Rlocation("lang_py/words/words.txt")).read_text()
    return f"{words.strip()}, {escape(name)}"

# SPDX-License-Identifier: GPL-3.0-or-later
"""C source text as the checks see it: comments and literals blanked out, every line where it was."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ("sim", "aggregators", "attacks", "tests")

_TOKEN = re.compile(
    r"""/\*.*?\*/ | //(?:\\\n|[^\n])* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
    re.DOTALL | re.VERBOSE,
)


def blank(text, literals=True):
    """The text with comments (and the insides of string and character literals) as spaces."""

    def spaces(match):
        token = match.group(0)
        if token[0] == "/":
            return re.sub(r"[^\n]", " ", token)
        if not literals:
            return token
        return token[0] + re.sub(r"[^\n]", " ", token[1:-1]) + token[-1]

    return _TOKEN.sub(spaces, text)


def files(*suffixes, folders=FOLDERS):
    """Paths from the repository root, sorted, of the files with one of the suffixes."""
    found = []
    for folder in folders:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(ROOT).as_posix())
    return sorted(found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")

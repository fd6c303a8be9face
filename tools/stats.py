#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines and function lengths by folder, and what is over budget: .c over 400 lines, .h over 120, a function over 80."""

import pathlib
import re
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import csource  # noqa: E402

MOST_C, MOST_H, MOST_FUNCTION = 400, 120, 80
MEDIAN, NINTH_DECILE = 15, 40


def functions(text):
    """(name, first line, lines) of each function: a brace on the outermost level behind a closing parenthesis."""
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), csource.blank(text),
                  flags=re.MULTILINE)  # fmt: skip
    depth, start, name, behind, found = 0, 0, None, 0, []
    for match in re.finditer(r"[{}]", code):
        if match.group(0) == "{":
            if depth == 0:
                head = code[behind : match.start()]
                head = head[head.rfind(";") + 1 :]
                call = re.search(r"(\w+)\s*\((?:[^{}=])*\)\s*$", head)
                name = call.group(1) if call and "=" not in head else None
                if name == "Test" or (name and re.match(r"\s*Test\b", head)):
                    name = re.sub(r"[\s,]+", "::", head[head.find("(") + 1 : head.rfind(")")].strip())
                start = behind + (len(code[behind : match.start()]) - len(head)) + len(head) - len(head.lstrip())
            depth += 1
        else:
            depth -= 1
            if depth == 0:
                if name is not None:
                    first = code.count("\n", 0, start) + 1
                    found.append((name, first, code.count("\n", 0, match.start()) + 2 - first))
                behind = match.end()
    return found


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def folder_of(path):
    parts = pathlib.PurePosixPath(path).parent.parts
    return "/".join(parts[:2])


def row(folder, files, lines, lengths):
    middle = f"{statistics.median(lengths):6.0f} {quantile(lengths, 0.9):5d} {max(lengths):5d}" if lengths else ""
    print(f"{folder:<20} {files:5d} {lines:7d} {len(lengths):6d} {middle}")


def main():
    table, over = {}, []
    for path in csource.files(".c", ".h"):
        text = csource.read(path)
        lines = text.count("\n")
        entry = table.setdefault(folder_of(path), [0, 0, []])
        entry[0] += 1
        entry[1] += lines
        most = MOST_C if path.endswith(".c") else MOST_H
        if lines > most:
            over.append(f"{path}: {lines} lines, {most} are the budget")
        for name, first, length in functions(text):
            entry[2].append(length)
            if length > MOST_FUNCTION:
                over.append(f"{path}:{first}: {name} has {length} lines, {MOST_FUNCTION} are the budget")
    print(f"{'folder':<20} files   lines  funcs median   p90   max")
    program = [0, 0, []]
    for folder, entry in sorted(table.items()):
        row(folder, *entry)
        if not folder.startswith("tests"):
            program = [total + part for total, part in zip(program, entry)]
    row("without tests", *program)
    print(f"budgets of functions: median {MEDIAN}, p90 {NINTH_DECILE}, max {MOST_FUNCTION}")
    print("\n".join(["over budget:"] + [f"  {line}" for line in over]) if over else "nothing is over budget")


if __name__ == "__main__":
    main()

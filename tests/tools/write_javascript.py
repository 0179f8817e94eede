"""Write the rules in JavaScript for the type checker: python tests/tools/write_javascript.py FILE.

What `elementary.js` has is left out, since the checker reads that beside the file.
"""

import sys
from pathlib import Path

from micrograd_like.rules import RULES
from micrograd_like.steps.javascript import FILE, script


def rules() -> str:
    """The rules' functions, and the functions of Python that they call."""
    known = FILE.read_text("utf-8").strip().split("\n\n")
    written = script(RULES.values()).split("\n\n")
    return "\n\n".join(text for text in written if text not in known)


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.parent.mkdir(exist_ok=True)
    path.write_text(rules(), encoding="utf-8", newline="\n")

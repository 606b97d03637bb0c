"""Write the generated parts anew; with ``--check`` only tell which are stale."""

from __future__ import annotations

import argparse
import sys

from scripts.reference.pages import PAGES, rendered


def main() -> None:
    """Run the command.

    Raises:
        SystemExit: with 1 when a page is stale and ``--check`` was given.
    """
    parser = argparse.ArgumentParser("scripts.reference", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    check = parser.parse_args().check
    stale = []
    for page in sorted(PAGES.glob("*.md")):
        old = page.read_text(encoding="utf-8")
        new = rendered(old)
        if new != old:
            stale.append(page.name)
            if not check:
                page.write_text(new, encoding="utf-8")
    if stale:
        print(f"{'stale' if check else 'written'}: {', '.join(stale)}")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()

"""Writes app/duties/bank_holidays.json anew, from the library `holidays`; `--check` says whether that would change it.

The service reads the table and not the library: loading the library costs each process 37 MiB and most of a second.
"""

import json
import sys
from pathlib import Path

from holidays import country_holidays

TABLE = Path(__file__).parents[1] / "app" / "duties" / "bank_holidays.json"
NATIONS = ("ENG", "NIR", "SCT")
FIRST, LAST = 2000, 2099


def made() -> str:
    """Return the table: nation, year, and its days as MM-DD; a line for each year."""
    nations = []
    for nation in NATIONS:
        years = [
            f'  "{year}": '
            + json.dumps([f"{day:%m-%d}" for day in sorted(country_holidays("GB", subdiv=nation, years=year))])
            for year in range(FIRST, LAST + 1)
        ]
        nations.append(f' "{nation}": {{\n' + ",\n".join(years) + "\n }")
    return "{\n" + ",\n".join(nations) + "\n}\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(
            0 if TABLE.read_text() == made() else "the library knows other bank holidays: run this without --check"
        )
    TABLE.write_text(made())

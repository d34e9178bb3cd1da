"""What the clinic costs beside bare routes and beside others: `make bench`.

Everything runs as in production, under gunicorn, on a demo clinic of 20,000 patients and 150,000
visits. The programs take turns, request by request, so that what else the machine does hits all
alike; only the ratios of one run mean anything.

`--quick` measures less often; `--write` keeps the ratios in docs/performance.md. BENCH_FOLDER keeps
the databases for the next run, BENCH_PATIENTS makes them smaller, BENCH_ONLY measures the operations
in whose names it stands.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import clinics  # noqa: E402
import measure  # noqa: E402
import messages  # noqa: E402
import operations  # noqa: E402
import page  # noqa: E402
from servers import serving  # noqa: E402

PATIENTS = int(os.environ.get("BENCH_PATIENTS", "20000"))
ONLY = os.environ.get("BENCH_ONLY", "")
QUICK = "--quick" in sys.argv


def main() -> None:
    with TemporaryDirectory() as scratch, ExitStack() as open_servers:
        folder = Path(os.environ.get("BENCH_FOLDER") or scratch)
        clinic = clinics.on_postgresql(folder, PATIENTS)
        os.environ |= clinic.environment()  # the raw SQL is sent from here, too
        servers = {
            name: open_servers.enter_context(serving(module, clinic.environment()))
            for name, module in {"ours": "ours", "raw": "raw"}.items()
        }
        servers["open"] = servers["ours"]
        wanted = [o for o in operations.operations(clinic, servers["ours"]) if ONLY in o.name]
        lines = measure.in_turns(wanted, servers, QUICK)
        page.show(lines, servers)
        if "--write" in sys.argv:
            path = ROOT / "docs" / "performance.md"
            page.write(path, lines, servers, clinic.facts | {"patients": PATIENTS})
    if not QUICK and not ONLY:
        messages.measure()


if __name__ == "__main__":
    main()

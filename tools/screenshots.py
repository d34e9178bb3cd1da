"""Takes the README's pictures: a demo clinic, the doctor's login, Chromium.

Run it by `make screenshots`; it serves a clinic of its own and leaves the real one alone.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright
from waitress import create_server

ROOT = Path(__file__).resolve().parent.parent
PICTURES = {"calendar": "/calendar/", "chart": "/chart/1"}
MORNING = 10
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")


def main() -> None:
    sys.path.insert(0, str(ROOT))
    if not Path(CHROMIUM).exists():
        sys.exit("Chromium is missing; install it, or name it in CHROMIUM.")
    with TemporaryDirectory() as folder:
        os.environ |= {
            "CLINIC_INSTANCE": folder,
            "CLINIC_NAME": "Harbour Clinic",
            "CLINIC_TIMEZONE": _where_it_is(MORNING, datetime.now(UTC)),
        }
        os.environ.pop("DATABASE_URL", None)
        from app import create_app
        from app.cli import build_demo, set_up

        app = create_app()
        with app.app_context():
            set_up()
            build_demo(patients=500, years=2)
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        server = create_server(app, host="127.0.0.1", port=0)
        threading.Thread(target=server.run, daemon=True).start()
        _take(f"http://127.0.0.1:{server.effective_port}")


def _where_it_is(hour: int, now: datetime) -> str:
    """A zone in which the clock says `hour` now, so that the clinic is at work whenever the
    pictures are taken; the name of such a zone has its sign the other way round."""
    east = (hour - now.hour + 12) % 24 - 12
    return f"Etc/GMT{-east:+d}"


def _take(base: str) -> None:
    target = ROOT / "docs" / "images"
    target.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        _sign_in(page, base)
        for name, path in PICTURES.items():
            page.goto(base + path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=target / f"{name}.png")
        browser.close()


def _sign_in(page: Page, base: str) -> None:
    page.goto(f"{base}/login/")
    page.fill("[name=username]", "doctor")
    page.fill("[name=password]", "clinic-demo-only")
    page.click("button[type=submit]")


if __name__ == "__main__":
    main()

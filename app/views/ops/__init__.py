"""The operations console at /ops/: what the clinic does by itself, and whether it is well.

Built on Flask-Admin, read only except for the named actions, in the look of every other page.
"""

from app.views.ops.console import init_app

__all__ = ["init_app"]

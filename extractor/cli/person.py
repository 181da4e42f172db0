"""Who sits at this machine: what a person decides bears a name."""

import getpass
import os

from extractor.errors import UserError


def named(by: str | None) -> str:
    """Who decides, by --by or as this machine says; UserError where the name is blank."""
    if by is not None:
        if not by.strip():
            raise UserError("--by: give a name")
        return by.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return f"user {os.getuid()}"

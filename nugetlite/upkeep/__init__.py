"""Upkeep: makes the index agree with the share, again and again, whoever else works on the share."""

from nugetlite.upkeep.keeper import Upkeep
from nugetlite.upkeep.scan import Report, Scanner

__all__ = ["Report", "Scanner", "Upkeep"]

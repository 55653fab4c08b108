"""Upkeep: makes the index agree with the share, again and again, whoever else works on the share."""

from nugetlite.upkeep.keeper import Upkeep
from nugetlite.upkeep.report import Report
from nugetlite.upkeep.scan import Scanner

__all__ = ["Report", "Scanner", "Upkeep"]

"""For operators: is the server alive, can it work, what does it count."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from nugetlite.package.sight import EVERYTHING
from nugetlite.web.current import feed, parts

ops = Blueprint("ops", __name__)


@ops.get("/health/live")
def live() -> ResponseReturnValue:
    """This process answers."""
    return {"status": "live"}


@ops.get("/health/ready")
def ready() -> ResponseReturnValue:
    """It can also read its share and its database; if not, why (503)."""
    feed().check()
    return {"status": "ready"}


@ops.get("/metrics")
def metrics() -> ResponseReturnValue:
    """Counts for Prometheus; no package is named."""
    registry = CollectorRegistry()
    for name, (manual, value) in _figures().items():
        Gauge(f"nugetlite_{name}", manual, registry=registry).set(value)
    return Response(generate_latest(registry), HTTPStatus.OK, content_type=CONTENT_TYPE_LATEST)


def _figures() -> dict[str, tuple[str, float]]:
    counts, upkeep = feed().counts(EVERYTHING), parts().upkeep.report()
    return {
        "packages": ("Package ids on the feed", counts.packages),
        "versions": ("Versions on the feed, unlisted ones included", counts.versions),
        "versions_unlisted": ("Unlisted versions", counts.unlisted),
        "versions_removed": ("Versions that were soft- or hard-deleted", counts.removed),
        "share_problems": ("Folders of the share that the last scan could not use", len(upkeep.problems)),
        "scan_seconds": ("How long the last scan took", upkeep.seconds),
        "scan_finished_timestamp_seconds": ("When the last scan ended", upkeep.finished),
        "scan_failed": ("1 if the last scan could not read the share", float(upkeep.failed)),
    }

"""For monitors: ``/healthz`` says whether all is well, ``/metrics`` how it is in numbers."""

import hmac
from collections.abc import Iterator

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from starlette.responses import JSONResponse, PlainTextResponse, Response

from monai_amyloid.errors import UserError
from monai_amyloid.node.operating.health import Health
from monai_amyloid.node.page.access.guard import is_among
from monai_amyloid.node.page.visits import Visit
from monai_amyloid.node.web import read_password

_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
_LOOPBACK = ("127.0.0.0/8", "::1")
_PREFIX = "monai_amyloid_node"


def show_health(visit: Visit) -> Response:
    """Whether all is well, for anybody; of what is not, its kind alone."""
    troubles = visit.site.state.troubles()
    content = {"status": "trouble" if troubles else "ok", "troubles": list(troubles)}
    return JSONResponse(content, 503 if troubles else 200)


def show_metrics(visit: Visit) -> Response:
    """How the node is in numbers, for this machine, or for whoever has the token."""
    if not _may_read_metrics(visit):
        return PlainTextResponse("Of this machine alone, or with a token.", 403)
    return Response(generate_latest(registry(visit.site.state.health())),
                    media_type=CONTENT_TYPE_LATEST)  # fmt: skip


def _may_read_metrics(visit: Visit) -> bool:
    file, headers = visit.site.page.metrics_token_file, visit.request.headers
    kind, _, sent = headers.get("authorization", "").partition(" ")
    if file is not None and kind.lower() == "bearer":
        try:
            token = read_password(file)
        except UserError:
            return False
        return bool(token) and hmac.compare_digest(token.encode(), sent.strip().encode())
    # What another machine asks for by a proxy on this one is not asked for here.
    if any(name in headers for name in _FORWARDED):
        return False
    return is_among(visit.request.state.peer, _LOOPBACK)


def registry(found: Health | None) -> CollectorRegistry:
    """Numbers as Prometheus reads them.

    Args:
        found: How the node is; None where that cannot be known.
    """
    made = CollectorRegistry(auto_describe=False)
    made.register(_Numbers(found))
    return made


class _Numbers:
    """Makes the numbers of one moment."""

    def __init__(self, found: Health | None) -> None:
        self._found = found

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The families of numbers."""
        found = self._found
        well = GaugeMetricFamily(f"{_PREFIX}_well", "1 where everything works")
        well.add_metric([], float(found is not None and found.well))
        yield well
        if found is None:
            return
        taking = GaugeMetricFamily(f"{_PREFIX}_taking", "1 where images are taken")
        taking.add_metric([], float(found.taking))
        yield taking
        free = GaugeMetricFamily(f"{_PREFIX}_free_bytes", "Room on the disk of the data")
        free.add_metric([], found.free_mb * 1e6)
        yield free
        studies = GaugeMetricFamily(f"{_PREFIX}_studies", "Studies by state", labels=["state"])
        for state, count in found.studies.items():
            studies.add_metric([str(state)], count)
        yield studies
        deliveries = GaugeMetricFamily(
            f"{_PREFIX}_deliveries", "Deliveries by state", labels=["destination", "state"]
        )
        for (destination, stage), count in found.deliveries.items():
            deliveries.add_metric([destination, str(stage)], count)
        yield deliveries
        away = GaugeMetricFamily(
            f"{_PREFIX}_destination_away", "1 where it does not answer", labels=["destination"]
        )
        for each in found.destinations:
            away.add_metric([each.name], float(bool(each.away)))
        yield away
        drift = GaugeMetricFamily(
            f"{_PREFIX}_drift", "Evidence of a change over that of an alarm", labels=["measure"]
        )
        alarm = GaugeMetricFamily(
            f"{_PREFIX}_drift_alarm", "1 where results changed", labels=["measure"]
        )
        for measured in () if found.drift is None else found.drift.measures:
            drift.add_metric([measured.measure], measured.share)
            alarm.add_metric([measured.measure], float(measured.alarm is not None))
        yield drift
        yield alarm

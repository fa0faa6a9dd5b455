"""A trace collector: it receives OTLP over HTTP and keeps every span."""

import gzip
import threading
from collections.abc import Generator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class Told:
    """One span, as it was received."""

    name: str
    kind: int
    trace: str
    span: str
    parent: str
    attributes: dict[str, Any]
    failed: bool
    service: str


class Collector:
    """The received spans, and all of their bytes."""

    def __init__(self, port: int) -> None:
        self.endpoint = f"http://127.0.0.1:{port}"
        self.spans: list[Told] = []
        self.raw = b""
        self.paths: set[str] = set()

    def named(self, name: str) -> list[Told]:
        return [span for span in self.spans if span.name == name]

    def under(self, top: Told) -> list[Told]:
        """Return every span below `top`."""
        own = [span for span in self.spans if span.parent == top.span]
        return own + [one for span in own for one in self.under(span)]

    def take(self, path: str, body: bytes) -> None:
        self.paths.add(path)
        self.raw += body
        request: Any = ExportTraceServiceRequest.FromString(body)
        for group in request.resource_spans:
            service = _attributes(group.resource)["service.name"]
            for scope in group.scope_spans:
                self.spans += [_told(span, service) for span in scope.spans]


def _told(span: Any, service: str) -> Told:
    return Told(
        name=span.name,
        kind=span.kind,
        trace=span.trace_id.hex(),
        span=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        attributes=_attributes(span),
        failed=span.status.code == 2,
        service=service,
    )


def _attributes(holder: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in holder.attributes}


@pytest.fixture
def collector() -> Generator[Collector]:
    """A collector that is listening."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            packed = self.headers["Content-Encoding"] == "gzip"
            kept.take(self.path, gzip.decompress(body) if packed else body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept = Collector(server.server_port)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()

"""Spans of this server's operations for OpenTelemetry; disabled, and without cost, unless configured.

They cover our own interfaces (docs/decisions/0028-traces.md) and describe operations without their data: no
statement, key, address, email, code or token appears in a name or an attribute.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from importlib.util import find_spec
from inspect import iscoroutinefunction
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast

from autograph_web.infra.errors import DomainError

T = TypeVar("T")
Kind = Literal["INTERNAL", "SERVER", "CLIENT", "CONSUMER"]
Value = str | int | float | bool

_NAME = "autograph_web"
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE)\s+"?([a-z_]+)', re.IGNORECASE)
_tracer: Any = None
_provider: Any = None


class Span:
    """An operation, from entering the block to leaving it; a no-op while tracing is off."""

    __slots__ = ("_span", "_token", "trace_id")

    def __init__(self, span: Any = None) -> None:
        """Wrap a span of OpenTelemetry, or nothing."""
        self._span, self._token = span, cast(Any, None)
        self.trace_id = "" if span is None else f"{span.get_span_context().trace_id:032x}"

    def __enter__(self) -> Self:
        if self._span is not None:
            from opentelemetry import context, trace  # noqa: PLC0415

            self._token = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        from opentelemetry import context  # noqa: PLC0415

        if isinstance(error, DomainError):  # a domain error is a regular outcome
            self.tell(error__type=error.code)
        elif error is not None:
            self.fail(type(error).__name__)
        context.detach(self._token)
        self.end()

    def tell(self, **attributes: Value) -> None:
        """Set attributes; `__` in a name stands for the dot of OpenTelemetry's names."""
        if self._span is not None:
            for name, value in attributes.items():
                self._span.set_attribute(name.replace("__", "."), value)

    def rename(self, name: str) -> None:
        """Set the name, if it was not known when the span began."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, reason: str) -> None:
        """Mark it as failed, without the error's message, which may contain client input."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            self.tell(error__type=reason)
            self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """End the span, if it is not used as a block."""
        if self._span is not None:
            self._span.end()


_OFF = Span()


def is_on() -> bool:
    """Return True if spans are recorded."""
    return _tracer is not None


def span(
    name: str, kind: Kind = "INTERNAL", parent: Mapping[str, str] | None = None, **attributes: Value
) -> Span:
    """Return a span to be entered; `parent` is the W3C trace context of a trusted caller."""
    if _tracer is None:
        return _OFF
    return _begin(name, kind, parent, attributes)


def step(name: str, **attributes: Value) -> Span:
    """Return a span of a small operation, which is recorded only within another span."""
    return _begin(name, "CLIENT", None, attributes) if is_part() else _OFF


def is_part() -> bool:
    """Return True if the current context has a span that is recorded."""
    if _tracer is None:
        return False
    from opentelemetry import trace  # noqa: PLC0415

    return trace.get_current_span().is_recording()


def _begin(name: str, kind: Kind, parent: Mapping[str, str] | None, attributes: Mapping[str, Value]) -> Span:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    # Only the trace context: baggage would be forwarded to every other service that is called.
    before = TraceContextTextMapPropagator().extract(parent) if parent else None
    begun = Span(_tracer.start_span(name, before, SpanKind[kind]))
    begun.tell(**attributes)
    return begun


def begin(endpoint: str | None, version: str) -> None:
    """Start sending spans to `endpoint` (OTLP over HTTP); the library reads other settings from OTEL_….

    Must be called in the process that serves, because the exporter is a thread, which does not survive a
    fork.
    """
    global _tracer, _provider  # noqa: PLW0603  (one per process, like the log)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.version": version})
    if str(resource.attributes.get("service.name", "unknown_service")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "autograph-web"}))
    # Not set as the global provider: spans recorded by libraries themselves have not been reviewed.
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    _tracer = _provider.get_tracer(_NAME, version)


def end() -> None:
    """Send the remaining spans, if that is quick, and stop."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def is_installed() -> bool:
    """Return True if the exporter is installed (requirements-tracing.txt)."""
    try:
        return bool(find_spec("opentelemetry.sdk") and find_spec("opentelemetry.exporter.otlp.proto.http"))
    except ModuleNotFoundError:
        return False


def statement_attributes(statement: str, system: str) -> dict[str, str]:
    """Return the attributes of an SQL statement: its operation and its table."""
    table = _TABLE.search(statement)
    told = {"db__system__name": system, "db__operation__name": statement.split(None, 1)[0].upper()[:16]}
    return told | ({"db__collection__name": table[1]} if table else {})


class UseCases:
    """A proxy of a service that records a span for each of its use cases."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name.startswith("_") or not iscoroutinefunction(found):
            return found
        traced = _traced(f"{type(self._inner).__name__}.{name}", found)
        self.__dict__[name] = traced  # bypasses __getattr__ from now on
        return traced


def _traced(name: str, use_case: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    async def run(*args: Any, **named: Any) -> T:
        with span(name):
            return await use_case(*args, **named)

    return run


def pick(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the W3C trace context in the headers of a request."""
    wanted = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in headers if name in wanted}

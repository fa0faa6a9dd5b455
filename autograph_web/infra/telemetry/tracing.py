"""Spans of what this server does, for OpenTelemetry; off, and costing nothing, unless the operator asks.

They stand at our own seams (docs/decisions/0028-traces.md) and say what was done, never with what: no
statement, key, address, email, code or token is in a name or an attribute.
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
    """One thing that is done, from entering the block to leaving it; nothing while traces are off."""

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

        if isinstance(error, DomainError):  # a refusal is an answer
            self.tell(error__type=error.code)
        elif error is not None:
            self.fail(type(error).__name__)
        context.detach(self._token)
        self.end()

    def tell(self, **attributes: Value) -> None:
        """Say more about it; `__` in a name stands for the dot of OpenTelemetry's names."""
        if self._span is not None:
            for name, value in attributes.items():
                self._span.set_attribute(name.replace("__", "."), value)

    def rename(self, name: str) -> None:
        """Give it the name that was not known when it began."""
        if self._span is not None:
            self._span.update_name(name)

    def fail(self, reason: str) -> None:
        """Say that it failed, without the words of the error: they may repeat what somebody sent."""
        if self._span is not None:
            from opentelemetry.trace import StatusCode  # noqa: PLC0415

            self.tell(error__type=reason)
            self._span.set_status(StatusCode.ERROR)

    def end(self) -> None:
        """Be over, where no block is left."""
        if self._span is not None:
            self._span.end()


_OFF = Span()


def is_on() -> bool:
    """Return True if spans are recorded."""
    return _tracer is not None


def span(
    name: str, kind: Kind = "INTERNAL", parent: Mapping[str, str] | None = None, **attributes: Value
) -> Span:
    """Return a span to be entered; `parent` has the W3C trace context of a caller that is trusted."""
    if _tracer is None:
        return _OFF
    return _begin(name, kind, parent, attributes)


def step(name: str, **attributes: Value) -> Span:
    """Return a span of something small, which is only told as a part of something else."""
    return _begin(name, "CLIENT", None, attributes) if is_part() else _OFF


def is_part() -> bool:
    """Return True if a span is under way here that is recorded."""
    if _tracer is None:
        return False
    from opentelemetry import trace  # noqa: PLC0415

    return trace.get_current_span().is_recording()


def _begin(name: str, kind: Kind, parent: Mapping[str, str] | None, attributes: Mapping[str, Value]) -> Span:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415
    from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415
        TraceContextTextMapPropagator,
    )

    # Only the trace context: baggage would travel on to wherever else somebody sends something.
    before = TraceContextTextMapPropagator().extract(parent) if parent else None
    begun = Span(_tracer.start_span(name, before, SpanKind[kind]))
    begun.tell(**attributes)
    return begun


def begin(endpoint: str | None, version: str) -> None:
    """Begin to send spans to `endpoint` (OTLP over HTTP); the rest is read from OTEL_… by the library.

    Call it in the process that serves: its sender is a thread, which no fork takes along.
    """
    global _tracer, _provider  # noqa: PLW0603  (one process has one, as it has one log)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.version": version})
    if str(resource.attributes.get("service.name", "unknown_service")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "autograph-web"}))
    # Not made the global one: what libraries would tell by themselves, nobody here has looked through.
    _provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    _provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    _tracer = _provider.get_tracer(_NAME, version)


def end() -> None:
    """Send what is left, if that is quick, and stop."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def is_installed() -> bool:
    """Return True if there is what sends spans (requirements-tracing.txt)."""
    try:
        return bool(find_spec("opentelemetry.sdk") and find_spec("opentelemetry.exporter.otlp.proto.http"))
    except ModuleNotFoundError:
        return False


def statement_attributes(statement: str, system: str) -> dict[str, str]:
    """Return what may be told of an SQL statement: what it does, and to which table."""
    table = _TABLE.search(statement)
    told = {"db__system__name": system, "db__operation__name": statement.split(None, 1)[0].upper()[:16]}
    return told | ({"db__collection__name": table[1]} if table else {})


class UseCases:
    """A service each of whose use cases is a span; everything else of it stays as it is."""

    def __init__(self, inner: object) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name.startswith("_") or not iscoroutinefunction(found):
            return found
        traced = _traced(f"{type(self._inner).__name__}.{name}", found)
        self.__dict__[name] = traced  # the next time without coming here
        return traced


def _traced(name: str, use_case: Callable[..., Awaitable[T]]) -> Callable[..., Awaitable[T]]:
    async def run(*args: Any, **named: Any) -> T:
        with span(name):
            return await use_case(*args, **named)

    return run


def pick(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return the W3C trace context among the headers of a request."""
    wanted = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in headers if name in wanted}

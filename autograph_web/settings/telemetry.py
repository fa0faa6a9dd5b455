"""Telemetry: logs, metrics, traces, and the retention of the audit log."""

from typing import Literal

from pydantic import AliasChoices, Field, field_validator

from autograph_web.settings.section import Section, with_scheme

_SHORTEST_TOKEN = 32


class TelemetrySettings(Section):
    """Telemetry settings."""

    audit_retention_days: int = Field(0, ge=0, le=36_500)
    otel_sdk_disabled: bool = Field(
        False, validation_alias=AliasChoices("OTEL_SDK_DISABLED", "otel_sdk_disabled")
    )
    otel_traces_exporter: Literal["", "otlp", "none"] = Field(
        "", validation_alias=AliasChoices("OTEL_TRACES_EXPORTER", "otel_traces_exporter")
    )
    otel_exporter_otlp_endpoint: str = Field(
        "", validation_alias=AliasChoices("OTEL_EXPORTER_OTLP_ENDPOINT", "otel_exporter_otlp_endpoint")
    )
    otel_exporter_otlp_traces_endpoint: str = Field(
        "",
        validation_alias=AliasChoices(
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "otel_exporter_otlp_traces_endpoint"
        ),
    )
    metrics_token: str = ""
    access_log: bool = True
    log_format: Literal["text", "json"] = "text"
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("otel_exporter_otlp_endpoint", "otel_exporter_otlp_traces_endpoint")
    @classmethod
    def _check_collector(cls, value: str) -> str:
        return with_scheme(value, ("http", "https"))

    @field_validator("metrics_token")
    @classmethod
    def _check_metrics_token(cls, value: str) -> str:
        if value and (len(value) < _SHORTEST_TOKEN or not value.isascii() or not value.isprintable()):
            raise ValueError(f"must be at least {_SHORTEST_TOKEN} characters (openssl rand -hex 32)")
        return value

    @property
    def traces(self) -> bool:
        """Whether spans are sent: if a collector is configured, or OTLP is selected explicitly."""
        named = self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint
        wanted = self.otel_traces_exporter == "otlp" or (bool(named) and not self.otel_traces_exporter)
        return wanted and not self.otel_sdk_disabled

    @property
    def traces_endpoint(self) -> str | None:
        """The URL for spans; None for the default of OpenTelemetry, a collector on this machine."""
        whole, base = self.otel_exporter_otlp_traces_endpoint, self.otel_exporter_otlp_endpoint
        return whole or (f"{base.rstrip('/')}/v1/traces" if base else None)

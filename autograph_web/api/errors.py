"""Errors specific to the REST API."""

from autograph_web.infra.errors import DomainError


class UnsupportedMediaType(DomainError):
    """The body has a media type that this route does not accept."""

    code, status = "unsupported_media_type", 415
    sentence = "Send the body as application/json (or form-encoded for /token)."


class EndpointDisabled(DomainError):
    """The operator has disabled this endpoint."""

    code, status = "endpoint_disabled", 404
    sentence = "This endpoint is disabled on this server."

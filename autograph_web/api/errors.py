"""Refusals of REST alone."""

from autograph_web.infra.errors import DomainError


class UnsupportedMediaType(DomainError):
    """A body in a media type this route does not take."""

    code, status = "unsupported_media_type", 415
    sentence = "Send the body as application/json (to /token, as a form)."


class EndpointDisabled(DomainError):
    """An endpoint the operator has switched off."""

    code, status = "endpoint_disabled", 404
    sentence = "This endpoint is switched off here."

"""The OpenAPI document as an HTML page, rendered on the server without scripts or external resources."""

import json
from html import escape
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse

_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    "<title>API reference · AutoGraph</title>"
    '<link rel="icon" href="/favicon.ico">'
    '<link rel="stylesheet" href="/ui.css"><link rel="stylesheet" href="/docs.css"></head>'
)


def docs_page(request: Request) -> HTMLResponse:
    """Return the reference of all REST calls."""
    document = request.app.openapi()
    calls = [
        (method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    contents = "".join(_contents_entry(*call) for call in calls)
    sections = "".join(_section(document, *call) for call in calls)
    info = document["info"]
    body = (
        f'<body><main id="content" class="docs"><h1>API reference</h1><p>{_prose(info["description"])}</p>'
        '<p>OpenAPI document: <a href="/openapi.json">/openapi.json</a></p>'
        f'<nav aria-label="Endpoints"><ul>{contents}</ul></nav>{sections}</main></body></html>'
    )
    return HTMLResponse(_HEAD + body, headers={"Cache-Control": "no-cache"})


def _contents_entry(method: str, path: str, operation: dict[str, Any]) -> str:
    summary, call = escape(operation.get("summary", "")), f"{method.upper()} {escape(path)}"
    return f'<li><a href="#{_anchor(method, path)}"><code>{call}</code></a> {summary}</li>'


def _section(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    anchor, call = _anchor(method, path), f"{method.upper()} {escape(path)}"
    parts = [
        f'<section aria-labelledby="{anchor}">',
        f'<h2 id="{anchor}"><code>{call}</code></h2>',
        f"<p>{_prose(operation.get('description', ''))}</p>",
        _body(document, operation),
        _answers(document, operation),
        "</section>",
    ]
    return "".join(parts)


def _body(document: dict[str, Any], operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    return "".join(
        f"<h3>Request body <small>{escape(media)}</small></h3>"
        + _fields(document, described.get("schema", {}))
        for media, described in content.items()
    )


def _answers(document: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = "".join(_answer(document, *item) for item in sorted(operation["responses"].items()))
    return f"<h3>Responses</h3><table><tbody>{rows}</tbody></table>"


def _answer(document: dict[str, Any], status: str, answer: dict[str, Any]) -> str:
    said = _prose(answer["description"]) + _answer_fields(document, answer)
    return f'<tr><th scope="row">{status}</th><td>{said}</td></tr>'


def _answer_fields(document: dict[str, Any], answer: dict[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    return _fields(document, schema) if schema and "Problem" not in str(schema) else ""


def _fields(document: dict[str, Any], schema: dict[str, Any]) -> str:
    schema = _resolve(document, schema)
    if "anyOf" in schema:
        return " or ".join(_fields(document, choice) for choice in schema["anyOf"])
    required = set(schema.get("required", ()))
    rows = "".join(
        _field(document, name, field, name in required)
        for name, field in schema.get("properties", {}).items()
    )
    return f"<dl>{rows}</dl>" if rows else ""


def _field(document: dict[str, Any], name: str, field: dict[str, Any], required: bool) -> str:
    said = _type(document, field) + ("" if required else ", optional")
    return f"<dt><code>{escape(name)}</code></dt><dd>{said}</dd>"


def _type(document: dict[str, Any], field: dict[str, Any]) -> str:
    field = _resolve(document, field)
    choices = [choice for choice in field.get("anyOf", ()) if choice.get("type") != "null"]
    field = {**field, **_resolve(document, choices[0])} if choices else field
    name = str(field.get("format") or field.get("type") or "value")
    inner = f": {', '.join(field['properties'])}" if "properties" in field else ""
    default = f" (default {json.dumps(field['default'])})" if "default" in field else ""
    return escape(name + inner + default)


def _resolve(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return document["components"]["schemas"][name] if name else schema


def _prose(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts))


def _anchor(method: str, path: str) -> str:
    return f"{method}{path.replace('/', '-')}"

"""The REST API: routes that parse a request, call one service and present the result."""

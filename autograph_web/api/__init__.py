"""The REST face: routes that read, call one service and show the outcome."""

"""The command line's commands for operators."""

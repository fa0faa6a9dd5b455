"""The commands of the command line interface, for operators."""

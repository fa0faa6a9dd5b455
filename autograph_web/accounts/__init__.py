"""Accounts: who may sign in, under which email and with which password."""

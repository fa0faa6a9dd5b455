"""What makes the audit log tamper-evident: every row becomes a link of one keyed chain (decision 17)."""

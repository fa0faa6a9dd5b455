"""Makes the audit log tamper-evident: every row becomes a link of a keyed hash chain (decision 17)."""

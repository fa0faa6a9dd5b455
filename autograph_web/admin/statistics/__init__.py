"""Usage statistics: events per day, the current state, and what requires an operator's attention."""

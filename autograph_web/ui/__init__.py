"""The pages: Reflex components and the states behind them. They show outcomes and decide nothing."""

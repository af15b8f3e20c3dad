"""The finisher: the operations of a revision in an order in which they run."""

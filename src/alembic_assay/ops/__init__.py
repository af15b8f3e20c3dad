"""What can be done: one module a family, with its operations, their reverses, implementations and renderers."""

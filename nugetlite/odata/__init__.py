"""What V2 clients ask, as values: the grammar of ``$filter`` and ``$orderby``, and the entity they speak of. Pure."""

"""The V2 protocol: OData feeds in Atom or JSON, for clients that know no service index."""

"""Identity tokens (OpenID Connect): what an issuer says of a build job, and whether it is really the issuer.

Nothing here knows who is trusted with what.
"""

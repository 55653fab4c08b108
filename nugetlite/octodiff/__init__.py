"""Octodiff, Octopus's delta format: a signature of the old file, a delta against it, and the new file again.

    whoever has the old file     sign(old)              ─►  signature, about 1.3 % of it
    whoever has the new file     Delta(signature, new)  ─►  delta: what to copy from the old file, and what is new
    whoever has the old file     Rebuilt(delta, old)    ─►  the new file, checked against its hash

Pure: streams in, blocks out, memory in proportion to the signature. Source: Octodiff, its format version 1;
what both Octopus's .NET and Go clients write.
"""

"""Tests for sources, shipped with the package: `suite.Conformance` is for a class of tests of your own.

It needs a `World`: what the tests do at the place itself (put, delete, rename, ...), written once for each kind of
source. It knows no test library; pytest finds its methods in a subclass.
"""

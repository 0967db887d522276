"""The local page of ``relsim app``: assumptions are moved, and the futures follow.

A visitor's browser sends the changes that it has made to a scenario; :mod:`relsim.app.engine`
simulates them beside a frozen base, first a few runs and then more, and
:mod:`relsim.app.pictures` says what the page is to show. The server binds to this machine alone.
"""

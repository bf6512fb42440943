"""Holds one module for each thing that an inbox can do with a request.

Adding a module adds the fault: `registry` finds it, and scripts, the control API, both
receivers and `postbacks doctor` know it. README's table needs its line.
"""

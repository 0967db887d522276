"""Many scenarios from one: which parameters matter, which fit, which conditions lead where.

Every method asks the same of the engine: outcomes at points of a space of parameters, on the same
draws at each. What a method makes of them is a function of arrays.
"""

"""The benchmarks: problems, contenders, stored runs, statistics and reports, for ``parzen bench``. Read `problem`.

A problem is a file of `problems`, a contender a line of `contenders`. `race` is one contender on one problem, `runs`
the store of many, and `report` what is said of them.
"""

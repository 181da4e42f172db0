"""Several engines behind one: each in a process of its own, here or on a cluster; a dead one costs what it held."""

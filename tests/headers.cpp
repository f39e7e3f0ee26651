// Nothing: the headers that most tests include are read once with it, and reused by all of them.

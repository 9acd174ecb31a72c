-- Whether the node answers and may run scripts.
return 0

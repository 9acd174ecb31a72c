-- Keeps a connection alive, and shows whether it still is.
return 0

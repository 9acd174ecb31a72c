INSERT INTO show (name, capacity, available) VALUES
	('concert', 500, 500),
	('matinee', 50, 50),
	('musical', 50, 50),
	('opera', 100, 100);

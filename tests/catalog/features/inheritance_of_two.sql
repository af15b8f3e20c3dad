CREATE TABLE a (x int, y int);
CREATE TABLE b (y int, z int);
CREATE TABLE c (w int) INHERITS (b, a);

CREATE TABLE t (a int, b int, c int, PRIMARY KEY (c, a));
CREATE TABLE u (x int, y int, FOREIGN KEY (x, y) REFERENCES t (c, a));

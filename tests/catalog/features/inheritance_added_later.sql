CREATE TABLE a (x int CONSTRAINT pos CHECK (x > 0), y int);
CREATE TABLE b (y int, own text, x int CONSTRAINT pos CHECK (x > 0));
ALTER TABLE b INHERIT a;

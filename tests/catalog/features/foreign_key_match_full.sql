CREATE TABLE p (a int, b int, UNIQUE (b, a));
CREATE TABLE c (x int, y int, CONSTRAINT "F%:x" FOREIGN KEY (x, y) REFERENCES p (b, a) MATCH FULL ON DELETE CASCADE);
COMMENT ON CONSTRAINT "F%:x" ON c IS 'both or none';

CREATE TABLE t (a int, b text, c int, d date);
ALTER TABLE t DROP COLUMN b;
ALTER TABLE t ADD COLUMN b int;
CREATE INDEX i ON t (b, a);

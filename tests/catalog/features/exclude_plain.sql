CREATE TABLE t (c circle, r int4range, EXCLUDE USING gist (c WITH &&), EXCLUDE USING hash (r WITH =));

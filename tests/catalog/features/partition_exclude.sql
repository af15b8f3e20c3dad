-- requires: 17
-- requires: extension btree_gist
CREATE EXTENSION btree_gist;
CREATE TABLE t (a int, b int4range, EXCLUDE USING gist (a WITH =, b WITH &&)) PARTITION BY LIST (a);
CREATE TABLE t_1 PARTITION OF t FOR VALUES IN (1);

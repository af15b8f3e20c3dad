-- requires: 18
-- requires: extension btree_gist
CREATE EXTENSION btree_gist;
CREATE TABLE t (id int, at daterange, PRIMARY KEY (id, at WITHOUT OVERLAPS));
CREATE TABLE u (t_id int, at daterange, FOREIGN KEY (t_id, PERIOD at) REFERENCES t (id, PERIOD at));

CREATE TABLE t (a text, b int) PARTITION BY RANGE (lower(a) COLLATE "C" text_pattern_ops, (b + 1));
CREATE TABLE t_a PARTITION OF t FOR VALUES FROM ('a', MINVALUE) TO ('m', MAXVALUE);

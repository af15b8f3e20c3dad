CREATE TABLE t (a int, b int, c int);
ALTER TABLE t ALTER a SET STATISTICS 500, ALTER b SET STATISTICS 0, ALTER c SET (n_distinct = -0.5, n_distinct_inherited = 10);

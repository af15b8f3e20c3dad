CREATE TABLE t (a int, b int, c text);
CREATE STATISTICS "St %:x" (ndistinct, mcv) ON a, b FROM t;
CREATE STATISTICS expr ON (a % 2), lower(c) FROM t;
CREATE STATISTICS one ON (a + b) FROM t;
CREATE STATISTICS deps (dependencies) ON b, a FROM t;
ALTER STATISTICS deps SET STATISTICS 77;

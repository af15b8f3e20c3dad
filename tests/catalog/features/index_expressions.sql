CREATE TABLE t (a text, b jsonb, c int, d timestamptz);
CREATE INDEX i1 ON t (lower(a), c, (b ->> 'k'), (c + 1) DESC);
CREATE INDEX i2 ON t ((c % 2), (a || ':x'), (date_trunc('day', d AT TIME ZONE 'UTC')));
CREATE UNIQUE INDEX i3 ON t ((COALESCE(a, '%')), c);
CREATE INDEX i4 ON t (length(a) NULLS FIRST, a COLLATE "C" varchar_pattern_ops) WHERE b ? 'k' AND a LIKE '100\%%';

CREATE UNLOGGED TABLE t (id bigserial PRIMARY KEY, a text);
CREATE INDEX i ON t (a);

-- requires: extension pg_trgm
CREATE SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
CREATE TABLE t (a text);
CREATE INDEX i ON t USING gist (a ext.gist_trgm_ops (siglen = 32));
CREATE INDEX j ON t USING gin (a ext.gin_trgm_ops);
CREATE VIEW v AS SELECT a FROM t WHERE a OPERATOR(ext.%) 'x';

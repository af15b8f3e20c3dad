-- requires: extension hstore
CREATE EXTENSION hstore;
CREATE TABLE t (h hstore DEFAULT 'a=>1', k text GENERATED ALWAYS AS (h -> 'k') STORED);
CREATE VIEW v AS SELECT akeys(h) AS keys FROM t WHERE h ? '%';

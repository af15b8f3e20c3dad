-- requires: extension pg_stat_statements
-- requires: extension hstore
-- requires: extension citext
CREATE SCHEMA "My ""tools""";
CREATE EXTENSION pg_stat_statements SCHEMA "My ""tools""";
REVOKE ALL ON "My ""tools""".pg_stat_statements FROM PUBLIC;
GRANT SELECT (query, calls), REFERENCES (rows) ON "My ""tools""".pg_stat_statements TO pg_monitor;
GRANT EXECUTE ON FUNCTION "My ""tools""".pg_stat_statements_reset TO pg_monitor WITH GRANT OPTION;
CREATE EXTENSION hstore;
REVOKE USAGE ON TYPE hstore FROM PUBLIC;
REVOKE ALL ON FUNCTION hstore(text, text) FROM PUBLIC, CURRENT_USER;
CREATE EXTENSION citext;
REVOKE EXECUTE ON FUNCTION min(citext) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION citext(boolean) TO pg_monitor;

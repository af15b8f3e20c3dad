CREATE SCHEMA "Ty s";
CREATE TYPE "Ty s"."Num %:x";
CREATE FUNCTION num_in(cstring) RETURNS "Ty s"."Num %:x" LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION num_out("Ty s"."Num %:x") RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE FUNCTION num_recv(internal) RETURNS "Ty s"."Num %:x" LANGUAGE internal IMMUTABLE STRICT AS 'int4recv';
CREATE FUNCTION num_send("Ty s"."Num %:x") RETURNS bytea LANGUAGE internal IMMUTABLE STRICT AS 'int4send';
CREATE TYPE "Ty s"."Num %:x" (INPUT = num_in, OUTPUT = num_out, RECEIVE = num_recv, SEND = num_send, LIKE = int4,
    CATEGORY = 'N', PREFERRED = false, DEFAULT = '7', DELIMITER = ';');
COMMENT ON TYPE "Ty s"."Num %:x" IS 'a number';
GRANT USAGE ON TYPE "Ty s"."Num %:x" TO pg_monitor;
REVOKE USAGE ON TYPE "Ty s"."Num %:x" FROM PUBLIC;
CREATE TYPE words;
CREATE FUNCTION words_in(cstring, oid, int) RETURNS words LANGUAGE internal IMMUTABLE STRICT AS 'varcharin';
CREATE FUNCTION words_out(words) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'varcharout';
CREATE TYPE words (INPUT = words_in, OUTPUT = words_out, TYPMOD_IN = varchartypmodin, TYPMOD_OUT = varchartypmodout,
    STORAGE = extended, COLLATABLE = true, ANALYZE = array_typanalyze);
CREATE TYPE shell;
CREATE FUNCTION twice("Ty s"."Num %:x") RETURNS "Ty s"."Num %:x"[] LANGUAGE sql AS 'SELECT ARRAY[$1, $1]';
CREATE TABLE t (n "Ty s"."Num %:x", w words(5) COLLATE "C", ns "Ty s"."Num %:x"[]);
CREATE CAST ("Ty s"."Num %:x" AS int) WITHOUT FUNCTION AS IMPLICIT;
CREATE DOMAIN d AS "Ty s"."Num %:x";
CREATE VIEW v AS SELECT n + 1 AS more FROM t;

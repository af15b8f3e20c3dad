CREATE TRUSTED LANGUAGE "Own %:x" HANDLER plpgsql_call_handler INLINE plpgsql_inline_handler VALIDATOR plpgsql_validator;
CREATE LANGUAGE rough HANDLER plpgsql_call_handler;
COMMENT ON LANGUAGE rough IS 'a comment';
REVOKE USAGE ON LANGUAGE "Own %:x" FROM PUBLIC;
GRANT USAGE ON LANGUAGE "Own %:x" TO pg_monitor;
CREATE FUNCTION f() RETURNS int LANGUAGE "Own %:x" AS 'BEGIN RETURN 1; END';
CREATE TABLE t (a int DEFAULT f());

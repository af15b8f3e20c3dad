CREATE TYPE pair AS (a int, b int);
CREATE FUNCTION "From %:x"(internal) RETURNS internal LANGUAGE internal IMMUTABLE STRICT AS 'prsd_lextype';
CREATE FUNCTION to_pair(internal) RETURNS pair LANGUAGE internal IMMUTABLE STRICT AS 'record_recv';
CREATE TRANSFORM FOR pair LANGUAGE plpgsql (FROM SQL WITH FUNCTION "From %:x"(internal), TO SQL WITH FUNCTION to_pair(internal));
CREATE TRANSFORM FOR int LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal));
COMMENT ON TRANSFORM FOR pair LANGUAGE plpgsql IS 'a comment';
CREATE FUNCTION f(pair) RETURNS int TRANSFORM FOR TYPE pair LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
